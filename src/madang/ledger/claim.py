"""Files that belong to one process for as long as it lives, whose names say whose they are.

Rule: a file is locked (flock) before it bears the name that readers look for, and the lock ends with
its process. So a file that nobody holds is finished, however its writer ended.
"""

import fcntl
import os
import re
import time
from pathlib import Path
from typing import Final

OPENING: Final = ".opening"
_WORKER: Final = re.compile(r"[A-Za-z0-9_]{1,40}")


class Claim:
    """Makes the files of one writer in `directory`: `<worker>-<start>-<number><suffix>`.

    `worker` is a name of letters, digits and underscores that no other running process of this
    installation bears. `start` is Unix µs, and later than that of any writer of this name whose
    files are there, also when the clock was put back. `sync`: wait until the disk has the names.
    Raises OSError, here and later.
    """

    def __init__(self, directory: Path, worker: str, *, sync: bool = False) -> None:
        if not _WORKER.fullmatch(worker):
            raise ValueError(f"not a worker's name: {worker!r}")
        self._directory = directory
        self._sync = sync
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for leftover in directory.glob(f"{worker}-*{OPENING}"):
            leftover.unlink(missing_ok=True)  # its opener was killed before it wrote anything
        starts = [started for path in directory.glob(f"{worker}-*-*") if (started := _start(path))]
        start = max([time.time_ns() // 1000, *[started + 1 for started in starts]])
        self.writer = f"{worker}-{start:016d}"

    def open(self, number: int, suffix: str, flags: int = 0) -> tuple[int, Path]:
        """A new, empty file that this process holds: its descriptor (to be closed by the caller) and its path."""
        path = self._directory / f"{self.writer}-{number:06d}{suffix}"
        opening = path.with_suffix(OPENING)
        flags |= os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        fd = os.open(opening, flags, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            opening.rename(path)
            if self._sync:
                _sync_directory(self._directory)
        except BaseException:
            os.close(fd)
            opening.unlink(missing_ok=True)
            raise
        return fd, path


def writer_of(path: Path) -> str:
    """Whose file it is: what its name says but for the number."""
    return path.stem.rpartition("-")[0]


def is_abandoned(fd: int) -> bool:
    """Whether no process holds the file as its writer."""
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _start(path: Path) -> int:
    """When the writer of a file began, Unix µs; 0: it is not named so."""
    digits = writer_of(path).rpartition("-")[2]
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def _sync_directory(directory: Path) -> None:
    fd = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
