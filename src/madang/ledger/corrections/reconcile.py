"""The ledger beside a provider's own figures: what differs, by day and model, and booking the difference.

Rule: only what the provider says is compared: where its costs name no models, the cost of the day;
where it counts no requests, none. Booking adds rows to `corrections` and never touches an attempt,
and a second time it finds no difference.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from msgspec import Struct

from madang.ledger.corrections.bills import Bill, Line
from madang.ledger.reports.usage import usage
from madang.state.store import Store, Transaction

log = logging.getLogger("madang.ledger")

COUNTS = ("requests", "input_tokens", "output_tokens", "cache_read_tokens", "cost_nusd")
THRESHOLD = 0.005
"""The share of the provider's figure above which a difference in cost or tokens is drift."""

_JUDGED = ("cost_nusd", "input_tokens", "output_tokens")
_BOOK = (
    "INSERT INTO corrections (at_us, kind, day, provider, model, cost_nusd, note) "
    "VALUES (?, 'reconciled', ?, ?, ?, ?, ?)"
)

Figures = dict[str, int | None]


class Compared(Struct, frozen=True, kw_only=True):
    """One day and model (None: all of the day). `ours` and `theirs` by the names of `COUNTS`.

    `theirs` None: the provider does not say. `drift` is the largest share by which cost or tokens
    differ; 1.0 where the provider has none.
    """

    day: date
    model: str | None
    ours: dict[str, int]
    theirs: Figures
    difference: Figures
    drift: float


class Booked(Struct, frozen=True, kw_only=True):
    """What was compared, and what was booked: the nano-dollars, and the days left out as not over yet."""

    rows: tuple[Compared, ...]
    booked_nusd: int = 0
    corrections: int = 0
    open_days: tuple[date, ...] = ()

    def drifting(self, threshold: float = THRESHOLD) -> list[Compared]:
        """The rows that differ by more than a share."""
        return [row for row in self.rows if row.drift > threshold]


def compare(store: Store, provider: str, bill: Bill) -> Booked:
    """The ledger of `provider` (its name in the configuration) beside a bill."""
    return Booked(rows=tuple(_compared(store, provider, bill)))


def adjust(store: Store, provider: str, bill: Bill, *, now_us: int, before: date) -> Booked:
    """Compare, and book what differs in cost on days `before` a day, in one transaction.

    Afterwards the ledger's sum over what the bill prices is the bill's, to the nano-dollar. `now_us`
    is the Unix time of the booking.
    """
    booked = corrections = 0
    with store.transaction() as transaction:
        rows = tuple(_compared(store, provider, bill))
        for row in rows:
            nusd = row.difference.get("cost_nusd")
            if nusd and row.day < before:
                _book(transaction, provider, row, nusd, now_us)
                booked, corrections = booked + nusd, corrections + 1
    open_days = tuple(sorted(day for day in bill.days if day >= before))
    return Booked(rows=rows, booked_nusd=booked, corrections=corrections, open_days=open_days)


def alarm(provider: str, drifting: Sequence[Compared]) -> None:
    """Log that the ledger and a provider disagree, and where it is worst."""
    worst = max(drifting, key=lambda row: row.drift)
    log.error(
        "the ledger and the bill of %s drift apart on %d rows; the worst: %s, %s, %.2f %%",
        provider,
        len(drifting),
        worst.day,
        worst.model or "all models",
        worst.drift * 100,
    )


def corrections(store: Store, *, from_day: date, to_day: date) -> list[dict[str, Any]]:
    """Every correction of UTC days, both included, the newest first."""
    rows = store.read(
        "SELECT * FROM corrections WHERE day BETWEEN ? AND ? ORDER BY seq DESC",
        (from_day.isoformat(), to_day.isoformat()),
    )
    return [dict(row) for row in rows]


def _book(transaction: Transaction, provider: str, row: Compared, nusd: int, now_us: int) -> None:
    day = row.day.isoformat()
    note = f"{provider} charged {row.theirs['cost_nusd']} nano-dollars, the ledger had {row.ours['cost_nusd']}"
    transaction.write(_BOOK, (now_us, day, provider, row.model, nusd, note))


def _compared(store: Store, provider: str, bill: Bill) -> Iterator[Compared]:
    if not bill.days:
        return
    rows = usage(
        store, from_day=min(bill.days), to_day=max(bill.days), by=("day", "provider", "model")
    )
    for day in sorted(bill.days):
        ours = [
            row for row in rows if row["day"] == day.isoformat() and row["provider"] == provider
        ]
        yield from _of_day(day, ours, bill)


def _of_day(day: date, ours: Sequence[dict[str, Any]], bill: Bill) -> Iterator[Compared]:
    """By model where the provider names models, else in all; costs and counts each in their own way."""
    theirs = [line for line in bill.lines if line.day == day]
    found: dict[str | None, Compared] = {}
    for names, covered in ((COUNTS[:-1], bill.counted), (COUNTS[-1:], bill.priced)):
        if day not in covered:
            continue
        said = [line for line in theirs if any(getattr(line, name) is not None for name in names)]
        if not (said or ours):
            continue
        named = any(line.model is not None for line in said)
        models = {line.model for line in said} or {None}
        if named:
            models |= {row["model"] for row in ours}
        for model in models:
            mine = [row for row in ours if not named or row["model"] == model]
            line = next((one for one in said if one.model == model), None)
            row = _row(day, model, mine, line or _nothing(day, model, said, names), names)
            found[model] = _joined(found[model], row) if model in found else row
    yield from (found[model] for model in sorted(found, key=lambda name: name or ""))


def _joined(counts: Compared, cost: Compared) -> Compared:
    return Compared(
        day=counts.day,
        model=counts.model,
        ours=counts.ours | cost.ours,
        theirs=counts.theirs | cost.theirs,
        difference=counts.difference | cost.difference,
        drift=max(counts.drift, cost.drift),
    )


def _nothing(day: date, model: str | None, said: Sequence[Line], names: Sequence[str]) -> Line:
    """What is not in a report was not used, as far as the report counts: one without any line counts all."""
    line = Line(day=day, model=model)
    for name in names:
        if not said or any(getattr(one, name) is not None for one in said):
            setattr(line, name, 0)
    return line


def _row(
    day: date, model: str | None, mine: Sequence[dict[str, Any]], line: Line, names: Sequence[str]
) -> Compared:
    ours = {name: sum(row[name] for row in mine) for name in names}
    theirs: Figures = {name: getattr(line, name) for name in names}
    difference: Figures = {
        name: None if said is None else said - ours[name] for name, said in theirs.items()
    }
    drift = max(_share(difference[name], theirs[name]) for name in names if name in _JUDGED)
    return Compared(
        day=day, model=model, ours=ours, theirs=theirs, difference=difference, drift=drift
    )


def _share(difference: int | None, theirs: int | None) -> float:
    if not difference or theirs is None:
        return 0.0
    return abs(difference) / theirs if theirs else 1.0
