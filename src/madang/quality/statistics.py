"""Shares with their intervals, and how far raters agree: pure arithmetic."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations

from madang.config.measured import wilson as interval
from madang.quality.records import Better, Interval


def wilson(successes: float, trials: int) -> Interval | None:
    """A share with its 95 % interval; None without trials."""
    if trials == 0:
        return None
    return Interval(successes / trials, *interval(successes, trials))


def majority(verdicts: Sequence[Better]) -> Better:
    """What most say; neither where as many say the one as the other."""
    counts = Counter(verdicts)
    if counts["a"] == counts["b"] or counts["same"] > max(counts["a"], counts["b"]):
        return "same"
    return "a" if counts["a"] > counts["b"] else "b"


def agreement(pairs: Iterable[Sequence[Better]]) -> float | None:
    """How often two raters of the same pair said the same; None where no pair has two."""
    same = asked = 0
    for verdicts in pairs:
        for one, other in combinations(verdicts, 2):
            asked += 1
            same += one == other
    return same / asked if asked else None


def alpha(pairs: Iterable[Sequence[Better]]) -> float | None:
    """Krippendorff's alpha for verdicts without an order; raters may be missing. None where it has none.

    Source: K. Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011.
    """
    coincidences: Counter[tuple[Better, Better]] = Counter()
    for verdicts in pairs:
        if len(verdicts) < 2:
            continue
        counts = Counter(verdicts)
        for one, of_one in counts.items():
            for other, of_other in counts.items():
                both = of_one * (of_other - (one == other))
                coincidences[one, other] += both / (len(verdicts) - 1)  # type: ignore[assignment]
    return _alpha(coincidences)


def _alpha(coincidences: Counter[tuple[Better, Better]]) -> float | None:
    values: Counter[Better] = Counter()
    for (one, _), weight in coincidences.items():
        values[one] += weight
    total = sum(values.values())
    observed = sum(weight for (one, other), weight in coincidences.items() if one != other)
    expected = total * total - sum(weight * weight for weight in values.values())
    if expected <= 0:
        return None
    return 1 - (total - 1) * observed / expected
