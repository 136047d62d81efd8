"""Questions to the ledger: the month so far, usage by any dimension, and the story of one request.

Rule: sums come from the sums that are kept (see `rollups`); attempts are read only where no table of
sums has what is asked for, which `sources` decides. An unknown price is never a zero in disguise:
`unpriced_requests` says how many answers `cost` does not contain.
"""

import heapq
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from madang.errors import InvalidRequest
from madang.ledger.reports.attempts import attempt_of
from madang.ledger.reports.sources import UsageQuestion, is_tag, known_dimensions, query
from madang.ledger.tables.rollups import MEASURES
from madang.model.money import NUSD
from madang.state.store import Row, Store

MAX_HOURS_DAYS = 31
"""How many days may be asked for by the hour."""

_SUMMED = (*MEASURES, "corrections_nusd")


def current_month(store: Store, *, key_id: str | None = None, now_s: float) -> dict[str, Any]:
    """Usage since the first of this month (UTC): totals, and the same figures for each model.

    `key_id` None: of all keys. `total_cost` and `cost` are dollars, the same as `…_nusd` exactly.
    What counts as a request: see `rollups.MEASURES`. Models are those that answered, under their
    canonical names; corrections of no single model are in the totals only.
    """
    today = datetime.fromtimestamp(now_s, UTC).date()
    first = today.replace(day=1)
    rows = usage(store, key_id=key_id, from_day=first, to_day=today, by=("model",))
    named = [row for row in rows if row["model"] is not None and _counts(row)]
    cost_nusd = sum(row["cost_nusd"] for row in rows)
    return {
        "from": first.isoformat(),
        "to": today.isoformat(),
        "requests": sum(row["requests"] for row in rows),
        "failed_requests": sum(row["failed_requests"] for row in rows),
        "unpriced_requests": sum(row["unpriced_requests"] for row in rows),
        "total_tokens": sum(row["total_tokens"] for row in rows),
        "total_cost": cost_nusd / NUSD,
        "total_cost_nusd": cost_nusd,
        "by_model": {row.pop("model"): row for row in named},
    }


def usage(
    store: Store,
    *,
    key_id: str | None = None,
    account_id: str | None = None,
    from_day: date,
    to_day: date,
    by: Sequence[str] = ("model",),
    top: int | None = None,
) -> list[dict[str, Any]]:
    """Sums for the UTC days `from_day` to `to_day`, both included, one row per combination of `by`.

    `by`: model, asked_model, provider, key, account, day, month, hour (at most 31 days), `tag:NAME`
    (the value of one tag, None without it), task (the same as `tag:task`), or tag (`name=value`; a
    request with several tags appears under each of them, so rows do not add up to the total).
    Months are such as `2026-11`, hours such as `2026-11-20T14`. `key_id` and `account_id` None: all.
    `cost_nusd` contains `corrections_nusd` (see `corrections`). `top`: only so many rows, the
    dearest first; otherwise rows are in the order of `by`. Raises InvalidRequest.
    """
    _check(from_day, to_day, by)
    asked = UsageQuestion(from_day, to_day, tuple(by), key_id, account_id)
    rows = _merged(store, asked)
    if top is not None:
        rows = heapq.nlargest(top, rows, key=lambda row: (row[1]["cost_nusd"], row[1]["attempts"]))
    return [_presented(values, sums, by) for values, sums in rows if any(sums.values())]


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
    known = known_dimensions()
    for dimension in by:
        if dimension not in known and not is_tag(dimension):
            names = ", ".join((*known, "tag", "tag:NAME"))
            raise InvalidRequest(f"`by` knows {names}; not {dimension!r}.", param="by")
    if len(set(by)) != len(by):
        raise InvalidRequest("`by` names something twice.", param="by")
    if "hour" in by and to_day - from_day >= timedelta(days=MAX_HOURS_DAYS):
        raise InvalidRequest(f"By the hour, ask for at most {MAX_HOURS_DAYS} days.", param="by")


def _merged(
    store: Store, asked: UsageQuestion
) -> list[tuple[tuple[str | None, ...], dict[str, int]]]:
    """The answer's rows, each group once, in the order of what they are grouped by."""
    wanted = query(asked)
    found: dict[tuple[str | None, ...], dict[str, int]] = {}
    for row in store.read(wanted.sql, wanted.params):
        values = tuple(row[f"d{i}"] for i in range(len(asked.by)))
        sums = found.setdefault(values, dict.fromkeys(_SUMMED, 0))
        for name in _SUMMED:
            sums[name] += row[name] or 0
    return sorted(found.items(), key=lambda item: [(v is not None, v or "") for v in item[0]])


def _presented(
    values: Sequence[str | None], sums: dict[str, int], by: Sequence[str]
) -> dict[str, Any]:
    presented: dict[str, Any] = {**dict(zip(by, values, strict=True)), **sums}
    presented["total_tokens"] = sums["input_tokens"] + sums["output_tokens"]
    presented["cost"] = sums["cost_nusd"] / NUSD
    return presented


def _counts(row: dict[str, Any]) -> bool:
    """Whether a model was more than tried in vain on the way to another."""
    return any(row[name] for name in ("requests", "failed_requests", "total_tokens", "cost_nusd"))


def _attempt(row: Row) -> dict[str, Any]:
    attempt = attempt_of(row)
    del attempt["seq"]
    attempt["cost"] = _dollars(row["cost_nusd"])
    return attempt


def _dollars(nusd: int | None) -> float | None:
    return None if nusd is None else nusd / NUSD
