"""A preference of quality, speed or cost: each of the three between 0 and 1, the named one weighing most.

Source of the weights: capability G4 of the product, 0.6 for the named one and 0.2 for each other.
"""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

Preference = Literal["quality", "speed", "cost"]

NAMED: Final = 0.6
OTHER: Final = 0.2
MIDDLE: Final = 0.5
"""What an unknown quality or latency counts as: nothing speaks for it or against it."""


class Figures(NamedTuple):
    """What is known of a candidate: quality (more is better), price and latency (less is); None: unknown."""

    quality: float | None = None
    price: float | None = None
    latency_s: float | None = None


class Weights(NamedTuple):
    """How much each figure counts; together 1."""

    quality: float
    price: float
    speed: float


def scores(candidates: Sequence[Figures], prefer: Preference) -> list[float]:
    """How well each candidate fits a preference, 0 to 1; see `weighed`."""
    shares = (NAMED if name == prefer else OTHER for name in ("quality", "cost", "speed"))
    return weighed(candidates, Weights(*shares))


def weighed(candidates: Sequence[Figures], weights: Weights) -> list[float]:
    """How well each candidate fits, 0 to 1.

    Each figure is laid between the worst (0) and the best (1) of the candidates; where all have the
    same, each has 1. An unknown price counts as the dearest, other unknown figures as the middle.
    """
    quality = _laid([one.quality for one in candidates], unknown=MIDDLE)
    price = _laid([_less(one.price) for one in candidates], unknown=0.0)
    speed = _laid([_less(one.latency_s) for one in candidates], unknown=MIDDLE)
    return [
        weights.quality * q + weights.price * p + weights.speed * s
        for q, p, s in zip(quality, price, speed, strict=True)
    ]


def _less(value: float | None) -> float | None:
    return None if value is None else -value


def _laid(values: list[float | None], unknown: float) -> list[float]:
    known = [value for value in values if value is not None]
    worst, best = min(known, default=0.0), max(known, default=0.0)
    width = best - worst
    return [
        unknown if value is None else (value - worst) / width if width else 1.0 for value in values
    ]
