"""The figures of one day, in any time zone: what was asked, how it went, what it cost and saved, what was raised.

Rule: one pass over the attempts of the day; every figure follows from it, from the record of alerts, or from budgets
as they stand when it is made.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from msgspec import Struct, to_builtins

from madang.catalog import Catalog
from madang.config.sections.budgets import Budget
from madang.keys import Key
from madang.ledger.prices import Prices
from madang.ledger.reports.report import priced_by
from madang.ledger.reports.savings import by_caches
from madang.ledger.tables.latency import latency_between
from madang.ledger.tables.rollups import MEASURES, SUMS
from madang.state.store import Store
from madang.watch.alerts.book import MOST_SHOWN, Book, Event
from madang.watch.report.budgets import Standing, near_the_cap

MOST_ROWS: Final = 20
"""Of models, providers and keys, the dearest are told one by one."""

_DAY_SQL: Final = (
    f"SELECT provider, model, key_id AS key, {SUMS} FROM attempts "  # noqa: S608 - constants
    "WHERE at_us >= ? AND at_us < ? GROUP BY 1, 2, 3"
)


class Grounds(Struct, frozen=True):
    """What a report is made from beside the store: `now_us` is when it is made."""

    catalog: Catalog
    prices: Prices
    keys: Sequence[Key]
    budgets: Sequence[Budget]
    now_us: int


class Daily(Struct, frozen=True, kw_only=True):
    """One day. Money is nano-dollars, times µs, rates shares; None: nothing to tell it from.

    `by_model`, `by_provider`, `by_key`: the dearest, each `{name, requests, failed_requests,
    cost_nusd, …}`. `caches`: see `ledger.reports.savings.CacheSavings`.
    """

    day: date
    time_zone: str
    requests: int
    failed_requests: int
    success_rate: float | None
    input_tokens: int
    output_tokens: int
    cost_nusd: int
    unpriced_requests: int
    wasted_nusd: int
    latency_us: dict[str, int | None]
    first_token_us: dict[str, int | None]
    by_model: list[dict[str, Any]]
    by_provider: list[dict[str, Any]]
    by_key: list[dict[str, Any]]
    caches: dict[str, int]
    alerts: list[Event]
    budgets: list[Standing]


def daily(store: Store, day: date, time_zone: str, grounds: Grounds) -> Daily:
    """The report of a day."""
    from_us, to_us = bounds_us(day, time_zone)
    rows = [dict(row) for row in store.read(_DAY_SQL, (from_us, to_us))]
    total = _summed(rows)
    answered, failed = total["requests"], total["failed_requests"]
    price_at = priced_by(grounds.catalog, grounds.prices)
    priced = [{**row, "day": day.isoformat()} for row in rows]
    times = latency_between(store, from_us, to_us)
    names = {key.id: key.name for key in grounds.keys}
    return Daily(
        day=day,
        time_zone=time_zone,
        requests=answered + failed,
        failed_requests=failed,
        success_rate=answered / (answered + failed) if answered + failed else None,
        **{name: total[name] for name in _TOTALS},
        latency_us=times["latency_us"],
        first_token_us=times["first_token_us"],
        by_model=_by(rows, "model", {}),
        by_provider=_by(rows, "provider", {}),
        by_key=_by(rows, "key", names),
        caches=to_builtins(by_caches(priced, price_at)),
        alerts=Book(store).history(from_us, to_us, MOST_SHOWN),
        budgets=near_the_cap(store, grounds.keys, grounds.budgets, grounds.now_us),
    )


_TOTALS: Final = ("input_tokens", "output_tokens", "cost_nusd", "unpriced_requests", "wasted_nusd")


def bounds_us(day: date, time_zone: str) -> tuple[int, int]:
    """When a day begins and ends somewhere, in Unix µs."""
    where = ZoneInfo(time_zone)
    first, after = (
        int(datetime(one.year, one.month, one.day, tzinfo=where).timestamp()) * 1_000_000
        for one in (day, day + timedelta(days=1))
    )
    return first, after


def _by(
    rows: Iterable[Mapping[str, Any]], column: str, names: Mapping[str, str]
) -> list[dict[str, Any]]:
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row[column], []).append(row)
    sums = [{"name": names.get(name, name), **_summed(group)} for name, group in groups.items()]
    dearest = sorted(sums, key=lambda one: (one["cost_nusd"], one["requests"]), reverse=True)
    return dearest[:MOST_ROWS]


def _summed(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    kept = list(rows)
    return {name: sum(row[name] for row in kept) for name in MEASURES}
