"""The plan of a request: a generator that proposes a target, hears how it failed, and proposes the next.

    plan = propose(route, board, now, chance)
    target = next(plan)          # the first candidate
    target = plan.send(error)    # it failed: the next one; StopIteration when nothing is left

It decides and does nothing else: no network, no clock, no random source of its own. Health only
changes the order: the last target left is always proposed.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from typing import Final

from madang.config.sections.models import Pick
from madang.errors import MadangError
from madang.model import LeftOut, Target
from madang.routing.board import READY, RESTING, Board
from madang.routing.case import NOTHING_KNOWN, Case, Memory
from madang.routing.causes import remedy_for
from madang.routing.glance import Way
from madang.routing.picking import NEAR, ease, eased, rank
from madang.routing.pulse import Candidate, look_at
from madang.routing.regions import zones
from madang.routing.route import Fallback, Route

Plan = Generator[Target, MadangError, None]
PriceOf = Callable[[Target], float | None]


def propose(
    route: Route,
    board: Board,
    now: float,
    chance: float,
    price_of: PriceOf | None = None,
    case: Case | None = None,
) -> Plan:
    """Propose targets, best first, each at most once; then the fallbacks that fit a cause heard so far.

    After a prompt was too long for one target, only those follow that may hold more. `chance` is a
    number in [0, 1) that choices by chance use; `price_of` a target's price for `pick: cost` where
    there is no `case`. With one, nothing is proposed that it excludes, and its notes say why it was
    decided so.
    """
    if case is None and len(route.targets) == 1 and not route.fallbacks:
        yield route.targets[0]
        return
    if case is None and route.has_choice:
        case = Case(NOTHING_KNOWN, Memory(), prefer=route.prefer, price_of=price_of)
    ranked = route.targets if case is None else _ranked(route, board, now, chance, case)
    yield from in_turn(ranked, route, board, now, case)


def in_turn(
    targets: Sequence[Target], route: Route, board: Board, now: float, case: Case | None = None
) -> Plan:
    """The same for targets of a route that are in order already."""
    heard: _Heard | None = None  # most calls end with the first target
    for target in targets:
        if heard is None or heard.lets(target):
            if case is not None:
                case.asks(target, now)
            error = yield target
            heard = heard or _Heard(case)
            if not heard.goes_on(target, error):
                return
    heard = heard or _Heard(case)
    for fallback in route.fallbacks:
        if heard.calls_for(fallback):
            for target in _ready_first(_allowed(fallback.targets, case), board, now):
                if not heard.excludes(target, unknown_window=True):
                    if case is not None:
                        case.asks(target, now)
                    error = yield target
                    if not heard.goes_on(target, error):
                        return


class _Heard:
    """What a plan has tried and heard.

    `_full` is the largest window known to be too small (0: it is not known; None: none was). `_only`
    is the cause for which a fallback has to be named from now on (None: others may be asked, too).
    """

    __slots__ = ("_case", "_causes", "_full", "_only", "_tried")

    def __init__(self, case: Case | None) -> None:
        self._case = case
        self._only: str | None = None
        self._causes: set[str] = set()
        self._full: int | None = None
        self._tried: set[tuple[str, str]] = set()

    def lets(self, target: Target) -> bool:
        """Whether a target of the route itself may be asked."""
        return self._only is None and not self.excludes(target, unknown_window=False)

    def excludes(self, target: Target, *, unknown_window: bool) -> bool:
        """Whether a target was tried, or its window is too small; `unknown_window`: one that is not known may do."""
        if (target.provider, target.model) in self._tried:
            return True
        if self._full is None or (unknown_window and target.context_window is None):
            return False
        return (target.context_window or 0) <= self._full

    def goes_on(self, target: Target, error: MadangError) -> bool:
        """A target has failed; whether others may be asked."""
        self._tried.add((target.provider, target.model))
        if not error.retryable:
            if remedy_for(error).elsewhere != "named":
                return False
            self._only = error.kind
        self._causes.add(error.kind)
        if error.kind == "context_overflow":
            self._full = max(self._full or 0, target.context_window or 0)
        wishes = self._case.wishes if self._case is not None else None
        return wishes is None or wishes.falls_back

    def calls_for(self, fallback: Fallback) -> bool:
        """Whether a fallback is for any of the causes."""
        if self._only is not None:
            return self._only in fallback.causes
        return not fallback.causes or not self._causes.isdisjoint(fallback.causes)


def _ranked(route: Route, board: Board, now: float, chance: float, case: Case) -> Sequence[Target]:
    """The route's targets: near ones first and as its `pick` has them, full ones behind, resting ones last."""
    is_busy = case.memory.glances.look(route, now)
    candidates = look_at(_allowed(route.targets, case), board, case.memory.pulses, now)
    wishes = case.wishes
    pick = _SORTS[wishes.sort] if wishes is not None and wishes.sort is not None else route.pick
    notes = case.notes
    notes.pick = pick if case.prefer is None else "prefer"
    ordered: list[Candidate] = []
    is_first = True
    near_first = zones(route, candidates, case, now, chance)
    for zone in near_first:
        is_able = any(one.readiness == READY for one in zone)
        rank(pick, zone, case, now, chance if is_first and is_able else None)
        is_first = is_first and not is_able
        ordered += zone
    is_strict = pick == "order" or (wishes is not None and bool(wishes.order))
    if any([one.readiness for one in ordered]):  # noqa: C419 - a generator costs more than the list
        ordered.sort(key=_is_resting if is_strict else _readiness)
    is_racing = notes.pick == "latency" and len(near_first) == 1
    ease(ordered, case, now, chance, is_racing=is_racing)
    notes.considered = ordered
    if is_racing or route.budget_s is not None:
        _count(ordered)
    if is_busy and is_racing and case.is_anybodys and not route.near:
        _keep(ordered, route, case, now)
    return [one.target for one in ordered]


def _keep(ordered: Sequence[Candidate], route: Route, case: Case, now: float) -> None:
    """Let the next requests go by this look, where all are known and ready, and none is asked to learn of it."""
    if case.notes.probe is not None:
        return
    if any(one.readiness != READY or one.score is None for one in ordered):
        return
    by_score = sorted(ordered, key=_score)
    bound = _score(by_score[0]) * NEAR
    ways = [_way(one, by_score, case, now) for one in by_score if _score(one) <= bound]
    case.memory.glances.keep(route, ordered, ways, now)


def _way(first: Candidate, by_score: Sequence[Candidate], case: Case, now: float) -> Way:
    """The way of requests that fall to a target; where it is only coming back, some go on to another."""
    order = [first, *(one for one in by_score if one is not first)]
    way = _led_by(first, order, case, now)
    way.share, other = eased(first, order[1:], now, is_racing=True)
    if other is not None:
        way.other = _led_by(other, order, case, now)
    return way


def _led_by(first: Candidate, order: Sequence[Candidate], case: Case, now: float) -> Way:
    ordered = [first, *(one for one in order if one is not first)]
    decision = replace(case.notes, considered=ordered).decision(now)
    return Way(first, [one.target for one in ordered], decision)


def _score(one: Candidate) -> float:
    return one.score or 0.0


_SORTS: Final[dict[str, Pick]] = {"price": "cost", "latency": "latency", "throughput": "latency"}
"""What a caller wishes targets sorted by; of throughput only the latency is known."""


def _count(ordered: Sequence[Candidate]) -> None:
    """The first is asked, and the others are passed by."""
    for one in ordered:
        one.pulse.passed += 1
    if ordered:
        ordered[0].pulse.passed = 0


def _readiness(one: Candidate) -> int:
    return one.readiness


def _is_resting(one: Candidate) -> bool:
    return one.readiness == RESTING


def _allowed(targets: tuple[Target, ...], case: Case | None) -> tuple[Target, ...]:
    """Those that the case does not exclude; its notes say why the others are left out."""
    if case is None or (case.wishes is None and case.is_mine is None):
        return targets
    allowed: list[Target] = []
    for target in targets:
        refusal = case.refusal(target)
        if refusal is None:
            allowed.append(target)
        else:
            case.notes.left_out += (LeftOut(f"{target.provider}/{target.model}", refusal),)
    return tuple(allowed)


def _ready_first(targets: tuple[Target, ...], board: Board, now: float) -> Sequence[Target]:
    """Those with room, then those that have to be waited for, then resting ones."""
    if len(targets) == 1:
        return targets
    return sorted(targets, key=lambda one: board.standing(one).readiness(now))
