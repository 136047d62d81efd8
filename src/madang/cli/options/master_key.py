"""Where the master key of sealed provider keys is: the option of whoever opens them."""

import os
from pathlib import Path

import click

from madang.state.vault import ENV, ENV_FILE

secret_key_file_option = click.option(
    "--secret-key-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Holds the master key of stored provider keys. Default: $MADANG_SECRET_KEY_FILE, or secret.key at home.",
)


def master_environ(secret_key_file: Path | None) -> dict[str, str]:
    """The environment as it counts beside the option, which counts more than a variable."""
    environ = dict(os.environ)
    if secret_key_file is not None:
        environ.pop(ENV, None)
        environ[ENV_FILE] = str(secret_key_file)
    return environ
