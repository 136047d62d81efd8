"""Prometheus metrics of shadow traffic: that it is on, and what became of each copy."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from madang.pipeline.shadows.shadow import RESULTS, Mirror


class ShadowMetrics:
    """Samples of one process's copies; called by the registry. A way that is on has all its samples, at zero too."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror

    def collect(self) -> Iterator[Metric]:
        """The samples."""
        percent = GaugeMetricFamily(
            "madang_shadow_percent", "Share of requests that are copied.", labels=("model", "to")
        )
        copies = CounterMetricFamily(
            "madang_shadow_copies",
            "Copies of requests, by what became of them.",
            labels=("model", "result"),
        )
        for model, way in self._mirror.ways.items():
            percent.add_metric((model, way.shadow.to), way.shadow.percent)
            for result in RESULTS:
                copies.add_metric((model, result), self._mirror.counts[model, result])
        yield percent
        yield copies
