"""A Prometheus metric of the configuration: whether the file could be taken up as it is now."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric


class ConfigurationMetrics:
    """The sample of one process; called by the registry. `is_stale`: an older configuration is in force."""

    is_stale = False

    def collect(self) -> Iterator[Metric]:
        """The sample."""
        yield GaugeMetricFamily(
            "madang_configuration_stale",
            "1: the file is broken, and the last good configuration is in force.",
            value=float(self.is_stale),
        )
