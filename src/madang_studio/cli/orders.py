"""`madang studio pause`, `resume` and `cancel`: whoever works on the project follows within a second."""

from pathlib import Path

import click

from madang_studio.batch.wanted import want_otherwise
from madang_studio.cli.finishing import finish
from madang_studio.cli.place import access, drama_named, gateway_options, opened, project_option
from madang_studio.cli.printing import json_option, print_json
from madang_studio.errors import StudioError
from madang_studio.runner import orders
from madang_studio.store import Project

_dramas = click.argument("dramas", nargs=-1, required=True)


@click.command("pause")
@_dramas
@project_option
@json_option
def pause(dramas: tuple[str, ...], folder: Path, as_json: bool) -> None:
    """Begin nothing new of DRAMAS; what runs is finished.

    Example: madang studio pause 3f2a
    """
    with opened(folder) as project:
        for drama in [drama_named(project, each) for each in dramas]:
            if not orders.pause(project, drama):
                raise StudioError(_not(project, drama, "paused"))
            _say(project, drama, as_json=as_json)


@click.command("resume")
@_dramas
@click.option("--make", "now", is_flag=True, help="And make them at once.")
@click.option(
    "--budget",
    type=click.FloatRange(0, min_open=True),
    help="Dollars each may cost from now on, in all.",
)
@click.option(
    "--pay-again", is_flag=True, help="Also what was charged, or may have been, and made nothing."
)
@click.option("--video", help="The model that films from now on, such as animatic.")
@click.option("--speech", help="The model that speaks from now on, such as scratch-voice.")
@click.option("--burned", help="The language of captions in the picture from now on, or none.")
@gateway_options
@project_option
@json_option
def resume(
    dramas: tuple[str, ...],
    folder: Path,
    now: bool,
    budget: float | None,
    pay_again: bool,
    as_json: bool,
    **said: str | None,
) -> None:
    """Let DRAMAS go on that were paused, cancelled, blocked or failed; what failed is tried again.

    Whoever has not what a drama needs may want it otherwise: with another model, a stand-in, or no captions in the
    picture. What that changes is made again.

    Example: madang studio resume 3f2a --video animatic --make
    """
    gateway = {name: said.pop(name) for name in ("url", "key")}
    with opened(folder) as project:
        for drama in [drama_named(project, each) for each in dramas]:
            if budget is not None:
                project.dramas.change(drama, budget_usd=budget)
            want_otherwise(project, drama, said)
            held = orders.resume(project, drama, pay_again=pay_again)
            if held and not as_json:
                click.echo(
                    f"Not asked for again, as it may be paid twice: {', '.join(held)}. Look at the "
                    "provider's own books; `--pay-again` accepts it."
                )
            if now:
                finish(project, drama, access(**gateway), None, as_json=as_json)
            else:
                _say(project, drama, as_json=as_json)


@click.command("cancel")
@_dramas
@project_option
@json_option
def cancel(dramas: tuple[str, ...], folder: Path, as_json: bool) -> None:
    """Give DRAMAS up: what runs is let go, what was made stays, and `resume` goes on where it was.

    Example: madang studio cancel 3f2a
    """
    with opened(folder) as project:
        for drama in [drama_named(project, each) for each in dramas]:
            if not orders.cancel(project, drama):
                raise StudioError(_not(project, drama, "cancelled"))
            _say(project, drama, as_json=as_json)


def _not(project: Project, drama: str, what: str) -> str:
    return f"Drama {drama} is {project.dramas.get(drama).state}: it cannot be {what}."


def _say(project: Project, drama: str, *, as_json: bool) -> None:
    state = project.dramas.get(drama).state
    if as_json:
        print_json({"drama": drama, "state": state})
    else:
        click.echo(f"{drama} is {state}.")
