"""`madang studio`: one file per command; each parses, calls one function, prints.

A command's file is imported only when the command runs. Exit status: 0 success, 1 failure, 2 usage.
"""

import importlib
from typing import Any

import click

from madang_studio.errors import StudioError

COMMANDS = {
    "init": "Make a project, with a brief and a batch to begin with.",
    "make": "Make a film to its end, or go on with one.",
    "batch": "Make hundreds of dramas from a file of themes.",
    "list": "List the dramas of the project.",
    "status": "Show what is there, stale, missing, waiting or failed, and why.",
    "plan": "Show what would be made now, and what it would cost.",
    "script": "Write a script to a file, or take a changed one in.",
    "retake": "Have a shot made again, or pick an earlier take.",
    "approve": "Approve what a gate shows.",
    "export": "Have a film in another shape, too.",
    "pause": "Begin nothing new of a drama.",
    "resume": "Let a drama go on, and try again what failed.",
    "cancel": "Give a drama up; what was made stays.",
    "serve": "Serve the studio over HTTP.",
    "demo": "Show it working: a little film, one line changed, without a key.",
}
"""Command → its one-line help."""

_FILES = {"list": "listing", "pause": "orders", "resume": "orders", "cancel": "orders"}
"""The files of those that are not in one of their own name."""


class _Lazy(click.Group):
    """A group whose commands are imported when they are asked for, and whose failures are told."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        file = _FILES.get(cmd_name, cmd_name)
        module = importlib.import_module(f"madang_studio.cli.{file}")
        command: click.Command = getattr(module, cmd_name if file == "orders" else "command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """The table itself, without importing any command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        """Run a command; a failure that the studio knows is told in its own words."""
        try:
            return super().invoke(ctx)
        except StudioError as error:
            raise click.ClickException(str(error)) from error


@click.command(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Make short dramas: from a theme to a film with voices, music and captions.

    `madang studio make --theme …` is all it takes; without any provider's key, stand-ins play. `madang studio COMMAND
    --help` explains a command and shows an example.
    """
