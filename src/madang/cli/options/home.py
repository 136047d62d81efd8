"""Where an installation keeps its state: the option that most commands share."""

import os
from pathlib import Path

import click


def _default() -> Path:
    """Where state is kept unless told otherwise. Raises UsageError for a user without a home, as containers have."""
    given = os.environ.get("MADANG_HOME")
    try:
        return Path(given) if given else Path.home() / ".madang"
    except RuntimeError as error:
        raise click.UsageError(
            "This user has no home directory: give --home, or $MADANG_HOME."
        ) from error


home_option = click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    default=_default,
    show_default="$MADANG_HOME or ~/.madang",
    help="The folder that holds this installation's state.",
)
