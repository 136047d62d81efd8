"""`madang usage`: what was used and what it cost."""

from datetime import UTC, date, datetime

import click

from madang.cli.options.office import Office, Row, at_office
from madang.cli.shown.printing import count, json_option, known_cost, print_json, print_table
from madang.client import GatewayError

_SUMMED = (
    "requests",
    "failed_requests",
    "unpriced_requests",
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "cost_nusd",
)


def _day(_: click.Context, __: click.Parameter, value: str | None) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise click.BadParameter("a day looks like 2026-11-20") from None


@click.command("usage")
@click.option("--month", is_flag=True, help="This month so far; what is shown without --from, too.")
@click.option(
    "--from", "first", metavar="DAY", callback=_day, help="First day (UTC), e.g. 2026-11-01."
)
@click.option(
    "--to", "last", metavar="DAY", callback=_day, help="Last day (UTC), included. Default: today."
)
@click.option(
    "--by",
    metavar="LIST",
    default="model",
    show_default=True,
    help="A row for each: model, asked_model, provider, key, account, day, month, hour, task, tag or tag:NAME; "
    "several with commas.",
)
@json_option
@at_office
def command(
    office: Office, month: bool, first: date | None, last: date | None, by: str, as_json: bool
) -> None:
    """Show what was used and what it cost.

    From --home, of all keys; with --url, of the key given (of all, if it is the admin key). Costs are sums of exact
    prices; a request whose price is unknown is counted, and not part of them.

    Example: madang usage --from 2026-11-01 --to 2026-11-15 --by day,model
    """
    if month and (first or last):
        raise click.UsageError("--month names the days already; leave out --from and --to.")
    today = datetime.now(UTC).date()
    first, last = first or today.replace(day=1), last or today
    if first > last:
        raise click.UsageError(f"--from {first} is after --to {last}.")
    dimensions = [part.strip() for part in by.split(",") if part.strip()]
    rows = office.usage(first, last, dimensions)
    # rows by tag do not add up: a request with two tags is in two of them
    total = _total(
        rows if not any(map(_is_tag, dimensions)) else office.usage(first, last, ["model"])
    )
    if as_json:
        head = {"from": first, "to": last, "by": dimensions}
        print_json({**head, "rows": rows, "total": total})
        return
    if "key" in dimensions:
        names = _key_names(office)
        rows = [{**row, "key": f"{names.get(row['key'], '')} {row['key']}".strip()} for row in rows]
    click.echo(f"Usage from {first} to {last} (UTC)")
    _print(dimensions, rows, total)
    if total["unpriced_requests"]:
        click.echo(
            f"Requests without a known price, not in the cost: {count(total['unpriced_requests'])}."
        )


def _key_names(office: Office) -> dict[str, str]:
    """The names of keys by id; none for a key that may not list them."""
    try:
        return {key["id"]: key["name"] for key in office.list_keys()}
    except GatewayError as error:
        if error.status != 403:
            raise
        return {}


def _is_tag(dimension: str) -> bool:
    return dimension.partition(":")[0] == "tag"


def _total(rows: list[Row]) -> Row:
    total: Row = {name: sum(row[name] for row in rows) for name in _SUMMED}
    return {**total, "cost": total["cost_nusd"] / 1e9}


def _print(dimensions: list[str], rows: list[Row], total: Row) -> None:
    figures = {
        "requests": "requests",
        "failed": "failed_requests",
        "in": "input_tokens",
        "out": "output_tokens",
    }
    numbers = [*figures, "cost"]

    def figures_of(row: Row) -> list[str]:
        return [*(count(row[name]) for name in figures.values()), known_cost(row)]

    cells = [[_named(row[name]) for name in dimensions] + figures_of(row) for row in rows]
    blank = ["total", *[""] * len(dimensions)][: len(dimensions)]
    print_table([*dimensions, *numbers], cells, [*blank, *figures_of(total)], numbers=numbers)


def _named(value: str | None) -> str:
    return "(none)" if value is None else str(value)
