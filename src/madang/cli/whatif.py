"""`madang whatif`: what a period would have cost under another configuration."""

import os
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypedDict, Unpack

import click
import msgspec

from madang.cli.import_usage import csv_options, layout_of
from madang.cli.offices.whatif_input import Input, at_home, of_csv, of_gateway, of_import
from madang.cli.options.configuration import Configuration, faults_told, read
from madang.cli.options.days import days_options
from madang.cli.options.office import chosen_gateway, place_options
from madang.cli.shown.printing import json_option, print_json
from madang.cli.shown.whatif import print_report
from madang.client import Gateway
from madang.errors import InvalidRequest
from madang.pipeline.lane import Snapshot
from madang.routing.board import Board
from madang.server.process.assembly import assemble, ways_of
from madang.whatif.change import Change, Period, read_mix, read_moves, read_share
from madang.whatif.configured import Configured
from madang.whatif.imports.formats import Name
from madang.whatif.limiting import Doorkeeper
from madang.whatif.past import requests
from madang.whatif.places import Known, Place
from madang.whatif.replay import Replay
from madang.whatif.report import Report
from madang.whatif.telling import Facts, report

_DAYS = 30
_MOST_MS = 86_400_000


class _Options(TypedDict):
    """The options as click gives them."""

    config: Path | None
    first: date | None
    last: date | None
    mix: str | None
    moves: tuple[str, ...]
    cache_hit_rate: str
    scale_tokens: bool
    reroute: bool
    latency: tuple[str, ...]
    imported: str | None
    usage: Path | None
    form: Name | None
    map_columns: str
    zone: str
    home: Path
    url: str | None
    key: str | None


@click.command("whatif")
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The configuration to try: its routes, prices, limits and budgets. Default: the one in force.",
)
@click.option(
    "--mix",
    metavar="MODEL=SHARE,…",
    help="Spread everything over these models, e.g. gpt-4.1=50,gemini-2.5-flash=50.",
)
@click.option(
    "--map",
    "moves",
    metavar="MODEL=MODEL",
    multiple=True,
    help="The model on the right in the place of the one on the left; may be repeated.",
)
@click.option(
    "--cache-hit-rate",
    metavar="SHARE",
    default="0",
    help="The share of requests that a cache answers beside those that it did, e.g. 0.2.",
)
@click.option(
    "--scale-tokens", is_flag=True, help="Scale tokens by how families of models count them."
)
@click.option(
    "--reroute",
    is_flag=True,
    help="Send everything where the configuration leads first, also by routes that are as they were.",
)
@click.option(
    "--latency",
    metavar="MODEL=P50/P99",
    multiple=True,
    help="Milliseconds of a model for which the ledger has none, e.g. gemini-2.5-flash=180/450.",
)
@click.option(
    "--import", "imported", metavar="NAME", help="Replay an import instead of the ledger."
)
@click.option(
    "--usage",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Replay another system's CSV file, without importing it.",
)
@csv_options
@json_option
@days_options
@place_options
def command(as_json: bool, **options: Unpack[_Options]) -> None:
    """Replay a period against another configuration: what it would have cost, and whom limits would have refused.

    The period is that of the ledger's last 30 days, or all of an import. With --url it needs the admin key; the
    configuration is read here. Nothing is sent to any provider.

    Example: madang whatif --mix gpt-4.1=20,deepseek-v3.2=80 --from 2026-11-01
    """
    change = Change(
        mix=read_mix(options["mix"]) if options["mix"] else (),
        moves=read_moves(options["moves"]),
        cache_hit_rate=read_share(options["cache_hit_rate"]),
        by_family=options["scale_tokens"],
    )
    told = _replayed(change, options)
    if as_json:
        print_json(msgspec.to_builtins(told))
    else:
        print_report(told)


def _replayed(change: Change, options: _Options) -> Report:
    if options["imported"] and options["usage"]:
        raise click.UsageError("--import and --usage name two inputs; give one of them.")
    gateway = chosen_gateway(options["url"], options["key"])
    tried, before = _snapshots(options)
    foreign = bool(options["imported"] or options["usage"] or gateway or options["reroute"])
    world = Configured(_made(tried), None if foreign else _made(before))
    for name in change.names:
        world.check(name)
    stated = {
        place: known for text in options["latency"] for place, known in [_latency(text, world)]
    }
    with _input(options, tried, gateway) as given:
        door = Doorkeeper(given.bounds)
        replay = Replay(world, change, door)
        for attempts in requests(given.rows):
            replay.take(attempts)
        facts = Facts(
            period=given.period,
            source=given.source,
            is_ledger=given.is_ledger,
            knows_before=not foreign,
            corrections_nusd=given.corrections_nusd,
            unread_lines=given.file.unread if given.file else 0,
            elsewhere={**stated, **given.elsewhere},
        )
        return report(replay, door, change, facts)


def _snapshots(options: _Options) -> tuple[Configuration, Configuration]:
    """The configuration that is tried, and the one in force."""
    named = os.environ.get("MADANG_CONFIG")
    with faults_told():
        before = read(Path(named) if named else None, options["home"])
        tried = read(options["config"], options["home"]) if options["config"] else before
    return tried, before


def _made(found: Configuration) -> Snapshot:
    with faults_told():
        settings = found.settings
        board, ways = Board(), ways_of(settings)
        return assemble(
            settings.models, found.providers, found.catalog, board, settings.prices, ways=ways
        )


def _input(
    options: _Options, tried: Configuration, gateway: Gateway | None
) -> AbstractContextManager[Input]:
    days = (options["first"], options["last"])
    settings = tried.settings
    if options["usage"]:
        layout = layout_of(options["form"], options["map_columns"], options["zone"])
        return of_csv(options["usage"], layout, tried.catalog, days, settings)
    if options["imported"]:
        return nullcontext(of_import(options["home"], options["imported"], days, settings))
    last = days[1] or datetime.now(UTC).date()
    first = days[0] or last - timedelta(days=_DAYS)
    if first > last:
        raise click.UsageError(f"--from {first} is after --to {last}.")
    period = Period(first, last)
    if gateway is not None:
        return nullcontext(of_gateway(gateway, period, settings))
    return at_home(options["home"], period, settings)


def _latency(text: str, world: Configured) -> tuple[Place, Known]:
    """A stated latency, under any provider."""
    model, _, figures = text.rpartition("=")
    p50, _, p99 = figures.partition("/")
    if not (model and p50.isdecimal() and p99.isdecimal() and int(p50) <= int(p99) <= _MOST_MS):
        raise InvalidRequest(
            f"--latency takes MODEL=P50/P99 in milliseconds, such as gpt-4.1=620/1800; not {text[:100]!r}."
        )
    return ("", world.canonical(model)), Known(int(p50) * 1000, int(p99) * 1000, "stated")
