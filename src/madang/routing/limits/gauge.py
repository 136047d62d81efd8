"""At most so many at once, each held by one worker process.

Cells: the total, then what each worker holds. The total is raised first and lowered last.
"""

from typing import Final

from madang.routing.limits.memory import Cells, Place


class Gauge:
    """`limit` requests at once, over all workers."""

    KIND: Final = 3

    __slots__ = ("_at", "_cells", "_own", "limit")

    def __init__(self, place: Place, limit: int, worker: int) -> None:
        self._cells: Cells = place.cells
        self._at = place.at
        self._own = place.at + 1 + worker
        self.limit = limit // place.share

    @staticmethod
    def size(workers: int) -> int:
        """Cells that it takes."""
        return 1 + workers

    def room(self) -> int:
        """How many more there may be now."""
        return self.limit - self._cells[self._at]

    def take(self) -> None:
        """One more."""
        self._cells[self._at] += 1
        self._cells[self._own] += 1

    def give(self) -> None:
        """One less."""
        self._cells[self._own] -= 1
        self._cells[self._at] -= 1


def release(cells: Cells, at: int, worker: int, workers: int) -> None:
    """Give back what a worker held that has died."""
    cells[at + 1 + worker] = 0
    cells[at] = sum(cells[at + 1 + one] for one in range(workers))
