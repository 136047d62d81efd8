"""What the recent past says of a target: how long its answers take to begin, and how often it was asked.

Pure: moments are seconds of a monotonic clock.
"""

from collections import Counter
from math import frexp, inf
from typing import Final

from madang.routing.retries import Allowance

LEAST_ANSWERS: Final = 20
"""Fewer say nothing of their twentieth."""

_GENERATION: Final = 500
"""After so many answers those of before the last so many are forgotten."""

_FADES: Final = 1.001
"""With each answer what was the quickest counts for a thousandth more: it was long ago."""

_STEPS: Final = 8  # to the double: a bound is at most 12.5 % above what was measured
_ZERO: Final = 24 * _STEPS  # bins below half a second; the shortest is 30 ns
_LAST: Final = 40 * _STEPS


class Sketch:
    """Quantiles of the last 500 to 1,000 durations, by a histogram with steps of an eighth of a double."""

    __slots__ = ("_before", "_bins", "_count", "_known", "_known_at")

    def __init__(self) -> None:
        self._bins: dict[int, int] = {}
        self._before: dict[int, int] = {}
        self._count = 0
        self._known: dict[float, float] = {}
        self._known_at = -1

    def add(self, seconds: float) -> None:
        """One took so long."""
        mantissa, exponent = frexp(seconds)
        place = _ZERO + exponent * _STEPS + int(mantissa * 2 * _STEPS) - _STEPS
        place = 0 if place < 0 else min(place, _LAST)
        bins = self._bins
        bins[place] = bins.get(place, 0) + 1
        self._count += 1
        if self._count % _GENERATION == 0:
            self._before, self._bins = bins, {}

    def quantile_s(self, share: float) -> float | None:
        """So many seconds, or fewer, did this share of them take; None: there were too few to say."""
        if self._count < LEAST_ANSWERS:
            return None
        if self._known_at != self._count // LEAST_ANSWERS:  # worked out anew after each twenty
            self._known.clear()
            self._known_at = self._count // LEAST_ANSWERS
        known = self._known.get(share)
        if known is None:
            known = self._known[share] = self._work_out(share)
        return known

    def _work_out(self, share: float) -> float:
        counts = Counter(self._bins) + Counter(self._before)
        left = share * counts.total()
        for place in sorted(counts):
            left -= counts[place]
            if left <= 0:
                break
        return _upper_s(place)


def _upper_s(place: int) -> float:
    """The upper bound of a bin."""
    exponent, step = divmod(place - _ZERO, _STEPS)
    return float((1 + (step + 1) / _STEPS) * 2.0 ** (exponent - 1))


class Past:
    """One target's. `retries` and `hedges` are what it may be asked beyond what callers cause.

    `plain` and `streamed` are seconds until the first byte of an answer, and until its first token;
    they are only kept for models that are hedged. `gone_until`: so long it comes last, as its
    provider has said that it does not serve the model.
    """

    __slots__ = ("_quickest", "gone_until", "hedges", "plain", "retries", "streamed")

    def __init__(self) -> None:
        self.gone_until = 0.0
        self.retries = Allowance()
        self.hedges = Allowance()
        self.plain = Sketch()
        self.streamed = Sketch()
        self._quickest = [inf, inf]

    def answered(self, seconds: float, *, streamed: bool) -> None:
        """An answer, or a stream, took so long to begin."""
        self.gone_until = 0.0
        quickest = self._quickest
        known = quickest[streamed]
        quickest[streamed] = seconds if seconds < known else known * _FADES

    def quickest_s(self, *, streamed: bool) -> float:
        """How long the quickest of the recent answers took to begin; 0.0: not known."""
        known = self._quickest[streamed]
        return 0.0 if known == inf else known

    def answers(self, *, streamed: bool) -> Sketch:
        """How long answers of one kind take."""
        return self.streamed if streamed else self.plain
