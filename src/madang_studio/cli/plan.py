"""`madang studio plan`: what would be made, and what it would cost, before it is made."""

from pathlib import Path

import click

from madang_studio.cli.finishing import in_short, planned
from madang_studio.cli.place import drama_named, opened, project_option
from madang_studio.cli.printing import json_option, money, print_json, print_table, short, span
from madang_studio.graph.plan import Planned


@click.command("plan")
@click.argument("drama")
@project_option
@json_option
def command(drama: str, folder: Path, as_json: bool) -> None:
    """Show what of a DRAMA would be made now: why, for how much, in how long. Nothing is begun.

    Example: madang studio plan 3f2a
    """
    with opened(folder) as project:
        found = planned(project, drama_named(project, drama))
    if as_json:
        print_json(found)
        return
    if found.items:
        print_table(
            ("part", "cost", "time", "why"),
            [_row(item) for item in found.items],
            numbers=("cost", "time"),
        )
    click.echo(in_short(found))
    if found.kept:
        click.echo(
            f"If the new words fit as foretold, {len(found.kept)} clips stay: {', '.join(found.kept)}."
        )


def _row(item: Planned) -> tuple[str, str, str, str]:
    times = f" x{item.times}" if item.times > 1 else ""
    cost = money(item.estimate.nusd if item.estimate else None)
    seconds = span(item.estimate.seconds if item.estimate else None)
    return f"{item.place}{times}", cost, seconds, short("; ".join(item.why), 100)
