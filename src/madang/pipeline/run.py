"""The way through: from an admitted call to a reply.

admit    the key may use the model, and its limits have room: the worst case is reserved
plan     which targets, in which order
attempt  ask one; on a failure that may not be everybody's, ask the next, or the same after a while
settle   every attempt is a row; the row is in the journal before the last byte leaves
"""

import asyncio
import logging
import random
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from time import monotonic

from madang.errors import (
    InternalError,
    MadangError,
    ProviderError,
)
from madang.ledger.journal import Journal
from madang.ledger.open import Begun
from madang.model import Attempt as Row
from madang.model import Target, Usage
from madang.pipeline import settle
from madang.pipeline.admission import Admission, cheapest_first, permit, priced
from madang.pipeline.attempt import Attempt, Settler
from madang.pipeline.call import Call, Reply
from madang.pipeline.chaos.faults import Chaos, StruckDoor, aside
from madang.pipeline.guide import Guide
from madang.pipeline.hedging import House, Race
from madang.pipeline.lane import Lane, Snapshot
from madang.pipeline.measure import is_longer
from madang.pipeline.search import Following, Search
from madang.pipeline.streams.continuation import Continuation, continuable
from madang.pipeline.trial.sides import Trials
from madang.pipeline.worst import Step
from madang.routing.causes import remedy_for, rest_s
from madang.routing.limits import Gate
from madang.routing.route import Route
from madang.upstream.outbox import Outbox
from madang.upstream.transport import Transport

_log = logging.getLogger("madang.pipeline")
Watcher = Callable[[Sequence[Row]], None]


def _nobody(_: Sequence[Row]) -> None:
    """Nobody watches."""


class Pipeline:
    """Answers calls. `snapshot` is the configuration in force and may be replaced at any moment.

    Replies go to callers through `outbox`, which writes the journal before it sends anything. `watch` is
    told of the rows of every finished request.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        transport: Transport,
        journal: Journal,
        admission: Admission,
        outbox: Outbox,
        watch: Watcher = _nobody,
    ) -> None:
        self.snapshot = snapshot
        self.transport = transport
        self._journal = journal
        self._admission = admission
        self._outbox = outbox
        self._watch = watch
        self._guide = Guide()
        self.trials = Trials()
        self.chaos = Chaos()

    async def answer(self, call: Call) -> Reply:
        """Answer one call. Raises a MadangError when nothing could; then everything is settled already."""
        snapshot = self.snapshot
        route = snapshot.directory.resolve(call.envelope.model, call.wire.dialect)
        if route.tiers:
            route = self._guide.tier(call, route, snapshot)
        if self.trials.open:
            self.trials.join(call, snapshot)
        self._admission.admit(call, route, snapshot)
        search = self._search(call, route, snapshot)
        target, route = search.first(), search.route
        if call.may_go_on and (request := continuable(call)) is not None:
            resume = partial(self._resume, search, route)
            call.continuation = Continuation(call, request, resume, self.finish)
        try:
            reply = await self._ask(search, target)
        except MadangError:
            self.finish(call)
            raise
        lines = call.lines + call.told
        return reply._replace(head=reply.head + lines) if lines else reply

    def _search(self, call: Call, route: Route, snapshot: Snapshot) -> Search:
        """The search for somebody to answer an admitted call. Raises InvalidRequest where its caller wants nobody."""
        if route.rules:
            route = self._guide.turn(call, route, snapshot)
        if call.is_thrifty:
            route = cheapest_first(route)
        if route.longer is not None and is_longer(call, route.threshold_tokens):
            route = route.longer
        try:
            if call.unpriced:
                route = priced(call, route)
            plan = self._guide.plan(call, route, snapshot, monotonic(), random.random())
        except MadangError:
            self.give_up(call)
            raise
        if call.lot is not None:
            plan = call.lot.plan(plan)
        return Search(call, snapshot, route, plan, random.random)

    def admit_free(self, call: Call) -> None:
        """Let a call in that an answer will be given to which is paid for: it counts as a request, at no cost."""
        self._admission.admit_free(call, self._named(call))

    def admit_parts(self, call: Call, steps: Iterable[Step]) -> None:
        """Let a call in that is answered by several: the worst case of all its steps is reserved, or nothing.

        Raises Forbidden, RateLimited or OutOfCredit.
        """
        self._admission.admit_parts(call, self._named(call), self.snapshot, steps)

    def permitted(self, call: Call) -> Route:
        """Where the call's model leads. Raises UnknownModel, or Forbidden: its key may not use it."""
        route = self._named(call)
        permit(call, route)
        return route

    def most_nusd(self, call: Call, steps: Iterable[Step]) -> int | None:
        """The most that the steps to an answer can cost; None where the price of anybody who may answer is unknown."""
        snapshot, route = self.snapshot, self._named(call)
        lanes = map(snapshot.lane, route.every_target())
        if any(snapshot.price(lane, call.at_us) is None for lane in lanes):
            return None
        return self._admission.most_nusd(call, route, snapshot, steps)

    def give_up(self, call: Call) -> None:
        """A call ends without an attempt of its own: nothing is held for it any more."""
        self._admission.settle(call)

    def _named(self, call: Call) -> Route:
        """Where the call's model leads. Raises UnknownModel."""
        return self.snapshot.directory.resolve(call.envelope.model, call.wire.dialect)

    async def _ask(self, search: Search, target: Target) -> Reply:
        """Ask one target after another. Raises a MadangError when none could answer, with all rows made."""
        call, snapshot = search.call, search.snapshot
        while True:
            lane = snapshot.lane(target)
            attempt = self._attempt(search, lane)
            try:
                reply = await attempt.run()
            except MadangError as error:
                now, lane = monotonic(), attempt.account.lane
                self._note_failure(attempt, error, now)
                search.failed(lane, error, now)
                following = None
                if not call.is_late(now) and self._admission.covers(call):
                    following = search.after(lane, error, now)
                if following is None:
                    raise search.telling(error, now) from None
                target = await self._reach(call, following)
            except asyncio.CancelledError:
                self._note_leaving(attempt, call, monotonic())
                raise
            except Exception as defect:
                _log.exception("request %s: a defect of ours", call.id)
                failure = InternalError("Madang failed to handle this request; it has been logged.")
                self._note_failure(attempt, failure, monotonic())
                raise failure from defect
            else:
                search.answered(attempt.account)
                return reply

    def _attempt(self, search: Search, lane: Lane) -> Attempt | Race:
        """The next attempt, with a second one beside it where the model's settings allow that."""
        call, now = search.call, monotonic()
        search.asks(lane, now)
        if search.snapshot.patience.hedges:
            delay_s = search.hedge_after_s(lane, now)
            if delay_s is not None:
                return Race(call, lane, self._house(search, lane), delay_s)
        if self.chaos.open:
            return self._made(search, call, lane, self)
        return Attempt(call, lane, search.snapshot, self.transport, self)

    def _made(self, search: Search, call: Call, lane: Lane, settler: Settler) -> Attempt:
        """An attempt at a lane; where a drill strikes it, aside of what others feel."""
        injection = self.chaos.strike(call, lane) if self.chaos.open else None
        if injection is None:
            return Attempt(call, lane, search.snapshot, self.transport, settler)
        door = StruckDoor(injection, self.transport)
        attempt = Attempt(call, aside(lane), search.snapshot, door, settler)
        attempt.account.injected = injection.id
        return attempt

    def _house(self, search: Search, lane: Lane) -> House:
        """What a race for the answer of one call needs."""

        def make(call: Call, lane: Lane, settler: Settler) -> Attempt:
            return self._made(search, call, lane, settler)

        def second() -> Lane | None:
            return search.second(lane, self._admission.covers_twice, monotonic())

        def failed(attempt: Attempt, error: MadangError) -> None:
            now = monotonic()
            self._note_failure(attempt, error, now)
            search.failed(attempt.account.lane, error, now)
            settle.supersede(search.call)

        return House(self, make, second, failed)

    async def _reach(self, call: Call, following: Following) -> Target:
        """Wait for the target that is asked next. A caller who leaves meanwhile is done with."""
        if following.wait_s > 0:
            try:
                await asyncio.sleep(following.wait_s)
            except asyncio.CancelledError:
                self.finish(call)
                raise
            call.waited_s += following.wait_s
            call.upstream_s += following.wait_s
        settle.supersede(call)
        return following.target

    async def _resume(self, search: Search, route: Route, error: MadangError) -> Reply:
        """Ask the next targets for the rest of an answer that has failed with `error`.

        Against its key's limits that is another request. Raises a MadangError where nobody can.
        """
        following = search.after_break(error, monotonic())
        if following is None:
            raise error
        call = search.call
        if call.reservation is not None:
            self._admission.settle(call)
            self._admission.reserve(call, route, search.snapshot, monotonic())
        target = await self._reach(call, following)
        self._journal.under_way.change(call.slots[-1], settle.ended(call.rows[-1]))
        return await self._ask(search, target)

    def begin(self, account: settle.Account) -> None:
        """An attempt is about to be sent: on record from now on, should this process die."""
        account.begin(self._journal.under_way)

    def heard(self, account: settle.Account, text_bytes: int) -> None:
        """So much text of its answer has come so far."""
        self._journal.under_way.heard(account.slot, text_bytes)

    def finish(self, call: Call) -> None:
        """All rows of the call are known: enter them in the journal, true up the limits, tell who watches."""
        if call.parts is not None and call.is_part:
            settle.subordinate(call)
        rows = call.rows
        if call.trace is not None:
            settle.trace(call)
        self._journal.note(rows, call.slots)
        self._outbox.wake()
        if call.reservation is not None or call.parts is not None:
            self._admission.settle(call)
        self._watch(rows)

    def begin_slot(self, begun: Begun) -> int:
        """An attempt that no call stands for is about to be sent: on record, in this slot, should this process die."""
        return self._journal.under_way.begin(begun)

    def enter(self, rows: Sequence[Row], slots: Sequence[int] = ()) -> bool:
        """Enter the rows of work that no call stands for. False: they wait in memory to be written."""
        self._journal.note(rows, slots)
        written = self._journal.flush()
        self._watch(rows)
        return written

    @property
    def gate(self) -> Gate:
        """Where all limits and budgets are counted."""
        return self._admission.gate

    def _note_failure(self, attempt: Attempt | Race, error: MadangError, now: float) -> None:
        """A row, and the target's standing: only the provider's own failures count against it."""
        account = attempt.account
        if isinstance(error, ProviderError):
            settle.redact(error, account.lane)
        is_real = account.injected is None
        if account.turn is not None and is_real and isinstance(error, ProviderError):
            status = error.upstream_status
            account.turn.refused(error.kind, status, error.retry_after_s, now)
        remedy, standing = remedy_for(error), account.lane.standing
        if remedy.is_fault:
            standing.failed(now, account.began_at)
        else:
            standing.released(now, account.began_at)
        turnstile = account.lane.line.turnstile
        is_waited_for = turnstile.is_paced or len(turnstile.keys) > 1
        if (rest := rest_s(error, is_waited_for=is_waited_for)) > 0:
            standing.past.gone_until = max(standing.past.gone_until, now + rest)
        if account.sent_at > account.began_at:
            account.call.upstream_s += now - account.sent_at
        account.failed(now, error)
        self._journal.under_way.change(account.slot, settle.ended(account.call.rows[-1]))

    def _note_leaving(self, attempt: Attempt | Race, call: Call, now: float) -> None:
        """The caller left before the answer began: a provider that was asked bills the prompt, as estimated."""
        account = attempt.account
        account.lane.standing.released(now, account.began_at)
        usage = Usage() if account.turn is None else account.estimated(None, 0)
        account.answered(now, usage, None, outcome="client_closed", status=0)
        self.finish(call)
