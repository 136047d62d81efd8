"""Prices as administration shows them, and re-rating by the configuration in force."""

import time
from datetime import date

import msgspec

from madang.ledger.corrections.rerate import RerateRequest, rerate, reratings
from madang.model import PriceRow
from madang.server.administration.operation import Operation
from madang.server.process.runtime import Runtime


class PriceShown(msgspec.Struct):
    """A price by the name that the ledger gives it. Figures are nano-dollars per million tokens."""

    id: str
    price: PriceRow


class Rerate(
    msgspec.Struct, forbid_unknown_fields=True, rename={"from_day": "from", "to_day": "to"}
):
    """What to re-rate: UTC days, both included, all unless given. `dry_run`: only say what would come of it."""

    from_day: date | None = None
    to_day: date | None = None
    provider: str | None = None
    model: str | None = None
    reason: str = "prices corrected"
    dry_run: bool = False


class Rerated(msgspec.Struct):
    """What re-rating came to for a model at a provider. Sums contain all corrections up to then."""

    provider: str
    model: str
    attempts: int
    changed: int
    newly_priced: int
    unpriced: int
    before_nusd: int
    after_nusd: int
    difference_nusd: int


class RerateEntry(msgspec.Struct):
    """What a run changed for a model at a provider on a day. `at_us` is Unix time in µs."""

    at_us: int
    actor: str
    reason: str
    from_day: str
    to_day: str
    provider: str
    model: str
    attempts: int
    changed: int
    newly_priced: int
    before_nusd: int
    after_nusd: int
    difference_nusd: int


def list_prices(runtime: Runtime, _: str, __: None) -> list[PriceShown]:
    """All prices known: one's own, and the catalogue's with those past and to come."""
    return [PriceShown(row.id, row) for row in runtime.pipeline.snapshot.prices]


def rerate_prices(runtime: Runtime, _: str, body: Rerate, by: str) -> list[Rerated]:
    """Apply the prices known now to what was used before; the difference is booked, once."""
    asked = RerateRequest(
        from_day=body.from_day,
        to_day=body.to_day,
        provider=body.provider,
        model=body.model,
        actor=by,
        reason=body.reason[:_MOST_REASON],
        dry_run=body.dry_run,
    )
    find = runtime.pipeline.snapshot.price_known_as
    found = rerate(runtime.store, find, asked, now_us=time.time_ns() // 1000)
    return [Rerated(**msgspec.structs.asdict(one), difference_nusd=one.nusd) for one in found]


def list_reratings(runtime: Runtime, _: str, __: None) -> list[RerateEntry]:
    """What earlier runs changed, the latest first."""
    return [msgspec.convert(row, RerateEntry) for row in reratings(runtime.store)]


PRICES = (
    Operation("GET", "/api/prices", list_prices, list[PriceShown]),
    Operation("POST", "/api/prices/rerate", rerate_prices, list[Rerated], Rerate, signed=True),
    Operation("GET", "/api/prices/reratings", list_reratings, list[RerateEntry]),
)
"""The rows of the administration's table that are about prices."""

_MOST_REASON = 500
