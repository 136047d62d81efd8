"""The report of a period: what was used, what was saved and wasted, and what the ledger suggests."""

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any

from msgspec import Struct, to_builtins

from madang.catalog import Catalog
from madang.errors import UnknownModel
from madang.ledger.prices import Prices
from madang.ledger.reports.advice import Grounds, KeyFacts, advise
from madang.ledger.reports.savings import PriceAt, against, by_caches
from madang.ledger.reports.usage import usage
from madang.model import EMBEDDING, PriceRow
from madang.state.store import Store


class ReportRequest(Struct, frozen=True, kw_only=True):
    """UTC days, both included; what to group by; the model to compare with (None: none)."""

    from_day: date
    to_day: date
    by: tuple[str, ...] = ("model",)
    baseline: str | None = None


def report(
    store: Store,
    asked: ReportRequest,
    catalog: Catalog,
    prices: Prices,
    keys: Sequence[KeyFacts] = (),
) -> dict[str, Any]:
    """`{from, to, by, rows, total, baseline, caches, waste, advice}`; money in nano-dollars.

    `rows` and `total` as `usage` has them. Raises InvalidRequest, and UnknownModel for a baseline
    that the catalogue does not know.
    """
    period = partial(usage, store, from_day=asked.from_day, to_day=asked.to_day)
    total = period(by=())
    used = [row for row in period(by=("day", "provider", "model")) if row["model"] is not None]
    price_at = priced_by(catalog, prices)
    grounds = Grounds(
        from_day=asked.from_day,
        to_day=asked.to_day,
        rows=used,
        by_key=period(by=("key",)),
        price_at=price_at,
        catalog=catalog,
        keys=keys,
    )
    return {
        "from": asked.from_day.isoformat(),
        "to": asked.to_day.isoformat(),
        "by": list(asked.by),
        "rows": period(by=asked.by),
        "total": total[0] if total else None,
        "baseline": _baseline(asked.baseline, used, price_at, catalog),
        "caches": to_builtins(by_caches(used, price_at)),
        "waste": {
            "nusd": sum(row["wasted_nusd"] for row in used),
            "failed_requests": sum(row["failed_requests"] for row in used),
        },
        "advice": [to_builtins(one) for one in advise(store, grounds)],
    }


def _baseline(
    name: str | None, rows: Sequence[dict[str, Any]], price_at: PriceAt, catalog: Catalog
) -> dict[str, Any] | None:
    if name is None:
        return None
    model = catalog.find(name)
    if model is None:
        raise UnknownModel(f"The catalogue does not know {name[:100]!r}, to compare with.")
    found = against(model.name, rows, price_at, lambda used: _embeds(catalog, used))
    return {
        **to_builtins(found),
        "saved_nusd": found.saved_nusd,
        "saved_share": found.saved_share,
    }


def _embeds(catalog: Catalog, name: str) -> bool:
    row = catalog.models.get(name)
    return row is not None and row.api in EMBEDDING


def priced_by(catalog: Catalog, prices: Prices) -> PriceAt:
    """Prices by the ledger's names; where a provider is not the catalogue's, those of the model's home."""

    def price_at(provider: str | None, name: str, day: date) -> PriceRow | None:
        model = catalog.models.get(name)
        home = model.home if model else None
        at = provider or home
        if at is None:
            return None
        served = (model.ids.get(at) if model else None) or name
        own = at not in catalog.providers
        return prices.find(at, served, name, day, like=home if own else None)

    return price_at
