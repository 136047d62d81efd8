"""A key as it is listed, with its secrets' dates and never the secrets: one shape for HTTP and the command line."""

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct, structs

from madang.keys.expiry import is_expiring
from madang.keys.keyring import Keyring
from madang.keys.record import Key, Secret

State = Literal["active", "expired", "revoked"]


class KeyShown(Struct, kw_only=True):
    """A key as it may be shown: never the secret, only its first characters. Times are Unix seconds.

    `secrets`: the current one, and those that rotations have replaced, each with its uses.
    `is_expiring`: it expires within the days that the configuration warns of.
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
    secrets: tuple[Secret, ...]


class KeyMade(KeyShown, kw_only=True):
    """A key with its new secret, which is shown this once."""

    key: str


class Showing(Struct, frozen=True):
    """What it takes to show keys: the moment, and how long before its end a key is said to expire."""

    now_s: float
    warn_s: float

    def all_of(self, keyring: Keyring) -> list[KeyShown]:
        """Every key that was ever made, oldest first."""
        secrets = keyring.secrets()
        return [KeyShown(**self._fields(key, secrets)) for key in keyring.list()]

    def one_of(self, keyring: Keyring, key_id: str) -> KeyShown:
        """One key. Raises NotFound."""
        return KeyShown(**self._fields(keyring.get(key_id), keyring.secrets(key_id)))

    def made(self, keyring: Keyring, key: Key, raw: str) -> KeyMade:
        """A key that has just been made or rotated."""
        return KeyMade(key=raw, **self._fields(key, keyring.secrets(key.id)))

    def _fields(self, key: Key, secrets: Mapping[str, tuple[Secret, ...]]) -> dict[str, Any]:
        return {
            **structs.asdict(key),
            "state": self._state(key),
            "is_expiring": is_expiring(key, self.now_s, self.warn_s),
            "secrets": secrets.get(key.id, ()),
        }

    def _state(self, key: Key) -> State:
        if key.revoked_at is not None:
            return "revoked"
        return "active" if key.is_live(self.now_s) else "expired"
