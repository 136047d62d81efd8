"""What was used before, at the prices known now: the difference is booked, and attempts stay as they were.

Rule: a run books, for each day and whom it concerns, what all corrections of that day must add up
to, less what earlier ones have booked, in one transaction. So a run can end at any moment, be
repeated, and run beside a gateway; a second run with the same prices books nothing.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from msgspec import Struct, json

from madang.errors import InvalidRequest
from madang.ledger.days import DAY_US, day_of, start_us
from madang.ledger.prices import FindPrice, cost_nusd
from madang.ledger.tables import credit
from madang.model import PriceRow, Usage
from madang.state.store import Row, Store, Transaction, Value

REVISION = "corrections"
"""What running processes watch (see `Store.revision`): money that was found out after the fact."""

_BATCH = 2000


class RerateRequest(Struct, frozen=True, kw_only=True):
    """What to re-rate: UTC days, both included (None: from the first, to the last), of one provider, of one model.

    `actor` is who asked for it, `reason` why. `dry_run`: only say what would come of it.
    """

    from_day: date | None = None
    to_day: date | None = None
    provider: str | None = None
    model: str | None = None
    actor: str = "home"
    reason: str = "prices corrected"
    dry_run: bool = False


class Difference(Struct, kw_only=True):
    """What re-rating came to for one model at one provider, in nano-dollars.

    `attempts` were looked at, `changed` of them cost something else than they were entered with.
    `newly_priced` had no known price and have one now, `unpriced` still have none. `before` and
    `after` contain all corrections up to then.
    """

    provider: str
    model: str
    attempts: int = 0
    changed: int = 0
    newly_priced: int = 0
    unpriced: int = 0
    before_nusd: int = 0
    after_nusd: int = 0

    @property
    def nusd(self) -> int:
        """How much more (or less) it cost than was known before."""
        return self.after_nusd - self.before_nusd


class _Group(Struct):
    """The attempts of a day that are corrected together: entered cost, cost now, and how many."""

    attempts: int = 0
    changed: int = 0
    newly_priced: int = 0
    unpriced: int = 0
    entered_nusd: int = 0
    nusd: int = 0


_Key = tuple[str, str, str, str, str | None]
"""provider, model, asked_model, key_id, account_id"""

_COLUMNS = (
    "seq, at_us, latency_us, provider, model, asked_model, key_id, account_id, input_tokens, output_tokens, "
    "cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, reasoning_tokens, audio_input_tokens, "
    "audio_output_tokens, units, tier, cost_nusd, price"
)
_PAID_BY_USAGE = (
    "outcome IN ('ok', 'cut', 'client_closed', 'lost') AND coalesce(cache, 'miss') = 'miss'"
)
_NEXT = (
    f"SELECT {_COLUMNS} FROM attempts "  # noqa: S608 - made of the constants above
    "WHERE at_us >= :start AND at_us < :end AND (at_us > :at_us OR seq > :seq) "
    f"AND {_PAID_BY_USAGE} "
    "AND coalesce(provider = :provider, 1) AND coalesce(model = :model, 1) "
    "ORDER BY at_us, seq LIMIT :batch"
)
_BOOKED = (
    "SELECT provider, model, asked_model, key_id, account_id, sum(cost_nusd) AS nusd, "
    "sum(unpriced_requests) AS unpriced FROM corrections WHERE kind = 'rerated' AND day = ? "
    "GROUP BY 1, 2, 3, 4, 5"
)
_BOOK = (
    "INSERT INTO corrections (at_us, kind, day, provider, model, asked_model, key_id, account_id, "
    "cost_nusd, unpriced_requests, note) VALUES (?, 'rerated', ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_REPORT = (
    "INSERT INTO reratings (at_us, actor, reason, from_day, to_day, provider, model, attempts, changed, "
    "newly_priced, before_nusd, after_nusd) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def rerate(store: Store, find: FindPrice, asked: RerateRequest, *, now_us: int) -> list[Difference]:
    """Apply the prices that `find` gives to the attempts asked for; what came of it, by provider and model.

    `find` is asked once for all of a UTC day. Only answers that were paid for by what they used are
    looked at: none from the cache, none that failed. Where a price that was known is not known any
    more, the cost stays. Raises InvalidRequest.
    """
    if asked.from_day and asked.to_day and asked.from_day > asked.to_day:
        raise InvalidRequest(f"`from` ({asked.from_day}) must not be after `to` ({asked.to_day}).")
    total: dict[tuple[str, str], Difference] = {}
    for day in _days(store, asked):
        groups = _groups(store, find, asked, day)
        if asked.dry_run:
            booked = _booked(store.read(_BOOKED, (day.isoformat(),)))
        else:
            booked = _book(store, groups, asked, day, now_us)
        for one in _differences(groups, booked):
            _add(total.setdefault((one.provider, one.model), one), one)
    return [total[key] for key in sorted(total)]


def reratings(store: Store, limit: int = 1000) -> list[dict[str, Value]]:
    """What earlier runs changed, the latest first: a row for each run, day, provider and model."""
    sql = (
        "SELECT at_us, actor, reason, from_day, to_day, provider, model, attempts, changed, newly_priced, "
        "before_nusd, after_nusd, after_nusd - before_nusd AS difference_nusd FROM reratings "
        "ORDER BY seq DESC LIMIT ?"
    )
    return [dict(row) for row in store.read(sql, (limit,))]


def _days(store: Store, asked: RerateRequest) -> Iterator[date]:
    """The days asked for on which there are attempts."""
    bounds = store.read("SELECT min(at_us) AS first, max(at_us) AS last FROM attempts")[0]
    if bounds["first"] is None:
        return
    day = max(day_of(bounds["first"]), asked.from_day or date.min)
    last = min(day_of(bounds["last"]), asked.to_day or date.max)
    while day <= last:
        yield day
        day += timedelta(days=1)


def _groups(store: Store, find: FindPrice, asked: RerateRequest, day: date) -> dict[_Key, _Group]:
    groups: dict[_Key, _Group] = {}
    prices: dict[tuple[str, str, str | None], PriceRow | None] = {}
    for row in _attempts(store, asked, day):
        group = groups.setdefault(_key(row), _Group())
        named = (row["provider"], row["model"], row["price"])
        if named not in prices:  # a row holds for whole days
            prices[named] = find(*named[:2], row["at_us"], named[2])
        price = prices[named]
        known = row["cost_nusd"]
        cost = _cost_now(row, price) if price is not None else None
        if cost is None:
            cost = known
        group.attempts += 1
        group.changed += cost != known
        group.newly_priced += known is None and cost is not None
        group.unpriced += cost is None
        group.entered_nusd += known or 0
        group.nusd += cost or 0
    return groups


def _attempts(store: Store, asked: RerateRequest, day: date) -> Iterator[Row]:
    start = start_us(day)
    place: dict[str, Value] = {"start": start, "at_us": start - 1, "seq": 0}
    params: dict[str, Value] = {
        "end": start + DAY_US,
        "provider": asked.provider,
        "model": asked.model,
        "batch": _BATCH,
    }
    while rows := store.read(_NEXT, params | place):
        yield from rows
        last = rows[-1]
        place = {"start": last["at_us"], "at_us": last["at_us"], "seq": last["seq"]}


def _cost_now(row: Row, price: PriceRow) -> int | None:
    """As when it was entered (see `pipeline.settle`): the day is that of the request, the hour that of its end."""
    usage = Usage(
        input=row["input_tokens"],
        output=row["output_tokens"],
        cache_read=row["cache_read_tokens"],
        cache_write=row["cache_write_tokens"],
        cache_write_1h=row["cache_write_1h_tokens"],
        reasoning=row["reasoning_tokens"],
        audio_input=row["audio_input_tokens"],
        audio_output=row["audio_output_tokens"],
        tier=row["tier"],
        units=_units.decode(row["units"]) if row["units"] != "{}" else {},
    )
    return cost_nusd(price, usage, row["at_us"] + row["latency_us"])


def _book(
    store: Store, groups: dict[_Key, _Group], asked: RerateRequest, day: date, now_us: int
) -> dict[_Key, tuple[int, int]]:
    """Book what is still missing; return what earlier runs had booked."""
    with store.transaction() as transaction:
        booked = _booked(transaction.read(_BOOKED, (day.isoformat(),)))
        accounts = set()
        for key, group in groups.items():
            nusd, priced = booked.get(key, (0, 0))
            difference = group.nusd - group.entered_nusd - nusd
            unpriced = -group.newly_priced - priced
            if difference or unpriced:
                facts = (now_us, day.isoformat(), *key, difference, unpriced, asked.reason)
                transaction.write(_BOOK, facts)
                accounts.add(key[-1])
        if accounts:
            _tell(transaction, accounts - {None})
            _report(transaction, _differences(groups, booked), asked, day, now_us)
    return booked


def _tell(transaction: Transaction, accounts: set[str | None]) -> None:
    """Let running gateways know that budgets and balances have changed."""
    transaction.bump(REVISION)
    for account in accounts:
        if account is not None:
            credit.touch(transaction, account)


def _report(
    transaction: Transaction,
    differences: list[Difference],
    asked: RerateRequest,
    day: date,
    now_us: int,
) -> None:
    for one in differences:
        if one.changed or one.nusd:
            head = (now_us, asked.actor, asked.reason, day.isoformat(), day.isoformat())
            figures = (one.attempts, one.changed, one.newly_priced)
            sums = (one.before_nusd, one.after_nusd)
            transaction.write(_REPORT, (*head, one.provider, one.model, *figures, *sums))


def _booked(rows: list[Row]) -> dict[_Key, tuple[int, int]]:
    return {_key(row): (row["nusd"], row["unpriced"]) for row in rows}


def _differences(
    groups: dict[_Key, _Group], booked: dict[_Key, tuple[int, int]]
) -> list[Difference]:
    """By provider and model."""
    found: dict[tuple[str, str], Difference] = {}
    for key, group in groups.items():
        one = Difference(
            provider=key[0],
            model=key[1],
            attempts=group.attempts,
            changed=group.changed,
            newly_priced=group.newly_priced,
            unpriced=group.unpriced,
            before_nusd=group.entered_nusd + booked.get(key, (0, 0))[0],
            after_nusd=group.nusd,
        )
        _add(found.setdefault(key[:2], one), one)
    return list(found.values())


def _add(total: Difference, one: Difference) -> None:
    if total is not one:
        for name in _FIGURES:
            setattr(total, name, getattr(total, name) + getattr(one, name))


_FIGURES = tuple(name for name in Difference.__struct_fields__ if name not in ("provider", "model"))
_units = json.Decoder(dict[str, int])


def _key(row: Row) -> _Key:
    return (row["provider"], row["model"], row["asked_model"], row["key_id"], row["account_id"])
