"""`madang studio init`: a project to begin with."""

from importlib.resources import files
from pathlib import Path

import click

from madang_studio.cli.place import opened

_SAMPLES = ("brief.yaml", "batch.yaml")


@click.command("init")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def command(folder: Path) -> None:
    """Make a project in FOLDER, with a brief and a batch of themes to begin with. What is there stays.

    Example: madang studio init dramas
    """
    with opened(folder, create=True):
        pass
    for name in _SAMPLES:
        if not (folder / name).exists():
            (folder / name).write_text(_sample(name), encoding="utf-8")
    click.echo(f"{folder} is a studio project. Next:")
    click.echo(f"  cd {folder}")
    click.echo("  madang studio make brief.yaml      # one film")
    click.echo("  madang studio batch batch.yaml     # a film of each theme")


def _sample(name: str) -> str:
    return (files("madang_studio.cli") / "samples" / name).read_text(encoding="utf-8")
