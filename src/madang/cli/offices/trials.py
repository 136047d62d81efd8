"""What `madang canary` and `madang cutover` share: where trials are administered, and how they are shown."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import quote

import click
import msgspec

from madang.cli.options.office import HomeOffice, chosen_gateway, place_options
from madang.cli.shown.printing import print_json, print_table
from madang.client import Gateway
from madang.ledger.reports.trials import ArmFigures
from madang.pipeline.trial.view import CanaryShown, CanaryStory
from madang.state.store import Store

R = TypeVar("R")
Wanted_contra = TypeVar("Wanted_contra", bound=msgspec.Struct, contravariant=True)
Act_contra = TypeVar("Act_contra", bound=str, contravariant=True)
Wanted = TypeVar("Wanted", bound=msgspec.Struct)
Act = TypeVar("Act", bound=str)
_COLUMNS = ("name", "state", "share", "model", "to", "requests", "failed", "stable failed", "why")


class TrialOffice(Protocol[Wanted_contra, Act_contra]):
    """What can be asked of trials of one kind. Everything raises MadangError."""

    def list(self) -> "list[CanaryShown]":
        """Every one, by name."""

    def story(self, name: str, /) -> CanaryStory:
        """One of them, and all that has happened to it."""

    def start(self, wanted: Wanted_contra, /) -> CanaryShown:
        """Begin one."""

    def act(self, name: str, act: Act_contra, /) -> CanaryShown:
        """Do something to one that there is."""


class RemoteTrials(Generic[Wanted, Act]):
    """Those of a running gateway, with its admin key. `path` is where they are administered."""

    def __init__(self, gateway: Gateway, path: str) -> None:
        self._gateway = gateway
        self._path = path

    def list(self) -> "list[CanaryShown]":
        """Every one, by name."""
        return msgspec.convert(self._gateway.get(self._path), list[CanaryShown])

    def story(self, name: str) -> CanaryStory:
        """One of them, and all that has happened to it."""
        return msgspec.convert(self._gateway.get(self._of(name)), CanaryStory)

    def start(self, wanted: Wanted) -> CanaryShown:
        """Begin one."""
        body = msgspec.to_builtins(wanted)
        return msgspec.convert(self._gateway.call("POST", self._path, body).json(), CanaryShown)

    def act(self, name: str, act: Act) -> CanaryShown:
        """Do something to one that there is."""
        answer = self._gateway.call("POST", f"{self._of(name)}/{act}")
        return msgspec.convert(answer.json(), CanaryShown)

    def _of(self, name: str) -> str:
        """The path of one; in the name of a model `/` is written `:`."""
        return f"{self._path}/{quote(name.replace('/', ':'), safe='')}"


def at_trials(
    path: str, desk: Callable[[Store], TrialOffice[Wanted, Act]], function: Callable[..., R]
) -> Callable[..., R]:
    """Give a command `--home`, `--url` and `--key`, and call it with the office they lead to.

    `path`: where a running gateway administers them; `desk`: those of a store.
    """

    @place_options
    @wraps(function)
    def command(home: Path, url: str | None, key: str | None, **options: Any) -> R:  # noqa: ANN401
        gateway = chosen_gateway(url, key)
        if gateway is not None:
            return function(RemoteTrials[Wanted, Act](gateway, path), **options)
        with _at_home(home) as store:
            return function(desk(store), **options)

    return command


@contextmanager
def _at_home(home: Path) -> Iterator[Store]:
    office = HomeOffice(home)
    try:
        yield office.existing()
    finally:
        office.close()


def shares(text: str, option: str) -> tuple[float, ...]:
    """The shares that an option names, such as 5,15,50,100."""
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise click.UsageError(f"{option} is a list of shares such as 5,15,50,100.") from error


def print_trials(found: Sequence[CanaryShown], as_json: bool) -> None:
    """A table of trials, or all that is known of them."""
    if as_json:
        print_json(msgspec.to_builtins(found))
        return
    print_table(_COLUMNS, [line_of(one) for one in found], numbers=_COLUMNS[5:8])


def tell_story(story: CanaryStory, as_json: bool) -> None:
    """Both sides of a trial, and what has happened to it."""
    if as_json:
        print_json(msgspec.to_builtins(story))
        return
    now = story.now
    state, share = now.state.replace("_", " "), f"{now.percent:g} % of {now.terms.model}"
    rest = "" if now.origin is None else f", else to {now.origin}"
    click.echo(f"{now.name}: {state}, {share} to {', '.join((now.terms.to, *now.also))}{rest}")
    sides = [(name, *_side(arm)) for name, arm in (("canary", now.canary), ("stable", now.stable))]
    print_table(_SIDES, sides, numbers=_SIDES[1:])
    events = [
        (_moment(event.at_us), event.kind, event.by or "-", event.why) for event in story.events
    ]
    print_table(("at (UTC)", "what", "by", "why"), events)


_SIDES = (
    "side",
    "requests",
    "success",
    "latency",
    "p95",
    "first token",
    "p95 first",
    "cost",
    "per request",
)


def _side(arm: ArmFigures) -> tuple[str, ...]:
    seconds = (arm.mean_latency_s, arm.p95_latency_s, arm.mean_first_token_s, arm.p95_first_token_s)
    money = (arm.cost_usd, arm.mean_cost_usd)
    return (
        f"{arm.requests:,}",
        "-" if arm.success_rate is None else f"{arm.success_rate:.2%}",
        *("-" if one is None else f"{one:.3f} s" for one in seconds),
        *("-" if one is None else f"${one:,.6f}" for one in money),
    )


def line_of(one: CanaryShown) -> tuple[str, ...]:
    """A trial as a row of a table."""
    failed = [_failed(one.canary), _failed(one.stable)]
    state, share = one.state.replace("_", " "), f"{one.percent:g} %"
    requests = f"{one.canary.requests:,}"
    return (one.name, state, share, one.terms.model, one.terms.to, requests, *failed, one.why or "")


def _failed(arm: ArmFigures) -> str:
    return "-" if arm.success_rate is None else f"{1 - arm.success_rate:.2%}"


def _moment(at_us: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at_us // 1_000_000))
