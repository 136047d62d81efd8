"""A key as it is listed: with its secrets' dates and uses, never with the secrets."""

from typing import Literal

from msgspec import Struct

from madang.keys.record import Secret

State = Literal["active", "expired", "revoked"]


class KeyShown(Struct, kw_only=True):
    """A key as it may be shown: never the secret, only its first characters. Times are Unix seconds.

    `secrets`: the current one, and those that rotations have replaced, each with its uses.
    `is_expiring`: it expires within the days that the configuration warns of. `replaced_in_use`: a
    secret that still works was used after another had taken its place.
    """

    id: str
    name: str
    prefix: str
    created_at: int
    expires_at: int | None
    revoked_at: int | None
    models: tuple[str, ...]
    tags: dict[str, str]
    rpm: int | None
    tpm: int | None
    budget_nusd: int | None
    budget_per: str | None
    admin: bool
    account_id: str | None
    state: State
    is_expiring: bool
    replaced_in_use: bool
    secrets: tuple[Secret, ...]


class KeyMade(KeyShown, kw_only=True):
    """A key with its new secret, which is shown this once."""

    key: str
