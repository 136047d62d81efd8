"""`madang cutover`: move traffic from where it goes today to Madang's own targets, and back with one command."""

from functools import partial

import click
import msgspec

from madang.cli.offices.trials import TrialOffice, at_trials, print_trials, shares, tell_story
from madang.cli.shown.printing import json_option, print_json
from madang.pipeline.trial.cutover import Cutovers, CutoverStart, Move
from madang.pipeline.trial.view import CanaryShown

CutoverOffice = TrialOffice[CutoverStart, Move]
at_cutovers = partial(at_trials, "/api/cutovers", Cutovers)


@click.group("cutover")
def command() -> None:
    """Move traffic from where it goes today to Madang's own targets, and back."""


@command.command("start")
@click.argument("model")
@click.option("--from", "origin", help="Where it goes today: `provider/model`.")
@click.option("--to", multiple=True, help="A new target, or a model; several: the best first.")
@click.option("--steps", default="5,25,50,100", show_default=True, help="The shares, in percent.")
@json_option
@at_cutovers
def start(
    office: CutoverOffice,
    model: str,
    origin: str | None,
    to: tuple[str, ...],
    steps: str,
    as_json: bool,
) -> None:
    """Start moving the requests for MODEL, with the first step; or once more on its terms.

    Example: madang cutover start chat-model --from original/chat-model --to openai/gpt-4.1
    """
    if (origin is None) is not (not to):
        raise click.UsageError("Give --from and --to together, or neither.")
    if origin is None:
        _tell(office.act(model, "start"), as_json)
        return
    body = {"model": model, "origin": origin, "to": to, "steps": shares(steps, "--steps")}
    try:
        wanted = msgspec.convert(body, CutoverStart)
    except msgspec.ValidationError as error:
        raise click.UsageError(str(error)) from error
    _tell(office.start(wanted), as_json)


@command.command("next")
@click.argument("model")
@json_option
@at_cutovers
def next_(office: CutoverOffice, model: str, as_json: bool) -> None:
    """Take the next step: more of MODEL's requests, after the last step all of them.

    Example: madang cutover next chat-model
    """
    _tell(office.act(model, "next"), as_json)


@command.command("status")
@click.argument("model", required=False)
@json_option
@at_cutovers
def status(office: CutoverOffice, model: str | None, as_json: bool) -> None:
    """Show how the cut-over of MODEL stands, with both sides and all that was decided; none: every cut-over.

    Example: madang cutover status chat-model
    """
    if model is None:
        print_trials(office.list(), as_json)
    else:
        tell_story(office.story(model), as_json)


@command.command("back")
@click.argument("model")
@json_option
@at_cutovers
def back(office: CutoverOffice, model: str, as_json: bool) -> None:
    """Send all requests for MODEL to the original again, at once.

    Example: madang cutover back chat-model
    """
    _tell(office.act(model, "back"), as_json)


@command.command("end")
@click.argument("model")
@json_option
@at_cutovers
def end(office: CutoverOffice, model: str, as_json: bool) -> None:
    """End the cut-over of MODEL, which then leads where the configuration says.

    Example: madang cutover end chat-model
    """
    _tell(office.act(model, "end"), as_json)


def _tell(one: CanaryShown, as_json: bool) -> None:
    if as_json:
        print_json(msgspec.to_builtins(one))
        return
    model, new = one.terms.model, ", ".join((one.terms.to, *one.also))
    if one.state == "aborted":
        click.echo(f"The cut-over of {model} is over: the configuration says where it leads.")
        return
    rest = f"{100 - one.percent:g} % to {one.origin}"
    click.echo(f"{model}: {one.percent:g} % to {new}, {rest}.")
