"""How the worker processes of one installation tell each other what they count: a small file of each, read by all.

Rule: a file is replaced whole, by rename; who reads it sees one state. Files last as long as their
supervisor: `clear` begins anew.
"""

from collections.abc import Iterator
from pathlib import Path

_FOLDER = "watch"


def clear(home: Path) -> None:
    """Forget what the workers of an earlier start have told. To be called before any is forked."""
    folder = home / _FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for file in folder.iterdir():
        file.unlink(missing_ok=True)


class Exchange:
    """What one of `workers` tells under a name (`topic`), and what the others have told."""

    def __init__(self, home: Path, topic: str, worker: int, workers: int) -> None:
        self._folder = home / _FOLDER
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._topic = topic
        self._worker = worker
        self._others = [number for number in range(workers) if number != worker]
        self._seen: dict[int, int] = {}

    def tell(self, content: bytes) -> None:
        """Replace what this worker has told. Raises OSError."""
        file = self._file(self._worker)
        fresh = file.with_suffix(".tmp")
        fresh.touch(mode=0o600)
        fresh.write_bytes(content)
        fresh.rename(file)

    def own(self) -> bytes | None:
        """What a worker of this number has told last, also one that has died since."""
        return _read(self._file(self._worker))

    def heard(self) -> Iterator[tuple[int, bytes]]:
        """What each other worker has told last."""
        for number in self._others:
            content = _read(self._file(number))
            if content is not None:
                yield number, content

    def news(self) -> Iterator[tuple[int, bytes]]:
        """The same of those who have told something since it was last asked for."""
        for number in self._others:
            file = self._file(number)
            try:
                changed_ns = file.stat().st_mtime_ns
            except FileNotFoundError:
                continue
            if self._seen.get(number) != changed_ns:
                content = _read(file)
                self._seen[number] = changed_ns
                if content is not None:
                    yield number, content

    def _file(self, worker: int) -> Path:
        return self._folder / f"{self._topic}-w{worker}"


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None
