"""`madang import litellm`: another gateway's configuration as ours, with a report of every setting."""

from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from madang import catalog as catalogue
from madang.cli.shown.printing import json_option, print_json
from madang.config.parsing.tree import MAX_BYTES
from madang.config.problems import ConfigError
from madang.migration import Row, Translation, translate_litellm

_MARKS = {"carried": "carried", "changed": "changed", "left": "not carried"}
_COLOURS = {"carried": "green", "changed": "yellow", "left": "red"}


@click.command("litellm")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the configuration there, instead of to standard output. It must not exist yet.",
)
@json_option
def litellm(file: Path, out: Path | None, as_json: bool) -> None:
    """Make a configuration of LiteLLM's config.yaml, FILE.

    What became of each setting is told on standard error: carried over, changed, or not carried over and what to do
    instead. Keys that stand in the file are not copied: they become variables of the environment.

    Example: madang import litellm config.yaml --out madang.yaml
    """
    made = _translated(file)
    if out is not None:
        _write(out, made.text)
    if as_json:
        print_json(msgspec.to_builtins(made))
        return
    if out is None:
        click.echo(made.text, nl=False)
    _report(made, out)


def _translated(file: Path) -> Translation:
    try:
        with file.open("rb") as opened:
            text = opened.read(MAX_BYTES + 1).decode()
        return translate_litellm(text, catalogue.load(), file.name)
    except UnicodeDecodeError as problem:
        raise click.ClickException(f"{file} is not UTF-8 text.") from problem
    except OSError as problem:
        raise click.ClickException(f"{file} cannot be read: {problem.strerror}.") from problem
    except ConfigError as problem:
        raise click.ClickException(str(problem)) from problem


def _write(out: Path, text: str) -> None:
    """Make a new file; one that is there is somebody's work."""
    try:
        with out.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError as problem:
        raise click.ClickException(f"{out} exists; give another --out.") from problem
    except OSError as problem:
        raise click.ClickException(f"{out} cannot be written: {problem.strerror}.") from problem


def _report(made: Translation, out: Path | None) -> None:
    for row in made.rows:
        mark = click.style(f"{_MARKS[row.verdict]:11}", fg=_COLOURS[row.verdict])
        click.echo(f"{mark} line {row.line:<4} {row.path}{_told(row)}", err=True)
    click.echo(f"\n{_sums(made.rows)}", err=True)
    if made.variables:
        click.echo("\nSet in the environment before the start:", err=True)
    for variable in made.variables:
        click.echo(f"  {variable.name}: {variable.told}", err=True)
    for note in made.notes:
        click.echo(f"\n{note}", err=True)
    if out is not None:
        click.echo(f"\nNext: madang doctor --config {out}", err=True)


def _told(row: Row) -> str:
    return f": {row.told}" if row.told else ""


def _sums(rows: Sequence[Row]) -> str:
    counts = {verdict: sum(row.verdict == verdict for row in rows) for verdict in _MARKS}
    return ", ".join(f"{count} {_MARKS[verdict]}" for verdict, count in counts.items())
