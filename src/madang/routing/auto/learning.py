"""Weights learned from examples: ordinal logistic regression over the signals, held by the rules.

A request needs some tier; an example says between which two it lies (an answer of the smallest model that was
found good: at most simple; one of it that was found worse: at least medium). The chance that at most a tier is
needed is the logistic function of SLOPE times what is left from the sum of weights to the next threshold. What is
minimised is minus the logarithm of the chance of all examples, plus a penalty for leaving the rules: so few
examples change little, and many decide. It is convex; Newton's method with halved steps never makes it larger.

Source: P. McCullagh, Regression models for ordinal data, 1980; interval-censored as in A. Agresti, Analysis of
Ordinal Categorical Data, 2010.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from math import exp, expm1, inf, log, log1p, sqrt
from typing import Final, Literal, NamedTuple

from madang.routing.auto.judge import Counts, features
from madang.routing.auto.signals import COMPLEX_FROM, MEDIUM_FROM, SHAPES, SIZES, WORDS

SLOPE: Final = 1.5
"""How surely a tier follows from a sum: one unit of the rules' weights beyond a threshold is 82 %."""

PULL: Final = 2.0
"""How strongly each weight is held to the rules': as by examples that give it a standard deviation of 0.7."""

_LOOSE: Final = 0.2
"""The same of the two thresholds, which move more freely."""

FEWEST: Final = 5
"""So many examples must have a signal: requests that show others are left to the rules."""

_ROUNDS: Final = 100
_CLOSE: Final = 1e-10
_HALVINGS: Final = 40

NAMES: Final = (*{row.name: None for row in (*SIZES, *WORDS)}, *SHAPES)
"""Every signal, in the order of the parameters; behind them are the two thresholds."""

Source = Literal["label", "rating", "trouble", "silence"]
"""label: somebody said it. rating: two answers were compared. trouble: the tier's model could not do it.

silence: it was answered, and nobody said anything of it.
"""


class Example(NamedTuple):
    """A request of which it is known that it needs at least tier `least` and at most `most` (0 to 2).

    Examples of one `id` are never on both sides of a split. `at_us`: Unix µs.
    """

    id: str
    at_us: int
    language: str
    counts: Counts
    least: int
    most: int
    source: Source
    weight: float = 1.0


class Fitted(NamedTuple):
    """What was learned: of signals that at least FEWEST examples had. `losses` are those of each round."""

    weights: dict[str, float]
    thresholds: tuple[float, float]
    losses: tuple[float, ...]


class _Row(NamedTuple):
    """Examples that are alike, with their weight together."""

    values: tuple[tuple[int, float], ...]
    least: int
    most: int
    weight: float


def learn(examples: Iterable[Example]) -> Fitted:
    """The weights under which the examples are likeliest; in whatever order they come, the same."""
    examples = list(examples)
    rows, prior = _rows(examples), _prior()
    found, losses = list(prior), [_loss(rows, prior, prior)]
    for _ in range(_ROUNDS):
        step = _step(rows, found, prior)
        tried, loss = _shortened(rows, found, prior, step, losses[-1])
        if loss >= losses[-1] - _CLOSE:
            break
        found = tried
        losses.append(loss)
    seen = Counter(name for one in examples for name in one.counts)
    learned = zip(NAMES, found, strict=False)
    weights = {n: weight for n, weight in learned if n in SHAPES or seen[n] >= FEWEST}
    return Fitted(weights, (found[-2], found[-1]), tuple(losses))


def _rows(examples: Iterable[Example]) -> list[_Row]:
    """Alike examples taken together, in an order of their own."""
    place = {name: at for at, name in enumerate(NAMES)}
    together: defaultdict[tuple[tuple[tuple[int, float], ...], int, int], list[float]] = (
        defaultdict(list)
    )
    for one in examples:
        values = tuple(sorted((place[name], value) for name, value in features(one.counts).items()))
        together[values, one.least, one.most].append(one.weight)
    return [_Row(*kind, sum(sorted(weights))) for kind, weights in sorted(together.items())]


def _prior() -> list[float]:
    return [0.0 if name in SHAPES else 1.0 for name in NAMES] + [MEDIUM_FROM, COMPLEX_FROM]


def _loss(rows: Sequence[_Row], found: Sequence[float], prior: Sequence[float]) -> float:
    """Minus the logarithm of the chance of all, and the penalty; endless where the thresholds are out of order."""
    gap = SLOPE * (found[-1] - found[-2])
    if gap <= 0:
        return inf
    total = sum(
        pull * (one - begun) ** 2 / 2
        for one, begun, pull in zip(found, prior, _pulls(), strict=True)
    )
    for row in rows:
        upper, lower = _margins(row, found)
        total += row.weight * (_minus_log_chance(upper) + _minus_log_chance(-lower))
        if row.least == row.most == 1:
            total -= row.weight * log(-expm1(-gap))
    return total


def _margins(row: _Row, found: Sequence[float]) -> tuple[float, float]:
    """How far a row is below the threshold above it, and above the one below it (negative: above)."""
    score = sum([found[at] * value for at, value in row.values])
    thresholds = (-inf, found[-2], found[-1], inf)
    return SLOPE * (thresholds[row.most + 1] - score), SLOPE * (thresholds[row.least] - score)


def _step(rows: Sequence[_Row], found: Sequence[float], prior: Sequence[float]) -> list[float]:
    """Newton's step: where the parabola that touches the loss here is lowest."""
    size, pulls = len(found), _pulls()
    slopes = [pull * (one - begun) for one, begun, pull in zip(found, prior, pulls, strict=True)]
    bends = [[pulls[i] if i == j else 0.0 for j in range(size)] for i in range(size)]
    gap = SLOPE * (found[-1] - found[-2])
    for row in rows:
        upper, lower = _margins(row, found)
        if row.most < 2:
            chance = _chance(-upper)
            _add(slopes, bends, row, size - 2 + row.most, (-chance, chance * (1 - chance)))
        if row.least > 0:
            chance = _chance(lower)
            _add(slopes, bends, row, size - 3 + row.least, (chance, chance * (1 - chance)))
        if row.least == row.most == 1:
            _add_gap(slopes, bends, gap, row.weight)
    return _solved(bends, [-slope for slope in slopes])


def _add(
    slopes: list[float],
    bends: list[list[float]],
    row: _Row,
    threshold: int,
    curve: tuple[float, float],
) -> None:
    """Add what a row does at one threshold; `curve`: slope and bend by its margin there."""
    terms = [(threshold, SLOPE), *[(at, -SLOPE * value) for at, value in row.values]]
    slope, bend = (row.weight * one for one in curve)
    for i, by_i in terms:
        slopes[i] += slope * by_i
        for j, by_j in terms:
            bends[i][j] += bend * by_i * by_j


def _add_gap(slopes: list[float], bends: list[list[float]], gap: float, weight: float) -> None:
    """Add what a row between both thresholds does to their distance."""
    slope = -1 / expm1(gap)
    bend = weight * SLOPE * SLOPE * slope * (slope - 1)
    for i, by_i in ((-2, -1), (-1, 1)):
        slopes[i] += weight * SLOPE * slope * by_i
        for j, by_j in ((-2, -1), (-1, 1)):
            bends[i][j] += bend * by_i * by_j


def _shortened(
    rows: Sequence[_Row],
    found: Sequence[float],
    prior: Sequence[float],
    step: Sequence[float],
    best: float,
) -> tuple[list[float], float]:
    """The step, halved until it makes the loss no larger."""
    length, tried, loss = 1.0, list(found), best
    for _ in range(_HALVINGS):
        tried = [one + length * by for one, by in zip(found, step, strict=True)]
        loss = _loss(rows, tried, prior)
        if loss <= best:
            break
        length /= 2
    return tried, loss


def _solved(rows: list[list[float]], values: Sequence[float]) -> list[float]:
    """The solution of linear equations that are symmetric and positive definite, by Cholesky's root."""
    size = len(rows)
    root = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            rest = rows[i][j] - sum(root[i][k] * root[j][k] for k in range(j))
            root[i][j] = sqrt(rest) if i == j else rest / root[j][j]
    half: list[float] = []
    for i in range(size):
        half.append((values[i] - sum(root[i][k] * half[k] for k in range(i))) / root[i][i])
    found = [0.0] * size
    for i in reversed(range(size)):
        rest = half[i] - sum(root[k][i] * found[k] for k in range(i + 1, size))
        found[i] = rest / root[i][i]
    return found


def _pulls() -> list[float]:
    return [PULL] * len(NAMES) + [_LOOSE, _LOOSE]


def _chance(margin: float) -> float:
    """The logistic function."""
    if margin >= 0:
        return 1 / (1 + exp(-margin))
    return exp(margin) / (1 + exp(margin))


def _minus_log_chance(margin: float) -> float:
    """Minus the logarithm of the logistic function."""
    return log1p(exp(-margin)) if margin >= 0 else log1p(exp(margin)) - margin
