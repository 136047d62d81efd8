"""Prometheus metrics, kept as plain numbers and turned into samples only when scraped.

An attempt costs one dictionary look-up and a few additions, many of them at a time. Of several
workers each tells the others its samples every few seconds, and a scrape gets the sums of what was
told, whichever of them it reaches.
"""

import threading
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from madang.ledger.journal import Journal
from madang.model import Attempt
from madang.routing.board import Board
from madang.routing.limits import Passed
from madang.watch.exchange import Exchange
from madang.watch.families import Family, Given, counters, summed, taken

_BUCKETS_MS = (50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000)
_BUCKETS_S = tuple([bound / 1_000 for bound in _BUCKETS_MS])
_BUCKETS_US = tuple([bound * 1_000 for bound in _BUCKETS_MS])
_LABELS = ("provider", "model", "outcome")
_names = attrgetter(*_LABELS)
_figures = attrgetter("latency_us", "overhead_us", "input_tokens", "output_tokens", "cost_nusd")
_MAX_ROWS = 5_000
_OTHERS = "(others)"
_TELL_S = 2.0
CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"


@dataclass(slots=True)
class _Row:
    """Sums for one provider, model and outcome. Times in µs."""

    attempts: int = 0
    latency_us: int = 0
    overhead_us: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_nusd: int = 0
    unpriced: int = 0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(_BUCKETS_S) + 1))

    def add(self, attempts: Sequence[Attempt]) -> None:
        """Count some; a batch at a time, so that hardly anything is done for each."""
        latencies, overheads, entered, made, costs = zip(*map(_figures, attempts), strict=True)
        self.attempts += len(attempts)
        self.latency_us += sum(latencies)
        self.overhead_us += sum(overheads)
        self.input_tokens += sum(entered)
        self.output_tokens += sum(made)
        self.unpriced += costs.count(None)
        self.cost_nusd += sum(filter(None, costs))
        ordered, begin = sorted(latencies), 0
        for place, bound in enumerate(_BUCKETS_US):
            end = bisect_right(ordered, bound, begin)
            self.buckets[place] += end - begin
            begin = end
        self.buckets[-1] += len(ordered) - begin


class Metrics:
    """Sums over all finished attempts of this process, and what became of their rows in `journal`.

    `exchange`: where the processes of an installation tell each other (None: there is only this one).
    """

    def __init__(
        self, board: Board, journal: Journal | None = None, exchange: Exchange | None = None
    ) -> None:
        self._board = board
        self._journal = journal
        self._rows: dict[tuple[str, str, str], _Row] = {}
        self._passed: dict[tuple[str, str], int] = {}
        self._cached: dict[str, int] = {}
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self._exchange = exchange
        self._telling = threading.Lock()
        self._tell_at = 0.0
        told = exchange.own() if exchange is not None else None
        self._inherited = counters(_decoded(told)) if told is not None else []

    def saw(self, attempts: Sequence[Attempt]) -> None:
        """Count the attempts of finished requests."""
        for names, group in groupby(sorted(attempts, key=_names), key=_names):
            # a target that was passed over did not fail
            asked = [one for one in group if one.outcome != "failed" or one.was_asked]
            if asked:
                self._row(*names).add(asked)
        recalled = [one.cache for one in attempts if one.cache is not None and one.final]
        for name, count in Counter(recalled).items():
            self._cached[name] = self._cached.get(name, 0) + count

    def _row(self, provider: str, model: str, outcome: str) -> "_Row":
        key = (provider, model, outcome)
        row = self._rows.get(key)
        if row is None:
            if len(self._rows) >= _MAX_ROWS:  # callers may make up names of models
                key = (provider, _OTHERS, outcome)
            row = self._rows.setdefault(key, _Row())
        return row

    def budget_passed(self, passed: Passed) -> None:
        """Count that a budget has passed a threshold."""
        key = (passed.name, f"{passed.share:g}")
        if key in self._passed or len(self._passed) < _MAX_ROWS:
            self._passed[key] = self._passed.get(key, 0) + 1

    def add(self, collector: Collector) -> None:
        """Have the samples of another collector scraped, too."""
        self._registry.register(collector)

    def render(self) -> bytes:
        """The text that Prometheus scrapes."""
        if self._exchange is None:
            return generate_latest(self._registry)
        self.tell()
        told = [_decoded(content) for _, content in self._exchange.heard()]
        own = self._exchange.own()
        registry = CollectorRegistry()
        registry.register(Given(summed([_decoded(own) if own else [], *told])))
        return generate_latest(registry)

    def tell(self, *, every_s: float = _TELL_S) -> None:
        """Tell other workers what is known here, unless it was told just now. Raises OSError."""
        if self._exchange is None:
            return
        with self._telling:
            now = time.monotonic()
            if now < self._tell_at:
                return
            self._tell_at = now + every_s
            families = summed([self._inherited, taken(self._registry.collect())])
            self._exchange.tell(msgspec.msgpack.encode(families))

    def collect(self) -> Iterator[Metric]:
        """The samples; called by the registry."""
        rows = list(self._rows.items())
        for name, help_text, attribute, scale in _COUNTERS:
            counter = CounterMetricFamily(name, help_text, labels=_LABELS)
            for key, row in rows:
                counter.add_metric(key, getattr(row, attribute) / scale)
            yield counter
        histogram = HistogramMetricFamily(
            "madang_latency_seconds", "Duration of attempts.", labels=_LABELS
        )
        for key, row in rows:
            histogram.add_metric(key, _cumulative(row.buckets), row.latency_us / 1_000_000)
        yield histogram
        yield from self._standings()
        yield self._recalled()
        passed = CounterMetricFamily(
            "madang_budget_warnings",
            "Budgets that have passed a threshold.",
            labels=("budget", "threshold"),
        )
        for names, count in list(self._passed.items()):
            passed.add_metric(names, count)
        yield passed
        yield from self._rows_written()

    def _rows_written(self) -> Iterator[Metric]:
        journal = self._journal
        if journal is None:
            return
        yield GaugeMetricFamily(
            "madang_ledger_held_rows",
            "Rows in memory that the disk refuses now.",
            value=journal.held,
        )
        yield CounterMetricFamily(
            "madang_ledger_lost_rows", "Rows that could not be written.", value=journal.lost
        )
        yield CounterMetricFamily(
            "madang_ledger_unmarked_attempts",
            "Attempts of which nothing would be known if this process died.",
            value=journal.under_way.unmarked,
        )

    def _recalled(self) -> Metric:
        cached = CounterMetricFamily(
            "madang_cache", "Final answers, by what the cache did.", labels=("result",)
        )
        for result, count in list(self._cached.items()):
            cached.add_metric((result,), count)
        return cached

    def _standings(self) -> Iterator[Metric]:
        in_flight = GaugeMetricFamily(
            "madang_in_flight", "Calls under way.", labels=("provider", "model")
        )
        failures = GaugeMetricFamily(
            "madang_consecutive_failures", "Failures in a row.", labels=("provider", "model")
        )
        waiting = GaugeMetricFamily(
            "madang_waiting", "Requests waiting for a turn.", labels=("provider", "model")
        )
        for key, standing in self._board.items():
            in_flight.add_metric(key, standing.in_flight)
            failures.add_metric(key, standing.failures)
            waiting.add_metric(key, standing.waiting)
        yield in_flight
        yield failures
        yield waiting
        yield from self._provider_keys()

    def _provider_keys(self) -> Iterator[Metric]:
        """Keys of providers by what may be shown of them."""
        labels = ("provider", "key")
        in_flight = GaugeMetricFamily(
            "madang_provider_key_in_flight", "Calls under way with a key.", labels=labels
        )
        resting = GaugeMetricFamily(
            "madang_provider_key_resting",
            "Keys that rest: the provider has refused them.",
            labels=labels,
        )
        sums: dict[tuple[str, str], tuple[int, int]] = {}
        for provider, state in self._board.pacing.known_keys():
            calls, rests = sums.get((provider, state.prefix), (0, 0))
            is_resting = state.rest.cause is not None
            sums[provider, state.prefix] = (calls + state.in_flight, rests + is_resting)
        for names, (calls, rests) in sums.items():
            in_flight.add_metric(names, calls)
            resting.add_metric(names, rests)
        yield in_flight
        yield resting


def _decoded(told: bytes) -> list[Family]:
    return msgspec.msgpack.decode(told, type=list[Family])


_COUNTERS = (
    ("madang_attempts", "Attempts at providers.", "attempts", 1),
    (
        "madang_overhead_seconds",
        "Madang's own share of the time to the answer.",
        "overhead_us",
        1e6,
    ),
    ("madang_input_tokens", "Tokens sent.", "input_tokens", 1),
    ("madang_output_tokens", "Tokens received.", "output_tokens", 1),
    ("madang_cost_usd", "Cost at list prices.", "cost_nusd", 1e9),
    ("madang_unpriced_attempts", "Attempts whose price is unknown.", "unpriced", 1),
)


def _cumulative(buckets: Sequence[int]) -> list[tuple[str, float]]:
    total = 0
    pairs: list[tuple[str, float]] = []
    for bound, count in zip((*map(str, _BUCKETS_S), "+Inf"), buckets, strict=True):
        total += count
        pairs.append((bound, total))
    return pairs
