"""Integers by name, 64 bits each, that the worker processes of one installation share.

Rules: whoever reads or changes cells holds the table (`with table:`); the lock belongs to the
process (`flock`), so that the kernel releases it when the process dies. What one process alone uses
is plain memory without a lock. A table that is full says so, and places what is new in memory of
each process's own: whoever counts there has to divide what it may give out by `Place.share`.
"""

import fcntl
import logging
import mmap
import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from hashlib import blake2b
from pathlib import Path
from typing import Final, NamedTuple, Protocol

log = logging.getLogger("madang.table")

_WORD: Final = 8
_NEXT: Final = 0  # the first free cell
_COUNT: Final = 1  # how many records there are
_DIRECTORY: Final = 2
_ENTRY: Final = 4  # digest, place, kind, size
_RECORDS: Final = 1 << 16
_CELLS: Final = 6 << 20
"""48 MiB of addresses; only what is used becomes memory. A limit on requests takes 67 cells."""


class Cells(Protocol):
    """Memory of 64-bit integers: a list, or a view of bytes that processes share."""

    def __getitem__(self, at: int, /) -> int:
        """The value of a cell."""

    def __setitem__(self, at: int, value: int, /) -> None:
        """Change a cell."""


class Place(NamedTuple):
    """Where a record lies: `cells` from `at` on. `share`: among how many processes its limit is divided."""

    cells: Cells
    at: int
    share: int = 1


class Record(NamedTuple):
    """A record of the table, as whoever has to repair it finds it."""

    kind: int
    cells: Cells
    at: int


class Table:
    """The table of a process that serves alone; it grows. See `SharedTable` for several.

    `worker` numbers the process among `workers`.
    """

    worker = 0
    workers = 1

    def __init__(self) -> None:
        self.lock: AbstractContextManager[object] = threading.Lock()  # nobody waits; it costs least
        self._cells: list[int] = []
        self._places: dict[str, Place] = {}
        self._kinds: list[tuple[int, int]] = []

    def claim(self, name: str, kind: int, size: int) -> Place:
        """The place of the record of that name: `size` cells, all 0 at first."""
        place = self._places.get(name)
        if place is None:
            place = self._places[name] = Place(self._cells, len(self._cells))
            self._kinds.append((kind, place.at))
            self._cells += [0] * size
        return place

    def records(self) -> Iterator[Record]:
        """Every record."""
        for kind, at in self._kinds:
            yield Record(kind, self._cells, at)

    def __enter__(self) -> None:
        """Nobody else is there to wait for."""

    def __exit__(self, *_: object) -> None:
        """Nobody waits."""


class Arena:
    """Memory that processes forked after it was made share. `lock` is a file that each opens for itself."""

    def __init__(
        self, workers: int, lock: Path, records: int = _RECORDS, cells: int = _CELLS
    ) -> None:
        self.workers = workers
        self.lock = lock
        self.slots = records * 2  # half full at most, so that a search stays short
        self.size = _DIRECTORY + self.slots * _ENTRY + cells
        self.cells = memoryview(mmap.mmap(-1, self.size * _WORD)).cast("B").cast("q")
        self.cells[_NEXT] = _DIRECTORY + self.slots * _ENTRY


class SharedTable:
    """One process's view of an `Arena`. `claim` remembers what it has found."""

    def __init__(self, arena: Arena, worker: int) -> None:
        self.worker = worker
        self.workers = arena.workers
        self._arena = arena
        self._cells = arena.cells
        arena.lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._fd = os.open(arena.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._places: dict[str, Place] = {}
        self._own: Table | None = None

    @property
    def lock(self) -> AbstractContextManager[object]:
        """What whoever reads or changes cells has to hold."""
        return self

    def close(self) -> None:
        """Give the lock's file back."""
        os.close(self._fd)

    def __enter__(self) -> None:
        """Wait until no other process holds the table."""
        fcntl.flock(self._fd, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        """Let the next one in."""
        fcntl.flock(self._fd, fcntl.LOCK_UN)

    def claim(self, name: str, kind: int, size: int) -> Place:
        """The place of the record of that name, the same in every process; not to be called while holding the table."""
        place = self._places.get(name)
        if place is None:
            digest = int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), signed=True)
            with self:
                at = self._find(digest or 1, kind, size)
            place = self._overflow(name, kind, size) if at is None else Place(self._cells, at)
            self._places[name] = place
        return place

    def records(self) -> Iterator[Record]:
        """Every record, this process's own included."""
        cells = self._cells
        for slot in range(self._arena.slots):
            entry = _DIRECTORY + slot * _ENTRY
            if cells[entry]:
                yield Record(cells[entry + 2], cells, cells[entry + 1])
        if self._own is not None:
            yield from self._own.records()

    def _find(self, digest: int, kind: int, size: int) -> int | None:
        """Where the record lies, made if it is new; None: the table is full."""
        cells, slots = self._cells, self._arena.slots
        slot = digest % slots
        while True:
            entry = _DIRECTORY + slot * _ENTRY
            found = cells[entry]
            if found == digest:
                return cells[entry + 1]
            if not found:
                break
            slot = (slot + 1) % slots
        at = cells[_NEXT]
        if at + size > self._arena.size or cells[_COUNT] * 2 >= slots:
            return None
        cells[_NEXT] = at + size
        cells[_COUNT] += 1
        cells[entry + 1], cells[entry + 2], cells[entry + 3] = at, kind, size
        cells[entry] = digest  # last: a process that dies before it has made no record
        return at

    def _overflow(self, name: str, kind: int, size: int) -> Place:
        """Memory of this process alone, of which each process may give out its share."""
        if self._own is None:
            self._own = Table()
            log.error(
                "the table of limits is full with %d records: each of %d workers now enforces its share of every"
                " further limit",
                self._cells[_COUNT],
                self.workers,
            )
        return self._own.claim(name, kind, size)._replace(share=self.workers)
