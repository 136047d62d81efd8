"""The administration of callers' keys over HTTP."""

import time

from madang.keys.desk import Desk
from madang.keys.requests import ChangeKey, CreateKey, RotateKey, RotateKeys
from madang.keys.responses import KeyMade, KeyShown
from madang.server.administration.operation import Operation
from madang.server.process.runtime import Runtime


def create_key(runtime: Runtime, _: str, body: CreateKey) -> KeyMade:
    """Make a key."""
    return _desk(runtime).create(body)


def list_keys(runtime: Runtime, _: str, __: None) -> list[KeyShown]:
    """All keys, revoked and expired ones included."""
    return _desk(runtime).list_keys()


def get_key(runtime: Runtime, key_id: str, _: None) -> KeyShown:
    """One key."""
    return _desk(runtime).show(key_id)


def change_key(runtime: Runtime, key_id: str, body: ChangeKey) -> KeyShown:
    """Change a key's limits, models, tags or end; in force at once, everywhere within a second."""
    return _desk(runtime).change(key_id, body)


def rotate_key(runtime: Runtime, key_id: str, body: RotateKey) -> KeyMade:
    """Give a key a new secret; the one before works on for a while."""
    return _desk(runtime).rotate(key_id, body)


def rotate_keys(runtime: Runtime, _: str, body: RotateKeys) -> list[KeyMade]:
    """Give many keys new secrets, all of them or none."""
    return _desk(runtime).rotate_many(body)


def revoke_key(runtime: Runtime, key_id: str, _: None) -> KeyShown:
    """Revoke a key; it stops working at once, everywhere within a second."""
    return _desk(runtime).revoke(key_id)


KEYS = (
    Operation("POST", "/api/keys", create_key, KeyMade, CreateKey, 201),
    Operation("GET", "/api/keys", list_keys, list[KeyShown]),
    Operation("GET", "/api/keys/{id}", get_key, KeyShown),
    Operation("PATCH", "/api/keys/{id}", change_key, KeyShown, ChangeKey),
    Operation("DELETE", "/api/keys/{id}", revoke_key, KeyShown),
    Operation("POST", "/api/keys/{id}/rotate", rotate_key, KeyMade, RotateKey),
    Operation("POST", "/api/rotations", rotate_keys, list[KeyMade], RotateKeys),
)
"""The rows of the administration's table that are about callers' keys."""


def _desk(runtime: Runtime) -> Desk:
    return Desk(runtime.keyring, time.time(), runtime.settings.keys.warn_s)
