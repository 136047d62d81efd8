"""One runner per project: whoever holds the lock, which the system takes back from the dead."""

import fcntl
from pathlib import Path
from typing import IO

from madang_studio.errors import StudioError


class Lock:
    """A lock on a project's folder."""

    def __init__(self, root: Path) -> None:
        self._path = root / "runner.lock"
        self._file: IO[bytes] | None = None

    def take(self) -> None:
        """Raises StudioError if another process has it."""
        file = self._path.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise StudioError(
                f"Another process works on {self._path.parent} already: it makes what you ask for."
            ) from None
        self._file = file

    def release(self) -> None:
        """Let go."""
        if self._file is not None:
            self._file.close()
            self._file = None
