"""`madang canary`: put new targets on trial, watch them, and end it either way with one command."""

import sys
import time
from functools import partial

import click
import msgspec

from madang.cli.offices.trials import (
    TrialOffice,
    at_trials,
    line_of,
    print_trials,
    shares,
    tell_story,
)
from madang.cli.shown.printing import json_option, print_json
from madang.config.sections.canaries import Canary
from madang.pipeline.trial.view import Act, Canaries, CanaryShown, Start

CanaryOffice = TrialOffice[Start, Act]
at_canaries = partial(at_trials, "/api/canaries", Canaries)


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


@command.command("show")
@click.argument("name")
@json_option
@at_canaries
def show(office: CanaryOffice, name: str, as_json: bool) -> None:
    """Show both sides of a canary, and all that was decided, with reasons.

    Example: madang canary show next
    """
    tell_story(office.story(name), as_json)


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
        line = "  ".join(line_of(now))
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


def _tell(one: CanaryShown, as_json: bool) -> None:
    if as_json:
        print_json(msgspec.to_builtins(one))
        return
    state = one.state.replace("_", " ")
    click.echo(
        f"The canary {one.name} is {state}: {one.percent:g} % of {one.terms.model} to {one.terms.to}."
    )
