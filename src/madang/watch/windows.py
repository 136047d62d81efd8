"""The last minute, five minutes, hour and day, in intervals that are forgotten whole.

Rule: memory is bounded: so many intervals for each window, so many labels for each interval.
A window reaches back to the beginning of its oldest interval, a twelfth of it at most from its length.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple, get_args

from madang.config.sections.alerts import Span
from madang.watch.cells import MOST_LABELS, Batch, Cell, Labels, bounded

SPANS_S: Final[Mapping[Span, int]] = {"1m": 60, "5m": 300, "1h": 3600, "24h": 86_400}
_INTERVALS: Final[Mapping[Span, int]] = {"1m": 12, "5m": 20, "1h": 30, "24h": 24}
"""Into how many intervals each window is divided; one more is the one that goes on."""

NAMES: Final[tuple[Span, ...]] = get_args(Span)


class Seen(NamedTuple):
    """What a window has of somebody: the measures by name, and why attempts failed, counted."""

    measures: dict[str, float | None]
    causes: dict[str, int]


class _Ring:
    """One window. `step_s`: how long an interval is."""

    def __init__(self, span_s: int, intervals: int) -> None:
        self.step_s = span_s / intervals
        self._kept = intervals
        self._intervals: OrderedDict[int, Batch] = OrderedDict()

    def add(self, at_s: float, batch: Batch) -> None:
        """Take a batch into the interval of a moment."""
        number = int(at_s // self.step_s)
        interval = self._intervals.setdefault(number, {})
        for labels, cell in batch.items():
            bounded(interval, labels, MOST_LABELS).merge(cell)
        self._forget(number)

    def current(self, now_s: float) -> list[Batch]:
        """The intervals of the window that ends now."""
        number = int(now_s // self.step_s)
        return [batch for at, batch in self._intervals.items() if at > number - self._kept]

    def _forget(self, number: int) -> None:
        for at in [at for at in self._intervals if at <= number - self._kept]:
            del self._intervals[at]


class Windows:
    """All windows of an installation, from any thread. Moments are Unix seconds; `since_s` when they began."""

    def __init__(self, since_s: float) -> None:
        self.since_s = since_s
        self._lock = threading.Lock()
        self._rings = {name: _Ring(SPANS_S[name], _INTERVALS[name]) for name in NAMES}

    def add(self, at_s: float, batch: Batch) -> None:
        """Take in what was counted up to a moment."""
        if not batch:
            return
        with self._lock:
            for ring in self._rings.values():
                ring.add(at_s, batch)

    def look(self, span: Span, by: Iterable[str], now_s: float) -> dict[Labels, Seen]:
        """What a window has of each combination of `by` (of provider, model, key), the busiest first."""
        kept = frozenset(by)
        cells: dict[Labels, Cell] = {}
        intervals: dict[Labels, list[bool]] = {}
        with self._lock:
            for batch in self._rings[span].current(now_s):
                for labels, cell in _grouped(batch, kept).items():
                    cells.setdefault(labels, Cell()).merge(cell)
                    if cell.attempts:
                        intervals.setdefault(labels, []).append(cell.answered > 0)
        busiest = sorted(cells.items(), key=lambda item: -item[1].attempts)
        return {
            labels: Seen(
                {**cell.measures(), "uptime": _share(intervals.get(labels, ()))}, cell.causes
            )
            for labels, cell in busiest
        }


def _grouped(batch: Batch, kept: frozenset[str]) -> Batch:
    found: Batch = {}
    for labels, cell in batch.items():
        shown = Labels(
            labels.provider if "provider" in kept else None,
            labels.model if "model" in kept else None,
            labels.key if "key" in kept else None,
        )
        found.setdefault(shown, Cell()).merge(cell)
    return found


def _share(answered: Iterable[bool]) -> float | None:
    marks = list(answered)
    return sum(marks) / len(marks) if marks else None
