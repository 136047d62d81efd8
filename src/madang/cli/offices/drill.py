"""Drills on a running configuration, from the command line: begun, stopped, listed, at a home folder or over HTTP."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import click
import msgspec

from madang.cli.options.office import HomeOffice, chosen_gateway
from madang.cli.shown.printing import print_json, print_table
from madang.client import Gateway
from madang.config.sections.drills import Drill
from madang.pipeline.chaos.book import DrillBook, DrillShown

_PATH = "/api/drills"
_COLUMNS = ("drill", "strikes", "targets", "reach", "until (UTC)", "struck", "answered", "held")


class DrillOffice(Protocol):
    """What can be asked. Everything raises MadangError."""

    def latest(self) -> Sequence[DrillShown]:
        """The latest drills, the newest first."""

    def start(self, drill: Drill) -> DrillShown:
        """Begin one."""

    def stop(self, why: str) -> Sequence[DrillShown]:
        """End all; those that were under way."""


class RemoteDrills:
    """A running gateway, with its admin key."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def latest(self) -> Sequence[DrillShown]:
        """The latest drills, the newest first."""
        return msgspec.convert(self._gateway.get(_PATH)["drills"], list[DrillShown])

    def start(self, drill: Drill) -> DrillShown:
        """Begin one."""
        body = msgspec.to_builtins(drill)
        return msgspec.convert(self._gateway.call("POST", _PATH, body).json(), DrillShown)

    def stop(self, why: str) -> Sequence[DrillShown]:  # noqa: ARG002 - the gateway says why
        """End all; those that were under way."""
        told = self._gateway.call("DELETE", _PATH).json()["drills"]
        return msgspec.convert(told, list[DrillShown])


@contextmanager
def drill_office(home: Path, url: str | None, key: str | None) -> Iterator[DrillOffice]:
    """Where `--home`, `--url` and `--key` lead."""
    gateway = chosen_gateway(url, key)
    if gateway is not None:
        yield RemoteDrills(gateway)
        return
    office = HomeOffice(home)
    try:
        yield DrillBook(office.existing())
    finally:
        office.close()


def wanted(
    names: Sequence[str],
    targets: tuple[str, ...],
    tags: tuple[str, ...],
    percent: float,
    minutes: float,
) -> Drill:
    """The drill that options describe. Raises click.UsageError."""
    if len(names) != 1:
        raise click.UsageError("Name the one fault that strikes --target.")
    pairs = dict(tag.partition("=")[::2] for tag in tags)
    if any("=" not in tag for tag in tags):
        raise click.UsageError("--tag looks like drill=1.")
    given = {"strike": names[0], "targets": targets, "tags": pairs}
    try:
        return msgspec.convert({**given, "percent": percent, "minutes": minutes}, Drill)
    except msgspec.ValidationError as error:
        raise click.UsageError(str(error)) from error


def tell(found: Sequence[DrillShown], *, as_json: bool) -> None:
    """A table of drills, or all that is known of them."""
    if as_json:
        print_json(msgspec.to_builtins(found))
    else:
        print_table(_COLUMNS, [_line(one) for one in found], numbers=_COLUMNS[5:7])


def _line(one: DrillShown) -> tuple[str, ...]:
    drill, report = one.drill, one.report
    tags = "".join(f", {name}={value}" for name, value in drill.tags.items())
    held = "under way" if one.is_running else {None: "-", True: "yes", False: "no"}[one.passed]
    return (
        one.id,
        drill.strike,
        ", ".join(drill.targets),
        f"{drill.percent:g} %{tags}",
        one.until[:19].replace("T", " "),
        "-" if report is None else f"{report.requests:,}",
        "-" if report is None else f"{report.answered:,}",
        held,
    )
