"""`madang alerts`: what is raised, what was, and whether a channel works."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import quote

import click
import msgspec

from madang.cli.options.configuration import faults_told, read
from madang.cli.options.office import HomeOffice
from madang.cli.options.place import in_place
from madang.cli.shown.printing import json_option, print_json, print_table
from madang.client import Gateway
from madang.config.settings import Settings
from madang.watch.alerts.book import Book, Event
from madang.watch.alerts.desk import try_channel
from madang.watch.channels.message import figure

R = TypeVar("R")
_DAY_US = 86_400_000_000
_COLUMNS = ("at (UTC)", "state", "severity", "alert", "of", "values")


class AlertOffice(Protocol):
    """What can be asked. Everything raises MadangError."""

    def firing(self) -> list[Event]:
        """What is raised now."""

    def history(self, days: int, limit: int) -> list[Event]:
        """What was raised and ended, the latest first."""

    def test(self, channel: str) -> None:
        """Send a test to a channel, once."""


class HomeAlerts:
    """The store of a home folder, with the channels of its configuration."""

    def __init__(self, office: HomeOffice, settings: Settings) -> None:
        self._office = office
        self._settings = settings

    def firing(self) -> list[Event]:
        """What is raised now."""
        return Book(self._office.existing()).firing()

    def history(self, days: int, limit: int) -> list[Event]:
        """What was raised and ended, the latest first."""
        since_us = time.time_ns() // 1000 - days * _DAY_US
        return Book(self._office.existing()).history(since_us, limit=limit)

    def test(self, channel: str) -> None:
        """Send a test to a channel, once, from here."""
        try_channel(self._settings, channel, time.time())


class RemoteAlerts:
    """A running gateway, with its admin key."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def firing(self) -> list[Event]:
        """What is raised now."""
        return msgspec.convert(self._gateway.get("/api/alerts")["firing"], list[Event])

    def history(self, days: int, limit: int) -> list[Event]:
        """What was raised and ended, the latest first."""
        asked = {"days": str(days), "limit": str(limit)}
        return msgspec.convert(self._gateway.get("/api/alerts/history", asked)["rows"], list[Event])

    def test(self, channel: str) -> None:
        """Have the gateway send a test to a channel, once."""
        self._gateway.call("POST", f"/api/channels/{quote(channel, safe='')}/test")


def at_alerts(function: Callable[..., R]) -> Callable[..., R]:
    """Give a command `--home`, `--url`, `--key` and `--config`, and call it with the office they lead to."""
    return in_place(_office, function)


@contextmanager
def _office(home: Path, gateway: Gateway | None, config: Path | None) -> Iterator[AlertOffice]:
    if gateway is not None:
        yield RemoteAlerts(gateway)
        return
    with faults_told():
        settings = read(config, home).settings
    office = HomeOffice(home)
    try:
        yield HomeAlerts(office, settings)
    finally:
        office.close()


@click.group("alerts")
def command() -> None:
    """Show what is raised and what was, and try channels."""


@command.command("list")
@json_option
@at_alerts
def list_(office: AlertOffice, as_json: bool) -> None:
    """List the alerts that are raised now. Exit status 0 also if there are some.

    Example: madang alerts list --json
    """
    _show(office.firing(), as_json)


@command.command("history")
@click.option(
    "--days", type=click.IntRange(1, 366), default=30, show_default=True, help="How far back."
)
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="How many."
)
@json_option
@at_alerts
def history(office: AlertOffice, days: int, limit: int, as_json: bool) -> None:
    """List what was raised and ended, the latest first.

    Example: madang alerts history --days 7
    """
    _show(office.history(days, limit), as_json)


@command.command("test")
@click.argument("channel")
@at_alerts
def test(office: AlertOffice, channel: str) -> None:
    """Send a test to CHANNEL once, and say whether it was taken.

    Example: madang alerts test ops
    """
    office.test(channel)
    click.echo(f"The channel {channel} has taken a test.")


def _show(events: list[Event], as_json: bool) -> None:
    if as_json:
        print_json(msgspec.to_builtins(events))
        return
    print_table(
        _COLUMNS,
        [
            (
                event.at,
                event.state,
                event.severity,
                event.rule,
                event.subject or "all",
                ", ".join(f"{name} {figure(name, value)}" for name, value in event.values.items()),
            )
            for event in events
        ],
    )
