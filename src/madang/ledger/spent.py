"""What was spent from a budget so far: asked once, when a process begins to count.

Whole UTC days come from the sums that are kept per key and account; the day in which a period
begins somewhere else than at midnight in UTC, and whatever is asked about tags, from attempts.
"""

from datetime import UTC, datetime
from typing import Protocol

from madang.state.store import Store, Value

_DAY_US = 86_400_000_000


class Owner(Protocol):
    """Whose attempts count: those that fit all that is given."""

    @property
    def key(self) -> str | None:
        """The key's id."""

    @property
    def account(self) -> str | None:
        """The account's id."""

    @property
    def tags(self) -> tuple[tuple[str, str], ...]:
        """Names and values of tags."""


def spent_nusd(store: Store, owner: Owner, since_us: int) -> int:
    """Nano-dollars that attempts since a moment (Unix µs) have cost, as far as prices are known."""
    if owner.tags or (owner.key is not None and owner.account is not None):
        return _of_attempts(store, owner, since_us, None)
    midnight_us = -(-since_us // _DAY_US) * _DAY_US
    day = datetime.fromtimestamp(midnight_us // 1_000_000, UTC).date().isoformat()
    where, params = _where(owner)
    table = "usage_accounts" if owner.account is not None else "usage_days"
    sql = f"SELECT coalesce(sum(cost_nusd), 0) AS nusd FROM {table} WHERE day >= ?{where}"  # noqa: S608 - constants
    whole_days: int = store.read(sql, (day, *params))[0]["nusd"]
    if midnight_us == since_us:
        return whole_days
    return whole_days + _of_attempts(store, owner, since_us, midnight_us)


def _of_attempts(store: Store, owner: Owner, from_us: int, to_us: int | None) -> int:
    where, params = _where(owner)
    sql = f"SELECT coalesce(sum(cost_nusd), 0) AS nusd FROM attempts WHERE at_us >= ?{where}"  # noqa: S608 - constants
    values: list[Value] = [from_us, *params]
    if to_us is not None:
        sql, values = f"{sql} AND at_us < ?", [*values, to_us]
    nusd: int = store.read(sql, values)[0]["nusd"]
    return nusd


def _where(owner: Owner) -> tuple[str, list[Value]]:
    """Conditions, each after an AND, and their values."""
    where, params = "", list[Value]()
    for column, value in (("key_id", owner.key), ("account_id", owner.account)):
        if value is not None:
            where, params = f"{where} AND {column} = ?", [*params, value]
    for name, value in owner.tags:
        where += (
            " AND EXISTS (SELECT 1 FROM json_each(tags) AS one WHERE one.key = ? AND one.value = ?)"
        )
        params += [name, value]
    return where, params
