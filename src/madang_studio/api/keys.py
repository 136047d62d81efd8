"""The studio's admin key: from the environment, else made at the first start, shown once, kept as a hash."""

import hashlib
import os
import secrets
from pathlib import Path
from typing import Final

from msgspec import Struct

from madang_studio.store.objects import room

VARIABLE: Final = "MADANG_STUDIO_KEY"
_FILE: Final = "admin.sha256"
_PREFIX: Final = "mds_"


class AdminKey(Struct, frozen=True):
    """The hash of the key that opens the studio, and the key itself if it is new."""

    digest: str
    new: str | None = None

    def opens(self, key: str) -> bool:
        """Whether this is the key; takes equally long for any."""
        return secrets.compare_digest(_hash(key), self.digest)


def admin_key(root: Path, given: str | None) -> AdminKey:
    """The key of a project's studio: `given`, else the one that was made, else a new one. Raises NoRoom."""
    if given:
        return AdminKey(_hash(given))
    file = root / _FILE
    if file.exists():
        return AdminKey(file.read_text().strip())
    key = f"{_PREFIX}{secrets.token_urlsafe(32)}"
    with room(file), os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "w") as target:
        target.write(_hash(key))
    return AdminKey(_hash(key), key)


def _hash(key: str) -> str:
    """Of a key with 256 random bits no salt is needed."""
    return hashlib.sha256(key.encode()).hexdigest()
