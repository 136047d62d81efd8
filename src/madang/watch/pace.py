"""How much of providers' limits is used: what was taken of the pace that each target may be asked at."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Final

from prometheus_client.core import GaugeMetricFamily, Metric

from madang.routing.board import Board

_LOOK_S: Final = 3.0
_MOST_TARGETS: Final = 300
Target = tuple[str, str]
"""A provider and its own name of a model."""


class PaceUse:
    """By target the share of its limits that is used, 0 to 1, as it was looked at last; also as metrics.

    `counts` is held while limits are read (the table that they are counted in).
    """

    def __init__(self, board: Board, counts: AbstractContextManager[object]) -> None:
        self._board = board
        self._counts = counts
        self.shares: dict[Target, float] = {}
        self._look_at = 0.0

    def look(self, now_s: float) -> None:
        """Look again, every few seconds, in the thread that also takes from limits. `now_s` is of a monotonic clock.

        Of several keys the one with most left counts. Targets without limits are left out, and so are
        those beyond the first few hundred: callers may make up names of models.
        """
        if now_s < self._look_at:
            return
        self._look_at = now_s + _LOOK_S
        now_us = int(now_s * 1_000_000)
        found = {}
        for target, standing in self._board.items()[:_MOST_TARGETS]:
            turnstile = standing.turnstile
            lanes = [lane for lane in turnstile.keys if lane.has_rates] if turnstile else []
            if lanes:
                with self._counts:
                    left = max(lane.rates.share(now_us) for lane in lanes)
                found[target] = round(min(1.0, max(0.0, 1.0 - left)), 4)
        self.shares = found

    def collect(self) -> Iterator[Metric]:
        """The samples; called by the registry."""
        gauge = GaugeMetricFamily(
            "madang_rate_limit_use_ratio",
            "The share of a target's limits that is used.",
            labels=("provider", "model"),
        )
        for target, share in self.shares.items():
            gauge.add_metric(target, share)
        yield gauge
