"""`madang report`: what was used, what was saved and wasted, and what to do about it."""

from datetime import date
from typing import Literal

import click
import msgspec

from madang.cli.offices.report import ReportOffice, at_reports
from madang.cli.options.days import days_options, read_day
from madang.cli.options.office import Row
from madang.cli.shown.printing import count, dollars, known_cost, print_json, print_table
from madang.ledger.reports import export
from madang.server.administration.reports import ReportAsked
from madang.watch.report.daily import Daily
from madang.watch.report.page import FORMS, page

_TITLES = {
    "cheaper_model": "A cheaper model may do",
    "prompt_cache": "The provider's cache is not used",
    "waste": "Paid for nothing",
    "unknown_price": "No price is known",
    "key_expires": "Expires soon",
    "key_unused": "Is not used",
}


@click.command("report")
@click.option("--by", metavar="LIST", default="model", show_default=True, help="As for `usage`.")
@click.option(
    "--baseline",
    metavar="MODEL",
    help="Compare with this one model for everything, e.g. gpt-4.1, at its prices of each day.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "csv", "html"]),
    default="text",
    show_default=True,
    help="CSV holds the rows of usage only; HTML is for --daily.",
)
@click.option(
    "--daily",
    metavar="DAY",
    callback=read_day,
    help="The report of one day, in the time zone of the configured report, e.g. 2026-11-20.",
)
@days_options
@at_reports
def command(
    office: ReportOffice,
    by: str,
    baseline: str | None,
    form: Literal["text", "json", "csv", "html"],
    daily: date | None,
    first: date | None,
    last: date | None,
) -> None:
    """Report what was used, what was saved and wasted, and what the ledger suggests.

    Every figure says how it was computed. With --url it needs the admin key.

    Example: madang report --from 2026-11-01 --baseline gpt-4.1
    """
    if daily is not None:
        if form == "csv":
            raise click.UsageError("A day is reported as text, json or html.")
        _print_day(office.daily(daily), form)
        return
    if form == "html":
        raise click.UsageError("--format html is for --daily.")
    told = office.report(ReportAsked(first=first, last=last, by=by, baseline=baseline))
    if form == "json":
        print_json(told)
    elif form == "csv":
        columns = (*told["by"], *export.USAGE_COLUMNS)
        for line in export.lines(export.usage_rows(told["rows"]), columns, "csv"):
            click.echo(line, nl=False)
    else:
        _print(told)


def _print_day(told: Daily, form: Literal["text", "json", "html"]) -> None:
    if form == "json":
        print_json(msgspec.to_builtins(told))
    else:
        click.echo(FORMS[form](page(told)), nl=False)


def _print(told: Row) -> None:
    click.echo(f"Report from {told['from']} to {told['to']} (UTC)")
    _print_usage(told)
    for line in (*_savings(told), *_caches(told["caches"]), *_waste(told)):
        click.echo(line)
    for advice in told["advice"]:
        worth = "" if advice["nusd"] is None else f": {dollars(advice['nusd'])}"
        click.echo(f"\n{_TITLES[advice['kind']]}{worth}: {advice['subject']}")
        click.echo(f"  {advice['text']}")
        click.echo(f"  How: {advice['how']}")


def _print_usage(told: Row) -> None:
    names = {"requests": "requests", "failed": "failed_requests"}
    names |= {"in": "input_tokens", "out": "output_tokens"}
    numbers = [*names, "cost"]

    def figures(row: Row) -> list[str]:
        return [*(count(row[name]) for name in names.values()), known_cost(row)]

    rows = [
        [str("(none)" if row[name] is None else row[name]) for name in told["by"]] + figures(row)
        for row in told["rows"]
    ]
    blank = ["total", *[""] * len(told["by"])][: len(told["by"])]
    footer = [*blank, *figures(told["total"])] if told["total"] else []
    print_table([*told["by"], *numbers], rows, footer, numbers=numbers)


def _savings(told: Row) -> list[str]:
    found = told["baseline"]
    if found is None:
        return []
    share = "" if found["saved_share"] is None else f" ({found['saved_share']:.1%})"
    lines = [
        (
            f"With {found['model']} for everything: {dollars(found['cost_nusd'])}; paid {dollars(found['paid_nusd'])}; "
            f"saved {dollars(found['saved_nusd'])}{share}."
        )
    ]
    lines.append(
        f"  How: the same tokens at its price of each day, {count(found['compared_requests'])} requests; "
        f"{count(found['left_out_requests'])} with an unknown price are left out on both sides, and so are embeddings."
    )
    return lines


def _caches(caches: Row) -> list[str]:
    lines = [
        (
            f"Providers' caches saved {dollars(caches['provider_nusd'])} on {count(caches['provider_tokens'])} tokens; "
            f"Madang's own saved {dollars(caches['own_nusd'])} with {count(caches['own_hits'])} answers."
        )
    ]
    if caches["unpriced_tokens"]:
        lines.append(f"  {count(caches['unpriced_tokens'])} cached tokens have no known price.")
    return lines


def _waste(told: Row) -> list[str]:
    waste = told["waste"]
    return [
        (
            f"Attempts that brought no whole answer cost {dollars(waste['nusd'])}; "
            f"{count(waste['failed_requests'])} requests failed altogether."
        )
    ]
