"""`madang studio approve`: let work go on behind a gate."""

from pathlib import Path
from typing import get_args

import click

from madang_studio.cli.finishing import finish
from madang_studio.cli.place import access, drama_named, gateway_options, opened, project_option
from madang_studio.cli.printing import json_option, print_json
from madang_studio.model.brief import Gate
from madang_studio.runner import orders


@click.command("approve")
@click.argument("drama")
@click.argument("gate", type=click.Choice(get_args(Gate)))
@click.option(
    "--part", "parts", multiple=True, help="Only this one of what it shows, e.g. clip/1.2."
)
@click.option("--make", "now", is_flag=True, help="And go on at once.")
@gateway_options
@project_option
@json_option
def command(
    drama: str,
    gate: Gate,
    folder: Path,
    parts: tuple[str, ...],
    now: bool,
    as_json: bool,
    **gateway: str | None,
) -> None:
    """Approve what a GATE of a DRAMA shows now. What changes afterwards waits again.

    Example: madang studio approve 3f2a script --make
    """
    with opened(folder) as project:
        name = drama_named(project, drama)
        count = orders.approve(project, name, gate, parts or None)
        if not as_json:
            click.echo(f"Approved: {count} of {gate}.", err=True)
        if now:
            finish(project, name, access(**gateway), None, as_json=as_json)
        elif as_json:
            print_json({"drama": name, "gate": gate, "approved": count})
