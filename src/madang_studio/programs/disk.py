"""Writing to the disk: what the system refuses is said in the studio's words."""

import errno
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


def no_room(place: Path) -> NoRoom:
    """The failure of a full disk."""
    return NoRoom(f"the disk of {place} is full; make room and go on: what was made is kept")
