"""The plan of a request: a generator that proposes a target, hears how it failed, and proposes the next.

    plan = propose(route, board, now, chance) target = next(plan)                 # the first
    candidate target = plan.send(error)           # it failed: the next one; StopIteration when
    nothing is left

It decides and does nothing else: no network, no clock, no random source of its own.
"""

from collections.abc import Callable, Generator, Sequence

from madang.errors import MadangError
from madang.model import Target
from madang.routing.board import Board
from madang.routing.directory import Route

Plan = Generator[Target, MadangError, None]
PriceOf = Callable[[Target], int]


def propose(
    route: Route, board: Board, now: float, chance: float, price_of: PriceOf | None = None
) -> Plan:
    """Propose targets, best first, each at most once; then the fallbacks that fit a cause heard so far.

    After a prompt was too long for one target, only those follow that may hold more. `chance` is a
    number in [0, 1) that weighted choice uses; `price_of` a target's price for `pick: cost`.
    """
    tried: set[tuple[str, str]] = set()
    causes: set[str] = set()
    full: int | None = None
    for target in _ranked(route, board, now, chance, price_of):
        if full is not None and (target.context_window or 0) <= full:
            continue
        tried.add((target.provider, target.model))
        error = yield target
        if not error.retryable:
            return
        causes.add(error.kind)
        full = _largest_full(full, target, error)
    for fallback in route.fallbacks:
        if fallback.causes and causes.isdisjoint(fallback.causes):
            continue
        for target in _ready_first(fallback.targets, board, now):
            known_too_small = full is not None and 0 < (target.context_window or 0) <= full
            if known_too_small or (target.provider, target.model) in tried:
                continue
            tried.add((target.provider, target.model))
            error = yield target
            if not error.retryable:
                return
            causes.add(error.kind)
            full = _largest_full(full, target, error)


def _largest_full(full: int | None, target: Target, error: MadangError) -> int | None:
    """The largest window known to be too small, 0 where none is known; None: no prompt was too long yet."""
    if error.kind != "context_overflow":
        return full
    return max(full or 0, target.context_window or 0)


def _ranked(
    route: Route, board: Board, now: float, chance: float, price_of: PriceOf | None
) -> Sequence[Target]:
    """The route's targets in the order its `pick` asks for, full ones behind (but for `order`), resting ones last."""
    targets = route.targets
    if len(targets) == 1:
        return targets
    pick = route.pick
    if pick == "weighted":
        targets = _rotate(targets, chance)
    elif pick == "latency":
        targets = tuple(sorted(targets, key=lambda t: board.standing(t).latency_s))
    elif pick == "least-busy":
        targets = tuple(
            sorted(targets, key=lambda t: board.standing(t).in_flight / max(t.weight, 1))
        )
    elif pick == "cost" and price_of is not None:
        targets = tuple(sorted(targets, key=price_of))
    return _ready_first(targets, board, now, strict=pick == "order")


def _ready_first(
    targets: Sequence[Target], board: Board, now: float, *, strict: bool = False
) -> Sequence[Target]:
    """Those with room, then those that have to be waited for, then resting ones; `strict`: one waits in order."""
    if len(targets) == 1:
        return targets
    if strict:
        return sorted(targets, key=lambda one: board.standing(one).is_resting(now))
    return sorted(targets, key=lambda one: board.standing(one).readiness(now))


def _rotate(targets: tuple[Target, ...], chance: float) -> tuple[Target, ...]:
    """The target that `chance` falls on, by weight, then the others in order."""
    total = sum(target.weight for target in targets)
    if total <= 0:
        return targets
    point = chance * total
    for index, target in enumerate(targets):
        point -= target.weight
        if point < 0:
            return (target, *targets[:index], *targets[index + 1 :])
    return targets
