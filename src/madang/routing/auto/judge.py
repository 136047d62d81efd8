"""From signals to a verdict. Pure arithmetic over rows: the same request always gets the same verdict.

First the signals are counted, in whole numbers; the ledger keeps these. Both the rules and a trained scorer
judge by nothing else, so that what was counted once can be judged again later.
"""

import re
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from madang.config.scorer import LoadedScorer
from madang.routing.auto.seen import Seen
from madang.routing.auto.signals import (
    CLAUSE_SIGNS,
    CODE_MARK_WORDS,
    CODE_MARKS,
    COMPLEX_FROM,
    MEDIUM_FROM,
    SHAPES,
    SIZES,
    WORDS,
)

Tier = Literal["simple", "medium", "complex"]
TIERS: Final[tuple[Tier, ...]] = ("simple", "medium", "complex")

Counts = Mapping[str, int]
"""Signal → how strong it is: different words found, the step of a size that is reached, doublings of a shape."""

_SIGNS: Final = re.compile(rb"[\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+")
_CLAUSES: Final = re.compile(f"[{CLAUSE_SIGNS}]")
_FIGURES: Final = re.compile(r"\d")
_STEPS: Final = {
    name: [row for row in SIZES if row.name == name] for name in (s.name for s in SIZES)
}
_WORD_WEIGHTS: Final = {row.name: row.weight for row in WORDS}
_MOST_REASONS: Final = 5


class Verdict(NamedTuple):
    """`tier` with what it was made of: each signal as `name+weight`, the weightiest first.

    `scorer` names the trained scorer whose verdict it is, which is then the first of `signals` (None: the rules').
    """

    tier: Tier
    score: float
    signals: tuple[str, ...]
    scorer: str | None = None


def judge(seen: Seen) -> Verdict:
    """How complex a request is, by the rules."""
    return judge_counts(count_signals(seen))


def judge_counts(counts: Counts, trained: LoadedScorer | None = None) -> Verdict:
    """How complex what was counted is: by a trained scorer that knows all these signals, else by the rules."""
    if trained is None or not trained.knows(counts):
        weights = rule_weights(counts)
        score = sum(weights.values())
        return Verdict(tier_of(score), score, _told(weights))
    given = trained.scorer.weights
    weights = {name: value * given[name] for name, value in features(counts).items()}
    score = sum(weights.values())
    reasons = _told({name: round(weight, 2) for name, weight in weights.items()})
    tier = tier_of(score, *trained.scorer.thresholds)
    told = (f"scorer {trained.name}", *reasons[:_MOST_REASONS])
    return Verdict(tier, score, told, trained.name)


def count_signals(seen: Seen) -> dict[str, int]:
    """How strong each signal of a request is; what is not there is left out."""
    counts: dict[str, int] = {}
    for size in SIZES:
        if getattr(seen, size.of) >= size.least:
            counts[size.name] = counts.get(size.name, 0) + 1
    text = seen.text.lower()
    latin = f" {_SIGNS.sub(b' ', text.encode('ascii', 'replace')).decode()} "
    for row in WORDS:
        found = sum([word in latin for word in row.latin])
        if not text.isascii():
            found += sum([word in text for word in row.other])
        if found:
            counts[row.name] = min(found, row.most)
    if any(mark in seen.text for mark in CODE_MARKS):
        counts["code"] = max(counts.get("code", 0), CODE_MARK_WORDS)
    shapes = (int(seen.tokens), len(_CLAUSES.findall(text)), len(_FIGURES.findall(text)))
    for name, number in zip(SHAPES, shapes, strict=True):
        if number:
            counts[name] = number.bit_length()
    return counts


def rule_weights(counts: Counts) -> dict[str, float]:
    """What the rules give each signal that is there."""
    weights: dict[str, float] = {}
    for name, count in counts.items():
        if name in _WORD_WEIGHTS:
            weights[name] = _WORD_WEIGHTS[name] * count
        elif name in _STEPS:
            weights[name] = _STEPS[name][min(count, len(_STEPS[name])) - 1].weight
    return weights


def features(counts: Counts) -> dict[str, float]:
    """What a scorer's weights multiply: what the rules give each signal, and how far each shape is from the usual."""
    shapes = {name: float(counts.get(name, 0) - usual) for name, usual in SHAPES.items()}
    return rule_weights(counts) | shapes


def tier_of(score: float, medium: float = MEDIUM_FROM, hard: float = COMPLEX_FROM) -> Tier:
    """The tier of a sum of weights."""
    if score >= hard:
        return "complex"
    return "medium" if score >= medium else "simple"


def _told(weights: Mapping[str, float]) -> tuple[str, ...]:
    """Each signal that weighs anything, the weightiest first."""
    ordered = sorted(weights.items(), key=lambda item: -abs(item[1]))
    return tuple([f"{name}{weight:+g}" for name, weight in ordered if weight])
