"""What was spent from a budget so far: asked when a process begins to count, and when prices were put right.

Whole UTC days come from the sums that are kept per key and account; the day in which a period
begins somewhere else than at midnight in UTC, and whatever is asked about tags, from attempts.
"""

from typing import Protocol

from madang.ledger.days import DAY_US, day_of
from madang.state.store import Store, Value


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
    """Nano-dollars spent since a moment (Unix µs), as far as prices are known, at the prices known now."""
    return entered_nusd(store, owner, since_us) + corrected_nusd(store, owner, since_us)


def corrected_nusd(store: Store, owner: Owner, since_us: int) -> int:
    """What prices put right since have changed in that, signed. What a bill was found to differ by is nobody's.

    Corrections are of UTC days: of one that has begun before the moment those that make it dearer count
    in full, and no others. With tags those count whose attempts all fit.
    """
    day = day_of(since_us).isoformat()
    where, params = _of_owner(owner)
    if owner.tags:
        fits, tags = _tagged(owner)
        where, params = f"{where} AND ({_ALL_FIT.format(fits)})", [*params, *tags]
    sql = (
        "SELECT day, sum(cost_nusd) AS nusd FROM corrections "  # noqa: S608 - constants
        f"WHERE kind = 'rerated' AND day >= ?{where} GROUP BY day"
    )
    by_day: dict[str, int] = {row["day"]: row["nusd"] for row in store.read(sql, (day, *params))}
    of_first = by_day.pop(day, 0)
    is_whole = since_us % DAY_US == 0
    return sum(by_day.values()) + (of_first if is_whole else max(0, of_first))


_ALL_FIT = (
    "SELECT min(1{}) FROM attempts AS a WHERE a.key_id = corrections.key_id "
    "AND a.at_us >= strftime('%s', corrections.day) * 1000000 "
    "AND a.at_us < (strftime('%s', corrections.day) + 86400) * 1000000 "
    "AND a.provider = corrections.provider AND a.model = corrections.model "
    "AND a.asked_model = corrections.asked_model AND a.account_id IS corrections.account_id"
)
"""Whether all attempts that a correction is of are of certain tags; NULL where there are none any more."""


def entered_nusd(store: Store, owner: Owner, since_us: int) -> int:
    """Nano-dollars that attempts since a moment (Unix µs) have cost, as it was known when they were answered."""
    if owner.tags or (owner.key is not None and owner.account is not None):
        return _of_attempts(store, owner, since_us, None)
    midnight_us = -(-since_us // DAY_US) * DAY_US
    day = day_of(midnight_us).isoformat()
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
    (of_owner, params), (tagged, tags) = _of_owner(owner), _tagged(owner)
    return of_owner + tagged, [*params, *tags]


def _of_owner(owner: Owner) -> tuple[str, list[Value]]:
    given = (("key_id", owner.key), ("account_id", owner.account))
    found = [(column, value) for column, value in given if value is not None]
    return "".join(f" AND {column} = ?" for column, _ in found), [value for _, value in found]


def _tagged(owner: Owner) -> tuple[str, list[Value]]:
    has = " AND EXISTS (SELECT 1 FROM json_each(tags) AS one WHERE one.key = ? AND one.value = ?)"
    return has * len(owner.tags), [text for tag in owner.tags for text in tag]
