"""The statement of an account over days of its time zone: what there was, what came and went, what is left.

Rule: opening balance plus every line is the closing balance, to the nano-dollar, because both are
sums over the same rows, read at one moment.
"""

from datetime import date, timedelta

from msgspec import Struct

from madang.accounts.register import Account
from madang.accounts.zones import day_of, day_start_us, zone
from madang.errors import InvalidRequest
from madang.ledger.tables import credit
from madang.ledger.tables.credit import Entry
from madang.state.store import Row, Store


class Line(Struct, frozen=True, kw_only=True):
    """An entry. `at_us` is Unix time, `nusd` signed; the rest as in `ledger.tables.credit.Entry`.

    Of kind `rerated` are prices that were put right after they were charged.
    """

    at_us: int
    day: date
    kind: str
    nusd: int
    reference: str
    note: str = ""
    currency: str | None = None
    amount: str | None = None
    per_usd: str | None = None
    rate_source: str | None = None


class Used(Struct, frozen=True, kw_only=True):
    """What one model cost on one day. `nusd` is what it took off the balance: zero or more.

    Answers whose price is unknown are in `unpriced_requests` and took nothing off.
    """

    day: date
    model: str
    requests: int
    unpriced_requests: int
    input_tokens: int
    output_tokens: int
    nusd: int


class Statement(Struct, frozen=True, kw_only=True):
    """A statement from the beginning of day `first` to the end of day `last`, in the account's time zone."""

    account: Account
    first: date
    last: date
    opening_nusd: int
    lines: list[Line]
    usage: list[Used]
    used_nusd: int
    closing_nusd: int


def statement(store: Store, account: Account, first: date, last: date) -> Statement:
    """The statement of an account, both days included. Raises InvalidRequest."""
    if first > last:
        raise InvalidRequest(f"`from` ({first}) must not be after `to` ({last}).", param="from")
    where = zone(account.time_zone)
    from_us, to_us = day_start_us(first, where), day_start_us(last + timedelta(days=1), where)
    with store.transaction() as moment:  # nothing is written: all is read at one moment
        opening = credit.balance(moment, account.id, from_us)
        closing = credit.balance(moment, account.id, to_us)
        entries = credit.entries(moment, account.id, from_us, to_us)
        rerated = credit.rerated(moment, account.id, from_us, to_us)
        usage = credit.usage(moment, account.id, from_us, to_us)
    lines = [_line(entry, day_of(entry.at_us, where)) for entry in entries]
    lines += [
        Line(
            at_us=row["at_us"],
            day=day_of(row["at_us"], where),
            kind="rerated",
            nusd=row["nusd"],
            reference=row["reference"],
        )
        for row in rerated
    ]
    used = _by_day(usage, account.time_zone)
    return Statement(
        account=account,
        first=first,
        last=last,
        opening_nusd=opening,
        lines=sorted(lines, key=lambda line: line.at_us),
        usage=used,
        used_nusd=sum(row.nusd for row in used),
        closing_nusd=closing,
    )


def _line(entry: Entry, day: date) -> Line:
    return Line(
        at_us=entry.at_us,
        day=day,
        kind=entry.kind,
        nusd=entry.nusd,
        reference=entry.reference,
        note=entry.note,
        currency=entry.currency,
        amount=entry.amount,
        per_usd=entry.per_usd,
        rate_source=entry.rate_source,
    )


def _by_day(rows: list[Row], time_zone: str) -> list[Used]:
    where = zone(time_zone)
    sums: dict[tuple[date, str], list[int]] = {}
    for row in rows:
        key = (day_of(row["at_s"] * 1_000_000, where), row["model"])
        own = sums.setdefault(key, [0] * len(_SUMMED))
        for index, name in enumerate(_SUMMED):
            own[index] += row[name]
    return [
        Used(day=day, model=model, **dict(zip(_SUMMED, own, strict=True)))
        for (day, model), own in sorted(sums.items())
        if any(own)
    ]


_SUMMED = ("requests", "unpriced_requests", "input_tokens", "output_tokens", "nusd")
