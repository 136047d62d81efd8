"""`madang provider key`: the keys of providers that the store holds, sealed."""

import os
import sys

import click
import msgspec

from madang.catalog import load
from madang.cli.offices.key import VaultOffice, at_vault
from madang.cli.shown.printing import json_option, moment, print_json, print_table
from madang.state.vault import StoredKey

_COLUMNS = ("id", "provider", "key", "added", "last used", "resting", "master key")
_MOST_CHARACTERS = 10_000


@click.group("provider")
def command() -> None:
    """Keep the keys that providers have given."""


@command.group("key")
def key() -> None:
    """Store, list and remove providers' keys; a running gateway follows within a second.

    They are sealed with AES-256-GCM under a master key that is not in the store: $MADANG_SECRET_KEY, or the file
    secret.key in the home folder, which is made when it is first needed.
    """


_USED = "It is used within a second, unless the configuration gives that provider keys and none of them is `stored`."


@key.command("add")
@click.argument("provider")
@click.option(
    "--from-env", metavar="NAME", help="Take the key from this variable. Default: standard input."
)
@json_option
@at_vault
def add(vault: VaultOffice, provider: str, from_env: str | None, as_json: bool) -> None:
    """Store a key of PROVIDER, read from standard input or a variable, never from the command line.

    PROVIDER is a name of the configuration or of the catalogue.

    Example: madang provider key add openai --from-env OPENAI_API_KEY
    """
    added = vault.add(provider, _given(from_env))
    if as_json:
        print_json(msgspec.to_builtins(added))
    else:
        click.echo(f"Stored a key of {added.provider} ({added.id}, {added.prefix}…).")
        click.echo(_USED)
    if provider not in load().providers:
        click.echo(
            f"The catalogue knows no provider {provider!r}: the key is used once the configuration names one.",
            err=True,
        )


@key.command("list")
@json_option
@at_vault
def list_(vault: VaultOffice, as_json: bool) -> None:
    """List the stored keys of providers, by their first characters.

    Example: madang provider key list --json
    """
    found = vault.list_keys()
    if as_json:
        print_json(msgspec.to_builtins(found))
        return
    print_table(
        _COLUMNS,
        [
            (
                one.id,
                one.provider,
                f"{one.prefix}…",
                moment(one.added_at),
                moment(one.last_used_at),
                {None: "-", True: "yes", False: "no"}[one.is_resting],
                one.master_id,
            )
            for one in found
        ],
        empty="No provider's key is stored: `madang provider key add PROVIDER` takes one.",
    )


@key.command("remove")
@click.argument("which", metavar="KEY")
@json_option
@at_vault
def remove(vault: VaultOffice, which: str, as_json: bool) -> None:
    """Forget the KEY with this id, or the only one of the provider of this name.

    Example: madang provider key remove pk_0123456789abcdef
    """
    removed = vault.remove(_id_of(which, vault.list_keys()))
    if as_json:
        print_json(msgspec.to_builtins(removed))
    else:
        click.echo(f"Removed a key of {removed.provider} ({removed.id}, {removed.prefix}…).")


def _given(variable: str | None) -> str:
    """The key, from where nobody looks over the shoulder."""
    if variable is not None:
        value = os.environ.get(variable, "").strip()
        if not value:
            raise click.ClickException(f"The variable {variable} is not set, or empty.")
        return value
    if sys.stdin.isatty():
        return str(click.prompt("Key", hide_input=True))
    given = sys.stdin.read(_MOST_CHARACTERS)
    if not given.strip():
        raise click.ClickException("No key came on standard input: `… < key.txt`, or --from-env.")
    return given


def _id_of(given: str, keys: list[StoredKey]) -> str:
    """The id that is meant: a key's own, or that of a provider's only key."""
    if any(one.id == given for one in keys):
        return given
    theirs = [one.id for one in keys if one.provider == given]
    if not theirs:
        raise click.ClickException(
            f"There is no stored key with the id, or of the provider, {given!r}."
        )
    if len(theirs) > 1:
        raise click.ClickException(
            f"{len(theirs)} keys of {given} are stored; give one of {', '.join(theirs)}."
        )
    return theirs[0]
