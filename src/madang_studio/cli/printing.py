"""What commands print: tables for people, JSON for programs, and the words for money and time."""

import sys
from collections.abc import Collection, Iterable, Sequence

import click
import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

_PIPED_WIDTH = 200  # a pipe has no width: nothing should be cut off for it
_NUSD = 1_000_000_000

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead.")


def print_json(value: object) -> None:
    """One JSON document."""
    data = msgspec.json.encode(value, enc_hook=str)
    click.echo(msgspec.json.format(data, indent=2).decode())


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numbers: Collection[str] = (),
    empty: str = "",
) -> None:
    """A table: the names of its columns, its rows; `empty` is said instead where there is no row."""
    rows = list(rows)
    if not rows:
        click.echo(empty)
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        justify: JustifyMethod = "right" if name in numbers else "left"
        table.add_column(name, justify=justify, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    width = None if sys.stdout.isatty() else _PIPED_WIDTH
    Console(width=width, highlight=False).print(table)


def money(nusd: int | None, unpriced: int = 0) -> str:
    """`$1.42`, `$0.4213`, `$0.000042`, `nothing`, `unknown`; with what has no known price."""
    if nusd is None:
        return "unknown"
    if unpriced:
        return f"{money(nusd)} and {unpriced} requests without a known price"
    if nusd == 0:
        return "nothing"
    digits = 2 if nusd >= _NUSD else 4 if nusd >= _NUSD // 100 else 6
    return f"${nusd / _NUSD:,.{digits}f}"


def span(seconds: float | None) -> str:
    """`4 s`, `3 min 20 s`, `2 h 5 min`, `unknown`."""
    if seconds is None:
        return "unknown"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3_600} h {whole % 3_600 // 60} min"


def short(text: str, most: int = 60) -> str:
    """A text on one line, cut if it is long."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
