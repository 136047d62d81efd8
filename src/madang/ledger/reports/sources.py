"""Which table of sums answers a question about usage, and the queries that read it.

Rule: values that come from outside are parameters; text of a query is made of the constants here.
What has no account, or not the tag asked for, is the whole less what has one: it is not kept apart.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from msgspec import Struct

from madang.ledger.days import DAY_OF_ATTEMPT, start_us
from madang.ledger.tables.rollups import HOUR_US, MEASURES, SUMS
from madang.ledger.tables.tags import OTHER
from madang.state.store import Value

_NO_CORRECTIONS = "0 AS corrections_nusd"
_ADDED = ", ".join([*(f"sum({name}) AS {name}" for name in MEASURES), _NO_CORRECTIONS])
_TAKEN_AWAY = ", ".join([*(f"-sum({name}) AS {name}" for name in MEASURES), _NO_CORRECTIONS])
_READ = f"{SUMS}, {_NO_CORRECTIONS}"
_CORRECTED = ", ".join(
    f"{'sum(cost_nusd)' if name == 'corrections_nusd' else f'sum({name})'} AS {name}"
    if name in ("cost_nusd", "unpriced_requests", "corrections_nusd")
    else f"0 AS {name}"
    for name in (*MEASURES, "corrections_nusd")
)
_WHAT = {"model": "model", "asked_model": "asked_model", "provider": "provider"}
_BY_DAY = {"day": "day", "month": "substr(day, 1, 7)"}
_HOURS = {
    **_WHAT,
    "hour": "strftime('%Y-%m-%dT%H', hour * 3600, 'unixepoch')",
    "day": "date(hour * 3600, 'unixepoch')",
    "month": "strftime('%Y-%m', hour * 3600, 'unixepoch')",
}
_KEYS = {**_WHAT, **_BY_DAY, "key": "key_id"}
_ACCOUNTS = {**_WHAT, **_BY_DAY, "account": "account_id"}
_TAGS = {**_WHAT, **_BY_DAY}
_ATTEMPTS = {
    **_WHAT,
    "key": "key_id",
    "account": "account_id",
    "day": DAY_OF_ATTEMPT,
    "month": "strftime('%Y-%m', at_us / 1000000, 'unixepoch')",
    "hour": "strftime('%Y-%m-%dT%H', at_us / 1000000, 'unixepoch')",
}
_CORRECTION = {**_WHAT, **_BY_DAY, "key": "key_id", "account": "account_id", "hour": "NULL"}


_NAME_AND_VALUE = f"iif(name = '', NULL, iif(name = '{OTHER}', name, name || '=' || value))"


class UsageQuestion(Struct, frozen=True):
    """A question that was checked: UTC days, both included; what to group by; whose."""

    from_day: date
    to_day: date
    by: tuple[str, ...]
    key_id: str | None = None
    account_id: str | None = None

    @property
    def tags(self) -> tuple[str, ...]:
        """Those of `by` that are tags."""
        return tuple(filter(is_tag, self.by))


class Query(Struct, frozen=True):
    """A SELECT with its parameters. Its columns are what is grouped by, as d0, d1 …, and the sums."""

    sql: str
    params: tuple[Value, ...]


def known_dimensions() -> tuple[str, ...]:
    """What can be grouped by, but for tags."""
    return ("model", "asked_model", "provider", "key", "account", "day", "month", "hour", "task")


def is_tag(dimension: str) -> bool:
    """Whether something to group by is a tag."""
    return dimension in ("tag", "task") or (
        dimension.startswith("tag:") and len(dimension) > len("tag:")
    )


def query(asked: UsageQuestion) -> Query:
    """One statement, so that it sees one state of the ledger; rows of the same group belong together."""
    parts = [*_sums(asked), _corrections(asked)]
    sql = " UNION ALL ".join(part.sql for part in parts)
    return Query(sql, tuple(value for part in parts for value in part.params))


def _sums(asked: UsageQuestion) -> Iterator[Query]:
    tags = asked.tags
    of_keys = asked.key_id is not None or "key" in asked.by
    of_accounts = asked.account_id is not None or "account" in asked.by
    apart = len(tags) + of_keys + of_accounts
    if apart == 0:
        yield _hours(asked, _HOURS)
    elif apart > 1 or "hour" in asked.by:
        yield _attempts(asked)
    elif of_keys:
        source = f"{_ADDED} FROM usage_days WHERE day BETWEEN ? AND ?"
        yield _query(asked, _KEYS, source, _days_of(asked), scoped=True)
    elif of_accounts:
        yield _accounts(asked, "account_id", _ADDED)
        if asked.account_id is None:
            yield from _without(asked, _accounts(asked, "NULL", _TAKEN_AWAY))
    elif tags == ("tag",):
        yield _tags(asked, _NAME_AND_VALUE)
    else:
        yield _tags(asked, "value")
        yield from _without(asked, _tags(asked, "NULL", _TAKEN_AWAY))


def _without(asked: UsageQuestion, table: Query) -> Iterator[Query]:
    """What is in no row of a table: the whole, less `table`, which takes its rows away."""
    nothing = dict.fromkeys((*asked.tags, "account"), "NULL")
    yield _hours(asked, {**_HOURS, **nothing})
    yield table


def _hours(asked: UsageQuestion, columns: Mapping[str, str]) -> Query:
    first, end = (start_us(day) // HOUR_US for day in _bounds(asked))
    source = f"{_ADDED} FROM usage_hours WHERE hour >= ? AND hour < ?"
    return _query(asked, columns, source, (first, end))


def _accounts(asked: UsageQuestion, account: str, sums: str) -> Query:
    source = f"{sums} FROM usage_accounts WHERE day BETWEEN ? AND ?"
    return _query(asked, {**_ACCOUNTS, "account": account}, source, _days_of(asked), scoped=True)


def _tags(asked: UsageQuestion, value: str, sums: str = _ADDED) -> Query:
    """`value` is an expression for what is shown of a tag."""
    source = f"{sums} FROM usage_tags WHERE day BETWEEN ? AND ?"
    params: tuple[Value, ...] = _days_of(asked)
    if asked.tags != ("tag",):
        source, params = f"{source} AND name = ?", (*params, _tag_name(asked.tags[0]))
    return _query(asked, {**_TAGS, **dict.fromkeys(asked.tags, value)}, source, params)


def _attempts(asked: UsageQuestion) -> Query:
    columns = dict(_ATTEMPTS)
    named = [tag for tag in asked.tags if tag != "tag"]
    columns |= dict.fromkeys(named, "(SELECT value FROM json_each(tags) WHERE key = ?)")
    columns["tag"] = "one.key || '=' || one.value"
    table = "attempts LEFT JOIN json_each(tags) AS one" if "tag" in asked.tags else "attempts"
    source = f"{_READ} FROM {table} WHERE at_us >= ? AND at_us < ?"
    names = tuple(map(_tag_name, named))
    first_us, end_us = map(start_us, _bounds(asked))
    params: tuple[Value, ...] = (*names, first_us, end_us)
    return _query(asked, columns, source, params, scoped=True)


def _corrections(asked: UsageQuestion) -> Query:
    columns = {**_CORRECTION, **dict.fromkeys(asked.tags, "NULL")}
    source = f"{_CORRECTED} FROM corrections WHERE day BETWEEN ? AND ?"
    return _query(asked, columns, source, _days_of(asked), scoped=True)


def _query(
    asked: UsageQuestion,
    columns: Mapping[str, str],
    source: str,
    params: tuple[Value, ...],
    *,
    scoped: bool = False,
) -> Query:
    """Write the SELECT from its measures on; `scoped`: the table knows keys and accounts."""
    sql = (
        "SELECT "
        + "".join(f"{columns[name]} AS d{i}, " for i, name in enumerate(asked.by))
        + source
    )
    for column, wanted in (("key_id", asked.key_id), ("account_id", asked.account_id)):
        if scoped and wanted is not None:
            sql, params = f"{sql} AND {column} = ?", (*params, wanted)
    if asked.by:
        sql += " GROUP BY " + ", ".join(f"d{i}" for i in range(len(asked.by)))
    return Query(sql, params)


def _tag_name(dimension: str) -> str:
    return "task" if dimension == "task" else dimension.removeprefix("tag:")


def _bounds(asked: UsageQuestion) -> tuple[date, date]:
    return asked.from_day, asked.to_day + timedelta(days=1)


def _days_of(asked: UsageQuestion) -> tuple[Value, ...]:
    return asked.from_day.isoformat(), asked.to_day.isoformat()
