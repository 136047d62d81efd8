"""How often questions that differ would be taken for alike, from pairs of which that is known."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from msgspec import Struct

from madang.config.measured import HitRates, wilson
from madang.wire.likeness import Vector, figures_of, similarity

CURVE: Final = tuple(percent / 100 for percent in range(80, 101))
"""The thresholds for which rates are told beside the one that is asked for."""


class Pair(Struct, frozen=True):
    """Two questions, and whether they ask the same: whether the answer to one is the answer to the other."""

    a: str
    b: str
    same: bool


class Judged(NamedTuple):
    """How alike a pair is; -1 where its figures differ, so that no threshold makes it alike."""

    similarity: float
    same: bool


def judged(pair: Pair, a: Vector, b: Vector) -> Judged:
    """A pair as the cache would judge it, by the vectors of its questions."""
    alike = similarity(a, b) if figures_of(pair.a) == figures_of(pair.b) else -1.0
    return Judged(alike, pair.same)


def rates_at(threshold: float, pairs: Iterable[Judged]) -> HitRates:
    """What a threshold does."""
    hits = false_hits = different = 0
    for pair in pairs:
        different += not pair.same
        if pair.similarity >= threshold:
            hits += pair.same
            false_hits += not pair.same
    low, high = wilson(false_hits, different)
    rate = false_hits / different if different else 0.0
    return HitRates(threshold, hits, false_hits, rate, low, high)


def curve_of(pairs: Sequence[Judged]) -> tuple[HitRates, ...]:
    """What each threshold of the curve does."""
    return tuple(rates_at(threshold, pairs) for threshold in CURVE)
