"""The options of `madang key` in their own words, read as strictly as the gateway reads them."""

from collections.abc import Callable
from typing import Any

import click

from madang.errors import InvalidRequest
from madang.keys import parse_duration, parse_grace, parse_usd
from madang.keys.requests import DEFAULT_GRACE, ChangeKey

NONE = "none"
"""What takes a limit away."""


def _checked(parse: Callable[[str], object], *, may_be_none: bool = False) -> Any:  # noqa: ANN401 - click's callback
    """A callback that gives the text as it is, if the parser takes it."""

    def check(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
        try:
            if value is not None and not (may_be_none and value == NONE):
                parse(value)
        except InvalidRequest as error:
            raise click.BadParameter(error.message) from error
        return value

    return check


def _tags(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in given]
    if not all(name and equals for name, equals, _ in pairs):
        raise click.BadParameter("a tag looks like team=search")
    return {name: value for name, _, value in pairs}


class LimitOrNone(click.IntRange):
    """A whole number above zero, or `none`."""

    name = "limit"

    def __init__(self) -> None:
        super().__init__(min=1)

    def convert(
        self,
        value: Any,  # noqa: ANN401 - click's signature
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:  # noqa: ANN401
        """The number, or the word."""
        return NONE if value == NONE else super().convert(value, param, ctx)


def create_options(function: Callable[..., None]) -> Callable[..., None]:
    """What a key is made with."""
    for option in (
        click.option("--account", metavar="ID", help="The account that pays for it, e.g. acc_…."),
        click.option(
            "--per",
            type=click.Choice(["day", "month"]),
            help="The budget starts anew. Default: it does not.",
        ),
        click.option(
            "--budget",
            metavar="USD",
            callback=_checked(parse_usd),
            help="Dollars it may spend, e.g. 12.50.",
        ),
        click.option("--tpm", type=click.IntRange(1), help="Tokens per minute at most."),
        click.option("--rpm", type=click.IntRange(1), help="Requests per minute at most."),
        tag_option("Put on each of its requests."),
        _model_option("A model it may use; may be repeated. Default: all."),
        click.option(
            "--expires",
            metavar="TIME",
            callback=_checked(parse_duration),
            help="Ends after, e.g. 30d or 12h.",
        ),
    ):
        function = option(function)
    return function


def change_options(function: Callable[..., None]) -> Callable[..., None]:
    """What can become of a key."""
    for option in (
        click.option(
            "--per",
            type=click.Choice(["day", "month", NONE]),
            help="The budget starts anew, or (none) does not.",
        ),
        click.option(
            "--budget",
            metavar="USD",
            callback=_checked(parse_usd, may_be_none=True),
            help="Dollars it may spend, or none: as much as it likes.",
        ),
        click.option("--tpm", type=LimitOrNone(), help="Tokens per minute at most, or none."),
        click.option("--rpm", type=LimitOrNone(), help="Requests per minute at most, or none."),
        click.option("--no-tags", is_flag=True, help="Without any tag."),
        tag_option("Put on each of its requests, instead of those before; may be repeated."),
        click.option("--all-models", is_flag=True, help="It may use every model."),
        _model_option("A model it may use, instead of those before; may be repeated."),
        click.option(
            "--expires",
            metavar="TIME",
            callback=_checked(parse_duration, may_be_none=True),
            help="Ends after, from now, e.g. 30d, or none: never.",
        ),
        click.option("--name", help="What the key is for."),
    ):
        function = option(function)
    return function


def tag_option(explained: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """`--tag NAME=VALUE`, as often as wanted."""
    return click.option(
        "--tag", metavar="NAME=VALUE", multiple=True, callback=_tags, help=explained
    )


def _model_option(explained: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option("--model", metavar="GLOB", multiple=True, help=explained)


def grace_option(function: Callable[..., None]) -> Callable[..., None]:
    """`--grace TIME`."""
    return click.option(
        "--grace",
        metavar="TIME",
        default=DEFAULT_GRACE,
        show_default=True,
        callback=_checked(parse_grace),
        help="How long the secret from before still works; 0: no longer.",
    )(function)


def change_asked(options: dict[str, Any]) -> ChangeKey:
    """The options of `update` as a record; what was not given stays. Raises UsageError for none, or two in one."""
    pairs = (("model", "all_models"), ("tag", "no_tags"))
    for values, none in pairs:
        if options[values] and options[none]:
            raise click.UsageError(
                f"--{values} and --{none.replace('_', '-')} say two things; give one."
            )
    asked: dict[str, Any] = {
        name: None if options[name] == NONE else options[name]
        for name in ("name", "expires", "rpm", "tpm")
        if options[name] is not None
    }
    for name, option in (("budget_usd", "budget"), ("budget_per", "per")):
        if options[option] is not None:
            asked[name] = None if options[option] == NONE else options[option]
    for name, (values, none) in zip(("models", "tags"), pairs, strict=True):
        if options[values] or options[none]:
            asked[name] = options[values]
    if not asked:
        raise click.UsageError("Say what should change; see --help.")
    return ChangeKey(**asked)
