"""Prometheus metrics of how targets fare; of those that the configuration or the catalogue has."""

import time
from collections.abc import Iterator
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from madang.routing.board import Board
from madang.routing.health import Health

_LABELS = ("provider", "model")
LEVELS: Final[dict[Health, int]] = {"healthy": 0, "degraded": 1, "failed": 2}
"""Worst is highest, so that the largest of several workers' counts."""


class HealthMetrics:
    """Samples of one process's board; called by the registry."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def collect(self) -> Iterator[Metric]:
        """The samples."""
        health = GaugeMetricFamily(
            "madang_target_health", "0 healthy, 1 degraded, 2 failed.", labels=_LABELS
        )
        opened = CounterMetricFamily(
            "madang_breaker_opened", "How often breakers have opened.", labels=_LABELS
        )
        now = time.monotonic()
        for name, standing in self._board.items():
            if standing.is_known:
                health.add_metric(name, LEVELS[standing.health(now)])
                opened.add_metric(name, standing.breaker.opened)
        yield health
        yield opened
