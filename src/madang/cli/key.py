"""`madang key`: the keys that callers use."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from madang.cli.offices.key import KeyOffice, at_keys
from madang.cli.options.key import (
    change_asked,
    change_options,
    create_options,
    grace_option,
    tag_option,
)
from madang.cli.shown.key import print_key, print_keys, print_made
from madang.cli.shown.printing import json_option, print_json
from madang.errors import MadangError
from madang.keys.requests import CreateKey, RotateKey, RotateKeys
from madang.keys.responses import KeyMade


@click.group("key", invoke_without_command=False)
def command() -> None:
    """Create, list, change, rotate and revoke the keys that callers use.

    What changes takes effect in the running gateway within a second.
    """


@command.command("create")
@click.option("--name", required=True, help="What the key is for; shown in lists and reports.")
@create_options
@json_option
@at_keys
def create(keys: KeyOffice, name: str, as_json: bool, **options: Any) -> None:  # noqa: ANN401
    """Make a key and show it, once.

    Example: madang key create --name search-team --expires 90d --model 'gpt-*' --budget 50 --per month
    """
    if options["per"] and not options["budget"]:
        raise click.UsageError("--per needs --budget.")
    made = keys.create(
        CreateKey(
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
        print_json(msgspec.to_builtins(made))
    else:
        print_made(made, "This is the key")


@command.command("list")
@json_option
@at_keys
def list_(keys: KeyOffice, as_json: bool) -> None:
    """List every key that was ever made; never its secret.

    Example: madang key list --json
    """
    found = keys.list_keys()
    if as_json:
        print_json(msgspec.to_builtins(found))
    else:
        print_keys(found)


@command.command("show")
@click.argument("which", metavar="KEY")
@json_option
@at_keys
def show(keys: KeyOffice, which: str, as_json: bool) -> None:
    """Show the KEY with this id or name: its limits, and how each of its secrets is used.

    Example: madang key show search-team
    """
    found = keys.show(_id_of(which, keys))
    if as_json:
        print_json(msgspec.to_builtins(found))
    else:
        print_key(found)


@command.command("update")
@click.argument("which", metavar="KEY")
@change_options
@json_option
@at_keys
def update(keys: KeyOffice, which: str, as_json: bool, **options: Any) -> None:  # noqa: ANN401
    """Change the KEY with this id or name; what is not named stays as it is.

    Example: madang key update search-team --rpm 1200 --budget none --expires 30d
    """
    changed = keys.change(_id_of(which, keys), change_asked(options))
    if as_json:
        print_json(msgspec.to_builtins(changed))
    else:
        print_keys([changed])


@command.command("rotate")
@click.argument("which", metavar="[KEY]", required=False)
@click.option("--all", "every", is_flag=True, help="Every live key, the admin key too.")
@tag_option("Every live key with this tag; with all of them, if repeated.")
@click.option("--account", metavar="ID", help="Every live key of this account.")
@grace_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the new secrets to this new file, for your eyes only, instead of the terminal.",
)
@json_option
@at_keys
def rotate(keys: KeyOffice, which: str | None, as_json: bool, **options: Any) -> None:  # noqa: ANN401
    """Give the KEY with this id or name, or many, a new secret; the one from before works on for a while.

    The key stays the same: its id, limits, budgets and tags. With several keys, all get new secrets or none does.

    Example: madang key rotate --tag team=search --grace 48h --out secrets.json
    """
    grace = options["grace"]
    many = RotateKeys(
        all=options["every"], tags=options["tag"], account_id=options["account"], grace=grace
    )
    if (which is not None) == (many.all or bool(many.tags) or many.account_id is not None):
        raise click.UsageError("Name a KEY, or else give --all, --tag or --account.")
    one = None if which is None else _id_of(which, keys)
    out: Path | None = options["out"]
    if out is not None:
        _make_file(out)  # before anything is done that could then not be told
    try:
        made = keys.rotate_many(many) if one is None else [keys.rotate(one, RotateKey(grace=grace))]
    except MadangError:
        if out is not None:
            out.unlink()
        raise
    if not made and out is not None:
        out.unlink()
    if not made:
        raise click.ClickException("No live key is meant by that: nothing was rotated.")
    if out is None or not _written(made, out):
        _print_rotated(made, as_json, single=one is not None)


@command.command("revoke")
@click.argument("which", metavar="KEY")
@json_option
@at_keys
def revoke(keys: KeyOffice, which: str, as_json: bool) -> None:
    """End the KEY with this id, or with this name if only one live key bears it.

    Example: madang key revoke search-team
    """
    revoked = keys.revoke(_id_of(which, keys))
    if as_json:
        print_json(msgspec.to_builtins(revoked))
    else:
        click.echo(f"Revoked {revoked.name!r} ({revoked.id}, {revoked.prefix}…).")


def _print_rotated(made: Sequence[KeyMade], as_json: bool, *, single: bool) -> None:
    if as_json:
        shown = msgspec.to_builtins(made)
        print_json(shown[0] if single else shown)
    elif single:
        print_made(made[0], "This is the new secret of")
    else:
        for one in made:
            click.echo(f"{one.id}\t{one.name}\t{one.key}")
        click.echo(f"{len(made)} new secrets, shown this once: keep them now.", err=True)


def _make_file(path: Path) -> None:
    """A file that was not there, which only its owner may read."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise click.ClickException(f"{path} cannot be made: {error.strerror}.") from error


def _written(made: Sequence[KeyMade], path: Path) -> bool:
    """Whether the secrets are in the file; if they are not, they must be told in another way."""
    try:
        path.write_text(json.dumps(msgspec.to_builtins(made), indent=2, ensure_ascii=False))
    except OSError as error:
        click.echo(f"{path} cannot be written: {error.strerror}.", err=True)
        return False
    click.echo(f"{len(made)} new secrets are in {path}.", err=True)
    return True


def _id_of(given: str, keys: KeyOffice) -> str:
    """The id that is meant: a key's own, or that of the one live key of this name."""
    found = keys.list_keys()
    if any(key.id == given for key in found):
        return given
    named = [key for key in found if key.name == given]
    live = [key for key in named if key.state == "active"] or named
    if not live:
        raise click.ClickException(f"There is no key with the id or the name {given!r}.")
    if len(live) > 1:
        ids = ", ".join(key.id for key in live)
        raise click.ClickException(f"{len(live)} keys are named {given!r}; give one of {ids}.")
    return live[0].id
