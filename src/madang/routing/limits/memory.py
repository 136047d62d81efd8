"""What the meters need of whoever keeps their numbers; `state.table` has it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol


class Cells(Protocol):
    """Memory of 64-bit integers."""

    def __getitem__(self, at: int, /) -> int:
        """The value of a cell."""

    def __setitem__(self, at: int, value: int, /) -> None:
        """Change a cell."""


class Place(Protocol):
    """Where a meter's numbers lie, and among how many processes its limit is to be divided."""

    @property
    def cells(self) -> Cells:
        """The memory."""

    @property
    def at(self) -> int:
        """The meter's first cell."""

    @property
    def share(self) -> int:
        """1 where all processes count together."""


class Record(Protocol):
    """A meter's numbers without the meter."""

    @property
    def kind(self) -> int:
        """Which meter it is of."""

    @property
    def cells(self) -> Cells:
        """The memory."""

    @property
    def at(self) -> int:
        """The first cell."""


class Memory(Protocol):
    """A table of numbers, which whoever reads or changes them has to hold (`with memory.lock:`)."""

    @property
    def lock(self) -> AbstractContextManager[object]:
        """What is to be held."""

    @property
    def worker(self) -> int:
        """The number of this process."""

    @property
    def workers(self) -> int:
        """How many processes share the table."""

    def claim(self, name: str, kind: int, size: int) -> Place:
        """The place of a record, made with zeros if it is new."""

    def records(self) -> Iterator[Record]:
        """Every record."""

    def __enter__(self) -> None:
        """Hold it."""

    def __exit__(self, *_: object) -> None:
        """Let go."""
