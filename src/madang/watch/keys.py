"""Prometheus metrics of callers' keys: sums only, as whoever scrapes need not know who they are."""

import time
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from madang.keys import Keyring


class KeyMetrics:
    """Samples of one process's keyring; called by the registry."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def collect(self) -> Iterator[Metric]:
        """The samples."""
        yield CounterMetricFamily(
            "madang_replaced_key_uses",
            "Requests with a key that a rotation has replaced.",
            value=self._keyring.replaced_uses,
        )
        now_s = time.time()
        ends = [
            key.expires_at
            for key in self._keyring.list()
            if key.expires_at is not None and key.is_live(now_s)
        ]
        if ends:
            yield GaugeMetricFamily(
                "madang_next_key_expiry_timestamp_seconds",
                "When the next of the live keys expires.",
                value=min(ends),
            )
