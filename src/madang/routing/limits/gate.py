"""One step in, one step out: a request is admitted against all its meters at once or not at all, and settled once.

`admit` looks at every meter before it takes from any, while the table is held, so that neither
other requests nor other processes come in between. `settle` replaces what was reserved by what was
used. Clocks are arguments: `now_us` is a monotonic clock that all processes share, `at_us` Unix time.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from madang.config.sections.budgets import Budget as BudgetSetting
from madang.config.sections.budgets import Limit
from madang.routing.limits import budget, gauge, window
from madang.routing.limits.bucket import Bucket
from madang.routing.limits.budget import Budget
from madang.routing.limits.gauge import Gauge
from madang.routing.limits.memory import Memory
from madang.routing.limits.meters import Meters, Reservation
from madang.routing.limits.refusal import Ask, refusal
from madang.routing.limits.rules import (
    SPANS_US,
    LimitedKey,
    Purse,
    Rate,
    Rule,
    Slots,
    concerns,
    is_owned,
    rule_of_budget,
    rules_of_key,
    rules_of_limit,
    strictest,
    tag_names,
)
from madang.routing.limits.window import Window
from madang.wire.quota import Quota

NEAR: Final = 8
"""Near its cap a budget is when less than so many times the worst case is left."""

_MAX_REMEMBERED: Final = 20_000


class Passed(NamedTuple):
    """A budget has passed a threshold; told once per threshold and period."""

    label: str
    name: str
    share: float


class Entitlements(NamedTuple):
    """What an account brings for its keys: the name of its plan, and further rules."""

    plan: str | None = None
    rules: tuple[Rule, ...] = ()


def _nothing(_: LimitedKey) -> Entitlements:
    return Entitlements()


class Gate:
    """All limits and budgets, as one worker sees them.

    `since_s` (Unix seconds): what was born since then has no past to be recalled. Whoever recalls moves it
    on, lest a budget given to a key much later begins at nothing; 0: everything has a past.
    `entitlements` tells what a key's account adds; `forget` has it asked again. `on_passed` hears
    of thresholds. `has_unknown`: there are budgets whose past has to be looked up (see `unknown`).
    """

    def __init__(
        self,
        memory: Memory,
        since_s: float = 0.0,
        *,
        entitlements: Callable[[LimitedKey], Entitlements] = _nothing,
        on_passed: Callable[[Passed], None] | None = None,
    ) -> None:
        self.entitlements = entitlements
        self.on_passed = on_passed
        self._memory = memory
        self._lock = memory.lock
        self.since_s = int(since_s)
        self._limits: tuple[Limit, ...] = ()
        self._budgets: tuple[BudgetSetting, ...] = ()
        self._tag_names: tuple[str, ...] = ()
        self._known: dict[object, tuple[LimitedKey, Meters | None]] = {}
        self._held: dict[Reservation, None] = {}
        self.has_unknown = False

    # --- what applies ---------------------------------------------------------------------------

    def configure(self, limits: Sequence[Limit], budgets: Sequence[BudgetSetting]) -> None:
        """Put other limits and budgets in force. What was counted under their names stays counted."""
        self._limits, self._budgets = tuple(limits), tuple(budgets)
        scopes = [*[one.scope for one in limits], *[one.scope for one in budgets]]
        self._tag_names = tag_names(scopes)
        self.forget()

    def forget(self) -> None:
        """Ask again what applies to each key: an account has another plan, say."""
        self._known.clear()

    def meters(self, key: LimitedKey, tags: Mapping[str, str]) -> Meters | None:
        """Everything that counts requests of a key with these tags; None: nothing does."""
        names = self._tag_names
        which = (key.id, *[tags.get(name) for name in names]) if names else key.id
        known = self._known.get(which)
        if known is not None and known[0] is key:
            return known[1]
        meters = self._made(self._rules(key, tags))
        if len(self._known) >= _MAX_REMEMBERED:
            self._known.clear()
        self._known[which] = (key, meters)
        return meters

    def _rules(self, key: LimitedKey, tags: Mapping[str, str]) -> Iterable[Rule]:
        plan, further = self.entitlements(key)
        rules: list[Rule] = [*rules_of_key(key), *further]
        for limit in self._limits:
            if concerns(limit.scope, key, tags, plan):
                rules += rules_of_limit(limit, key)
        rules += [
            rule_of_budget(one, key)
            for one in self._budgets
            if concerns(one.scope, key, tags, plan)
        ]
        return strictest(rules)

    def _made(self, rules: Iterable[Rule]) -> Meters | None:
        meters = Meters()
        for rule in rules:
            if isinstance(rule, Rate):
                chosen = meters.requests if rule.unit == "requests" else meters.tokens
                chosen.append((self._rate(rule), rule))
            elif isinstance(rule, Slots):
                place = self._memory.claim(rule.name, Gauge.KIND, Gauge.size(self._memory.workers))
                meters.slots.append((Gauge(place, rule.limit, self._memory.worker), rule))
            else:
                meters.budgets.append(self._budget(rule))
        meters.finish()
        return None if meters.is_empty else meters

    def _rate(self, rule: Rate) -> Window | Bucket:
        span_us = SPANS_US[rule.span]
        if rule.burst is None:
            place = self._memory.claim(rule.name, Window.KIND, Window.SIZE)
            return Window(place, rule.limit, span_us)
        place = self._memory.claim(rule.name, Bucket.KIND, Bucket.SIZE)
        return Bucket(place, rule.limit, span_us, rule.burst)

    def _budget(self, rule: Purse) -> Budget:
        memory = self._memory
        place = memory.claim(rule.name, Budget.KIND, Budget.size(memory.workers))
        purse = Budget(place, rule, memory.worker, memory.workers)
        with self._lock:
            if rule.born_s >= self.since_s > 0:
                purse.begin()  # it has no past
            self.has_unknown |= not purse.was_begun
        return purse

    # --- in and out -----------------------------------------------------------------------------

    def admit(self, meters: Meters, ask: Ask, now_us: int, at_us: int) -> Reservation:
        """Reserve one request, its tokens and money, everywhere; or raise and reserve nothing.

        Raises RateLimited, with the time to wait where waiting helps, or OutOfCredit. What was
        reserved may be less than `want_nusd`: then the answer must be bounded to what that pays.
        """
        with self._lock:
            nusd = _affordable(meters.budgets, ask, at_us) if meters.budgets else 0
            if nusd < 0 or not _has_room(meters, ask.tokens, now_us):
                self.has_unknown |= not all(one.is_known(at_us) for one in meters.budgets)
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
            for purse in meters.budgets:
                reservation.periods.append(purse.reserve(nusd))
        self._held[reservation] = None
        return reservation

    def extend(self, reservation: Reservation, nusd: int) -> bool:
        """Reserve more for the same request, as an earlier attempt has cost some of it; False: there is no room."""
        held = list(zip(reservation.meters.budgets, reservation.periods, strict=True))
        with self._lock:
            if held and not reservation.is_open:
                return False
            if any(purse.room_in(period) < nusd for purse, period in held):
                return False
            for purse, period in held:
                purse.add(period, nusd)
        reservation.nusd += nusd
        return True

    def settle(self, reservation: Reservation, tokens: int, nusd: int) -> None:
        """Replace a reservation by what was used. What comes after the first time is added to that."""
        meters = reservation.meters
        passed: list[Passed] = []
        more_tokens, reserved_nusd = tokens - reservation.tokens, reservation.nusd
        reservation.tokens = reservation.nusd = 0
        with self._lock:
            for meter, mark in zip(meters.token_meters, reservation.marks, strict=True):
                meter.correct(mark, more_tokens)
            if reservation.is_open:
                for slot in meters.gauges:
                    slot.give()
            for purse, period in zip(meters.budgets, reservation.periods, strict=True):
                share = purse.settle(period, reserved_nusd, nusd)
                if share is not None:
                    passed.append(Passed(purse.terms.label, purse.name, share))
        reservation.is_open = False
        self._held.pop(reservation, None)
        self._announce(passed)

    def _announce(self, passed: Iterable[Passed]) -> None:
        if self.on_passed is not None:
            for one in passed:
                self.on_passed(one)

    def draw(self, reservation: Reservation, tokens: int, nusd: int) -> None:
        """A part of a request has used so much: that is spent now, and no longer reserved."""
        passed: list[Passed] = []
        reserved_nusd = min(nusd, reservation.nusd)
        reservation.tokens -= tokens
        reservation.nusd -= reserved_nusd
        budgets = reservation.meters.budgets
        with self._lock:
            for purse, period in zip(budgets, reservation.periods, strict=True):
                share = purse.settle(period, reserved_nusd, nusd)
                if share is not None:
                    passed.append(Passed(purse.terms.label, purse.name, share))
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
            for purse in meters.budgets:
                purse.room(at_us)
                reservation.periods.append(purse.reserve(nusd))
        return reservation

    def quota(self, meters: Meters, now_us: int) -> Quota:
        """What is left, as callers are told."""
        with self._lock:
            return meters.quota(now_us)

    # --- what is asked for now and then ---------------------------------------------------------

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
                    budget.release(cells, at, worker, workers)

    def charge(self, key: LimitedKey, tags: Mapping[str, str], nusd: int, at_us: int) -> None:
        """Enter a cost that no reservation stands for: what a process owed when it died, found out afterwards.

        A budget whose past is still to be recalled hears of it from the ledger.
        """
        meters = self.meters(key, tags)
        if meters is None:
            return
        with self._lock:
            for purse in meters.budgets:
                if purse.is_known(at_us):
                    purse.spend(nusd, at_us)

    def allow(self, rule: Purse, cap_nusd: int) -> None:
        """Set a cap that is known only while serving, for all workers at once: what an account has paid in."""
        purse = self._budget(rule)
        with self._lock:
            purse.allow(cap_nusd)

    def unknown(
        self, keys: Iterable[LimitedKey], at_us: int, further: Iterable[Purse] = ()
    ) -> list[tuple[Purse, int]]:
        """Budgets whose past is not known yet, and since when (Unix µs) it is to be looked up for `recall`."""
        found = []
        for purse, since_us in self.purses(keys, at_us, further):
            counted = self._budget(purse)
            with self._lock:
                if not counted.is_known(at_us):
                    found.append((purse, since_us))
        self.has_unknown = False
        return found

    def purses(
        self, keys: Iterable[LimitedKey], at_us: int, further: Iterable[Purse] = ()
    ) -> list[tuple[Purse, int]]:
        """Budgets that the ledger knows of, and since when (Unix µs) their present period is."""
        purses = {purse.name: purse for purse in further}
        for one in self._budgets:
            if not is_owned(one.scope):
                purse = rule_of_budget(one, None)
                purses[purse.name] = purse
        for key in keys:
            for rule in self._rules(key, {}):
                if isinstance(rule, Purse):
                    purses[rule.name] = rule
        owned = [purse for purse in purses.values() if purse.whose is not None]
        return [(purse, purse.terms.calendar.start_us(at_us)) for purse in owned]

    def recall(self, purse: Purse, spent_nusd: int, at_us: int) -> None:
        """Tell what the ledger says was spent from a budget; told twice, by several workers, it counts once."""
        counted = self._budget(purse)
        with self._lock:
            if not counted.is_known(at_us):
                counted.recall(spent_nusd, at_us)

    def correct(self, purse: Purse, corrected_nusd: int, at_us: int) -> None:
        """Tell how much of what was spent are prices put right since, signed; told twice it counts once."""
        counted = self._budget(purse)
        with self._lock:
            if counted.is_known(at_us):
                counted.correct(corrected_nusd, at_us)


def _affordable(budgets: list[Budget], ask: Ask, at_us: int) -> int:
    """The money to reserve; -1: there is not enough. The rule is proven in docs/limits.md."""
    room = budgets[0].room(at_us)
    for purse in budgets[1:]:
        room = min(room, purse.room(at_us))
    want = ask.want_nusd
    if want <= (room if ask.is_stated else room // NEAR):
        return want
    least = min(want, max(ask.expected_nusd, room // NEAR))
    return least if least <= room else -1


def _has_room(meters: Meters, tokens: int, now_us: int) -> bool:
    for meter in meters.request_meters:
        if meter.room(now_us) < 1:
            return False
    for meter in meters.token_meters:
        if meter.room(now_us) < tokens:
            return False
    return not meters.gauges or all(slot.room() >= 1 for slot in meters.gauges)
