"""Money that may be spent in a period: what was spent and what is reserved never exceed the cap together.

A request belongs to the period in which it came; two periods are kept, so that it is settled there
also when the next has begun. Money is nano-dollars.

Cells: the cap where it is set while serving, whether the past is known, and then for each of two periods its number,
what was spent, what is reserved, how many thresholds were passed, how much of what was spent are prices put right
since, and what each worker holds reserved. The
reserved total is raised first and lowered last, and spending is entered before a reservation ends: a
process that dies in between leaves too much counted, never too little.
"""

from typing import Final

from madang.routing.limits.memory import Cells, Place
from madang.routing.limits.rules import BudgetRule

_CAP: Final = 0
_KNOWN: Final = 1
_PERIODS: Final = 2
_SPENT: Final = 1
_RESERVED: Final = 2
_WARNED: Final = 3
_CORRECTED: Final = 4
_WORKERS: Final = 5
MOST_NUSD: Final = 10**18
"""No single cost is higher; the cells have 64 bits."""


class Budget:
    """One budget as one worker sees it. Moments are Unix µs."""

    KIND: Final = 4

    __slots__ = (
        "_at",
        "_base",
        "_cap",
        "_cells",
        "_from_us",
        "_number",
        "_own",
        "_share",
        "_to_us",
        "_warn_nusd",
        "_width",
        "name",
        "terms",
    )

    def __init__(self, place: Place, rule: BudgetRule, worker: int, workers: int) -> None:
        self._cells: Cells = place.cells
        self._at = place.at
        self._own = _WORKERS + worker
        self._share = place.share
        self._width = _WORKERS + workers
        self.name = rule.name
        self.terms = terms = rule.terms
        self._cap = None if terms.cap_nusd is None else terms.cap_nusd // place.share
        self._from_us, self._to_us = 1, 0  # no moment is between
        self._number = self._base = 0
        self._warn_nusd = tuple(int(share * (terms.cap_nusd or 0)) for share in terms.warn_at)

    @staticmethod
    def size(workers: int) -> int:
        """Cells that it takes."""
        return _PERIODS + 2 * (_WORKERS + workers)

    @property
    def cap(self) -> int:
        """What may be spent in a period."""
        if self._cap is not None:
            return self._cap
        return self._cells[self._at + _CAP] // self._share

    def allow(self, cap_nusd: int) -> None:
        """Set the cap for all workers, where the terms leave it open; from now on, whatever is reserved."""
        self._cells[self._at + _CAP] = cap_nusd

    def room(self, at_us: int) -> int:
        """What may still be reserved in the period of a moment; negative where more was spent than reserved.

        Also of a moment before the two periods that are kept, as its figures are forgotten: until `recall`.
        """
        cells = self._cells
        if not self._from_us <= at_us < self._to_us:
            self._turn(at_us)
        base = self._base
        if cells[base] != self._number:
            if cells[base] > self._number:
                return -1
            self._begin(base, self._number)
        cap = self._cap
        if cap is None:
            cap = cells[self._at + _CAP] // self._share
        return cap - cells[base + _SPENT] - cells[base + _RESERVED]

    def used(self, at_us: int) -> tuple[int, int]:
        """What was spent, and what is reserved."""
        base = self._found(at_us)
        return self._cells[base + _SPENT], self._cells[base + _RESERVED]

    def is_soft(self, at_us: int) -> bool:
        """Whether so much is used that the cheapest candidates are to come first."""
        share = self.terms.soft_from
        return share is not None and sum(self.used(at_us)) >= share * self.cap

    def reserve(self, nusd: int) -> int:
        """Set money aside, right after `room`; return the number of the period that it was taken from."""
        cells, base = self._cells, self._base
        cells[base + _RESERVED] += nusd
        cells[base + self._own] += nusd
        return cells[base]

    def spend(self, nusd: int, at_us: int) -> None:
        """Enter a cost for which nothing was reserved."""
        self.room(at_us)
        self.settle(self.reserve(0), 0, nusd)

    def room_in(self, period: int) -> int:
        """What may still be reserved in a period that money was taken from; -1: it has made room for a later one."""
        cells, base = self._cells, self._base_of(period)
        if cells[base] != period:
            return -1
        return self.cap - cells[base + _SPENT] - cells[base + _RESERVED]

    def add(self, period: int, nusd: int) -> None:
        """Set more aside in that period, after `room_in`."""
        base = self._base_of(period)
        self._cells[base + _RESERVED] += nusd
        self._cells[base + self._own] += nusd

    def settle(self, period: int, reserved_nusd: int, cost_nusd: int) -> float | None:
        """Replace a reservation by what was spent; return the share of the cap that was passed, if one was.

        A period that has made room for a later one is over, and nothing is entered.
        """
        cells = self._cells
        base = self._base_of(period)
        if cells[base] != period:
            return None
        spent = cells[base + _SPENT] = cells[base + _SPENT] + min(cost_nusd, MOST_NUSD)
        cells[base + self._own] -= reserved_nusd
        cells[base + _RESERVED] -= reserved_nusd
        warned = cells[base + _WARNED]
        if warned == len(self._warn_nusd) or spent < self._warn_nusd[warned]:
            return None
        passed = sum(spent >= mark for mark in self._warn_nusd)
        cells[base + _WARNED] = passed
        return self.terms.warn_at[passed - 1]

    @property
    def was_begun(self) -> bool:
        """Whether it has ever been told what was spent before."""
        return bool(self._cells[self._at + _KNOWN])

    def is_known(self, at_us: int) -> bool:
        """Whether `recall` has told what was spent before.

        False, too, when the clock has been put back by more than a period.
        """
        cells = self._cells
        return bool(cells[self._at + _KNOWN]) and cells[self._found(at_us)] == self._number

    def recall(self, spent_nusd: int, at_us: int) -> None:
        """Tell what the ledger says of the period so far, once; thresholds that it has passed were announced then."""
        cells, base = self._cells, self._found(at_us)
        if cells[base] != self._number:
            self._begin(base, self._number)
        cells[base + _SPENT] += spent_nusd
        spent = cells[base + _SPENT]
        cells[base + _WARNED] = sum(spent >= mark for mark in self._warn_nusd)
        cells[self._at + _KNOWN] = 1

    def correct(self, corrected_nusd: int, at_us: int) -> None:
        """Tell how much prices put right have changed in the period of a moment; told twice it counts once."""
        cells, base = self._cells, self._found(at_us)
        more = corrected_nusd - cells[base + _CORRECTED]
        if more > 0:  # whoever dies in between leaves too much counted
            cells[base + _SPENT] += more
        cells[base + _CORRECTED] = corrected_nusd
        if more < 0:
            cells[base + _SPENT] += more

    def begin(self) -> None:
        """There is nothing to recall: nothing can have been spent before now."""
        self._cells[self._at + _KNOWN] = 1

    def _base_of(self, period: int) -> int:
        return self._at + _PERIODS + (period & 1) * self._width

    def _found(self, at_us: int) -> int:
        """The first cell of the period of a moment, begun if it is new.

        Of a moment before the two that are kept: of the later one in its place.
        """
        self.room(at_us)
        return self._base

    def _turn(self, at_us: int) -> None:
        """Look at another period than before."""
        self._number, self._from_us, self._to_us = self.terms.calendar.period(at_us)
        self._base = self._base_of(self._number)

    def _begin(self, base: int, number: int) -> None:
        for cell in range(base + 1, base + self._width):
            self._cells[cell] = 0
        self._cells[base] = number


def release(cells: Cells, at: int, worker: int, workers: int) -> None:
    """Give back what a worker had reserved that has died."""
    width = _WORKERS + workers
    for base in (at + _PERIODS, at + _PERIODS + width):
        cells[base + _WORKERS + worker] = 0
        cells[base + _RESERVED] = sum(cells[base + _WORKERS + one] for one in range(workers))
