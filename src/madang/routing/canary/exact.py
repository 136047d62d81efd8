"""Is one side worse than the other? A sequential test that is exact, whatever the rates and however few the requests.

Requests of both sides are looked at in blocks. A request is *marked* when it went badly: it failed, or was
slower or dearer than a bound that was fixed before the block. If the sides are alike, the draw alone decides
which side a marked request is on: of a block's marks, the number on the canary's side has a hypergeometric
distribution, whatever the rate of marks is and however it changes from block to block. So the
distribution of the sum over all blocks is computed, of those courses that have not been stopped yet;
a bound is laid at each look so that all courses of alike sides that ever cross one have together
a chance of at most `alpha`. (Alpha spending: Lan and DeMets, Biometrika 1983; here with exact
conditional distributions instead of normal ones.)
"""

from math import exp, lgamma
from typing import Final

from msgspec import Struct

PLANNED: Final = 300
"""Requests of the canary within which the test is to be sharp."""

_EARLY: Final = 0.9
"""The share of alpha that is spent within them; the rest is for all that come after."""

_CURVE: Final = 6.0
"""How much of it is kept for the end: 1 spends evenly, more spends later."""

_NEGLIGIBLE: Final = 1e-13


class Block(Struct, frozen=True):
    """Requests of both sides, and how many of each are marked."""

    canary: int
    canary_marked: int
    stable: int
    stable_marked: int


class Comparison(Struct, frozen=True):
    """Where the test of one measure stands; `alpha`: the chance of ever calling alike sides different.

    The counts are of all blocks. `courses[i]` is the chance that alike sides would have got here with
    `least + i` marks of the canary, and not been stopped; `spent` that they would have been stopped.
    `bound` is the number of marks that stops now (None: none does). `worse`: it was reached.
    """

    alpha: float
    canary: int = 0
    canary_marked: int = 0
    stable: int = 0
    stable_marked: int = 0
    least: int = 0
    courses: tuple[float, ...] = (1.0,)
    spent: float = 0.0
    bound: int | None = None
    worse: bool = False


def look(test: Comparison, block: Block) -> Comparison:
    """Take a block into account, and look whether the canary is worse."""
    canary = test.canary + block.canary
    marked = test.canary_marked + block.canary_marked
    least, courses = _together(test.least, test.courses, block)
    bound, spent = _bound(least, courses, _allowance(test.alpha, canary) - test.spent)
    kept = courses if bound is None else courses[: bound - least]
    return Comparison(
        test.alpha,
        canary,
        marked,
        test.stable + block.stable,
        test.stable_marked + block.stable_marked,
        least,
        tuple(kept),
        test.spent + spent,
        bound,
        worse=test.worse or (bound is not None and marked >= bound),
    )


def _allowance(alpha: float, canary: int) -> float:
    """How much of alpha may be spent by the time that the canary has had so many requests."""
    if canary < PLANNED:
        return alpha * _EARLY * float((canary / PLANNED) ** _CURVE)
    return alpha * (1 - (1 - _EARLY) * PLANNED / canary)


def _bound(least: int, courses: list[float], chance: float) -> tuple[int | None, float]:
    """The smallest number of marks that alike sides reach with at most `chance`, and with which; None: no number."""
    total = 0.0
    for at in range(len(courses) - 1, -1, -1):
        if total + courses[at] > chance:
            found = least + at + 1
            break
        total += courses[at]
    else:
        return (least, total) if courses else (None, 0.0)
    return found, total


def _together(least: int, courses: tuple[float, ...], block: Block) -> tuple[int, list[float]]:
    """The distribution of the canary's marks after another block."""
    start, chances = _hypergeometric(block)
    sums = [0.0] * (len(courses) + len(chances) - 1) if courses else []
    for i, course in enumerate(courses):
        for j, chance in enumerate(chances, i):
            sums[j] += course * chance
    first, last = 0, len(sums)
    while first < last and sums[first] < _NEGLIGIBLE:
        first += 1
    while last > first and sums[last - 1] < _NEGLIGIBLE:
        last -= 1
    return least + start + first, sums[first:last]


def _hypergeometric(block: Block) -> tuple[int, list[float]]:
    """The chances of 0, 1, 2 … of a block's marks being on the canary's side: from which number on, and each."""
    side, marks = block.canary, block.canary_marked + block.stable_marked
    everyone = side + block.stable
    low, high = max(0, marks - block.stable), min(side, marks)
    mode = min(high, max(low, (side + 1) * (marks + 1) // (everyone + 2)))
    peak = exp(
        _log_choose(side, mode)
        + _log_choose(block.stable, marks - mode)
        - _log_choose(everyone, marks)
    )
    below, above = [], [peak]
    chance, x = peak, mode
    while x > low and chance > _NEGLIGIBLE:
        chance *= x * (block.stable - marks + x) / ((side - x + 1) * (marks - x + 1))
        x -= 1
        below.append(chance)
    start, chance, x = x, peak, mode
    while x < high and chance > _NEGLIGIBLE:
        chance *= (side - x) * (marks - x) / ((x + 1) * (block.stable - marks + x + 1))
        x += 1
        above.append(chance)
    return start, below[::-1] + above


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
