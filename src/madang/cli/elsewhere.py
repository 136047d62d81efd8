"""Commands that other packages bring, found by entry points: the gateway does not know those packages."""

from importlib.metadata import entry_points

import click

GROUP = "madang.commands"
"""The group of entry points: the name of a command, and where it is."""


def load(name: str) -> click.Command:
    """The command of that name. Raises ClickException: nobody brings it, or what brings it is broken."""
    for found in entry_points(group=GROUP, name=name):
        try:
            command = found.load()
        except ImportError as error:
            raise click.ClickException(
                f"`madang {name}` cannot be loaded ({error}): install madang again, with all that it needs."
            ) from error
        if isinstance(command, click.Command):
            return command
    raise click.ClickException(
        f"`madang {name}` is not installed here. In a clone, `make run` installs it; "
        "elsewhere, install the package madang again."
    )
