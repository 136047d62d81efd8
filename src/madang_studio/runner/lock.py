"""One runner per project: whoever holds the lock, which the system takes back from the dead."""

import fcntl
import time
from pathlib import Path
from typing import IO, Final

from madang_studio.errors import StudioError

_GLANCES: Final = 3
_GLANCE_S: Final = 0.01
"""Whoever only looks (`free`) is in the way for a moment."""


class Lock:
    """A lock on a project's folder."""

    def __init__(self, root: Path) -> None:
        self._path = root / "runner.lock"
        self._file: IO[bytes] | None = None

    def take(self) -> None:
        """Raises StudioError if another process has it."""
        file = self._path.open("ab")
        for _ in range(_GLANCES):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                time.sleep(_GLANCE_S)
            else:
                self._file = file
                return
        file.close()
        raise StudioError(
            f"Another process works on {self._path.parent} already: it makes what you ask for."
        )

    def free(self) -> bool:
        """Whether nobody has it now."""
        with self._path.open("ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return False
        return True

    def release(self) -> None:
        """Let go."""
        if self._file is not None:
            self._file.close()
            self._file = None
