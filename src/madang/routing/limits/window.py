"""At most so many in any time span of a given length, wherever it begins.

The span is cut into 64 parts, whose amounts lie in a ring of 65; what was taken leaves with its whole part, so that a
sliding window of the span's length never holds more than the limit. The price is that room comes back up to
one part late: 64/65 = 98.4 % of the limit can be used.

Cells: the latest part's number, the sum, the parts. Their order of change is such that a process which dies in
between leaves the sum too high, never too low; `repair` puts it right.
"""

from typing import Final

from madang.routing.limits.memory import Cells, Place

PARTS: Final = 64
_RING: Final = PARTS + 1
_SUM: Final = 1
_FIRST: Final = 2


class Window:
    """`limit` in any `span_us`. Moments are µs of a clock that never goes back and that all processes share."""

    SIZE: Final = _FIRST + _RING
    KIND: Final = 1

    __slots__ = ("_at", "_cells", "_part_us", "limit")

    def __init__(self, place: Place, limit: int, span_us: int) -> None:
        self._cells: Cells = place.cells
        self._at = place.at
        self._part_us = span_us // PARTS
        self.limit = limit // place.share

    def room(self, now_us: int) -> int:
        """How much may be taken now; negative after more was used than had been reserved."""
        cells, at = self._cells, self._at
        part = now_us // self._part_us
        if part > cells[at]:
            self._advance(part)
        return self.limit - cells[at + _SUM]

    def take(self, amount: int, now_us: int) -> int:  # noqa: ARG002 - `room` has moved to now
        """Take it, right after `room`; return the mark by which `correct` finds it."""
        cells, at = self._cells, self._at
        part = cells[at]
        cells[at + _SUM] += amount
        cells[at + _FIRST + part % _RING] += amount
        return part

    def correct(self, mark: int, difference: int) -> None:
        """More or less than was taken has been used. It counts when it was taken, if that still matters."""
        cells, at = self._cells, self._at
        if cells[at] - mark > PARTS:
            return
        slot = at + _FIRST + mark % _RING
        if difference > 0:
            cells[at + _SUM] += difference
            cells[slot] += difference
        elif difference:
            cells[slot] += difference
            cells[at + _SUM] += difference

    def wait_us(self, amount: int, now_us: int) -> int:
        """0 when there is room for `amount` now, else how long until there is, if nobody else takes it.

        `amount` is at most the limit.
        """
        missing = amount - self.room(now_us)
        if missing <= 0:
            return 0
        cells, at = self._cells, self._at
        latest = cells[at]
        for part in range(latest - PARTS, latest + 1):
            missing -= cells[at + _FIRST + part % _RING]
            if missing <= 0:
                return (part + _RING) * self._part_us - now_us
        return _RING * self._part_us

    def reset_us(self, now_us: int) -> int:
        """How long until all of it is there again, if nothing is taken; right after `room`."""
        cells, at = self._cells, self._at
        latest = cells[at]
        for part in range(latest, latest - _RING, -1):
            if cells[at + _FIRST + part % _RING]:
                return (part + _RING) * self._part_us - now_us
        return 0

    def _advance(self, part: int) -> None:
        """Forget the parts that have left the span: each moment touches each part once."""
        cells, at = self._cells, self._at
        for number in range(max(cells[at], part - _RING) + 1, part + 1):
            slot = at + _FIRST + number % _RING
            gone = cells[slot]
            if gone:
                cells[slot] = 0
                cells[at + _SUM] -= gone
        cells[at] = part


def repair(cells: Cells, at: int) -> None:
    """Make the sum that of the parts again, after a process died while it changed them."""
    cells[at + _SUM] = sum(cells[at + _FIRST + slot] for slot in range(_RING))
