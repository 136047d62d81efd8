"""Prometheus metrics of alerts: what is raised, and what came through to whom."""

from collections import Counter
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from madang.watch.alerts.desk import Desk


class AlertMetrics:
    """Samples of the one process that judges alerts; called by the registry."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def collect(self) -> Iterator[Metric]:
        """The samples."""
        firing = GaugeMetricFamily(
            "madang_alert_firing", "Alerts raised now.", labels=("severity",)
        )
        counts = Counter(event.severity for event in self._desk.firing)
        for severity in ("warning", "critical"):
            firing.add_metric([severity], counts[severity])
        yield firing
        told = CounterMetricFamily(
            "madang_alert_messages",
            "Messages to channels, by whether they came through.",
            labels=("channel", "result"),
        )
        courier = self._desk.courier
        for result, sums in (("delivered", courier.told), ("lost", courier.lost)):
            for channel, count in list(sums.items()):
                told.add_metric((channel, result), count)
        yield told
