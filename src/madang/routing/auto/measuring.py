"""How good a trained scorer is: on examples that it was not trained on, beside the rules and beside one fixed tier.

A verdict is right where it lies between what the example says is needed at least and at most. That
nobody said anything of an answer is no evidence of how good a verdict was, and is not measured.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from hashlib import blake2s
from math import comb
from typing import Final, NamedTuple

from madang.config.scorer import SIGNALS, LoadedScorer, Measured, Scorer, Split, Tally
from madang.routing.auto.judge import TIERS, judge_counts
from madang.routing.auto.learning import Example, Fitted, learn

FOLDS: Final = 5
"""So many parts, of which one at a time is held out."""

FEWEST: Final = 30
"""Examples with a verdict below which nothing is learned: each part would hold out no more than a handful."""

_MIDDLE: Final = 1
_UNKNOWN: Final = (None, None, None)
_DIGITS: Final = 4

Prices = Sequence[float | None]
"""What a token costs at each tier, in any unit; None: unknown."""


class Held(NamedTuple):
    """An example that was held out, and the tiers (0 to 2) that the scorer and the rules gave it."""

    example: Example
    scorer: int
    rules: int


class Trained(NamedTuple):
    """A scorer that was learned from all examples and measured on those held out, and each of these."""

    scorer: Scorer
    held: tuple[Held, ...]


def train(
    examples: Sequence[Example], split: Split, day: str, prices: Prices = _UNKNOWN
) -> Trained:
    """Learn from all examples; what is measured is what the same learning makes of the rest, for each part held out.

    With the split by time the latest fifth is held out, and nothing of it is learned.
    """
    held: list[Held] = []
    for known, unknown in _parts(examples, split):
        fitted = learn(known)
        held += [_judged(one, fitted) for one in unknown if one.source != "silence"]
    fitted = learn(examples if split == "hash" else _by_time(examples)[0])
    sources = Counter(one.source for one in examples)
    measured = _measured(held, split, prices) if held else None
    found = _scorer(fitted, dict(sorted(sources.items())), day, measured)
    return Trained(found, tuple(held))


def fold(example: Example) -> int:
    """The part that an example belongs to, by its id alone."""
    return blake2s(example.id.encode("utf-8", "replace"), digest_size=8).digest()[0] % FOLDS


def luck(ahead: int, behind: int) -> float:
    """The chance that of so many cases at least `ahead` fall to one side, where both sides are alike (sign test)."""
    cases = ahead + behind
    return float(sum(comb(cases, count) for count in range(ahead, cases + 1)) / 2**cases)


def _parts(
    examples: Sequence[Example], split: Split
) -> Iterator[tuple[list[Example], list[Example]]]:
    """What is learned from and what is held out, for each part."""
    if split == "time":
        yield _by_time(examples)
        return
    for number in range(FOLDS):
        held = [one for one in examples if fold(one) == number]
        if held:
            yield [one for one in examples if fold(one) != number], held


def _by_time(examples: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """The earlier four fifths and the latest; examples of one id all go to where its first belongs."""
    ordered = sorted(examples, key=lambda one: (one.at_us, one.id))
    first = len(ordered) * (FOLDS - 1) // FOLDS
    earlier = {one.id for one in ordered[:first]}
    return (
        [one for one in ordered if one.id in earlier],
        [one for one in ordered if one.id not in earlier],
    )


def _judged(example: Example, fitted: Fitted) -> Held:
    trained = LoadedScorer("", scorer=_scorer(fitted, {}, "", None), name="")
    verdicts = (judge_counts(example.counts, one).tier for one in (trained, None))
    scorer, rules = (TIERS.index(tier) for tier in verdicts)
    return Held(example, scorer, rules)


def _scorer(
    fitted: Fitted, examples: dict[str, int], day: str, measured: Measured | None
) -> Scorer:
    """Rounded before it is measured: what is written is what was measured."""
    weights = {name: round(weight, _DIGITS) for name, weight in fitted.weights.items()}
    medium, hard = (round(one, _DIGITS) for one in fitted.thresholds)
    return Scorer(SIGNALS, weights, (medium, hard), examples, day, measured)


def _measured(held: Sequence[Held], split: Split, prices: Prices) -> Measured:
    by_language: defaultdict[str, list[Held]] = defaultdict(list)
    for one in held:
        by_language[one.example.language].append(one)
    right = [(_fits(one, one.scorer), _fits(one, one.rules)) for one in held]
    return Measured(
        split,
        _tally(held),
        {name: _tally(some) for name, some in sorted(by_language.items())},
        _confusion([(one.example, one.scorer) for one in held]),
        _confusion([(one.example, one.rules) for one in held]),
        sum(scorer and not rules for scorer, rules in right),
        sum(rules and not scorer for scorer, rules in right),
        _cost(held, prices),
    )


def _fits(one: Held, tier: int) -> bool:
    return one.example.least <= tier <= one.example.most


def _tally(held: Sequence[Held]) -> Tally:
    return Tally(
        len(held),
        sum(_fits(one, one.scorer) for one in held),
        sum(_fits(one, one.rules) for one in held),
        sum(_fits(one, _MIDDLE) for one in held),
    )


def _confusion(verdicts: Sequence[tuple[Example, int]]) -> dict[str, tuple[int, int, int]]:
    """For what examples say, the simplest first, how often each tier was the verdict."""
    counts = Counter(((one.least, one.most), tier) for one, tier in verdicts)
    spans = sorted({span for span, _ in counts})
    return {_span(*span): (counts[span, 0], counts[span, 1], counts[span, 2]) for span in spans}


def _span(least: int, most: int) -> str:
    return TIERS[least] if least == most else f"{TIERS[least]} to {TIERS[most]}"


def _cost(held: Sequence[Held], prices: Prices) -> float | None:
    """What the scorer's tiers cost against the rules', less one, every example with as many tokens."""
    known = [price for price in prices if price is not None]
    if len(known) < len(TIERS):
        return None
    by_rules = sum(known[one.rules] for one in held)
    return sum(known[one.scorer] for one in held) / by_rules - 1 if by_rules else None
