"""A configuration as replaying sees it: two snapshots, the one of then and the one that is tried."""

from datetime import UTC, datetime
from typing import Final, TypeVar

from madang.errors import InvalidRequest, UnknownModel
from madang.ledger.prices import Prices
from madang.model import EMBEDDING, Dialect, PriceRow, Target
from madang.pipeline.lane import Snapshot
from madang.routing.route import Route

T = TypeVar("T")
_MOST: Final = 20_000


class Configured:
    """`now` is tried; `before` was in force, None: not known, or not to count, so that nothing stays."""

    def __init__(self, now: Snapshot, before: Snapshot | None) -> None:
        self._now, self._before = now, before
        self._prices = Prices(now.prices)
        self._stays: dict[tuple[str, Dialect], bool] = {}
        self._routes: dict[tuple[str, Dialect], tuple[Route | None, bool]] = {}

    def stays(self, asked: str, dialect: Dialect) -> bool:
        """Whether both lead the same way."""
        if self._before is None:
            return False
        key = (asked, dialect)
        found = self._stays.get(key)
        if found is None:
            _make_room(self._stays)
            found = _resolved(self._now, *key) == _resolved(self._before, *key)
            self._stays[key] = found
        return found

    def route(self, name: str, dialect: Dialect) -> tuple[Route | None, bool]:
        """Where the configuration leads, else to the model's vendor; and whether the former."""
        key = (name, dialect)
        found = self._routes.get(key)
        if found is None:
            _make_room(self._routes)
            route = _resolved(self._now, name, dialect)
            found = (route, True) if route is not None else (self._vendors(name, dialect), False)
            self._routes[key] = found
        return found

    def canonical(self, name: str) -> str:
        """The catalogue's name."""
        row = self._now.catalog.find(name)
        return row.name if row is not None else name

    def price(self, target: Target, at_us: int) -> PriceRow | None:
        """The price of a target; of one that is not configured, its vendor's."""
        if target.provider in self._now.providers:
            return self._now.price_row(target, at_us)
        day = datetime.fromtimestamp(at_us // 1_000_000, UTC).date()
        return self._prices.find(target.provider, target.model, target.canonical, day)

    def price_known_as(
        self, provider: str, model: str, at_us: int, name: str | None = None
    ) -> PriceRow | None:
        """The price of an attempt by the ledger's names."""
        return self._now.price_known_as(provider, model, at_us, name)

    def check(self, name: str) -> None:
        """Make sure that something may move to a model. Raises UnknownModel."""
        if self.route(name, "chat")[0] is None and self.route(name, "embeddings")[0] is None:
            self._now.directory.lookup(name)

    def _vendors(self, name: str, dialect: Dialect) -> Route | None:
        row = self._now.catalog.find(name)
        if row is None or (row.api in EMBEDDING) is not (dialect in EMBEDDING):
            return None
        target = Target(
            row.home,
            row.ids[row.home],
            row.api,
            row.name,
            context_window=None if row.api in EMBEDDING else row.context_window,
            max_output=row.max_output,
            lacks=frozenset(row.lacks),
        )
        return Route(name, (target,))


def _resolved(snapshot: Snapshot, name: str, dialect: Dialect) -> Route | None:
    try:
        return snapshot.directory.resolve(name, dialect)
    except (UnknownModel, InvalidRequest):
        return None


def _make_room(known: dict[tuple[str, Dialect], T]) -> None:
    if len(known) >= _MOST:
        known.clear()
