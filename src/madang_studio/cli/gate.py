"""What a gate shows, for people to look at before they approve it."""

import click

from madang_studio.batch.delivery import files_of
from madang_studio.batch.overview import Shown
from madang_studio.store import Project


def say_shown(project: Project, drama: str, shown: tuple[Shown, ...]) -> None:
    """Print the prompt of each shot, or where its clip is; nothing for a script, which has a command."""
    files = files_of(project, drama) if any(it.file for it in shown) else {}
    for it in shown:
        if it.file:
            click.echo(f"  {it.place}: {files[it.file]}")
        elif it.prompt:
            click.echo(f"  {it.place}:")
            click.echo("".join(f"    {line}\n" for line in it.prompt.splitlines()), nl=False)
