"""What is asked about keys (`requests`) and answered (`responses`): one place for the HTTP API and the command line."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from msgspec import structs

from madang.keys.expiry import is_expiring
from madang.keys.keyring import Keyring
from madang.keys.record import Key, Secret, Selection
from madang.keys.requests import ChangeKey, CreateKey, RotateKey, RotateKeys
from madang.keys.responses import KeyMade, KeyShown, State
from madang.keys.spelling import parse_grace


class Desk:
    """Answers at `now_s` (Unix seconds). `warn_s`: how long before its end a key is said to expire."""

    def __init__(self, keyring: Keyring, now_s: float, warn_s: float) -> None:
        self._keyring = keyring
        self._now_s = now_s
        self._warn_s = warn_s

    def create(self, asked: CreateKey) -> KeyMade:
        """Make a key. Raises InvalidRequest."""
        return self._made(*self._keyring.create(asked.new(self._now_s), now_s=self._now_s))

    def list_keys(self) -> list[KeyShown]:
        """Every key that was ever made, oldest first."""
        secrets = self._keyring.secrets()
        return [KeyShown(**self._fields(key, secrets)) for key in self._keyring.list()]

    def show(self, key_id: str) -> KeyShown:
        """One key. Raises NotFound."""
        return KeyShown(**self._fields(self._keyring.get(key_id), self._keyring.secrets(key_id)))

    def change(self, key_id: str, asked: ChangeKey) -> KeyShown:
        """Change a key. Raises InvalidRequest, NotFound, Conflict."""
        self._keyring.update(key_id, asked.change(self._now_s), now_s=self._now_s)
        return self.show(key_id)

    def rotate(self, key_id: str, asked: RotateKey) -> KeyMade:
        """Give one key a new secret. Raises InvalidRequest, NotFound, Conflict."""
        return self._rotate(Selection(ids=(key_id,)), asked.grace)[0]

    def rotate_many(self, asked: RotateKeys) -> list[KeyMade]:
        """Give many keys new secrets, all or none. Raises InvalidRequest."""
        return self._rotate(asked.selection, asked.grace)

    def revoke(self, key_id: str) -> KeyShown:
        """End a key for good. Raises NotFound, Conflict."""
        self._keyring.revoke(key_id, now_s=self._now_s)
        return self.show(key_id)

    def _rotate(self, which: Selection, grace: str) -> list[KeyMade]:
        rotated = self._keyring.rotate(which, grace_s=parse_grace(grace), now_s=self._now_s)
        secrets = self._keyring.secrets() if len(rotated) > 1 else None
        return [self._made(key, raw, secrets) for key, raw in rotated]

    def _made(
        self, key: Key, raw: str, secrets: Mapping[str, tuple[Secret, ...]] | None = None
    ) -> KeyMade:
        if secrets is None:
            secrets = self._keyring.secrets(key.id)
        return KeyMade(key=raw, **self._fields(key, secrets))

    def _fields(self, key: Key, secrets: Mapping[str, tuple[Secret, ...]]) -> dict[str, Any]:
        own = secrets.get(key.id, ())
        return {
            **structs.asdict(key),
            "state": self._state(key),
            "is_expiring": is_expiring(key, self._now_s, self._warn_s),
            "replaced_in_use": key.is_live(self._now_s) and self._is_lagging(own),
            "secrets": own,
        }

    def _is_lagging(self, secrets: tuple[Secret, ...]) -> bool:
        return any(
            older.ends_at is not None
            and older.ends_at > self._now_s
            and (older.last_used_at or 0) > newer.created_at
            for newer, older in pairwise(secrets)
        )

    def _state(self, key: Key) -> State:
        if key.revoked_at is not None:
            return "revoked"
        return "active" if key.is_live(self._now_s) else "expired"
