"""The days that commands ask for: `--from` and `--to`."""

from collections.abc import Callable
from datetime import date
from typing import TypeVar

import click

R = TypeVar("R")


def read_day(_: click.Context, __: click.Parameter, value: str | None) -> date | None:
    """A UTC day such as 2026-11-20, as click's callback."""
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise click.BadParameter("a day looks like 2026-11-20") from None


def days_options(function: Callable[..., R]) -> Callable[..., R]:
    """Give a command `--from` and `--to`: the arguments `first` and `last`, UTC days or None."""
    for option in (
        click.option(
            "--to",
            "last",
            metavar="DAY",
            callback=read_day,
            help="Last day (UTC), included. Default: today.",
        ),
        click.option(
            "--from",
            "first",
            metavar="DAY",
            callback=read_day,
            help="First day (UTC), e.g. 2026-11-01. Default: 30 days before the last.",
        ),
    ):
        function = option(function)
    return function
