"""Questions to the ledger: the month so far, usage by any dimension, and the story of one request.

Rule: sums come from the sums that are kept per day; only questions about tags read attempts. An
unknown price is never a zero in disguise: `unpriced_requests` says how many answers `cost` does not
contain.
"""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from madang.errors import InvalidRequest
from madang.ledger.book import MEASURES, SUMS
from madang.state.store import Row, Store, Value

USD = 1_000_000_000
"""Nano-dollars in a dollar."""

_KEPT = {"model": "model", "provider": "provider", "key": "key_id", "day": "day"}
_READ = _KEPT | {"day": "date(at_us / 1000000, 'unixepoch')"}
_TOTALS = ", ".join(f"sum({name}) AS {name}" for name in MEASURES)
_JSON_COLUMNS = ("tags", "losses", "units")
_FLAGS = ("final", "streamed", "estimated")


def current_month(store: Store, *, key_id: str | None = None, now_s: float) -> dict[str, Any]:
    """Usage since the first of this month (UTC): totals, and the same figures for each model.

    `key_id` None: of all keys. `total_cost` and `cost` are dollars, the same as `…_nusd` exactly.
    What counts as a request: see `book.MEASURES`. Models are those that answered, under their
    canonical names.
    """
    today = datetime.fromtimestamp(now_s, UTC).date()
    first = today.replace(day=1)
    rows = usage(store, key_id=key_id, from_day=first, to_day=today, by=("model",))
    by_model = {row.pop("model"): row for row in rows if _counts(row)}
    cost_nusd = sum(row["cost_nusd"] for row in rows)
    return {
        "from": first.isoformat(),
        "to": today.isoformat(),
        "requests": sum(row["requests"] for row in rows),
        "failed_requests": sum(row["failed_requests"] for row in rows),
        "unpriced_requests": sum(row["unpriced_requests"] for row in rows),
        "total_tokens": sum(row["total_tokens"] for row in rows),
        "total_cost": cost_nusd / USD,
        "total_cost_nusd": cost_nusd,
        "by_model": by_model,
    }


def usage(
    store: Store,
    *,
    key_id: str | None = None,
    from_day: date,
    to_day: date,
    by: Sequence[str] = ("model",),
) -> list[dict[str, Any]]:
    """Sums for the UTC days `from_day` to `to_day`, both included, one row per combination of `by`.

    `by`: model, provider, key, day, `tag:NAME` (the value of one tag, None without it) or tag
    (`name=value`; a request with several tags appears under each of them, so rows do not add up to
    the total). `key_id` None: all keys. Raises InvalidRequest.
    """
    _check(from_day, to_day, by)
    if any(_is_tag(dimension) for dimension in by):
        rows = _from_attempts(store, key_id, from_day, to_day, by)
    else:
        rows = _from_sums(store, key_id, from_day, to_day, by)
    return [_presented(row, by) for row in rows if row["attempts"]]


def spent_nusd(store: Store, key_id: str, since: date) -> int:
    """Nano-dollars that a key has spent since a UTC day, as far as prices are known."""
    sql = (
        "SELECT coalesce(sum(cost_nusd), 0) AS spent FROM usage_days WHERE key_id = ? AND day >= ?"
    )
    spent: int = store.read(sql, (key_id, since.isoformat()))[0]["spent"]
    return spent


def request(store: Store, request_id: str, *, key_id: str | None = None) -> dict[str, Any] | None:
    """Tell the story of one request: its attempts in order, and what the caller got from the last.

    None: there is no such request, or it belongs to another key than `key_id`. `cost_nusd` is None
    when the price of any answer is unknown. Times are µs; `latency_us` is the sum over the
    attempts.
    """
    rows = store.read("SELECT * FROM attempts WHERE request_id = ? ORDER BY n", (request_id,))
    if not rows or (key_id is not None and rows[0]["key_id"] != key_id):
        return None
    attempts = [_attempt(row) for row in rows]
    final = next((one for one in reversed(attempts) if one["final"]), attempts[-1])
    costs = [one["cost_nusd"] for one in attempts]
    cost_nusd = None if None in costs else sum(costs)
    shared = ("at", "at_us", "key_id", "dialect", "asked_model", "streamed", "tags")
    result = ("provider", "model", "api", "region", "price", "outcome", "status", "stop", "cause")
    return {
        "id": request_id,
        **{name: final[name] for name in (*shared, *result, "detail", "losses", "overhead_us")},
        "input_tokens": sum(one["input_tokens"] for one in attempts),
        "output_tokens": sum(one["output_tokens"] for one in attempts),
        "cost": _dollars(cost_nusd),
        "cost_nusd": cost_nusd,
        "latency_us": sum(one["latency_us"] for one in attempts),
        "attempts": attempts,
    }


def _check(from_day: date, to_day: date, by: Sequence[str]) -> None:
    if from_day > to_day:
        raise InvalidRequest(
            f"`from` ({from_day}) must not be after `to` ({to_day}).", param="from"
        )
    for dimension in by:
        if dimension not in _KEPT and not _is_tag(dimension):
            known = ", ".join((*_KEPT, "tag", "tag:NAME"))
            raise InvalidRequest(f"`by` knows {known}; not {dimension!r}.", param="by")
    if len(set(by)) != len(by):
        raise InvalidRequest("`by` names something twice.", param="by")


def _is_tag(dimension: str) -> bool:
    return dimension == "tag" or (dimension.startswith("tag:") and len(dimension) > len("tag:"))


def _from_sums(
    store: Store, key_id: str | None, from_day: date, to_day: date, by: Sequence[str]
) -> list[Row]:
    columns = [_KEPT[dimension] for dimension in by]
    where = "usage_days WHERE day BETWEEN ? AND ?"
    params: list[Value] = [from_day.isoformat(), to_day.isoformat()]
    return store.read(*_query(columns, _TOTALS, where, params, key_id))


def _from_attempts(
    store: Store, key_id: str | None, from_day: date, to_day: date, by: Sequence[str]
) -> list[Row]:
    columns: list[str] = []
    params: list[Value] = []
    for dimension in by:
        if dimension == "tag":
            columns.append("one.key || '=' || one.value")
        elif _is_tag(dimension):
            columns.append("(SELECT value FROM json_each(tags) WHERE key = ?)")
            params.append(dimension.removeprefix("tag:"))
        else:
            columns.append(_READ[dimension])
    source = "attempts LEFT JOIN json_each(tags) AS one" if "tag" in by else "attempts"
    where = f"{source} WHERE at_us >= ? AND at_us < ?"
    params += [_start_us(from_day), _start_us(to_day + timedelta(days=1))]
    return store.read(*_query(columns, SUMS, where, params, key_id))


def _query(
    columns: Sequence[str], sums: str, where: str, params: Sequence[Value], key_id: str | None
) -> tuple[str, list[Value]]:
    """Write the SELECT; `columns` come out as d0, d1 … All text is made of constants."""
    dimensions = [f"{column} AS d{i}" for i, column in enumerate(columns)]
    order = ", ".join(f"d{i}" for i in range(len(columns)))
    sql = f"SELECT {', '.join([*dimensions, sums])} FROM {where}"  # noqa: S608 - see above
    if key_id is not None:
        sql += " AND key_id = ?"
    if order:
        sql += f" GROUP BY {order} ORDER BY {order}"
    return sql, [*params, key_id] if key_id is not None else [*params]


def _start_us(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1_000_000


def _presented(row: Row, by: Sequence[str]) -> dict[str, Any]:
    presented = {dimension: row[f"d{i}"] for i, dimension in enumerate(by)}
    presented |= {name: row[name] for name in MEASURES}
    presented["total_tokens"] = row["input_tokens"] + row["output_tokens"]
    presented["cost"] = row["cost_nusd"] / USD
    return presented


def _counts(row: dict[str, Any]) -> bool:
    """Whether a model was more than tried in vain on the way to another."""
    return any(row[name] for name in ("requests", "failed_requests", "total_tokens", "cost_nusd"))


def _attempt(row: Row) -> dict[str, Any]:
    attempt = dict(row)
    del attempt["seq"]
    attempt |= {name: json.loads(attempt[name]) for name in _JSON_COLUMNS}
    attempt |= {name: bool(attempt[name]) for name in _FLAGS}
    attempt["id"] = f"{row['request_id']}.{row['n']}"
    attempt["at"] = _moment(row["at_us"])
    attempt["cost"] = _dollars(row["cost_nusd"])
    return attempt


def _moment(at_us: int) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _dollars(nusd: int | None) -> float | None:
    return None if nusd is None else nusd / USD
