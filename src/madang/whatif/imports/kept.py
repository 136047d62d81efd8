"""Imports that are kept: `<home>/imports/NAME.jsonl`, a line for each attempt, in the order of time."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from msgspec import DecodeError, ValidationError, json

from madang.errors import Conflict, InvalidRequest, NotFound, StoreUnavailable
from madang.whatif.imports.sorting import lines_of
from madang.whatif.past import Past

FOLDER: Final = "imports"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
_decode = json.Decoder(Past).decode


def check_name(name: str) -> str:
    """The name of an import. Raises InvalidRequest."""
    if not _NAME.fullmatch(name):
        raise InvalidRequest("An import's name has letters, digits, `.`, `_` and `-`, 100 at most.")
    return name


def place_of(home: Path, name: str) -> Path:
    """Where it lies. Raises InvalidRequest."""
    return home / FOLDER / f"{check_name(name)}.jsonl"


def keep(home: Path, name: str, rows: Iterable[Past], *, replace: bool = False) -> int:
    """Write an import, whole or not at all; return how many rows it has.

    Raises Conflict where there is one of that name, unless it is to be replaced.
    """
    place = place_of(home, name)
    if place.exists() and not replace:
        raise Conflict(f"There is an import {name!r} already: give --replace, or another --name.")
    part = place.with_suffix(".part")
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        number = _write(part, rows)
        part.replace(place)
    except OSError as error:
        raise StoreUnavailable(f"The import cannot be written: {error}.") from error
    finally:
        part.unlink(missing_ok=True)
    return number


def _write(part: Path, rows: Iterable[Past]) -> int:
    """Readable by its owner only: it may name customers."""
    number = 0
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        for number, line in enumerate(lines_of(rows), 1):  # noqa: B007 - the last number counts
            out.write(line)
        out.flush()
        os.fsync(out.fileno())
    return number


def kept(home: Path, name: str) -> Iterator[Past]:
    """The rows of an import. Raises NotFound, or InvalidRequest for a line that is none."""
    try:
        file = place_of(home, name).open("rb")
    except OSError as error:
        raise NotFound(
            f"There is no import {name!r} in {home}: see `madang import usage`."
        ) from error
    with file:
        for number, line in enumerate(file, 1):
            try:
                yield _decode(line)
            except (DecodeError, ValidationError) as error:
                raise InvalidRequest(f"Line {number} of {name!r} is damaged: {error}") from error
