"""What is made while its caller waits: speech, pictures, transcripts. One request, one answer, one row per attempt.

Rule: whoever was asked is in the books before the answer leaves, also where the caller has left or
this process dies meanwhile: then what it comes to by its adapter is booked as an estimate.
"""

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from madang.errors import MadangError, ProviderError
from madang.keys import Key
from madang.ledger.open import Begun
from madang.media.calling import call, is_lost, told_refusal
from madang.media.kit import Kit, following
from madang.media.money import Bill, Caller, Dearest, Ended, dearest, failed_by, kept_out, owed, row
from madang.model import Attempt, Decision, Dialect, Outcome, Target
from madang.model.media import SpeechAsk
from madang.pipeline.lane import Berth
from madang.pipeline.line import Claim
from madang.routing.causes import remedy_for
from madang.routing.limits import Ask, Reservation
from madang.routing.pacing import NORMAL, Priority, Turn
from madang.routing.retries import wait_s
from madang.routing.route import Route
from madang.wire.media.contract import Incoming, Outgoing


class Work(Struct, frozen=True, kw_only=True):
    """A request that waits for its answer. `started` is monotonic seconds; `deadline_s` counts from there."""

    key: Key
    request_id: str
    at_us: int
    started: float
    model: str
    tags: dict[str, str]
    kind: Dialect
    priority: Priority = NORMAL
    deadline_s: float | None = None

    @property
    def caller(self) -> Caller:
        """Whose it is, for the ledger."""
        return Caller.of(self.key, self.request_id, self.at_us, (self.model, self.kind), self.tags)


class Spoken(NamedTuple):
    """How a kind of work is written to a provider and read back."""

    write: Callable[[Any, str], Outgoing]
    read: Callable[[Incoming], Any]


class Made(NamedTuple):
    """What a provider made, who it was, and the row of it."""

    result: Any
    berth: Berth
    row: Attempt
    losses: tuple[str, ...]


class Maker:
    """Has things made, for one process."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def make(self, work: Work, ask: Any, spoken: Callable[[Target], Spoken]) -> Made:  # noqa: ANN401 - any ask
        """Ask one target after another. Raises a MadangError when nobody could; everything is settled then."""
        route, decision = self._route(work, ask)
        route, reservation = self._admit(work, route, ask, spoken)
        one = _Making(self._kit, work, ask, spoken)
        one.decision = decision
        try:
            return await one.run(route)
        finally:
            if reservation is not None:
                cost = sum(entered.cost_nusd or 0 for entered in one.rows)
                self._kit.pipeline.gate.settle(reservation, 0, cost)

    def _route(self, work: Work, ask: object) -> tuple[Route, Decision | None]:
        """Who may be asked; `speech:auto` is decided here."""
        if isinstance(ask, SpeechAsk):
            return self._kit.speech_route(work.key, work.model, ask, work.at_us)
        return self._kit.route(work.key, work.model, work.kind), None

    def _admit(
        self,
        work: Work,
        route: Route,
        ask: Any,  # noqa: ANN401
        spoken: Callable[[Target], Spoken],
    ) -> tuple[Route, Reservation | None]:
        """Reserve the worst case of those whose price is known. Raises RateLimited or OutOfCredit."""
        gate, snapshot = self._kit.pipeline.gate, self._kit.snapshot
        meters = gate.meters(work.key, work.tags)
        if meters is None:
            return route, None
        most = Dearest()
        if meters.budgets:
            most = dearest(
                snapshot,
                route,
                lambda to: spoken(to).write(self._kit.told(ask, to), to.model).counts,
                work.at_us,
            )
        route = route.without(kept_out(snapshot, meters, route, most)) or route
        wanted = Ask(0, most.nusd, most.nusd)
        return route, gate.admit(meters, wanted, int(time.monotonic() * 1e6), work.at_us)


class _Making:
    """One request on its way."""

    def __init__(self, kit: Kit, work: Work, ask: Any, spoken: Callable[[Target], Spoken]) -> None:  # noqa: ANN401
        self._kit = kit
        self._work = work
        self._ask = ask
        self._spoken = spoken
        self._failure: Attempt | None = None
        self.decision: Decision | None = None
        self.rows: list[Attempt] = []
        self.slots: list[int] = []
        self._n = 0

    async def run(self, route: Route) -> Made:
        """Ask everybody, and those again whose failure may have passed."""
        retries = self._kit.settings.retries
        for times in range(1, retries.attempts + 1):
            plan = self._kit.plan(route)
            target = next(plan)
            while True:
                try:
                    return await self._try(self._kit.snapshot.berth(target))
                except MadangError as error:
                    failure = error
                others = list(following(plan, failure))
                if not others or self._is_late():
                    break
                target = others[0]
            pause_s = wait_s(retries, times, random.random(), failure.retry_after_s)
            again = remedy_for(failure).again and times < retries.attempts
            if not again or pause_s is None or self._is_late(pause_s):
                break
            await asyncio.sleep(pause_s)
        self._give_up()
        raise failure

    async def _try(self, berth: Berth) -> Made:
        """One attempt. Raises a MadangError; its row is kept back until it is known whether another follows."""
        spoken = self._spoken(berth.target)
        began = time.monotonic()
        outgoing = spoken.write(self._kit.told(self._ask, berth.target), berth.target.model)
        self._supersede()
        turn = await self._turn(berth)
        self._begin(berth, outgoing)
        berth.standing.started(began)
        try:
            answer = await call(
                self._kit.pipeline.transport,
                berth.provider,
                outgoing,
                turn.key,
                total_s=self._left_s(),
            )
            result = spoken.read(answer)
        except asyncio.CancelledError:
            berth.standing.released(time.monotonic(), began)
            turn.end(0)
            self._lost(berth, outgoing, self._ended("client_closed", turn, began))
            raise
        except MadangError as error:
            self._failed(berth, outgoing, error, (turn, began))
            raise
        now = time.monotonic()
        berth.standing.answered(now - began, now, began)
        turn.answered()
        turn.end(0)
        end = replace(self._ended("ok", turn, began), status=answer.status, losses=outgoing.losses)
        billed = self._bill(berth, (result.billed, outgoing.counts))
        made = row(self._work.caller, self._n, berth.target, end, billed)
        self._write(made)
        return Made(result, berth, made, outgoing.losses)

    async def _turn(self, berth: Berth) -> Turn:
        now = time.monotonic()
        turn = berth.line.enter(0, now)
        if turn is not None:
            return turn
        return await berth.line.wait(
            Claim(self._work.key.id, self._work.priority, 0, now + self._left_s())
        )

    def _begin(self, berth: Berth, outgoing: Outgoing) -> None:
        """On record from now on, should this process die."""
        work, target = self._work, berth.target
        price = self._kit.snapshot.price(berth, work.at_us)
        begun = Begun(
            *(work.request_id, self._n, work.at_us, work.key.id, work.key.account_id, work.tags),
            *(work.kind, work.model, target.canonical or target.model, target.provider, work.kind),
            *(target.region, False, 0, price.id if price is not None else None),
            units=dict(outgoing.counts),
        )
        self.slots.append(self._kit.pipeline.begin_slot(begun))

    def _failed(
        self, berth: Berth, outgoing: Outgoing, error: MadangError, at: tuple[Turn, float]
    ) -> None:
        """The row of an attempt that failed; what was lost on the way back may have been made, and is booked so."""
        (turn, began), now = at, time.monotonic()
        if isinstance(error, ProviderError):
            told_refusal(berth, turn, error, now, began)
        else:
            berth.standing.released(now, began)
        turn.end(0)
        end = failed_by(self._ended("failed", turn, began), error)
        if is_lost(error) and not end.status:
            self._lost(berth, outgoing, end)
        else:
            self._failure = row(self._work.caller, self._n, berth.target, end, Bill())

    def _ended(self, outcome: Outcome, turn: Turn, began: float) -> Ended:
        """An attempt is over by now."""
        return Ended(
            outcome=outcome,
            latency_us=int((time.monotonic() - began) * 1e6),
            provider_key=turn.prefix,
            plan=self.decision,
        )

    def _lost(self, berth: Berth, outgoing: Outgoing, end: Ended) -> None:
        billed = self._bill(berth, (outgoing.counts,), estimated=True)
        end = replace(end, estimated=True)
        made = row(self._work.caller, self._n, berth.target, end, billed)
        if end.outcome == "client_closed":
            self._write(made)
        else:
            self._failure = made

    def _supersede(self) -> None:
        """Another attempt follows: the failure before was not the final one."""
        if self._failure is not None:
            kept, self._failure = self._failure, None
            kept.final = False
            self._write(kept)
            self._n += 1

    def _give_up(self) -> None:
        if self._failure is not None:
            self._write(self._failure)

    def _write(self, made: Attempt) -> None:
        self.rows.append(made)
        slots, self.slots = self.slots, []
        self._kit.pipeline.enter([made], slots)

    def _bill(
        self, berth: Berth, counted: tuple[Mapping[str, int], ...], *, estimated: bool = False
    ) -> Bill:
        price = self._kit.snapshot.price(berth, self._work.at_us)
        return owed(price, counted, self._work.at_us, estimated=estimated)

    def _left_s(self) -> float:
        """How long it may still take."""
        most = self._work.deadline_s
        return (
            86_400.0 if most is None else max(0.001, most - (time.monotonic() - self._work.started))
        )

    def _is_late(self, in_s: float = 0.0) -> bool:
        return self._left_s() <= in_s + 0.005
