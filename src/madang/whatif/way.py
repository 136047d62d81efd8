"""Where a request would go: the route's own plan, told what failed in the past and what cannot fit."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from msgspec import Struct

from madang.errors import (
    ContextOverflow,
    MadangError,
    ProviderBroken,
    ProviderFailed,
    ProviderLacksModel,
    ProviderOutOfQuota,
    ProviderOverloaded,
    ProviderRateLimited,
    ProviderRefusedKey,
    ProviderTimedOut,
    ProviderUnreachable,
    UnsupportedFeature,
)
from madang.model import Feature, Target, Usage
from madang.routing.board import Board
from madang.routing.plan import PriceOf, propose
from madang.routing.route import Route
from madang.whatif.past import Past

_BEFORE: Final = "It failed as it did before."
_FAILURES: Final = (
    ProviderFailed(_BEFORE),
    ProviderRateLimited(_BEFORE),
    ProviderOverloaded(_BEFORE),
    ProviderTimedOut(_BEFORE, phase="total"),
    ProviderUnreachable(_BEFORE),
    ProviderBroken(_BEFORE),
    ProviderRefusedKey(_BEFORE),
    ProviderOutOfQuota(_BEFORE),
    ProviderLacksModel(_BEFORE),
)
_BY_CAUSE: Final[dict[str, MadangError]] = {one.kind: one for one in _FAILURES}
_TOO_LONG: Final = ContextOverflow("It does not fit the window.")
_UNABLE: Final = UnsupportedFeature("It needs what the target lacks.")


class Choosing(NamedTuple):
    """What the plan asks for: standings, a number in [0, 1) for weighted choice, prices for choice by cost."""

    board: Board
    chance: float
    price_of: PriceOf


class Way(Struct):
    """Where a request ends up, and what became of it on the way.

    `target` None: no target would have answered. `again`: attempts that failed as they did before.
    `too_long`: it did not fit a target's window; `unable`: a target cannot do what it needs.
    """

    target: Target | None = None
    again: list[Past] = []
    too_long: bool = False
    unable: bool = False


def find_way(
    route: Route,
    answer: Past,
    others: Sequence[Past],
    usage: Usage,
    choosing: Choosing,
) -> Way:
    """Follow the route's plan. `answer` is the attempt that answered, `usage` what it would use now.

    `others` are the attempts of the request that did not: at their places it fails again.
    """
    needs, window = _needs(answer), usage.input + usage.output
    if route.longer is not None and usage.input > route.threshold_tokens:
        route = route.longer
    if route.pick == "order" and not others and not needs:
        first = route.targets[0]  # as the plan has it where nothing rests; most requests end here
        if first.context_window is None or window <= first.context_window:
            return Way(first)
    failed = {(one.provider, one.model): one for one in others}
    way = Way()
    plan = propose(route, choosing.board, 0.0, choosing.chance, choosing.price_of)
    target = next(plan, None)
    while target is not None:
        failure = _failure(target, window, needs, way)
        if failure is None:
            past = failed.pop((target.provider, target.canonical or target.model), None)
            if past is None:
                way.target = target
                return way
            way.again.append(past)
            failure = _BY_CAUSE.get(past.cause or "", _FAILURES[0])
        try:
            target = plan.send(failure)
        except StopIteration:
            return way
    return way


def _failure(
    target: Target, window: int, needs: frozenset[Feature], way: Way
) -> MadangError | None:
    if target.context_window is not None and window > target.context_window:
        way.too_long = True
        return _TOO_LONG
    if not needs.isdisjoint(target.lacks):
        way.unable = True
        return _UNABLE
    return None


def _needs(answer: Past) -> frozenset[Feature]:
    """What the ledger tells of the features that a request needed; it knows no prompts."""
    if answer.stop != "tool_calls" and not (
        answer.audio_input_tokens or answer.audio_output_tokens
    ):
        return _NOTHING
    needs: set[Feature] = set()
    if answer.stop == "tool_calls":
        needs.add("tools")
    if answer.audio_input_tokens:
        needs.add("audio_input")
    if answer.audio_output_tokens:
        needs.add("audio_output")
    return frozenset(needs)


_NOTHING: Final[frozenset[Feature]] = frozenset()
