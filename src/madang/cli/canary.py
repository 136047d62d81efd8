"""`madang canary`: put new targets on trial, watch them, and end it either way with one command."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import quote

import click
import msgspec

from madang.cli.office import HomeOffice, chosen_gateway, place_options
from madang.cli.printing import json_option, print_json, print_table
from madang.client import Gateway
from madang.config.sections.canaries import Canary
from madang.ledger.reports.trials import ArmFigures
from madang.pipeline.trial.view import Act, Canaries, CanaryShown, CanaryStory, Start

R = TypeVar("R")
_PATH = "/api/canaries"
_COLUMNS = ("name", "state", "share", "model", "to", "requests", "failed", "stable failed", "why")


class CanaryOffice(Protocol):
    """What can be asked. Everything raises MadangError."""

    def list(self) -> "list[CanaryShown]":
        """Every canary, by name."""

    def story(self, name: str) -> CanaryStory:
        """One of them, by its name or its model's."""

    def start(self, wanted: Start) -> CanaryShown:
        """Start a canary."""

    def act(self, name: str, act: Act) -> CanaryShown:
        """Do something to a canary."""


class RemoteCanaries:
    """A running gateway, with its admin key."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def list(self) -> "list[CanaryShown]":
        """Every canary, by name."""
        return msgspec.convert(self._gateway.get(_PATH), list[CanaryShown])

    def story(self, name: str) -> CanaryStory:
        """One of them, by its name or its model's."""
        return msgspec.convert(self._gateway.get(f"{_PATH}/{_safe(name)}"), CanaryStory)

    def start(self, wanted: Start) -> CanaryShown:
        """Start a canary."""
        body = msgspec.to_builtins(wanted)
        return msgspec.convert(self._gateway.call("POST", _PATH, body).json(), CanaryShown)

    def act(self, name: str, act: Act) -> CanaryShown:
        """Do something to a canary."""
        path = f"{_PATH}/{_safe(name)}/{act}"
        return msgspec.convert(self._gateway.call("POST", path).json(), CanaryShown)


def at_canaries(function: Callable[..., R]) -> Callable[..., R]:
    """Give a command `--home`, `--url` and `--key`, and call it with the office they lead to."""

    @place_options
    def command(home: Path, url: str | None, key: str | None, **options: object) -> R:
        with _office(home, chosen_gateway(url, key)) as office:
            return function(office, **options)

    command.__name__, command.__doc__ = function.__name__, function.__doc__
    return command


@contextmanager
def _office(home: Path, gateway: Gateway | None) -> Iterator[CanaryOffice]:
    if gateway is not None:
        yield RemoteCanaries(gateway)
        return
    office = HomeOffice(home)
    try:
        yield Canaries(office.existing())
    finally:
        office.close()


@click.group("canary")
def command() -> None:
    """Put new targets on trial, and switch traffic over and back."""


@command.command("start")
@click.argument("name")
@click.option("--model", help="The model whose requests take part; none: start NAME once more.")
@click.option("--to", help="The new target: `provider/model`, or a model.")
@click.option("--percent", type=click.FloatRange(0, 100, min_open=True), help="The first share.")
@click.option("--ramp", help="The shares that follow, as 5,15,50,100; `none`: it stays there.")
@click.option("--step-requests", type=click.IntRange(min=1), help="Requests that a step needs.")
@click.option("--step-s", type=click.FloatRange(min=0), help="Seconds that a step lasts at least.")
@json_option
@at_canaries
def start(
    office: CanaryOffice,
    name: str,
    model: str | None,
    to: str | None,
    as_json: bool,
    **terms: object,
) -> None:
    """Start the canary NAME: for a model, or once more on its terms.

    Example: madang canary start next --model gpt-4.1 --to openai/gpt-5 --percent 5
    """
    given = {name: value for name, value in terms.items() if value is not None}
    if (model is None) is not (to is None) or (model is None and given):
        raise click.UsageError("Give --model and --to together, or neither.")
    if model is None:
        _tell(office.act(name, "start"), as_json)
        return
    if "ramp" in given:
        ramp = str(given["ramp"])
        given["ramp"] = () if ramp == "none" else shares(ramp, "--ramp")
    try:
        wanted = msgspec.convert({"model": model, "to": to, **given}, Canary)
    except msgspec.ValidationError as error:
        raise click.UsageError(str(error)) from error
    _tell(office.start(Start(name, wanted)), as_json)


@command.command("switch")
@click.argument("model")
@click.option("--to", required=True, help="The other target: `provider/model`, or a model.")
@json_option
@at_canaries
def switch(office: CanaryOffice, model: str, to: str, as_json: bool) -> None:
    """Send all requests for MODEL to another target at once; `madang canary rollback MODEL` sends them back.

    Example: madang canary switch gpt-4.1 --to openai/gpt-5
    """
    name = f"switch-{model.replace('/', ':')}"[:64]
    _tell(office.start(Start(name, Canary(model, to), switch=True)), as_json)


@command.command("list")
@json_option
@at_canaries
def list_(office: CanaryOffice, as_json: bool) -> None:
    """List every canary and how it stands.

    Example: madang canary list --json
    """
    print_trials(office.list(), as_json)


def print_trials(found: Sequence[CanaryShown], as_json: bool) -> None:
    """A table of trials, or all that is known of them."""
    if as_json:
        print_json(msgspec.to_builtins(found))
        return
    print_table(_COLUMNS, [_line(one) for one in found], numbers=_COLUMNS[5:8])


@command.command("show")
@click.argument("name")
@json_option
@at_canaries
def show(office: CanaryOffice, name: str, as_json: bool) -> None:
    """Show both sides of a canary, and all that was decided, with reasons.

    Example: madang canary show next
    """
    tell_story(office.story(name), as_json)


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


@command.command("watch")
@click.argument("name")
@click.option(
    "--every", type=click.FloatRange(min=0.1), default=2.0, show_default=True, help="Seconds."
)
@at_canaries
def watch(office: CanaryOffice, name: str, every: float) -> None:
    """Say how a canary fares, line by line, until it is over. Exit status 1 where it was not promoted.

    Example: madang canary watch next
    """
    said = ""
    while True:
        now = office.story(name).now
        line = "  ".join(_line(now))
        if line != said:
            click.echo(line)
            said = line
        if now.state != "running":
            sys.exit(0 if now.state == "promoted" else 1)
        time.sleep(every)


@command.command("promote")
@click.argument("name")
@json_option
@at_canaries
def promote(office: CanaryOffice, name: str, as_json: bool) -> None:
    """Send all of the model's requests to the new target from now on.

    Example: madang canary promote next
    """
    _tell(office.act(name, "promote"), as_json)


@command.command("abort")
@click.argument("name")
@json_option
@at_canaries
def abort(office: CanaryOffice, name: str, as_json: bool) -> None:
    """End a trial that is running.

    Example: madang canary abort next
    """
    _tell(office.act(name, "abort"), as_json)


@command.command("rollback")
@click.argument("name")
@json_option
@at_canaries
def rollback(office: CanaryOffice, name: str, as_json: bool) -> None:
    """Send all requests where they went before: of the canary NAME, or of the model of that name.

    Example: madang canary rollback gpt-4.1
    """
    _tell(office.act(name, "rollback"), as_json)


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


def _line(one: CanaryShown) -> tuple[str, ...]:
    failed = [_failed(one.canary), _failed(one.stable)]
    state, share = one.state.replace("_", " "), f"{one.percent:g} %"
    requests = f"{one.canary.requests:,}"
    return (one.name, state, share, one.terms.model, one.terms.to, requests, *failed, one.why or "")


def _failed(arm: ArmFigures) -> str:
    return "-" if arm.success_rate is None else f"{1 - arm.success_rate:.2%}"


def _tell(one: CanaryShown, as_json: bool) -> None:
    if as_json:
        print_json(msgspec.to_builtins(one))
        return
    state = one.state.replace("_", " ")
    click.echo(
        f"The canary {one.name} is {state}: {one.percent:g} % of {one.terms.model} to {one.terms.to}."
    )


def shares(text: str, option: str) -> tuple[float, ...]:
    """The shares that an option names, such as 5,15,50,100."""
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise click.UsageError(f"{option} is a list of shares such as 5,15,50,100.") from error


def _moment(at_us: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at_us // 1_000_000))


def _safe(name: str) -> str:
    return quote(name, safe="")
