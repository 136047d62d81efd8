"""`madang export`: the ledger as CSV or JSON Lines."""

import sys
from datetime import date
from typing import Literal

import click

from madang.cli.offices.report import ReportOffice, at_reports
from madang.cli.options.days import days_options
from madang.server.administration.reports import ExportAsked


@click.command("export")
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "jsonl"]),
    default="csv",
    show_default=True,
    help="CSV as RFC 4180 has it, or a JSON object on each line.",
)
@click.option("--attempts", is_flag=True, help="Every single attempt, instead of sums.")
@click.option(
    "--by",
    metavar="LIST",
    default="day,provider,model",
    show_default=True,
    help="A row of sums for each, as for `madang usage`.",
)
@click.option("--of", "key_id", metavar="KEY_ID", help="Of this key only, e.g. key_….")
@days_options
@at_reports
def command(
    office: ReportOffice,
    form: Literal["csv", "jsonl"],
    attempts: bool,
    by: str,
    key_id: str | None,
    first: date | None,
    last: date | None,
) -> None:
    """Write the ledger to the standard output as CSV or JSON Lines.

    With --url it needs the admin key. However long it is, only a page of it is in memory.

    Example: madang export --attempts --format jsonl --from 2026-11-01
    """
    what = "attempts" if attempts else "usage"
    asked = ExportAsked(first=first, last=last, what=what, format=form, by=by, key=key_id)
    for piece in office.export(asked):
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()
