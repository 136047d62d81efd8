"""Who serves a home folder: every gateway on it is known to the next, for as long as it runs.

Limits, budgets and alerts are counted over the workers of one gateway. A second gateway on the same home,
as for a moment when one takes over from another, counts them for itself.
"""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_log = logging.getLogger("madang.serve")
_LOCK = "serving.lock"


@contextmanager
def tenant(home: Path) -> Iterator[bool]:
    """Serve this home; whether nobody else does. Who does is told of in the log.

    What is held is passed on to processes that are forked, and the kernel lets go when the last of them ends.
    """
    fd = os.open(home / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        alone = _is_free(fd)
        fcntl.flock(fd, fcntl.LOCK_SH)
        if not alone:
            _log.warning(
                "another gateway serves %s: until it ends, each counts limits and budgets for itself, "
                "and both send alerts; to serve with several processes, use --workers",
                home,
            )
        yield alone
    finally:
        os.close(fd)


def _is_free(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
