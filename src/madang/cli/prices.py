"""`madang prices`: what models cost, and re-rating when a price is put right."""

import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypedDict, Unpack

import click
import msgspec

from madang.cli.options.assembled import assembled
from madang.cli.options.configuration import config_option, faults_told, read
from madang.cli.options.days import read_day
from madang.cli.options.office import HomeOffice, Row, chosen_gateway, place_options
from madang.cli.shown.printing import count, dollars, json_option, print_json, print_table
from madang.client import Gateway
from madang.ledger.corrections.rerate import RerateRequest, rerate, reratings
from madang.model import PriceRow, Rates
from madang.model.money import dollars as exact
from madang.pipeline.lane import Snapshot
from madang.server.administration.prices import PriceShown

_TOKENS = {
    "in": "input",
    "out": "output",
    "cache read": "cache_read",
    "write": "cache_write",
    "write 1h": "cache_write_1h",
    "audio in": "audio_input",
    "audio out": "audio_output",
}
_SUMS = ("attempts", "changed", "newly_priced", "unpriced")
_MONEY = ("before_nusd", "after_nusd", "difference_nusd")


class _Options(TypedDict):
    """The options of `rerate` as click gives them."""

    first: date | None
    last: date | None
    provider: str | None
    model: str | None
    reason: str
    dry_run: bool


@click.group("prices")
def command() -> None:
    """Show what models cost, and put costs right when a price was wrong."""


@command.command("list")
@click.option("--provider", help="Of this provider only.")
@config_option
@json_option
@place_options
def list_(
    provider: str | None, config: Path | None, home: Path, url: str | None, key: str | None, as_json: bool
) -> None:  # fmt: skip
    """List the prices that hold today.

    The configuration's own come before the catalogue's. With --url, those of a running gateway (its admin key).

    Example: madang prices list --provider openai
    """
    today = datetime.now(UTC).date()
    rows = [
        row
        for row in _known(chosen_gateway(url, key), config, home)
        if row.in_force(today) and provider in (None, row.provider)
    ]
    if as_json:
        print_json(_shown(rows))
    else:
        _print(rows, whole=False)


@command.command("show")
@click.argument("model")
@config_option
@json_option
@place_options
def show(
    model: str, config: Path | None, home: Path, url: str | None, key: str | None, as_json: bool
) -> None:
    """Show every price of a model: at each provider, past and to come, with its tiers and its source.

    Example: madang prices show gpt-4.1
    """
    rows = [row for row in _known(chosen_gateway(url, key), config, home) if row.model == model]
    if not rows:
        raise click.ClickException(f"No price of {model!r} is known: it is reported as unknown.")
    rows.sort(key=lambda row: (row.provider, row.valid_from))
    if as_json:
        print_json(_shown(rows))
        return
    _print(rows, whole=True)
    for row in rows:
        held = f"{row.valid_from} to {row.valid_to or 'now'}"
        click.echo(f"{row.id}: {held}, {row.source} read {row.retrieved}")
        if row.note:
            click.echo(f"  {row.note}")


@command.command("rerate")
@click.option(
    "--from", "first", metavar="DAY", callback=read_day, help="First day (UTC). Default: all."
)
@click.option("--to", "last", metavar="DAY", callback=read_day, help="Last day (UTC), included.")
@click.option("--provider", help="Of this provider only.")
@click.option("--model", help="Of this model only, by the name that usage shows.")
@click.option(
    "--reason", default="prices corrected", show_default=True, help="Noted with what is booked."
)
@click.option("--dry-run", is_flag=True, help="Show the difference, and book nothing.")
@config_option
@json_option
@place_options
def rerate_(
    config: Path | None,
    home: Path,
    url: str | None,
    key: str | None,
    as_json: bool,
    **options: Unpack[_Options],
) -> None:
    """Apply the prices known now to what was used before, and book the difference.

    Attempts stay as they were; usage, budgets and credit see the difference. A second run books nothing. A
    running gateway need not be stopped. With --url, by that gateway's prices (its admin key).

    Example: madang prices rerate --from 2026-11-01 --model gpt-4.1 --dry-run
    """
    asked = RerateRequest(
        from_day=options["first"],
        to_day=options["last"],
        provider=options["provider"],
        model=options["model"],
        reason=options["reason"],
        dry_run=options["dry_run"],
    )
    gateway = chosen_gateway(url, key)
    if gateway is not None:
        rows = gateway.call("POST", "/api/prices/rerate", _body(asked)).json()
    else:
        rows = _rerated_at_home(config, home, asked)
    if as_json:
        print_json(rows)
        return
    _print_differences(rows)
    if asked.dry_run:
        click.echo("Nothing was booked.")


@command.command("corrections")
@json_option
@place_options
def corrections(home: Path, url: str | None, key: str | None, as_json: bool) -> None:
    """Show what earlier re-rating changed, the latest first.

    Example: madang prices corrections
    """
    gateway = chosen_gateway(url, key)
    if gateway is not None:
        rows: list[Row] = gateway.get("/api/prices/reratings")
    else:
        office = HomeOffice(home)
        rows = [dict(row) for row in reratings(office.settled())]
        office.close()
    if as_json:
        print_json(rows)
        return
    columns = (
        "when",
        "who",
        "why",
        "day",
        "provider",
        "model",
        "changed",
        "before",
        "after",
        "difference",
    )
    print_table(
        columns, map(_correction, rows), numbers=columns[6:], empty="No price was corrected yet."
    )


def _correction(row: Row) -> list[str]:
    when = datetime.fromtimestamp(row["at_us"] // 1_000_000, UTC)
    facts = (row[name] for name in ("actor", "reason", "from_day", "provider", "model"))
    money = (dollars(row[name], 9) for name in _MONEY)
    return [f"{when:%Y-%m-%d %H:%M}", *facts, count(row["changed"]), *money]


def _body(asked: RerateRequest) -> Row:
    """As `POST /api/prices/rerate` takes it."""
    told = {"from": asked.from_day, "to": asked.to_day} | {
        name: getattr(asked, name) for name in ("provider", "model", "reason", "dry_run")
    }
    body: Row = msgspec.to_builtins({name: one for name, one in told.items() if one is not None})
    return body


def _rerated_at_home(config: Path | None, home: Path, asked: RerateRequest) -> list[Row]:
    find = _snapshot(config, home).price_known_as
    office = HomeOffice(home)
    try:
        found = rerate(office.settled(), find, asked, now_us=time.time_ns() // 1000)
    finally:
        office.close()
    return [{**msgspec.structs.asdict(one), "difference_nusd": one.nusd} for one in found]


def _known(gateway: Gateway | None, config: Path | None, home: Path) -> list[PriceRow]:
    if gateway is None:
        return list(_snapshot(config, home).prices)
    told = gateway.get("/api/prices")
    return [one.price for one in msgspec.convert(told, list[PriceShown])]


def _snapshot(config: Path | None, home: Path) -> Snapshot:
    with faults_told():
        return assembled(read(config, home))


def _shown(rows: list[PriceRow]) -> list[Row]:
    shown: list[Row] = msgspec.to_builtins([PriceShown(row.id, row) for row in rows])
    return shown


def _print(rows: list[PriceRow], *, whole: bool) -> None:
    """A line for each row; `whole`: also for each of its tiers and hours."""
    lines: list[tuple[str, str, Rates]] = []
    for row in rows:
        lines.append((row.id, "", row))
        if whole:
            lines += [("", f"over {tier.tokens:,}", tier) for tier in row.over]
            lines += [("", name, sheet) for name, sheet in row.service.items()]
            lines += [("", hours.name, hours) for hours in row.hours]
    which = ("which",) if whole else ()
    print_table(
        ("price", *which, *(f"{name} $/M" for name in _TOKENS), "other"),
        [
            (name, *((tier,) if whole else ()), *map(_figure, _figures(rates)), _others(rates))
            for name, tier, rates in lines
        ],
        numbers=[f"{name} $/M" for name in _TOKENS],
        empty="No price is known for that: what it costs is reported as unknown.",
    )


def _figures(rates: Rates) -> list[int | None]:
    return [getattr(rates, name) for name in _TOKENS.values()]


def _figure(nusd: int | None) -> str:
    return "-" if nusd is None else exact(nusd).rstrip("0").rstrip(".")


def _others(rates: Rates) -> str:
    """What is sold by something else than tokens."""
    return ", ".join(
        f"{_figure(price.nusd)} for {price.per:,} {name}" for name, price in rates.units.items()
    )


def _print_differences(rows: list[Row]) -> None:
    columns = (
        "provider",
        "model",
        "attempts",
        "changed",
        "newly priced",
        "unpriced",
        "before",
        "after",
        "difference",
    )

    def figures(row: Row) -> list[str]:
        return [*(count(row[name]) for name in _SUMS), *(dollars(row[name], 9) for name in _MONEY)]

    total = {name: sum(row[name] for row in rows) for name in (*_SUMS, *_MONEY)}
    cells = [[row["provider"], row["model"], *figures(row)] for row in rows]
    empty = "There is no answer in this period that was paid for by what it used."
    footer = ["total", "", *figures(total)]
    print_table(columns, cells, footer, numbers=columns[2:], empty=empty)
