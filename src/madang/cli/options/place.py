"""Where a command works: `--home` or `--url` and `--key`, with the configuration that counts there."""

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TypeVar

from madang.cli.options.configuration import config_option
from madang.cli.options.office import chosen_gateway, place_options
from madang.client import Gateway

R = TypeVar("R")
Office = TypeVar("Office")

Enter = Callable[[Path, Gateway | None, Path | None], AbstractContextManager[Office]]
"""Opens an office: from the home folder, the gateway (None: none, work at home), and the configuration's file."""


def in_place(enter: Enter[Office], function: Callable[..., R]) -> Callable[..., R]:
    """Give a command the options of a place, and call it with the office that they lead to."""

    @config_option
    @place_options
    @functools.wraps(function)
    def command(
        home: Path,
        url: str | None,
        key: str | None,
        config: Path | None,
        **options: Any,  # noqa: ANN401
    ) -> R:
        with enter(home, chosen_gateway(url, key), config) as office:
            return function(office, **options)

    return command
