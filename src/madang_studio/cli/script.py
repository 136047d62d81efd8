"""`madang studio script`: a drama's script out of the studio as a file, and back in with changes."""

from pathlib import Path

import click

from madang_studio.batch.rewriting import Taken, script_now, take_in
from madang_studio.cli.finishing import finish, in_short, planned
from madang_studio.cli.place import access, drama_named, gateway_options, opened, project_option
from madang_studio.cli.printing import json_option, print_json
from madang_studio.errors import BadScript
from madang_studio.store import Project
from madang_studio.store.objects import room
from madang_studio.writing.script_file import json_of, yaml_of


@click.command("script")
@click.argument("drama")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write it there, as YAML (or .json).",
)
@click.option(
    "--in",
    "back",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Take a changed one in.",
)
@click.option("--make", "now", is_flag=True, help="With --in: and make what depends on it at once.")
@gateway_options
@project_option
@json_option
def command(
    drama: str,
    folder: Path,
    out: Path | None,
    back: Path | None,
    now: bool,
    as_json: bool,
    **gateway: str | None,
) -> None:
    """Write the script of a DRAMA to standard output or a file, or take a changed one in.

    What has changed is found line by line, by ids, and `plan` says what it makes again. A file that says nothing of an
    earlier change takes it back.

    Example: madang studio script 3f2a --out script.yaml
    """
    if out and back:
        raise click.UsageError("Give either --out or --in.")
    if now and not back:
        raise click.UsageError("--make goes with --in.")
    with opened(folder) as project:
        name = drama_named(project, drama)
        if back is None:
            _write(project, name, out, as_json=as_json)
            return
        taken = take_in(project, name, _read(back), back.name)
        _say(project, name, taken, as_json=as_json and not now)
        if now:
            finish(project, name, access(**gateway), None, as_json=as_json)


def _write(project: Project, drama: str, out: Path | None, *, as_json: bool) -> None:
    script = script_now(project, drama)
    as_json = as_json or (out is not None and out.suffix == ".json")
    text = json_of(script) if as_json else yaml_of(script)
    if out is None:
        click.echo(text, nl=False)
        return
    with room(out):
        out.write_text(text, encoding="utf-8")
    click.echo(f"{out}: change it, then `madang studio script {drama} --in {out}`.")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadScript(f"{path} is no UTF-8 text: save it as UTF-8.") from error
    except OSError as error:
        raise BadScript(f"{path} cannot be read: {error.strerror}.") from error


def _say(project: Project, drama: str, taken: Taken, *, as_json: bool) -> None:
    found = planned(project, drama)
    if as_json:
        print_json({"changed": taken, "plan": found})
        return
    if not taken:
        click.echo("Nothing is different.", err=True)
        return
    told = [*(f"line {it}" for it in taken.lines), *taken.characters, *taken.places, *taken.others]
    click.echo(f"Changed: {', '.join(told)}. {in_short(found)}", err=True)
    click.echo(
        f"`madang studio plan {drama}` shows what, `madang studio make {drama}` makes it.", err=True
    )
