"""`madang secret`: the master key that seals what is secret in the store."""

import click

from madang.cli.offices.key import VaultOffice, at_vault
from madang.cli.shown.printing import json_option, print_json


@click.group("secret")
def command() -> None:
    """Look after the master key that seals what is secret in the store."""


@command.command("rekey")
@json_option
@at_vault
def rekey(vault: VaultOffice, as_json: bool) -> None:
    """Seal every stored key of providers anew.

    A master key in a file is replaced by a new one. With $MADANG_SECRET_KEY, put the new key before the old one, with a
    comma between, restart, run this, and then take the old one away. Nothing is lost if it is ended halfway.

    Example: madang secret rekey
    """
    master_id, count = vault.rekey()
    if as_json:
        print_json({"master_id": master_id, "keys": count})
    else:
        click.echo(f"{count} stored keys are sealed with master key {master_id} now.")
