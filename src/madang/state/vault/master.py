"""Master keys: 32 bytes each, from the environment or from a file beside the store.

Rule: the first one seals, all of them open. So that one can replace another, both are there for a while.
"""

import base64
import binascii
import hashlib
import logging
import os
import re
import secrets
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from madang.errors import Conflict

log = logging.getLogger("madang.vault")

ENV = "MADANG_SECRET_KEY"
ENV_FILE = "MADANG_SECRET_KEY_FILE"
FILE = "secret.key"

_SIZE = 32
_HEX = re.compile(r"[0-9A-Fa-f]{64}")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class MasterKey(Struct, frozen=True):
    """A master key, and the id by which sealed rows name it: 8 hexadecimal digits of its SHA-256."""

    raw: bytes

    @property
    def id(self) -> str:
        """Tells keys apart, and nothing about them."""
        return hashlib.sha256(b"madang master key\0" + self.raw).hexdigest()[:8]

    def __repr__(self) -> str:
        return f"MasterKey({self.id})"


def new_master() -> MasterKey:
    """A key that nobody has had before."""
    return MasterKey(secrets.token_bytes(_SIZE))


class MasterKeys:
    """Where an installation's master keys are: `$MADANG_SECRET_KEY`, or a file that its owner alone may read."""

    def __init__(self, home: Path, environ: Mapping[str, str]) -> None:
        self._given = environ.get(ENV, "").strip()
        self.file = Path(environ.get(ENV_FILE) or home / FILE)

    @property
    def place(self) -> str:
        """Where they are looked for, in words."""
        return f"${ENV}" if self._given else str(self.file)

    @property
    def in_file(self) -> bool:
        """Whether they are in a file, which Madang may write."""
        return not self._given

    def read(self) -> tuple[MasterKey, ...]:
        """All that there are, the sealing one first; none, if there is no file. Raises Conflict for what is no key."""
        text = self._given or self._content()
        return tuple(self._parsed(word) for word in re.split(r"[\s,]+", text) if word)

    def make(self) -> MasterKey:
        """A new file with a new key, readable by its owner only; said in the log. Raises Conflict.

        Where another process is quicker, the key is that one's.
        """
        made = new_master()
        try:
            self._write((made,), Path.hardlink_to)
        except FileExistsError:
            return self.read()[0]
        log.warning(
            "The master key was made: %s. Keep a copy of it away from backups of the store: "
            "without it, stored keys of providers cannot be read.",
            self.file,
        )
        return made

    def write(self, keys: Sequence[MasterKey]) -> None:
        """Put these into the file instead of what is there, all at once or not at all. Raises Conflict."""
        self._write(keys, lambda file, beside: beside.replace(file))

    def _write(self, keys: Sequence[MasterKey], put: Callable[[Path, Path], object]) -> None:
        """Write a file beside, for its owner only, and `put` it into its place. Raises Conflict, FileExistsError."""
        beside = self.file.with_name(f"{self.file.name}.{secrets.token_hex(4)}")
        lines = [base64.b64encode(key.raw) + b"\n" for key in keys]
        try:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with open(handle, "wb") as file:  # noqa: PTH123 - of a descriptor
                file.writelines(lines)
                file.flush()
                os.fsync(handle)
            put(self.file, beside)
        except FileExistsError:
            raise
        except OSError as error:
            raise Conflict(
                f"The master key {self.file} cannot be written: {error.strerror}."
            ) from error
        finally:
            beside.unlink(missing_ok=True)

    def _content(self) -> str:
        try:
            with self.file.open("rb") as file:
                if os.fstat(file.fileno()).st_mode & _OTHERS:
                    log.warning("%s can be read by others: run chmod 600 on it", self.file)
                return file.read(4096).decode("ascii", "replace")
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise Conflict(
                f"The master key {self.file} cannot be read: {error.strerror}."
            ) from error

    def _parsed(self, word: str) -> MasterKey:
        try:
            raw = (
                bytes.fromhex(word)
                if _HEX.fullmatch(word)
                else base64.b64decode(
                    word.replace("-", "+").replace("_", "/") + "=" * (-len(word) % 4), validate=True
                )
            )
        except binascii.Error:
            raw = b""
        if len(raw) != _SIZE:
            raise Conflict(
                f"{self.place} holds no master key: it must be 32 bytes as base64 or hexadecimal, "
                "for example what `openssl rand -base64 32` prints."
            )
        return MasterKey(raw)
