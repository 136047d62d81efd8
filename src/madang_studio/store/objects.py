"""Artefacts on disk: `objects/<stamp>/` holds the files of one, and `made.json` about it.

Rule: a folder under its stamp is whole. It is made elsewhere and renamed there, so that neither a
full disk nor a killed process leaves half of one; what is lost before the rename never was.
"""

import errno
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from madang_studio.errors import BadScript, NoRoom, StudioError
from madang_studio.model.work import Made

_ABOUT: Final = "made.json"
_PIECE_BYTES: Final = 1 << 20


class Recipe(Struct, frozen=True, kw_only=True):
    """What an artefact depends on: all of it, so that its hash is the artefact's stamp.

    `inputs`: the contents of its inputs, by place.
    """

    step: str
    version: int
    params: Mapping[str, Any] = {}
    inputs: Mapping[str, str] = {}


class Artefact(Struct, frozen=True, kw_only=True):
    """A finished artefact. `content`: the hash of its files and facts; `seconds`: making it took so long.

    `cost_nusd` None: the gateway knows no price.
    """

    stamp: str
    content: str
    recipe: Recipe
    files: Mapping[str, str]
    facts: Mapping[str, Any]
    cost_nusd: int | None
    requests: tuple[str, ...] = ()
    seconds: float = 0.0


class Objects:
    """The folder of artefacts below a project's folder."""

    def __init__(self, root: Path) -> None:
        self._objects = root / "objects"
        self._place = str(self._objects)
        self._making = root / "making"
        self._refused = root / "refused"
        for folder in (self._objects, self._making):
            folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def workshop(self) -> Iterator[Path]:
        """An empty folder to make something in; what is left in it at the end is removed.

        But what led to a BadScript is kept in `refused/`: the answers of a model were paid for.
        """
        folder = self._making / uuid.uuid4().hex
        with room(self._making):
            folder.mkdir()
        try:
            yield folder
        except BadScript as error:
            if place := self._kept(folder):
                raise BadScript(f"{error} What was answered is kept in {place}.") from error
            raise
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _kept(self, folder: Path) -> Path | None:
        """Where what a step left behind now is; None if it left nothing."""
        if not any(folder.iterdir()):
            return None
        with room(self._refused):
            self._refused.mkdir(exist_ok=True)
            return folder.rename(self._refused / folder.name)

    def sweep(self) -> None:
        """Remove what killed processes left; nobody else may be making anything."""
        for folder in self._making.iterdir():
            shutil.rmtree(folder, ignore_errors=True)

    def commit(self, artefact: Artefact, folder: Path) -> Artefact:
        """Put a finished folder in its place, for good. If one is there already, that one stays."""
        place = self.folder(artefact.stamp)
        with room(folder):
            _write(folder / _ABOUT, msgspec.json.encode(artefact))
            place.parent.mkdir(exist_ok=True)
        try:
            folder.rename(place)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise NoRoom(f"{place} cannot be written: {error.strerror}.") from error
            return self.load(artefact.stamp) or artefact
        _flush(place.parent)
        return artefact

    def load(self, stamp: str) -> Artefact | None:
        """What is known of an artefact; None if it was never made."""
        if not os.path.isdir(f"{self._place}/{stamp[:2]}/{stamp}"):  # noqa: PTH112 - asked thousands of times
            return None
        try:
            about = (self.folder(stamp) / _ABOUT).read_bytes()
        except FileNotFoundError:
            return None
        return msgspec.json.decode(about, type=Artefact)

    def made(self, artefact: Artefact) -> Made:
        """The artefact as steps get it."""
        return Made(
            folder=self.folder(artefact.stamp),
            files=artefact.files,
            facts=artefact.facts,
            cost_nusd=artefact.cost_nusd or 0,
            requests=artefact.requests,
        )

    def folder(self, stamp: str) -> Path:
        """Where an artefact is, or would be."""
        return self._objects / stamp[:2] / stamp


def content_of(made: Made) -> str:
    """The hash of what an artefact is to others: its files and its facts. Raises StudioError."""
    digest = hashlib.sha256()
    for name in sorted(made.files):
        digest.update(f"{name}\0{_hash(made.path(name))}\0".encode())
    digest.update(msgspec.json.encode(made.facts, order="deterministic"))
    return digest.hexdigest()


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                digest.update(piece)
            os.fsync(file.fileno())  # before the rename, or a power cut could leave an empty file
    except FileNotFoundError:
        raise StudioError(f"A step said that it had made {path.name}, and had not.") from None
    return digest.hexdigest()


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def room(path: Path) -> Iterator[None]:
    """Turn what a disk refuses into NoRoom."""
    try:
        yield
    except OSError as error:
        raise NoRoom(
            f"{path} cannot be written ({error.strerror}): make room, then go on."
        ) from error
