"""What is counted of attempts, and the measures that follow from it.

Rule: a cell is made of sums and histograms only, so that two cells are one by addition, whichever
process, interval or target they are of.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from math import inf
from operator import attrgetter
from typing import Final, NamedTuple

from msgspec import Struct, field

from madang.ledger.tables.latency import percentile
from madang.model import Attempt
from madang.model.attempt import PASSED_OVER

CALLERS_OWN: Final = frozenset(
    (
        *("invalid_request", "context_overflow", "unsupported_feature", "content_filter"),
        *("unknown_model", "not_found", "too_large", "unprocessable", "permission"),
    )
)
"""Causes for which an attempt fails wherever it goes: they say nothing against a provider."""

OTHER: Final = "(other)"
MOST_LABELS: Final = 128
"""So many labels are kept apart; filled with made-up names, all windows take 70 MB."""

_FAILED: Final = frozenset(("failed", "cut", "lost"))
_MICROSECONDS: Final = 1_000_000
_DOLLAR: Final = 1_000_000_000


_BUCKETS: Final = [100] + [
    100 * digits + first
    for digits in range(1, 19)
    for first in (*range(10, 20), *range(20, 40, 2), *range(40, 100, 4))
]
_FROM_US: Final = [-(-(bucket % 100) * 10 ** (bucket // 100) // 100) for bucket in _BUCKETS]
_UP_TO_US: Final = [*_FROM_US[1:], inf]
"""All buckets of `ledger.tables.latency`, the least time that each holds, and that of the next."""

_labels = attrgetter("provider", "model", "key_id")
_kind = attrgetter("outcome", "final", "streamed")
_PLAIN: Final = ("ok", True, False)
_figures = attrgetter("latency_us", "input_tokens", "output_tokens", "cost_nusd")


class Labels(NamedTuple):
    """Whose attempts they are; None where they are taken together."""

    provider: str | None = None
    model: str | None = None
    key: str | None = None


class Timing(Struct, array_like=True):
    """How long something took: sums and a histogram, in µs; see `ledger.tables.latency` for its buckets."""

    count: int = 0
    total_us: int = 0
    max_us: int = 0
    buckets: dict[int, int] = field(default_factory=dict)

    def add(self, *times: int) -> None:
        """Count some."""
        self.count += len(times)
        self.total_us += sum(times)
        self.max_us = max(self.max_us, *times)
        buckets, ordered, begin = self.buckets, sorted(times), 0
        while begin < len(ordered):  # a step for each bucket in use, and not for each time
            place = bisect_right(_FROM_US, ordered[begin]) - 1
            end = bisect_left(ordered, _UP_TO_US[place], begin)
            buckets[_BUCKETS[place]] = buckets.get(_BUCKETS[place], 0) + end - begin
            begin = end

    def merge(self, other: "Timing") -> None:
        """Add another's."""
        self.count += other.count
        self.total_us += other.total_us
        self.max_us = max(self.max_us, other.max_us)
        _add_up(self.buckets, other.buckets)

    def measures(self, name: str) -> dict[str, float | None]:
        """The mean, the longest and the percentiles, in seconds; None: there were none."""
        histogram = sorted(self.buckets.items())
        shares = {share: percentile(histogram, share) for share in (50, 95, 99)}
        return {
            f"mean_{name}_s": self.total_us / self.count / _MICROSECONDS if self.count else None,
            f"max_{name}_s": self.max_us / _MICROSECONDS if self.count else None,
            **{f"p{share}_{name}_s": us and us / _MICROSECONDS for share, us in shares.items()},
        }


class Cell(Struct, array_like=True):
    """Sums over attempts. Tokens as reported, money in nano-dollars.

    `requests` are final attempts, `failed_requests` those of them that brought no answer. `attempts`
    are those for which a provider was asked; `causes` says why some of them failed. `latency` is of
    whole answers, `ttft` of streams.
    """

    requests: int = 0
    failed_requests: int = 0
    attempts: int = 0
    answered: int = 0
    errors: int = 0
    rejected: int = 0
    rate_limited: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_nusd: int = 0
    unpriced: int = 0
    cache_hits: int = 0
    causes: dict[str, int] = field(default_factory=dict)
    latency: Timing = field(default_factory=Timing)
    ttft: Timing = field(default_factory=Timing)

    def add_all(self, rows: Sequence[Attempt]) -> None:
        """Count attempts; whole answers, which most are, in one go."""
        plain = []
        for row, kind in zip(rows, map(_kind, rows), strict=True):
            if kind == _PLAIN and row.cost_nusd is not None:
                plain.append(row)
            else:
                self.add(row)
        if plain:
            times, entered, made, costs = zip(*map(_figures, plain), strict=True)
            self.requests += len(plain)
            self.attempts += len(plain)
            self.answered += len(plain)
            self.latency.add(*times)
            self.input_tokens += sum(entered)
            self.output_tokens += sum(made)
            self.cost_nusd += sum(costs)

    def add(self, row: Attempt) -> None:
        """Count one attempt."""
        outcome = row.outcome
        if row.final:
            self.requests += 1
            if outcome in _FAILED:
                self.failed_requests += 1
        if outcome == "ok":
            self.attempts += 1
            self.answered += 1
            self.latency.add(row.latency_us)
        elif outcome == "hit":
            self.cache_hits += 1
            return
        elif not self._add_failure(row):
            return
        if row.streamed and row.first_token_us is not None:
            self.ttft.add(row.first_token_us)
        self.input_tokens += row.input_tokens
        self.output_tokens += row.output_tokens
        if row.cost_nusd is None:
            self.unpriced += 1
        else:
            self.cost_nusd += row.cost_nusd

    def _add_failure(self, row: Attempt) -> bool:
        """Count an attempt that brought no whole answer; False: nobody was asked."""
        cause = row.cause
        if cause == "rate_limit":
            self.rate_limited += 1
        if row.outcome == "failed" and row.status == 0 and cause in PASSED_OVER:
            return False
        self.attempts += 1
        if row.outcome not in _FAILED:
            self.answered += 1  # the caller left; the provider had done nothing wrong
            return True
        name = cause or row.outcome
        self.causes[name] = self.causes.get(name, 0) + 1
        if name in CALLERS_OWN:
            self.rejected += 1
        else:
            self.errors += 1
        return True

    def merge(self, other: "Cell") -> None:
        """Add another's."""
        for name in _SUMS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        _add_up(self.causes, other.causes)
        self.latency.merge(other.latency)
        self.ttft.merge(other.ttft)

    def measures(self) -> dict[str, float | None]:
        """What conditions speak of and `/api/stats` shows; see `config.sections.expression`. None: not known."""
        attempts, requests = self.attempts, self.requests
        asked = attempts - self.rejected
        error_rate = self.errors / asked if asked else None
        refusals = attempts + self.rate_limited - self.causes.get("rate_limit", 0)
        return {
            **{name: getattr(self, name) for name in _SHOWN},
            "request_error_rate": self.failed_requests / requests if requests else None,
            "error_rate": error_rate,
            "success_rate": None if error_rate is None else 1 - error_rate,
            "rate_limited_rate": self.rate_limited / refusals if refusals else None,
            **self.latency.measures("latency"),
            **self.ttft.measures("ttft"),
            "cost_usd": self.cost_nusd / _DOLLAR,
        }


_SUMS: Final = (
    *("requests", "failed_requests", "attempts", "answered", "errors", "rejected"),
    *("rate_limited", "input_tokens", "output_tokens", "cost_nusd", "unpriced", "cache_hits"),
)
_SHOWN: Final = tuple(name for name in _SUMS if name not in ("answered", "cost_nusd"))

Batch = dict[Labels, Cell]


class Counter:
    """Counts attempts into a batch of at most `most_labels` provider, model and key; the rest is `(other)`."""

    def __init__(self, most_labels: int = MOST_LABELS) -> None:
        self._most = most_labels
        self._batch: Batch = {}

    def count(self, rows: Iterable[Attempt]) -> None:
        """Count attempts."""
        for labels, group in groupby(sorted(rows, key=_labels), key=_labels):
            bounded(self._batch, Labels._make(labels), self._most).add_all(list(group))

    def take(self) -> Batch:
        """What was counted since the last time."""
        taken, self._batch = self._batch, {}
        return taken


def bounded(batch: Batch, labels: Labels, most: int) -> Cell:
    """The cell of some labels; where there are too many, first keys and then all are taken together."""
    if labels not in batch and len(batch) >= most:
        labels = labels._replace(key=OTHER)
        if labels not in batch and len(batch) >= most * 2:
            labels = Labels(OTHER, OTHER, OTHER)
    return batch.setdefault(labels, Cell())


def _add_up(
    into: dict[int, int] | dict[str, int], other: Mapping[int, int] | Mapping[str, int]
) -> None:
    sums: dict[int | str, int] = into  # type: ignore[assignment] # the keys of both are of one kind
    for name, count in other.items():
        sums[name] = sums.get(name, 0) + count
