"""A statement as people and spreadsheets read it. Every amount is exact; nothing is rounded for show."""

from collections.abc import Iterator
from typing import Any

import click

from madang.accounts.statement import Line, Statement, Used
from madang.cli.shown.printing import count, print_table
from madang.ledger.reports.export import lines
from madang.model.money import dollars

CSV_COLUMNS = (
    *("day", "kind", "usd", "model", "requests", "unpriced_requests", "input_tokens"),
    *("output_tokens", "currency", "amount", "per_usd", "rate_source", "reference", "note"),
)
"""The first row is `opening`, the last `closing`: `usd` of the others is what lies between."""


def usd(nusd: int) -> str:
    """Nano-dollars as `1234.5600000`: exact, with at least two decimals and no zeros behind those."""
    whole, _, decimals = dollars(nusd).partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def print_statement(told: Statement) -> None:
    """For people."""
    account = told.account
    click.echo(f"Statement of {account.name!r} ({account.id}), plan {account.plan}")
    click.echo(f"{told.first} to {told.last}, days of {account.time_zone}; dollars\n")
    click.echo(f"opening balance  {usd(told.opening_nusd)}\n")
    if told.lines:
        print_table(
            ("day", "kind", "amount", "what"),
            [(str(one.day), one.kind, usd(one.nusd), _what(one)) for one in told.lines],
            numbers=("amount",),
        )
    if told.usage:
        _print_usage(told)
    click.echo(f"closing balance  {usd(told.closing_nusd)}")
    unpriced = sum(one.unpriced_requests for one in told.usage)
    if unpriced:
        click.echo(f"{count(unpriced)} requests have no known price and took nothing off.")


def csv_lines(told: Statement) -> Iterator[str]:
    """For spreadsheets: a header, the opening balance, every line in the order of days, the closing balance."""
    rows = [_entry_row(one) for one in told.lines] + [_usage_row(one) for one in told.usage]
    rows.sort(key=lambda row: row["day"])  # stable: entries of a day before its usage
    first = _row(day=str(told.first), kind="opening", usd=dollars(told.opening_nusd))
    last = _row(day=str(told.last), kind="closing", usd=dollars(told.closing_nusd))
    return lines([first, *rows, last], CSV_COLUMNS, "csv")


def _print_usage(told: Statement) -> None:
    print_table(
        ("day", "model", "requests", "in", "out", "amount"),
        [
            (
                str(one.day),
                one.model,
                count(one.requests),
                count(one.input_tokens),
                count(one.output_tokens),
                usd(-one.nusd),
            )
            for one in told.usage
        ],
        ("usage", "", "", "", "", usd(-told.used_nusd)),
        numbers=("requests", "in", "out", "amount"),
    )


def _what(line: Line) -> str:
    """What an entry is about: the payment and its rate, the reference, the note."""
    parts = [line.reference, line.note]
    if line.amount is not None:
        parts.insert(0, f"{line.amount} {line.currency}")
        if line.currency != "USD":
            parts.insert(1, f"at {line.per_usd} per dollar ({line.rate_source})")
    return ", ".join(part for part in parts if part)


def _entry_row(line: Line) -> dict[str, Any]:
    return _row(
        day=str(line.day),
        kind=line.kind,
        usd=dollars(line.nusd),
        currency=line.currency,
        amount=line.amount,
        per_usd=line.per_usd,
        rate_source=line.rate_source,
        reference=line.reference,
        note=line.note,
    )


def _usage_row(used: Used) -> dict[str, Any]:
    return _row(
        day=str(used.day),
        kind="usage",
        usd=dollars(-used.nusd),
        model=used.model,
        requests=used.requests,
        unpriced_requests=used.unpriced_requests,
        input_tokens=used.input_tokens,
        output_tokens=used.output_tokens,
    )


def _row(**cells: Any) -> dict[str, Any]:  # noqa: ANN401 - cells of several kinds
    return {name: cells.get(name) for name in CSV_COLUMNS}
