"""What each model at each provider did and would do: requests, money, and how long answers take there."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from madang.ledger.tables.latency import percentile
from madang.whatif.report import UNLISTED, Latency, PlaceSums, Side, Unpriced

Place = tuple[str, str]
"""provider, model"""

CACHE: Final[Place] = ("", "(cache)")
_MOST: Final = 10_000
_OTHER: Final[Place] = (UNLISTED, UNLISTED)


class Known(Struct, frozen=True):
    """Latencies of a place in µs, and where they are from (see `PlaceSums.latency_from`)."""

    p50_us: int
    p99_us: int
    source: str


class Places:
    """Sums by place; as many as are kept of any grouping, the rest together."""

    __slots__ = ("_buckets", "_sums")

    def __init__(self) -> None:
        self._sums: dict[Place, list[int]] = {}
        self._buckets: dict[Place, dict[int, int]] = {}

    def then(self, place: Place, nusd: int | None, *, final: bool) -> None:
        """An attempt was made there."""
        sums = self._of(place)
        sums[0] += final
        sums[1] += nusd or 0

    def now(self, place: Place, nusd: int | None, *, final: bool) -> None:
        """An attempt would be made there."""
        sums = self._of(place)
        sums[2] += final
        sums[3] += nusd or 0
        sums[4] += nusd is None

    def took(self, place: Place, latency_us: int) -> None:
        """A whole answer took so long there; counted in ranges as the ledger counts them."""
        digits = str(latency_us)
        first = int((digits + "0")[:2])
        step = 1 if first < 20 else 2 if first < 40 else 4
        bucket = 100 * len(digits) + first // step * step
        buckets = self._buckets.get(place)
        if buckets is None:
            if len(self._buckets) >= _MOST:
                return
            buckets = self._buckets[place] = {}
        buckets[bucket] = buckets.get(bucket, 0) + 1

    def rows(self, elsewhere: Mapping[Place, Known]) -> list[PlaceSums]:
        """A row for each place, by name; `elsewhere` has latencies of places without answers in the rows."""
        return [self._row(place, elsewhere) for place in sorted(self._sums)]

    def unpriced(self) -> list[Unpriced]:
        """The places without a known price, most requests first."""
        found = [(place, sums[4]) for place, sums in self._sums.items() if sums[4]]
        found.sort(key=lambda one: (-one[1], one[0]))
        return [Unpriced(provider=at, model=model, requests=n) for (at, model), n in found]

    def _of(self, place: Place) -> list[int]:
        sums = self._sums.get(place)
        if sums is None:
            if len(self._sums) >= _MOST:
                place = _OTHER
            sums = self._sums.setdefault(place, [0] * 5)
        return sums

    def _row(self, place: Place, elsewhere: Mapping[Place, Known]) -> PlaceSums:
        known = self._known(place) or elsewhere.get(place) or elsewhere.get(("", place[1]))
        sums = self._sums[place]
        return PlaceSums(
            provider=place[0],
            model=place[1],
            then_requests=sums[0],
            then_nusd=sums[1],
            now_requests=sums[2],
            now_nusd=sums[3],
            now_unknown=sums[4],
            p50_us=known.p50_us if known else None,
            p99_us=known.p99_us if known else None,
            latency_from=known.source if known else None,
        )

    def _known(self, place: Place) -> Known | None:
        if place == CACHE:
            return Known(0, 0, "period")
        histogram = sorted(self._buckets.get(place, {}).items())
        p50, p99 = percentile(histogram, 50), percentile(histogram, 99)
        return None if p50 is None or p99 is None else Known(p50, p99, "period")


def latency_of(rows: list[PlaceSums]) -> Latency:
    """Means over requests of where each was and would be answered."""
    return Latency(
        then=_side([(row, row.then_requests) for row in rows]),
        now=_side([(row, row.now_requests) for row in rows]),
    )


def _side(counted: list[tuple[PlaceSums, int]]) -> Side:
    known = [(row, n) for row, n in counted if row.p50_us is not None]
    requests = sum(n for _, n in known)
    unknown = sum(n for _, n in counted) - requests
    if not requests:
        return Side(unknown_requests=unknown)
    return Side(
        p50_us=sum((row.p50_us or 0) * n for row, n in known) // requests,
        p99_us=sum((row.p99_us or 0) * n for row, n in known) // requests,
        known_requests=requests,
        unknown_requests=unknown,
    )
