"""`madang studio plan`: what would be made, and what it would cost, before it is made."""

from pathlib import Path

import click
import msgspec

from madang_studio.batch.work import gateway_for, preflight_at
from madang_studio.cli.finishing import in_short, planned
from madang_studio.cli.place import access, drama_named, gateway_options, opened, project_option
from madang_studio.cli.printing import json_option, money, print_json, print_table, short, span
from madang_studio.errors import StudioError
from madang_studio.graph.plan import Plan, Planned
from madang_studio.graph.survey import survey
from madang_studio.runner import Needs, Preflight, needs_of


@click.command("plan")
@click.argument("drama")
@gateway_options
@project_option
@json_option
def command(drama: str, folder: Path, as_json: bool, **gateway: str | None) -> None:
    """Show what of a DRAMA would be made now: why, for how much, in how long. Nothing is begun.

    The gateway is asked for its prices, and whether it has somebody for all of it. Exit status 1 if something is
    missing that a person has to provide: a provider, a font, a program, room on the disk.

    Example: madang studio plan 3f2a
    """
    with opened(folder) as project:
        seen = survey(project, drama_named(project, drama))
        found, lack = planned(project, seen.drama), None
        if not seen.done:
            with gateway_for(project, access(**gateway)) as asked:
                found = planned(project, seen.drama, asked.prices() if asked else {})
                lack = _lack(preflight_at(project, asked), needs_of(seen))
    if as_json:
        print_json({**msgspec.to_builtins(found), "missing": lack})
    else:
        _print(found)
    if lack:
        raise click.ClickException(lack)


def _lack(preflight: Preflight, needs: Needs) -> str | None:
    """What stands in the way, in words."""
    try:
        preflight.check(needs)
    except StudioError as error:
        return str(error)
    return None


def _print(found: Plan) -> None:
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
