"""One step in, one step out: a request is admitted against all its meters at once or not at all, and settled once.

`admit` looks at every meter before it takes from any, while the table is held, so that neither
other requests nor other processes come in between. `settle` replaces what was reserved by what was
used. Clocks are arguments: `now_us` is a monotonic clock that all processes share, `at_us` Unix time.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from madang.routing.limits import gauge, window
from madang.routing.limits.applicable import Applicable, Entitlements, no_entitlements
from madang.routing.limits.balances import Balances
from madang.routing.limits.budget import Budget
from madang.routing.limits.budget import release as release_budget
from madang.routing.limits.gauge import Gauge
from madang.routing.limits.memory import Memory
from madang.routing.limits.meters import Meters, Reservation
from madang.routing.limits.refusal import Ask, refusal
from madang.routing.limits.rules import LimitedKey
from madang.routing.limits.window import Window
from madang.wire.quota import Quota

NEAR: Final = 8
"""Near its cap a budget is when less than so many times the worst case is left."""


class Passed(NamedTuple):
    """A budget has passed a threshold; told once per threshold and period."""

    label: str
    name: str
    share: float


class Gate:
    """All limits and budgets, as one worker sees them.

    `applicable` says what counts a request (`meters` are its own), `balances` what budgets know beside
    requests. `since_s` and `entitlements` are as in `Applicable`; `on_passed` hears of thresholds.
    """

    def __init__(
        self,
        memory: Memory,
        since_s: float = 0.0,
        *,
        entitlements: Callable[[LimitedKey], Entitlements] = no_entitlements,
        on_passed: Callable[[Passed], None] | None = None,
    ) -> None:
        self.applicable = Applicable(memory, since_s, entitlements)
        self.balances = Balances(self.applicable, memory)
        self.meters = self.applicable.meters
        self._on_passed = on_passed
        self._memory = memory
        self._lock = memory.lock
        self._held: dict[Reservation, None] = {}

    def admit(self, meters: Meters, ask: Ask, now_us: int, at_us: int) -> Reservation:
        """Reserve one request, its tokens and money, everywhere; or raise and reserve nothing.

        Raises RateLimited, with the time to wait where waiting helps, or OutOfCredit. What was
        reserved may be less than `want_nusd`: then the answer must be bounded to what that pays.
        """
        with self._lock:
            nusd = _affordable(meters.budgets, ask, at_us) if meters.budgets else 0
            if nusd < 0 or not _has_room(meters, ask.tokens, now_us):
                self.applicable.has_unknown |= not all(
                    one.is_known(at_us) for one in meters.budgets
                )
                raise refusal(meters, ask, now_us, at_us)
            reservation = Reservation(meters, ask.tokens, nusd, now_us)
            if meters.has_soft:
                reservation.is_soft = meters.is_soft(at_us)
            for meter in meters.request_meters:
                meter.take(1, now_us)
            for meter in meters.token_meters:
                reservation.marks.append(meter.take(ask.tokens, now_us))
            for slot in meters.gauges:
                slot.take()
            for budget in meters.budgets:
                reservation.periods.append(budget.reserve(nusd))
        self._held[reservation] = None
        return reservation

    def extend(self, reservation: Reservation, nusd: int) -> bool:
        """Reserve more for the same request, as an earlier attempt has cost some of it; False: there is no room."""
        held = list(zip(reservation.meters.budgets, reservation.periods, strict=True))
        with self._lock:
            if held and not reservation.is_open:
                return False
            if any(budget.room_in(period) < nusd for budget, period in held):
                return False
            for budget, period in held:
                budget.add(period, nusd)
        reservation.nusd += nusd
        return True

    def settle(self, reservation: Reservation, tokens: int, nusd: int) -> None:
        """Replace a reservation by what was used. What comes after the first time is added to that."""
        meters = reservation.meters
        more_tokens, reserved_nusd = tokens - reservation.tokens, reservation.nusd
        reservation.tokens = reservation.nusd = 0
        with self._lock:
            for meter, mark in zip(meters.token_meters, reservation.marks, strict=True):
                meter.correct(mark, more_tokens)
            if reservation.is_open:
                for slot in meters.gauges:
                    slot.give()
            passed = _spend(reservation, reserved_nusd, nusd)
        reservation.is_open = False
        self._held.pop(reservation, None)
        self._announce(passed)

    def _announce(self, passed: Iterable[Passed]) -> None:
        if self._on_passed is not None:
            for one in passed:
                self._on_passed(one)

    def draw(self, reservation: Reservation, tokens: int, nusd: int) -> None:
        """A part of a request has used so much: that is spent now, and no longer reserved."""
        reserved_nusd = min(nusd, reservation.nusd)
        reservation.tokens -= tokens
        reservation.nusd -= reserved_nusd
        with self._lock:
            passed = _spend(reservation, reserved_nusd, nusd)
        self._announce(passed)

    def outlive(self, reservation: Reservation) -> None:
        """A request has been answered and its job goes on: only money stays set aside, until `settle`, however long."""
        self._held.pop(reservation, None)
        with self._lock:
            if reservation.is_open:
                for slot in reservation.meters.gauges:
                    slot.give()
        reservation.is_open = False

    def hold(self, key: LimitedKey, tags: Mapping[str, str], nusd: int, at_us: int) -> Reservation:
        """Set money aside again for a job that was admitted before, whatever room there is; until `settle`.

        `at_us` is when the job came: it belongs to that period.
        """
        meters, counted = Meters(), self.meters(key, tags)
        meters.budgets = [] if counted is None else counted.budgets
        reservation = Reservation(meters, 0, nusd, 0)
        reservation.is_open = False
        with self._lock:
            for budget in meters.budgets:
                budget.room(at_us)
                reservation.periods.append(budget.reserve(nusd))
        return reservation

    def quota(self, meters: Meters, now_us: int) -> Quota:
        """What is left, as callers are told."""
        with self._lock:
            return meters.quota(now_us)

    def sweep(self, before_us: int) -> int:
        """Release what requests admitted before a moment still hold, and return how many there were.

        None can be under way that long. What such a request has cost still counts, when it comes.
        """
        overdue: list[Reservation] = []
        for reservation in self._held:  # the oldest first
            if reservation.began_us >= before_us:
                break
            overdue.append(reservation)
        for reservation in overdue:
            self.settle(reservation, 0, 0)
        return len(overdue)

    def recover(self) -> None:
        """Give back what an earlier process of this number held, and complete what it was changing when it died."""
        worker, workers = self._memory.worker, self._memory.workers
        for kind, cells, at in [(one.kind, one.cells, one.at) for one in self._memory.records()]:
            with self._lock:
                if kind == Window.KIND:
                    window.repair(cells, at)
                elif kind == Gauge.KIND:
                    gauge.release(cells, at, worker, workers)
                elif kind == Budget.KIND:
                    release_budget(cells, at, worker, workers)


def _affordable(budgets: list[Budget], ask: Ask, at_us: int) -> int:
    """The money to reserve; -1: there is not enough. The rule is proven in docs/limits.md."""
    room = budgets[0].room(at_us)
    for budget in budgets[1:]:
        room = min(room, budget.room(at_us))
    want = ask.want_nusd
    if want <= (room if ask.is_stated else room // NEAR):
        return want
    least = min(want, max(ask.expected_nusd, room // NEAR))
    return least if least <= room else -1


def _spend(reservation: Reservation, reserved_nusd: int, nusd: int) -> list[Passed]:
    """Enter a cost in place of what was reserved, while the table is held; the thresholds that it passes."""
    passed: list[Passed] = []
    for budget, period in zip(reservation.meters.budgets, reservation.periods, strict=True):
        share = budget.settle(period, reserved_nusd, nusd)
        if share is not None:
            passed.append(Passed(budget.terms.label, budget.name, share))
    return passed


def _has_room(meters: Meters, tokens: int, now_us: int) -> bool:
    for meter in meters.request_meters:
        if meter.room(now_us) < 1:
            return False
    for meter in meters.token_meters:
        if meter.room(now_us) < tokens:
            return False
    return not meters.gauges or all(slot.room() >= 1 for slot in meters.gauges)
