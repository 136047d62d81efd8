"""What commands print: tables for people, JSON for programs, and the words for money and time."""

import json
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

_PIPED_WIDTH = 200  # a pipe has no width: nothing should be cut off for it

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead.")


def print_json(value: object) -> None:
    """One JSON document."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    footer: Sequence[str] = (),
    *,
    numbers: Collection[str] = (),
    empty: str = "",
) -> None:
    """A table: the names of its columns, its rows, a last line; `numbers` are columns of figures.

    `empty` is said instead where there is no row.
    """
    rows = list(rows)
    if empty and not rows:
        click.echo(empty)
        return
    table = Table(box=SIMPLE_HEAD, show_footer=bool(footer), pad_edge=False)
    for name, last in zip_longest(columns, footer, fillvalue=""):
        justify: JustifyMethod = "right" if name in numbers else "left"
        table.add_column(name, Text(last), justify=justify, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console().print(table)


def console() -> Console:
    """The standard output, as wide as its terminal."""
    return Console(width=None if sys.stdout.isatty() else _PIPED_WIDTH, highlight=False)


def dollars(nusd: int | None, places: int = 6) -> str:
    """Nano-dollars as `$0.000123` or `-$1.50`, rounded half up for reading; `unknown` where no price is known."""
    if nusd is None:
        return "unknown"
    unit = 10 ** (9 - places)
    rounded = (
        abs(nusd) + unit // 2
    ) // unit  # whole numbers: a float has no room for nine decimals
    whole, decimals = divmod(rounded, 10**places)
    sign = "-" if nusd < 0 and rounded else ""
    return f"{sign}${whole:,}.{decimals:0{places}}"


def known_cost(row: Mapping[str, Any]) -> str:
    """What a sum of requests cost, as far as prices are known: `$0.000123`, `$0.000123 + unknown` or `unknown`."""
    nusd: int = row["cost_nusd"]
    if not row["unpriced_requests"]:
        return dollars(nusd)
    return f"{dollars(nusd)} + unknown" if nusd else "unknown"


def moment(at_s: int | None) -> str:
    """Unix seconds as `2026-11-20 09:15` in UTC; `never` for None."""
    return "never" if at_s is None else f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%d %H:%M}"


def count(number: int | None) -> str:
    """A number with its thousands marked; a dash where it is not known."""
    return "-" if number is None else f"{number:,}"
