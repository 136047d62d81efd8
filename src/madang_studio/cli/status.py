"""`madang studio status`: how a drama stands, place by place, and why."""

from pathlib import Path

import click

from madang_studio.batch.overview import Overview, Part, overview
from madang_studio.cli.gate import say_shown
from madang_studio.cli.place import drama_named, opened, project_option
from madang_studio.cli.printing import json_option, money, print_json, print_table, short


@click.command("status")
@click.argument("drama", required=False)
@click.option("--all", "whole", is_flag=True, help="Show what is fresh, too.")
@project_option
@json_option
def command(drama: str | None, folder: Path, whole: bool, as_json: bool) -> None:
    """Show what of a DRAMA is fresh, stale, missing, waiting or failed, and why. Without DRAMA: of each, in short.

    Example: madang studio status 3f2a --all
    """
    with opened(folder) as project:
        names = [drama_named(project, drama)] if drama else [it.id for it in project.dramas.all()]
        found = [overview(project, name) for name in names]
        if drama and not as_json:
            _print(found[0], whole=whole)
            say_shown(project, names[0], found[0].to_approve)
    if as_json:
        print_json(found[0] if drama else found)
    elif not drama:
        print_table(
            ("drama", "state", "parts", "why"),
            [(it.drama, it.state, _parts(it), short(it.words or "", 100)) for it in found],
            empty="There is no drama yet: `madang studio make --theme …` begins one.",
        )


def _print(found: Overview, *, whole: bool) -> None:
    click.echo(
        f"{found.drama}: {found.state}, {_parts(found)}; paid {money(found.cost_nusd, found.unpriced)}"
    )
    if found.words:
        click.echo(found.words)
    for words in found.stand_ins:
        click.echo(f"Stand-in: {words}.")
    shown = [it for it in found.parts if whole or it.state != "fresh"]
    if not shown and found.whole:
        click.echo("Everything is there and up to date.")
        return
    print_table(("part", "state", "paid", "why"), [_row(it) for it in shown], numbers=("paid",))


def _row(part: Part) -> tuple[str, str, str, str]:
    paid = money(part.cost_nusd, part.unpriced) if part.cost_nusd or part.unpriced else "-"
    return part.place, part.state, paid, short("; ".join(part.why), 120)


def _parts(found: Overview) -> str:
    """`80 fresh, 3 stale`."""
    counts: dict[str, int] = {}
    for part in found.parts:
        counts[part.state] = counts.get(part.state, 0) + 1
    told = ", ".join(f"{number} {state}" for state, number in counts.items())
    return told if found.whole else f"{told}; more when the script is written"
