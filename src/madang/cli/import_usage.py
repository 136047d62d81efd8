"""`madang import usage`: another system's usage, read from its CSV file and kept beside the ledger."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypedDict, TypeVar, Unpack

import click
import msgspec

from madang import catalog as catalogue
from madang.cli.offices.whatif_input import opened
from madang.cli.options.home import home_option
from madang.cli.shown.printing import count, dollars, json_option, print_json
from madang.whatif.imports.cells import read_zone
from madang.whatif.imports.formats import NAMES, Name, read_given
from madang.whatif.imports.kept import check_name, keep
from madang.whatif.imports.reading import Layout, UsageFile
from madang.whatif.past import Past

R = TypeVar("R")


class _Options(TypedDict):
    """The options as click gives them."""

    name: str | None
    replace: bool
    form: Name | None
    map_columns: str
    zone: str
    home: Path


class Summed(msgspec.Struct):
    """What was imported: rows, their known cost in nano-dollars, and how many have none."""

    rows: int = 0
    cost_nusd: int = 0
    unknown_costs: int = 0

    def counting(self, rows: Iterator[Past]) -> Iterator[Past]:
        """The rows, counted as they go by."""
        for row in rows:
            self.rows += 1
            self.cost_nusd += row.cost_nusd or 0
            self.unknown_costs += row.cost_nusd is None
            yield row


def csv_options(function: Callable[..., R]) -> Callable[..., R]:
    """Give a command `--format`, `--map-columns` and `--zone`; see `layout_of`."""
    for option in (
        click.option(
            "--zone",
            default="UTC",
            show_default=True,
            help="The time zone of times that name none, e.g. Asia/Seoul or +09:00.",
        ),
        click.option(
            "--map-columns",
            metavar="FIELD=COLUMN,…",
            default="",
            help="Columns under other names, e.g. time=created_at,cost=usd.",
        ),
        click.option(
            "--format",
            "form",
            type=click.Choice(["auto", *NAMES]),
            default="auto",
            show_default=True,
            callback=lambda _, __, value: None if value == "auto" else value,
            help="Whose CSV file it is.",
        ),
    ):
        function = option(function)
    return function


def layout_of(form: Name | None, map_columns: str, zone: str) -> Layout:
    """How to read a file, by these options. Raises InvalidRequest."""
    return Layout(format=form, given=read_given(map_columns), zone=read_zone(zone))


@click.command("usage")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--name", help="What to call it. Default: the file's name.")
@click.option("--replace", is_flag=True, help="Replace an import of that name.")
@csv_options
@json_option
@home_option
def usage(file: Path, as_json: bool, **options: Unpack[_Options]) -> None:
    """Read another system's usage from a CSV file and keep it for `madang whatif --import`.

    It never mixes with the ledger: it is in no report, no budget and no bill. Rows that are not understood are listed
    with their lines, and left out.

    Example: madang import usage spend_logs.csv --name litellm-october --format litellm
    """
    name = check_name(options["name"] or file.stem)
    layout = layout_of(options["form"], options["map_columns"], options["zone"])
    summed = Summed()
    with opened(file, layout, catalogue.load()) as (found, rows):
        keep(options["home"], name, summed.counting(rows), replace=options["replace"])
    if as_json:
        facts = {"name": name, "format": found.columns.format, **msgspec.to_builtins(summed)}
        faults = msgspec.to_builtins(found.faults)
        print_json({**facts, "unread_rows": found.unread, "faults": faults})
    else:
        _print(name, found, summed)
    if not summed.rows:
        raise click.ClickException("No row of the file was understood.")


def _print(name: str, found: UsageFile, summed: Summed) -> None:
    click.echo(
        f"{name}: {count(summed.rows)} requests as {found.columns.format} has them, {dollars(summed.cost_nusd)};"
        f" {count(summed.unknown_costs)} say no cost."
    )
    print_faults(found)
    click.echo(f"Next: madang whatif --import {name}")


def print_faults(found: UsageFile) -> None:
    """The rows that were left out, on standard error."""
    if found.unread:
        click.echo(f"{count(found.unread)} rows were not understood and are left out:", err=True)
    for fault in found.faults:
        click.echo(f"  line {fault.line}: {fault.reason}", err=True)
    if found.unread > len(found.faults):
        click.echo(f"  and {count(found.unread - len(found.faults))} more", err=True)
