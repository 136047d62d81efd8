"""`madang models`: the names that can be asked for."""

import time
from pathlib import Path

import click

from madang.cli.options.configuration import config_option, faults_told, read
from madang.cli.options.office import Row, chosen_gateway, place_options
from madang.cli.shown.printing import count, dollars, json_option, print_json, print_table
from madang.client import Gateway
from madang.drills.playground import unstarted
from madang.pipeline.lane import Snapshot
from madang.routing.board import Board
from madang.server.process.assembly import assemble, ways_of

_NUMBERS = ("context", "in $/M", "out $/M")


@click.command("models")
@config_option
@json_option
@place_options
def command(
    config: Path | None, home: Path, url: str | None, key: str | None, as_json: bool
) -> None:
    """List the models that can be asked for.

    Prices are today's list prices in dollars per million tokens, at the provider that is tried first. With --url,
    what the key may use there.

    Example: madang models --config madang.yaml
    """
    gateway = chosen_gateway(url, key)
    if gateway is not None:
        rows = _of_gateway(gateway)
    else:
        with faults_told():
            rows = _of_configuration(config, home)
    if as_json:
        print_json(rows)
        return
    print_table(
        ("model", "providers", *_NUMBERS),
        [
            (
                row["name"],
                ", ".join(row["providers"] or ["-"]),
                count(row["context_window"]),
                _price(row["input_nusd_per_million"]),
                _price(row["output_nusd_per_million"]),
            )
            for row in rows
        ],
        numbers=_NUMBERS,
    )


def _price(nusd: int | None) -> str:
    return "-" if nusd is None else dollars(nusd, 2 if nusd % 10_000_000 == 0 else 4)


def _of_gateway(gateway: Gateway) -> list[Row]:
    """Prices and providers are None: the list of a running gateway does not tell them."""
    return [
        _row(model["id"], context_window=model.get("context_window"))
        for model in gateway.get("/v1/models")["data"]
    ]


def _of_configuration(config: Path | None, home: Path) -> list[Row]:
    """Raises ConfigError, ProviderProblem or UnknownModel where the configuration is wrong."""
    found = read(config, home)
    providers = found.providers or unstarted()
    settings = found.settings
    board, ways = Board(), ways_of(settings)
    snapshot = assemble(
        settings.models, providers, found.catalog, board, settings.prices, ways=ways
    )
    at_us = time.time_ns() // 1000
    return [_named(snapshot, name, at_us) for name in snapshot.directory.names()]


def _named(snapshot: Snapshot, name: str, at_us: int) -> Row:
    targets = snapshot.directory.lookup(name).targets
    first = targets[0]
    known = snapshot.catalog.models.get(first.canonical or "")
    price = snapshot.price_row(first, at_us)
    return _row(
        name,
        providers=list(dict.fromkeys(target.provider for target in targets)),
        context_window=known.context_window if known else None,
        can=sorted(set(known.features) - first.lacks) if known else None,
        cannot=sorted(first.lacks) if known or first.lacks else None,
        input_nusd_per_million=price.input if price else None,
        output_nusd_per_million=price.output if price else None,
        price=price.id if price else None,
    )


def _row(name: str, **known: object) -> Row:
    """One model; what is not known of it is None."""
    unknown = dict.fromkeys(
        (
            "providers",
            "context_window",
            "can",
            "cannot",
            "input_nusd_per_million",
            "output_nusd_per_million",
            "price",
        )
    )
    return {"name": name, **unknown, **known}
