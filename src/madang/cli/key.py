"""`madang key`: the keys that callers use."""

import time
from typing import Any, NotRequired, TypedDict, Unpack

import click

from madang.cli.office import KeyAsked, Office, Row, at_office
from madang.cli.printing import count, dollars, json_option, moment, print_json, print_table
from madang.errors import InvalidRequest
from madang.keys import Period, parse_duration, parse_usd

_COLUMNS = ("id", "name", "key", "state", "created", "expires", "models", "tags", "limits")


class _Options(TypedDict):
    """The options of `create` as click gives them."""

    expires: str | None
    model: tuple[str, ...]
    tag: dict[str, str]
    rpm: int | None
    tpm: int | None
    budget: str | None
    per: NotRequired[Period | None]
    account: str | None


@click.group("key", invoke_without_command=False)
def command() -> None:
    """Create, list and revoke the keys that callers use.

    What changes takes effect in the running gateway within a second.
    """


def _duration(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    return _valid(parse_duration, value)


def _amount(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    return _valid(parse_usd, value)


def _valid(parse: Any, value: str | None) -> str | None:  # noqa: ANN401 - one of the two parsers
    """The text as it is, if the parser takes it."""
    try:
        if value is not None:
            parse(value)
    except InvalidRequest as error:
        raise click.BadParameter(error.message) from error
    return value


def _tags(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in given]
    if not all(name and equals for name, equals, _ in pairs):
        raise click.BadParameter("a tag looks like team=search")
    return {name: value for name, _, value in pairs}


@command.command("create")
@click.option("--name", required=True, help="What the key is for; shown in lists and reports.")
@click.option("--expires", metavar="TIME", callback=_duration, help="Ends after, e.g. 30d or 12h.")
@click.option(
    "--model",
    metavar="GLOB",
    multiple=True,
    help="A model it may use; may be repeated. Default: all.",
)
@click.option(
    "--tag",
    metavar="NAME=VALUE",
    multiple=True,
    callback=_tags,
    help="Put on each of its requests.",
)
@click.option("--rpm", type=click.IntRange(1), help="Requests per minute at most.")
@click.option("--tpm", type=click.IntRange(1), help="Tokens per minute at most.")
@click.option("--budget", metavar="USD", callback=_amount, help="Dollars it may spend, e.g. 12.50.")
@click.option(
    "--per",
    type=click.Choice(["day", "month"]),
    help="The budget starts anew. Default: it does not.",
)
@click.option("--account", metavar="ID", help="The account that pays for it, e.g. acc_….")
@json_option
@at_office
def create(office: Office, name: str, as_json: bool, **options: Unpack[_Options]) -> None:
    """Make a key and show it, once.

    Example: madang key create --name search-team --expires 90d --model 'gpt-*' --budget 50 --per month
    """
    if options["per"] and not options["budget"]:
        raise click.UsageError("--per needs --budget.")
    made = office.create_key(
        KeyAsked(
            name=name,
            expires=options["expires"],
            models=options["model"],
            tags=options["tag"],
            rpm=options["rpm"],
            tpm=options["tpm"],
            budget_usd=options["budget"],
            budget_per=options["per"],
            account_id=options["account"],
        )
    )
    if as_json:
        print_json(made)
        return
    click.echo(made["key"])
    click.echo(
        f"This is the key {made['name']!r} ({made['id']}). It is shown this once: keep it now.",
        err=True,
    )


@command.command("list")
@json_option
@at_office
def list_(office: Office, as_json: bool) -> None:
    """List every key that was ever made; never its secret.

    Example: madang key list --json
    """
    keys = [{**key, "state": _state(key)} for key in office.list_keys()]
    if as_json:
        print_json(keys)
        return
    print_table(
        _COLUMNS,
        [
            (
                key["id"],
                key["name"],
                f"{key['prefix']}…",
                key["state"],
                moment(key["created_at"]),
                moment(key["expires_at"]),
                ", ".join(key["models"]) or "all",
                ", ".join(f"{name}={value}" for name, value in key["tags"].items()),
                _limits(key),
            )
            for key in keys
        ],
    )


@command.command("revoke")
@click.argument("which", metavar="KEY")
@json_option
@at_office
def revoke(office: Office, which: str, as_json: bool) -> None:
    """End the KEY with this id, or with this name if only one live key bears it.

    Example: madang key revoke search-team
    """
    revoked = office.revoke_key(_id_of(which, office))
    if as_json:
        print_json({**revoked, "state": _state(revoked)})
    else:
        click.echo(f"Revoked {revoked['name']!r} ({revoked['id']}, {revoked['prefix']}…).")


def _id_of(given: str, office: Office) -> str:
    """The id that is meant: a key's own, or that of the one live key of this name."""
    keys = office.list_keys()
    if any(key["id"] == given for key in keys):
        return given
    named = [key for key in keys if key["name"] == given]
    live = [key for key in named if _state(key) == "active"] or named
    if not live:
        raise click.ClickException(f"There is no key with the id or the name {given!r}.")
    if len(live) > 1:
        ids = ", ".join(key["id"] for key in live)
        raise click.ClickException(f"{len(live)} keys are named {given!r}; give one of {ids}.")
    return str(live[0]["id"])


def _state(key: Row) -> str:
    if key["revoked_at"] is not None:
        return "revoked"
    expired = key["expires_at"] is not None and key["expires_at"] <= time.time()
    return "expired" if expired else "active"


def _limits(key: Row) -> str:
    limits = [f"{count(key[name])} {name}" for name in ("rpm", "tpm") if key[name] is not None]
    if key["budget_nusd"] is not None:
        per = f" per {key['budget_per']}" if key["budget_per"] else ""
        limits.append(dollars(key["budget_nusd"], 2) + per)
    return ", ".join(limits) or "none"
