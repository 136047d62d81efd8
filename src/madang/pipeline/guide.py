"""The way a call takes: from its model's name and what its caller wishes to a plan, and why.

`tier` before admission, `turn` after it (which rule), `plan` at last. A call whose name
leads to one target by itself passes all three untouched.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

import msgspec
from msgspec.structs import replace

from madang.config.scorer import SIGNALS, LoadedScorer
from madang.errors import Forbidden, InvalidRequest
from madang.model import Target
from madang.model.decision import Signs
from madang.pipeline.body import readable
from madang.pipeline.call import Call, header_value
from madang.pipeline.lane import Snapshot
from madang.pipeline.measure import rough_prompt_tokens
from madang.pipeline.steering import told_session
from madang.routing.auto import (
    Seen,
    Verdict,
    count_signals,
    judge_counts,
    language_of,
    look_over,
)
from madang.routing.auto.judge import TIERS
from madang.routing.case import Case, Memory
from madang.routing.conditions import Facts, holds
from madang.routing.names.directory import allowed, allows
from madang.routing.pacing import HIGH, LOW
from madang.routing.plan import Plan, in_turn, propose
from madang.routing.provider_wishes import ProviderWishes, read_wishes, without_provider
from madang.routing.route import Route
from madang.routing.sessions import digest

MOST_LOOKED_AT: Final = 4 * 1024 * 1024
"""Bytes of a body beyond which it is taken for complex unseen."""

_PRIORITIES: Final = {HIGH: "high", LOW: "low"}
_AGGREGATOR: Final = "openrouter"
"""Where every target is there, or at one place that may be its like, the wishes for providers are its own business."""


class Guide:
    """Guides the calls of one process, and remembers how targets fared."""

    def __init__(self) -> None:
        self._memory = Memory()

    def tier(self, call: Call, route: Route, snapshot: Snapshot) -> Route:
        """The tier for a call: what its verdict asks for, or the nearest that the key may use.

        Raises InvalidRequest, or Forbidden where its key may use no tier.
        """
        verdict, signs = _verdict(call, route.scorer)
        wanted = TIERS.index(verdict.tier)
        models, asked = call.key.models, call.envelope.model
        mine = [
            at
            for at, tier in enumerate(route.tiers)
            if not models or allowed(models, replace(route, targets=tier.targets), asked)
        ]
        if not mine:
            raise Forbidden(
                f"This key may not use the model `{asked}`, or any that it leads to.",
                param="model",
                code="model_not_allowed",
            )
        at = min(mine, key=lambda one: (abs(one - wanted), one))
        signals = verdict.signals if at == wanted else (*verdict.signals, "what the key may use")
        notes = self._case(call, snapshot).notes
        notes.tier, notes.signals, notes.signs = TIERS[at], signals, signs
        call.told += b"x-madang-auto: %b\r\n" % header_value("; ".join((TIERS[at], *signals)))
        return route.tiers[at]

    def turn(self, call: Call, route: Route, snapshot: Snapshot) -> Route:
        """The way of the first rule that holds for a call, else the route itself."""
        fields = call.envelope.fields
        facts = Facts(
            call.tags,
            _PRIORITIES.get(call.priority, "normal"),
            snapshot.directory.region,
            call.envelope.stream,
            "tools" in fields or "functions" in fields,
        )
        for number, rule in enumerate(route.rules, 1):
            if holds(rule.when, facts):
                self._case(call, snapshot).notes.rule = number
                return rule.route
        return route

    def plan(self, call: Call, route: Route, snapshot: Snapshot, now: float, chance: float) -> Plan:
        """Who is asked, in what order. Raises InvalidRequest where the caller's wishes leave nobody."""
        wishes = self._wishes(call, route) if "provider" in call.envelope.fields else None
        steer = call.steer
        if (
            wishes is None
            and steer is None
            and call.case is None
            and len(route.targets) == 1
            and route.task is None
        ):
            return propose(route, snapshot.board, now, chance)
        if wishes is None and steer is None and call.case is None:
            way = self._memory.glances.way(route, now, chance)
            if way is not None:
                why = call.lot.why if call.lot is not None else None
                call.decision = way.beside(why) if why else way.decision
                return in_turn(way.targets, route, snapshot.board, now)
        case = self._case(call, snapshot)
        case.wishes = wishes
        case.notes.task = route.task
        case.prompt_tokens = partial(rough_prompt_tokens, call, route.name)
        if not call.is_thrifty:
            case.prefer = (steer.prefer if steer is not None else None) or route.prefer
        session = steer.session if steer is not None else None
        if session is None and route.is_sticky:
            session = told_session(call)
        if session:
            case.session = digest(call.key.id, session)
        if route.task is not None:
            call.told += b"x-madang-task: %b\r\n" % header_value(route.task)
            case.is_mine = _own_filter(call, route)
        _must_leave_somebody(case, route)
        return propose(route, snapshot.board, now, chance, case=case)

    def _case(self, call: Call, snapshot: Snapshot) -> Case:
        if call.case is None:
            call.case = Case(snapshot, self._memory, call.at_us)
        return call.case

    def _wishes(self, call: Call, route: Route) -> ProviderWishes | None:
        """The caller's wishes for providers, taken out of the body: no provider is to see them."""
        raw = bytes(call.envelope.fields["provider"])
        if call.wire.dialect != "chat":
            return None
        homes = [target.home for target in route.every_target()]
        if homes == [None] or set(homes) == {_AGGREGATOR}:
            return None
        wishes = read_wishes(raw)
        if wishes is not None:
            fields = without_provider(call.envelope.fields)
            call.envelope = replace(call.envelope, fields=fields)
            call.body = msgspec.json.encode({k: msgspec.Raw(v) for k, v in fields.items()})
        return wishes


def _verdict(call: Call, scorer: LoadedScorer | None) -> tuple[Verdict, Signs | None]:
    """How complex a call is, and what that was judged by, for the ledger (None: it was not looked at)."""
    if len(call.body) > MOST_LOOKED_AT:
        return Verdict("complex", 0.0, ("size",)), None
    request = readable(call)
    seen = look_over(request) if request is not None else Seen("")
    counts = count_signals(seen)
    verdict = judge_counts(counts, scorer)
    return verdict, Signs(SIGNALS, language_of(seen.text), counts, verdict.scorer)


def _own_filter(call: Call, route: Route) -> Callable[[Target], bool] | None:
    """Which of a task's candidates the key may use; None: all, because it may use the task itself."""
    models = call.key.models
    if not models or allowed(models, replace(route, targets=()), call.envelope.model):
        return None
    return partial(allows, models)


def _must_leave_somebody(case: Case, route: Route) -> None:
    """Raise InvalidRequest where the caller's wishes leave nobody who may be asked first."""
    if case.wishes is None:
        return
    always = (
        one for fallback in route.fallbacks if not fallback.causes for one in fallback.targets
    )
    refusals = {one: case.refusal(one) for one in (*route.targets, *always)}
    if None in refusals.values():
        return
    reasons = sorted({f"{one.provider}: {why}" for one, why in refusals.items()})
    raise InvalidRequest(
        f"No target of `{route.name}` fits `provider`: {'; '.join(reasons)}.",
        param="provider",
        code="no_provider_left",
    )
