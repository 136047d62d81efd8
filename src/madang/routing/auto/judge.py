"""From signals to a verdict. Pure arithmetic over rows: the same request always gets the same verdict."""

import re
from typing import Final, Literal, NamedTuple

from madang.routing.auto.seen import Seen
from madang.routing.auto.signals import (
    CODE_MARK_WEIGHT,
    CODE_MARKS,
    COMPLEX_FROM,
    MEDIUM_FROM,
    SIZES,
    WORDS,
)

Tier = Literal["simple", "medium", "complex"]
TIERS: Final[tuple[Tier, ...]] = ("simple", "medium", "complex")
_SIGNS: Final = re.compile(rb"[\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+")


class Verdict(NamedTuple):
    """`tier` with what it was made of: each signal as `name+weight`, the weightiest first."""

    tier: Tier
    score: float
    signals: tuple[str, ...]


def judge(seen: Seen) -> Verdict:
    """How complex a request is."""
    weights: dict[str, float] = {}
    for size in SIZES:
        if getattr(seen, size.of) >= size.least:
            weights[size.name] = max(weights.get(size.name, 0.0), size.weight)
    text = seen.text.lower()
    latin = f" {_SIGNS.sub(b' ', text.encode('ascii', 'replace')).decode()} "
    for row in WORDS:
        found = sum([word in latin for word in row.latin])
        if not text.isascii():
            found += sum([word in text for word in row.other])
        if found:
            weights[row.name] = row.weight * min(found, row.most)
    if any(mark in seen.text for mark in CODE_MARKS):
        weights["code"] = max(weights.get("code", 0.0), CODE_MARK_WEIGHT)
    score = sum(weights.values())
    ordered = sorted(weights.items(), key=lambda item: -abs(item[1]))
    return Verdict(tier_of(score), score, tuple(f"{name}{weight:+g}" for name, weight in ordered))


def tier_of(score: float) -> Tier:
    """The tier of a sum of weights."""
    if score >= COMPLEX_FROM:
        return "complex"
    return "medium" if score >= MEDIUM_FROM else "simple"
