"""`madang studio export`: a film in another shape, too."""

from pathlib import Path
from typing import get_args

import click
import msgspec

from madang_studio.cli.finishing import finish
from madang_studio.cli.place import access, drama_named, gateway_options, opened, project_option
from madang_studio.cli.printing import json_option
from madang_studio.model.brief import Aspect


@click.command("export")
@click.argument("drama")
@click.option(
    "--aspect",
    "aspects",
    type=click.Choice(get_args(Aspect)),
    multiple=True,
    help="A shape; may be repeated.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to put the films. Default: the folder films of the project.",
)
@gateway_options
@project_option
@json_option
def command(
    drama: str,
    folder: Path,
    aspects: tuple[Aspect, ...],
    out: Path | None,
    as_json: bool,
    **gateway: str | None,
) -> None:
    """Have a DRAMA in other shapes, too, from the clips that are there, and hand all files over again.

    Example: madang studio export 3f2a --aspect 1:1 --aspect 16:9
    """
    with opened(folder) as project:
        name = drama_named(project, drama)
        brief = project.dramas.get(name).brief
        exports = tuple(dict.fromkeys((*brief.exports, *aspects)))
        if exports != brief.exports:
            wanted = msgspec.structs.replace(brief, exports=exports)
            project.dramas.change(name, brief=wanted)
        finish(project, name, access(**gateway), out, as_json=as_json)
