"""`madang reconcile`: the ledger beside what a provider says it charged."""

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypedDict, Unpack

import click
import msgspec

from madang.cli.offices.report import ReportOffice, at_reports
from madang.cli.offices.vendor_reports import VENDORS, fetch
from madang.cli.options.days import days_options
from madang.cli.options.office import Row
from madang.cli.shown.printing import count, dollars, json_option, print_json, print_table
from madang.ledger.corrections.bills import Shape
from madang.ledger.corrections.reconcile import THRESHOLD
from madang.server.administration.reports import Reconciled, Statement

_DAYS = 30
_NUMBERS = ("tokens in", "theirs in", "tokens out", "theirs out", "cost", "theirs", "difference")


class _Options(TypedDict):
    """The options as click gives them."""

    provider: Shape
    name: str | None
    api: bool
    api_url: str | None
    first: date | None
    last: date | None
    adjust: bool
    include_today: bool
    threshold: float


@click.command("reconcile")
@click.argument("file", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--provider", type=click.Choice(["openai", "anthropic"]), required=True, help="Whose reports."
)
@click.option(
    "--name", help="The provider's name in your configuration. Default: the same as --provider."
)
@click.option(
    "--api",
    is_flag=True,
    help="Fetch the reports with the key in OPENAI_ADMIN_KEY or ANTHROPIC_ADMIN_KEY.",
)
@click.option("--api-url", metavar="URL", help="Where to fetch from. Default: the provider's own.")
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    default=THRESHOLD,
    show_default=True,
    help="The share of the provider's figure above which a difference is drift.",
)
@click.option("--adjust", is_flag=True, help="Book the difference in cost as corrections.")
@click.option("--include-today", is_flag=True, help="Book it for a day that is not over, too.")
@json_option
@days_options
@at_reports
def command(
    office: ReportOffice, file: tuple[Path, ...], as_json: bool, **options: Unpack[_Options]
) -> None:
    """Compare the ledger with what a provider says it charged, by day and model.

    FILE holds pages of its usage and cost reports, as JSON or a page on each line. --from and --to choose what --api
    fetches. Exit status 1 when something drifts.

    Example: madang reconcile --provider openai --api --from 2026-11-01
    """
    if bool(file) == options["api"]:
        raise click.UsageError("Give files with reports, or --api to fetch them.")
    asked = Statement(
        shape=options["provider"],
        report=_fetched(options) if options["api"] else _joined(file),
        provider=options["name"],
        book=options["adjust"],
        include_today=options["include_today"],
        threshold=options["threshold"],
    )
    result = office.reconcile(asked)
    if as_json:
        print_json(msgspec.to_builtins(result))
    else:
        _print(result, options["threshold"])
    if result.drifting:
        share = f"{options['threshold']:.2%}"
        click.echo(f"Drift: {result.drifting} rows differ by more than {share}.", err=True)
        raise SystemExit(1)


def _fetched(options: _Options) -> str:
    vendor = VENDORS[options["provider"]]
    key = os.environ.get(vendor.env)
    if not key:
        raise click.UsageError(f"--api needs an administrative key in {vendor.env}.")
    last = options["last"] or datetime.now(UTC).date()
    first = options["first"] or last - timedelta(days=_DAYS)
    if first > last:
        raise click.UsageError(f"--from {first} is after --to {last}.")
    return fetch(options["provider"], options["api_url"] or vendor.url, key, first, last)


def _joined(files: tuple[Path, ...]) -> str:
    """The pages of all files, one on each line."""
    pages: list[str] = []
    for file in files:
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise click.ClickException(f"{file} cannot be read: {error}") from error
        pages.append(text if len(files) == 1 else " ".join(text.split("\n")))
    return "\n".join(pages)


def _print(result: Reconciled, threshold: float) -> None:
    rows = [_cells(row, threshold) for row in result.rows]
    print_table(["day", "model", *_NUMBERS, ""], rows, numbers=_NUMBERS)
    if result.corrections:
        click.echo(f"Booked {result.corrections} corrections, {dollars(result.booked_nusd, 9)}.")
    if result.open_days:
        days = ", ".join(map(str, result.open_days))
        click.echo(f"Not over yet, and not booked: {days}. --include-today books it all the same.")


def _cells(row: Row, threshold: float) -> list[str]:
    ours, theirs, difference = row["ours"], row["theirs"], row["difference"]
    return [
        row["day"],
        row["model"] or "(all or none)",
        *(
            count(side.get(name))
            for name in ("input_tokens", "output_tokens")
            for side in (ours, theirs)
        ),
        *(_money(side.get("cost_nusd")) for side in (ours, theirs, difference)),
        "drift" if row["drift"] > threshold else "",
    ]


def _money(nusd: int | None) -> str:
    return "-" if nusd is None else dollars(nusd, 9)
