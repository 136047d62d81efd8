"""Prometheus samples of several processes as those of one.

Rule: what is counted is summed, gauges too, but for those that are the same matter seen several times: of these the
largest counts. A worker that replaces a dead one counts on from what that one has told last, so that no counter falls.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct
from prometheus_client.core import Metric

LARGEST: Final = frozenset(
    (
        *("madang_consecutive_failures", "madang_next_key_expiry_timestamp_seconds"),
        *("madang_rate_limit_use_ratio", "madang_alert_firing", "madang_target_health"),
        "madang_configuration_stale",
    )
)
"""Gauges that are not summed."""


class Family(Struct, array_like=True):
    """A metric with its samples: `(name, labels, value)`."""

    name: str
    help: str
    kind: str
    samples: list[tuple[str, dict[str, str], float]]


def taken(metrics: Iterable[Metric]) -> list[Family]:
    """What a registry has collected."""
    return [
        Family(
            one.name,
            one.documentation,
            one.type,
            [(sample.name, sample.labels, sample.value) for sample in one.samples],
        )
        for one in metrics
    ]


def counters(families: Iterable[Family]) -> list[Family]:
    """Those that only grow."""
    return [one for one in families if one.kind in ("counter", "histogram")]


def summed(told: Iterable[list[Family]]) -> list[Family]:
    """The families of several processes as one list."""
    found: dict[str, Family] = {}
    sums: dict[str, dict[tuple[str, tuple[tuple[str, str], ...]], float]] = {}
    for families in told:
        for family in families:
            found.setdefault(family.name, family)
            values = sums.setdefault(family.name, {})
            for name, labels, value in family.samples:
                key = (name, tuple(labels.items()))
                before = values.get(key, 0.0)
                largest = family.name in LARGEST and key in values
                values[key] = max(before, value) if largest else before + value
    return [
        Family(
            name,
            family.help,
            family.kind,
            [(sample, dict(labels), value) for (sample, labels), value in sums[name].items()],
        )
        for name, family in found.items()
    ]


class Given:
    """Families as a collector, for a registry to write."""

    def __init__(self, families: list[Family]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        """The samples."""
        for family in self._families:
            metric = Metric(family.name, family.help, family.kind)
            for name, labels, value in family.samples:
                metric.add_sample(name, labels, value)
            yield metric
