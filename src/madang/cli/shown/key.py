"""How keys look on a terminal."""

from collections.abc import Iterable

import click

from madang.cli.shown.printing import count, moment, print_table
from madang.cli.shown.statement import usd
from madang.keys import Secret
from madang.keys.responses import KeyMade, KeyShown

_COLUMNS = (
    *("id", "name", "key", "state", "created", "expires", "last used"),
    *("models", "tags", "limits", "account"),
)
_SECRET_COLUMNS = ("key", "made", "works until", "last used", "requests")


def print_keys(keys: Iterable[KeyShown]) -> None:
    """A line for each."""
    print_table(
        _COLUMNS,
        [
            (
                key.id,
                key.name,
                f"{key.prefix}…",
                _state(key),
                moment(key.created_at),
                moment(key.expires_at),
                _last_used(key),
                ", ".join(key.models) or "all",
                ", ".join(f"{name}={value}" for name, value in key.tags.items()),
                _limits(key),
                key.account_id or "",
            )
            for key in keys
        ],
        empty="There is no key yet: `madang key create --name NAME` makes one.",
    )


def print_key(key: KeyShown) -> None:
    """A key, and its secrets below it."""
    print_keys([key])
    print_table(
        _SECRET_COLUMNS,
        [
            (
                f"{secret.prefix}…",
                moment(secret.created_at),
                _until(key, secret),
                moment(secret.last_used_at),
                count(secret.uses),
            )
            for secret in key.secrets
        ],
        numbers=("requests",),
    )


def print_made(made: KeyMade, words: str) -> None:
    """The secret alone on standard output, and what to know of it beside."""
    click.echo(made.key)
    click.echo(f"{words} {made.name!r} ({made.id}). It is shown this once: keep it now.", err=True)


def _state(key: KeyShown) -> str:
    """The state, and what somebody should do about it."""
    notes = ["expires soon"] if key.is_expiring else []
    if key.replaced_in_use:
        notes.append("replaced key in use")
    return f"{key.state} ({', '.join(notes)})" if notes else key.state


def _until(key: KeyShown, secret: Secret) -> str:
    if key.revoked_at is not None:
        return "revoked"
    ends = [end for end in (secret.ends_at, key.expires_at) if end is not None]
    return moment(min(ends, default=None))


def _last_used(key: KeyShown) -> str:
    used = [secret.last_used_at for secret in key.secrets if secret.last_used_at is not None]
    return moment(max(used, default=None)) if used else "never"


def _limits(key: KeyShown) -> str:
    named = (("rpm", key.rpm), ("tpm", key.tpm))
    limits = [f"{count(limit)} {name}" for name, limit in named if limit is not None]
    if key.budget_nusd is not None:
        per = f" per {key.budget_per}" if key.budget_per else ""
        limits.append(f"${usd(key.budget_nusd)}{per}")
    return ", ".join(limits) or "none"
