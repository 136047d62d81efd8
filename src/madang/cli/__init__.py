"""The command line: one file per command; each parses, calls one function, prints.

A command's file is imported only when the command runs, so that `madang up` starts fast and stays
small. Exit status: 0 success, 1 failure, 2 usage.
"""

import gc
import importlib
from types import ModuleType
from typing import Any

import click

from madang import __version__
from madang.errors import MadangError

COMMANDS = {
    "up": "Serve the gateway.",
    "key": "Create, list, change, rotate and revoke the keys that callers use.",
    "provider": "Keep the keys that providers have given, sealed.",
    "secret": "Look after the master key that seals them.",
    "account": "Open accounts, give them credit, and state what became of it.",
    "models": "List the models that can be asked for.",
    "prices": "Show what models cost, and put costs right.",
    "cache": "Measure what the cache would take for the same.",
    "status": "Show how providers and targets fare.",
    "usage": "Show what was used and what it cost.",
    "report": "Report what was saved and wasted, and what to do about it.",
    "canary": "Put new targets on trial, and switch traffic over and back.",
    "cutover": "Move traffic from where it goes today to Madang's own targets, and back.",
    "alerts": "Show what is raised and what was, and try channels.",
    "export": "Write the ledger as CSV or JSON Lines.",
    "whatif": "Replay a period against another configuration: cost, latency, limits.",
    "import": "Bring in what another system has.",
    "compare": "Compare two models on the same prompts, by people who do not know which is which.",
    "auto": "Train what judges how complex a request is, and measure it.",
    "reconcile": "Compare the ledger with what a provider says it charged.",
    "explain": "Explain one request: what was tried, why, and what it cost.",
    "doctor": "Check the configuration and reach every provider.",
    "sim": "Run the provider simulator alone.",
    "drill": "Let simulated providers fail, and see what callers get.",
    "demo": "Show it working, without a key and without a network.",
    "studio": "Make short dramas: from a theme to a film.",
}
"""Command → its one-line help; each lives in the file of its name, or in another package."""

_ELSEWHERE = frozenset({"studio"})
"""Those of other packages, which announce them as entry points (`madang.cli.elsewhere`)."""

_FILES = {"import": "importing"}
"""But for those whose name no module can have."""


class _Lazy(click.Group):
    """A group whose commands are imported when they are asked for, and whose failures are told."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        if cmd_name in _ELSEWHERE:
            found: click.Command = _imported("elsewhere").load(cmd_name)
            return found
        command: click.Command = _imported(_FILES.get(cmd_name, cmd_name)).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """The table itself, without importing any command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        """Run a command; a failure that Madang knows is told in its own words."""
        try:
            return super().invoke(ctx)
        except MadangError as error:
            failure = click.UsageError if error.status == 400 else click.ClickException
            raise failure(error.message) from error


@click.command(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="madang")
def main() -> None:
    """Madang: one endpoint and one key for every AI model.

    `madang COMMAND --help` explains a command and shows an example.
    """


def _imported(name: str) -> ModuleType:
    """A command's file. What imports make stays: they take a sixth longer if the collector walks it again and again."""
    collects = gc.isenabled()
    gc.disable()
    try:
        return importlib.import_module(f"madang.cli.{name}")
    finally:
        if collects:
            gc.enable()
