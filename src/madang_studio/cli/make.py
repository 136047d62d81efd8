"""`madang studio make`: one film, to its end."""

from pathlib import Path
from typing import Any, get_args

import click

from madang_studio.batch.wanted import brief_of, read_brief
from madang_studio.cli.finishing import finish
from madang_studio.cli.place import access, drama_named, gateway_options, opened, project_option
from madang_studio.cli.printing import json_option
from madang_studio.errors import BadScript
from madang_studio.model.brief import Aspect, Brief
from madang_studio.store import Project

_ASPECTS = click.Choice(get_args(Aspect))


@click.command("make")
@click.argument("what", required=False)
@click.option("--theme", help="What it is about, in a sentence or two.")
@click.option("--genre", help="romance, comedy, drama, action, …; default drama.")
@click.option("--character", help="Who it is about.")
@click.option("--setting", help="Where and when.")
@click.option("--minutes", type=float, help="How long, about; default 1.")
@click.option("--language", help="What is spoken, e.g. ko; default en.")
@click.option("--captions", help="Languages of caption files, e.g. en,ja, or none; default en.")
@click.option(
    "--burned", help="The language of captions in the picture, or none; default what is spoken."
)
@click.option("--aspect", type=_ASPECTS, help="The shape of the film; default 9:16.")
@click.option("--exports", help="Other shapes to have it in, e.g. 16:9,1:1.")
@click.option("--gates", help="Where to stop for approval: script,storyboard,clips.")
@click.option("--budget", "budget_usd", type=float, help="Dollars it may cost at most.")
@click.option("--urgency", type=click.Choice(["low", "normal", "high"]), help="high: quick models.")
@click.option("--video", help="The model that films; default video:auto.")
@click.option("--speech", help="The model that speaks; default speech:auto.")
@click.option("--seed", type=int, help="Another number, another film; default 1.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to put the film. Default: the folder films of the project.",
)
@gateway_options
@project_option
@json_option
def command(
    what: str | None,
    folder: Path,
    url: str | None,
    key: str | None,
    out: Path | None,
    as_json: bool,
    **fields: Any,  # noqa: ANN401 - texts and numbers
) -> None:
    """Make a film to its end: of --theme, of a brief in a file (WHAT.yaml), or go on with a drama (WHAT, its id).

    Nothing that is there is made again, and nothing paid twice: the same command goes on where it was stopped. Without
    --url it starts a gateway of its own for as long as it takes, with the providers whose keys are in the environment;
    where there is none, the playground's stand-ins play, which is said.

    Example: madang studio make --theme "a lighthouse keeper's daughter comes home" --genre romance --language ko
    """
    said = {name: value for name, value in fields.items() if value is not None}
    with opened(folder, create=True) as project:
        brief = _brief(what, said)
        if brief is None:
            drama = drama_named(project, str(what))
            project.dramas.go_on(drama)
        else:
            drama = project.dramas.add(brief, name=_same(project, brief))
            project.dramas.go_on(drama)
            click.echo(f"Drama {drama} in {project.root.resolve()}", err=True)
        finish(project, drama, access(url, key), out, as_json=as_json)


def _brief(what: str | None, said: dict[str, Any]) -> Brief | None:
    """The brief that was given; None: an id was. Raises UsageError, BadScript."""
    if what is None:
        if "theme" not in said:
            raise click.UsageError("Give a --theme, a brief in a file, or the id of a drama.")
        try:
            return brief_of(said, "options")
        except BadScript as error:
            raise click.UsageError(str(error)) from error
    if said:
        raise click.UsageError(f"{what} says what is wanted; leave out --{next(iter(said))}.")
    named = what.endswith((".yaml", ".yml", ".json")) or Path(what).is_file()
    return read_brief(Path(what)) if named else None


def _same(project: Project, brief: Brief) -> str | None:
    """The drama that was begun with this very brief, if it is not given up."""
    found = (it.id for it in project.dramas.all() if it.brief == brief and it.state != "cancelled")
    return next(found, None)
