"""Writing to the disk: what the system refuses is said in the studio's words."""

import errno
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from madang_studio.errors import NoRoom

FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
"""What a system says when there is no room."""

BARRED = frozenset((errno.EACCES, errno.EPERM, errno.EROFS))
"""What a system says when it lets nobody write."""


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Around what writes to `place`. Raises NoRoom where the disk is full or cannot be written."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise no_room(place) from error
        if error.errno in BARRED:
            raise NoRoom(f"{place} cannot be written: {error.strerror}") from error
        raise


def check_room(place: Path, needed_bytes: int) -> None:
    """Raise NoRoom where a folder (made if it is not there) cannot be written, or has not so much room left."""
    trial = place / f".{uuid.uuid4().hex}.trial"
    try:
        place.mkdir(parents=True, exist_ok=True)
        trial.touch()
        trial.unlink()
        free = shutil.disk_usage(place).free
    except OSError as error:
        raise NoRoom(f"{place} cannot be written: {error.strerror}") from error
    if free < needed_bytes:
        raise NoRoom(
            f"the disk of {place} has {_mb(free)} MB left, and about {_mb(needed_bytes)} MB will be "
            "needed; make room and go on: what was made is kept"
        )


def _mb(size_bytes: int) -> str:
    return f"{size_bytes // 1_000_000:,}"


def no_room(place: Path) -> NoRoom:
    """The failure of a full disk."""
    return NoRoom(f"the disk of {place} is full; make room and go on: what was made is kept")
