"""`madang studio retake`: a shot or a voice once more, or an earlier take of it."""

from datetime import UTC, datetime
from pathlib import Path

import click

from madang_studio.cli.finishing import finish, in_short, planned
from madang_studio.cli.place import access, drama_named, gateway_options, opened, project_option
from madang_studio.cli.printing import json_option, print_json, print_table
from madang_studio.errors import StudioError
from madang_studio.runner import orders
from madang_studio.store import Project


@click.command("retake")
@click.argument("drama")
@click.argument("shot")
@click.option("--take", type=click.IntRange(1), help="Pick this earlier take instead of a new one.")
@click.option("--takes", is_flag=True, help="List the takes there are, and do nothing.")
@click.option("--make", "now", is_flag=True, help="And make what depends on it at once.")
@gateway_options
@project_option
@json_option
def command(
    drama: str,
    shot: str,
    folder: Path,
    take: int | None,
    takes: bool,
    now: bool,
    as_json: bool,
    **gateway: str | None,
) -> None:
    """Have a SHOT (1.2) of a DRAMA filmed again, or a line spoken again (voice/1.2). Earlier takes are kept.

    With --take N an earlier one stands there again, whatever has changed since; it costs nothing.

    Example: madang studio retake 3f2a 1.2 --make
    """
    place = shot if "/" in shot else f"clip/{shot}"
    with opened(folder) as project:
        name = drama_named(project, drama)
        if takes:
            _list(project, name, place, as_json=as_json)
            return
        number = _pick(project, name, place, take) if take else _again(project, name, place)
        if not as_json:
            click.echo(f"{place}: take {number}. {in_short(planned(project, name))}", err=True)
        if now:
            finish(project, name, access(**gateway), None, as_json=as_json)
        elif as_json:
            print_json({"place": place, "take": number, "plan": planned(project, name)})


def _again(project: Project, drama: str, place: str) -> int:
    orders.retake(project, drama, place)
    return len(project.shelf.takes(drama, place)) + 1


def _pick(project: Project, drama: str, place: str, take: int) -> int:
    versions = project.shelf.takes(drama, place)
    if take > len(versions):
        raise StudioError(f"{place} of drama {drama} has {len(versions)} takes, not {take}.")
    orders.pick(project, drama, place, versions[take - 1].stamp)
    return take


def _list(project: Project, drama: str, place: str, *, as_json: bool) -> None:
    versions, now = project.shelf.takes(drama, place), project.shelf.now(drama).get(place)
    rows = [
        {"take": number, "stamp": it.stamp, "made": it.at, "now": it.stamp == now}
        for number, it in enumerate(versions, 1)
    ]
    if as_json:
        print_json(rows)
        return
    print_table(
        ("take", "made (UTC)", "stands there", "version"),
        [
            (
                str(number),
                f"{datetime.fromtimestamp(it.at, UTC):%Y-%m-%d %H:%M:%S}",
                "now" if it.stamp == now else "",
                it.stamp[:12],
            )
            for number, it in enumerate(versions, 1)
        ],
        numbers=("take",),
        empty=f"{place} was never made.",
    )
