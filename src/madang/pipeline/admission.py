"""Admission: the worst case of a request is reserved before anybody is asked, and replaced by what it used.

What a request may cost, how long its answer may become where money is short, and what callers are
told of their limits is decided here; whether there is room decides `routing.limits`. The rule and
its proof: docs/limits.md.
"""

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from madang.errors import Forbidden
from madang.model import EMBEDDING, Feature, Target
from madang.pipeline.body import readable
from madang.pipeline.call import Call, Parts
from madang.pipeline.lane import Snapshot
from madang.pipeline.measure import prompt_tokens
from madang.pipeline.worst import LONGEST_ANSWER, Step, Worst, copies_of, tier_of, worst_of
from madang.routing.limits import Ask, Gate, Meters, Reservation, Usual, unpriced
from madang.routing.names.directory import allowed
from madang.routing.route import Route
from madang.wire.bound import LEAST_TOKENS, room_for_thinking
from madang.wire.contract import Envelope
from madang.wire.json import hides_letters
from madang.wire.needs import needs_of
from madang.wire.quota import quota_lines
from madang.wire.registry import WIRES
from madang.wire.screen import Screen

USUAL_TOKENS: Final = 1024
"""What an answer is assumed to need at most before any was seen; trued up when it is settled."""

UNSEEN_TOKENS: Final = 512
"""What a prompt may have beyond twice its estimate: marks of its format, words of the provider's own."""

_MEDIA: Final[frozenset[Feature]] = frozenset(("images", "audio_input", "video_input", "documents"))
_SCREENS: Final = {
    wire.dialect: Screen(wire.dialect, _MEDIA)
    for wire in WIRES.values()
    if wire.dialect not in EMBEDDING
}
_ELSEWHERE: Final = ("models", "fallbacks", "preset")
"""Members by which routers behind a provider are told of other models: OpenRouter's, LiteLLM's."""

_MAX_ROUTES: Final = 10_000
_Way = tuple[str, str, tuple[Target, ...]]
_DAY_US: Final = 86_400_000_000


class Admission:
    """Admits calls and settles them. One per process."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self._usual = Usual()
        self._holds_unpriced = False
        self._worst: dict[_Way, tuple[Snapshot, int, Worst]] = {}

    def admit(self, call: Call, route: Route, snapshot: Snapshot) -> None:
        """Let a call in: its key may use the model, and all its limits have room.

        Raises Forbidden, RateLimited or OutOfCredit, and has reserved nothing then.
        """
        parts = call.parts
        if parts is not None and parts.are_admitted:
            call.unpriced = parts.whole.unpriced
            return
        if call.key.models and (
            parts is None or parts.whole is call
        ):  # else we ask, not the caller
            permit(call, route)
        if self.gate.meters(call.key, call.tags) is not None:
            self.reserve(call, route, snapshot, call.started)

    def admit_free(self, call: Call, route: Route) -> None:
        """Let a call in that needs neither tokens nor money. Raises Forbidden or RateLimited."""
        permit(call, route)
        meters = self.gate.meters(call.key, call.tags)
        if meters is None:
            return
        now_us = int(call.started * 1_000_000)
        try:
            call.reservation = self.gate.admit(meters, Ask(0), now_us, call.at_us)
        finally:
            self._tell(call, meters, now_us)

    def admit_parts(
        self, call: Call, route: Route, snapshot: Snapshot, steps: Iterable[Step]
    ) -> None:
        """Let a call in that is answered by several, as one request with the tokens and the money of all.

        Raises Forbidden, RateLimited or OutOfCredit, and has reserved nothing then.
        """
        permit(call, route)
        meters = self.gate.meters(call.key, call.tags)
        parts = call.parts = Parts(call)
        parts.are_admitted = True
        if meters is None:
            return
        now_us = int(call.started * 1_000_000)
        wanted = list(steps)
        usual = self._usual.most(call.key.id, call.envelope.model) or USUAL_TOKENS
        tokens = sum(step.prompt + (step.answer or usual) for step in wanted)
        nusd = 0
        if meters.budgets:
            nusd = self.most_nusd(call, route, snapshot, wanted)
            _keep_to_priced(call, self._worst_of(call, route, snapshot), snapshot)
        try:
            call.reservation = self.gate.admit(meters, Ask(tokens, nusd, nusd), now_us, call.at_us)
        finally:
            self._tell(call, meters, now_us)
        call.reserved_nusd = nusd
        call.is_thrifty = call.reservation.is_soft

    def most_nusd(self, call: Call, route: Route, snapshot: Snapshot, steps: Iterable[Step]) -> int:
        """The most that requests like this call's can cost, as far as prices are known."""
        worst, tier = self._worst_of(call, route, snapshot), tier_of(call.envelope)
        return sum(
            worst.most_nusd(2 * step.prompt + UNSEEN_TOKENS, step.answer or LONGEST_ANSWER, 1, tier)
            for step in steps
        )

    def reserve(self, call: Call, route: Route, snapshot: Snapshot, now: float) -> None:
        """Set the worst case aside, or what money is left for. Raises RateLimited or OutOfCredit."""
        meters = self.gate.meters(call.key, call.tags)
        if meters is None:
            return
        now_us = int(now * 1_000_000)
        try:
            call.reservation = self._reserved(call, route, snapshot, meters, now_us)
        finally:
            self._tell(call, meters, now_us)
        call.reserved_nusd = (call.reserved_nusd or 0) + call.reservation.nusd
        call.is_thrifty = call.reservation.is_soft

    def _tell(self, call: Call, meters: Meters, now_us: int) -> None:
        """Have the caller told what is left of its limits."""
        if meters.has_rates:
            quota = self.gate.quota(meters, now_us)
            call.lines = quota_lines(quota, call.wire.dialect, call.at_us)

    def covers(self, call: Call) -> bool:
        """Whether the reservation still covers another attempt, after what earlier ones have cost."""
        if call.reservation is None:
            return True
        cost = sum(row.cost_nusd or 0 for row in call.rows[call.settled :])
        return not cost or self.gate.extend(call.reservation, cost)

    def covers_twice(self, call: Call) -> bool:
        """Set the worst case aside once more, for a second attempt at the same time; False: there is no room."""
        if call.reservation is None:
            return True
        return self.gate.extend(call.reservation, call.reservation.nusd)

    def settle(self, call: Call) -> None:
        """Replace the reservation by what the rows used that have come since it was made.

        What was to have a price and has none after all, as it was answered at another tier say, counts
        as all that was set aside: counted as nothing it could be had without end.
        """
        reservation = call.reservation
        if reservation is None:
            if call.parts is not None:
                self._draw(call)
            return
        rows = call.rows[call.settled :]
        used = made = cost = 0
        for row in rows:
            used += row.input_tokens + row.output_tokens
            made += row.output_tokens
            cost += self._unknown(reservation) if row.cost_nusd is None else row.cost_nusd
        self.gate.settle(reservation, used, cost)
        if rows and rows[-1].outcome == "ok":
            self._usual.saw(call.key.id, call.envelope.model, made)
        call.reservation, call.settled = None, len(call.rows)

    def _unknown(self, reservation: Reservation) -> int:
        """What an answer of unknown cost counts against budgets."""
        return reservation.nusd if self._holds_unpriced else 0

    def _draw(self, part: Call) -> None:
        """A part is over whose request holds a reservation: what it used is used, the rest stays reserved."""
        parts = part.parts
        if parts is None or not part.is_part or not parts.are_admitted:
            return
        reservation = parts.whole.reservation
        if reservation is not None:
            used = sum(row.input_tokens + row.output_tokens for row in part.rows)
            cost = sum(row.cost_nusd or 0 for row in part.rows)
            self.gate.draw(reservation, used, cost)

    def _reserved(
        self, call: Call, route: Route, snapshot: Snapshot, meters: Meters, now_us: int
    ) -> Reservation:
        ask, plan = self._ask(call, route, snapshot, meters)
        self._holds_unpriced = snapshot.refuses_unpriced
        reservation = self.gate.admit(meters, ask, now_us, call.at_us)
        call.most_tokens = plan.bound
        if reservation.nusd < ask.want_nusd:
            paid = plan.worst.tokens_for(reservation.nusd, plan.prompt, plan.copies, plan.tier)
            call.most_tokens = paid if plan.bound is None else min(paid, plan.bound)
        return reservation

    def _ask(
        self, call: Call, route: Route, snapshot: Snapshot, meters: Meters
    ) -> tuple[Ask, "_Plan"]:
        """What the call may need at most, of everything that is counted."""
        envelope = call.envelope
        copies = copies_of(envelope)
        tokens = prompt_tokens(call, envelope.model)
        usual = self._usual.most(call.key.id, envelope.model) or USUAL_TOKENS
        asked = 0 if call.wire.dialect in EMBEDDING else _bound_of(envelope)
        wanted = usual if asked is None else asked
        bound = None
        if tokens + wanted * copies > meters.most_tokens:
            left = (meters.most_tokens - tokens) // copies
            if left >= max(LEAST_TOKENS, _thinking(call)):
                bound = wanted = left
        if not meters.budgets:
            return Ask(tokens + wanted * copies), _Plan(_NOTHING, 0, copies, None, bound)
        worst = self._worst_of(call, route, snapshot)
        _keep_to_priced(call, worst, snapshot)
        plan = _Plan(
            worst,
            _most_prompt_tokens(call, route, tokens),
            copies,
            tier_of(envelope),
            bound,
        )
        longest = LONGEST_ANSWER if asked is None else asked
        if bound is not None:
            longest = min(longest, bound)
        expected = min(longest, max(usual, LEAST_TOKENS, _thinking(call)))
        ask = Ask(
            tokens + wanted * copies,
            plan.most_nusd(longest),
            plan.most_nusd(expected),
            asked is not None,
        )
        return ask, plan

    def _worst_of(self, call: Call, route: Route, snapshot: Snapshot) -> Worst:
        """The dearest that can happen on a route, worked out once a day and configuration."""
        day = call.at_us // _DAY_US
        name = (route.name, call.wire.dialect, call.lot.may_answer if call.lot is not None else ())
        known = self._worst.get(name)
        if known is not None and known[0] is snapshot and known[1] == day:
            return known[2]
        if len(self._worst) >= _MAX_ROUTES:
            self._worst.clear()
        if call.lot is not None:  # a new target may come to answer, too
            route = replace(route, targets=(*route.targets, *call.lot.may_answer))
        worst = worst_of(snapshot, route, call.at_us)
        self._worst[name] = (snapshot, day, worst)
        return worst


def permit(call: Call, route: Route) -> None:
    """Raise Forbidden where the key may not use the model."""
    key = call.key
    if not key.models:
        return
    _keep_to_model(call)
    if not allowed(key.models, route, call.envelope.model):
        raise Forbidden(
            f"This key may not use the model `{call.envelope.model}`. Allowed: {', '.join(key.models)}.",
            param="model",
            code="model_not_allowed",
        )


def _keep_to_model(call: Call) -> None:
    """Raise Forbidden where a provider may be told to have another model answer than was judged and reserved for."""
    for name in _ELSEWHERE:
        if name in call.envelope.fields:
            raise Forbidden(
                f"This key has a budget or may use certain models only, and `{name}` may lead to others.",
                param=name,
                code="model_not_allowed",
            )


def _keep_to_priced(call: Call, worst: Worst, snapshot: Snapshot) -> None:
    """A budget counts the call: only those may answer whose price is known.

    Raises OutOfCredit where nobody's is, and Forbidden as `_keep_to_model`.
    """
    _keep_to_model(call)
    tier = tier_of(call.envelope)
    unknown = worst.unpriced if tier is None else worst.unpriced_at(tier, call.wire.dialect)
    if unknown and snapshot.refuses_unpriced:
        if len(unknown) == len(worst.candidates) + len(worst.unpriced):
            raise unpriced(call.envelope.model, tier if worst.candidates else None)
        call.unpriced = unknown


class _Plan:
    """How the worst case of a call was reckoned; `bound`: what limits on tokens leave for an answer (None: enough)."""

    __slots__ = ("bound", "copies", "prompt", "tier", "worst")

    def __init__(
        self, worst: Worst, prompt: int, copies: int, tier: str | None, bound: int | None
    ) -> None:
        self.worst = worst
        self.prompt = prompt
        self.copies = copies
        self.tier = tier
        self.bound = bound

    def most_nusd(self, answer: int) -> int:
        """The most that an answer bounded so can cost."""
        return self.worst.most_nusd(self.prompt, answer, self.copies, self.tier)


_NOTHING: Final = Worst(())


def priced(call: Call, route: Route) -> Route:
    """The route, and the call's side of a trial, past those of unknown price. Raises OutOfCredit: nobody is left."""
    if call.lot is not None:
        call.lot = call.lot.without(call.unpriced)
    left = route.without(call.unpriced)
    if left is None:
        raise unpriced(call.envelope.model)
    return left


def cheapest_first(route: Route) -> Route:
    """The same targets with the cheapest first, fallbacks for any cause among them."""
    more = [target for one in route.fallbacks if not one.causes for target in one.targets]
    targets = tuple(dict.fromkeys((*route.targets, *more)))
    return replace(route, targets=targets, pick="cost")


def _most_prompt_tokens(call: Call, route: Route, tokens: int) -> int:
    """What a prompt of an estimated length may come to, whoever answers.

    Text has no more tokens than bytes. A picture has, where it is only named, and each maker of
    models has its own rule for it.
    """
    screen = _SCREENS.get(call.wire.dialect)
    if screen is None:
        return min(len(call.body), 2 * tokens)
    may_hold_media = screen.suspects(call.envelope.fields) or hides_letters(call.body)
    request = readable(call) if may_hold_media else None
    if request is None or _MEDIA.isdisjoint(needs_of(request)):
        return min(len(call.body), 2 * tokens) + UNSEEN_TOKENS
    models = {target.canonical or target.model for target in route.every_target()}
    return 2 * max(prompt_tokens(call, model) for model in models) + UNSEEN_TOKENS


def _bound_of(envelope: Envelope) -> int | None:
    """The caller's own bound; 0 or less is none: some servers take it for that."""
    asked = envelope.max_tokens
    return asked if asked is not None and asked > 0 else None


def _thinking(call: Call) -> int:
    """Tokens that a bound must leave room for, where the caller has asked for so much thinking."""
    fields = call.envelope.fields
    generation = fields.get("generationConfig", fields.get("generation_config", b""))
    if "thinking" not in fields and b"hinking" not in bytes(generation):
        return 0
    request = readable(call)
    return 0 if request is None else room_for_thinking(request)
