"""One job under way: what everybody who sees it through has at hand, and its end.

Rule: where a job stands is in the store before anything follows from it, and its row is in the journal
before it counts as closed.
"""

import asyncio
import logging
import random
import time
from typing import Final, cast

from msgspec.structs import replace

from madang.errors import MadangError, ProviderBroken
from madang.media.calling import call
from madang.media.jobs.job import Job, State, stored
from madang.media.jobs.told import told_news
from madang.media.kit import Kit, key_of, now_us
from madang.media.money import Bill, Ended, bill, owed, row
from madang.model import Attempt, PriceRow
from madang.model.media import JobSeen, VideoAsk
from madang.pipeline.lane import Berth
from madang.routing.limits import Reservation
from madang.routing.pacing import Turn
from madang.routing.route import Route
from madang.upstream.providers import Provider
from madang.wire.media.contract import Incoming, Outgoing, VideoWire

_log = logging.getLogger("madang.media")
LONGEST_WAIT_S: Final = 30.0
_PATIENCE: Final = 6
"""Failures in a row of what is only asked for, after which the wait is no longer made longer."""

_CALL_S: Final = 120.0


class LostJob(Exception):
    """Another process holds the job by now."""


class Course:
    """A job, the money that is held for it, and its place at a provider.

    `accepted` is set once it is known whether its order was taken, and `refusal` is why not; `over`
    when it is closed. `turn` is held while a provider has the job: that is what concurrency means to
    them. `seen` is what it said last, with the clips. `last` is the row of a refusal: the final one,
    unless another attempt follows.
    """

    def __init__(self, kit: Kit, job: Job, ask: VideoAsk, reservation: Reservation | None) -> None:
        self.job = job
        self.ask = ask
        self.accepted = asyncio.Event()
        self.over = asyncio.Event()
        self.refusal: MadangError | None = None
        self.wants_end = False
        self.kit = kit
        self.reservation = reservation
        self.turn: Turn | None = None
        self.berth: Berth | None = None
        self.nudged = asyncio.Event()
        self.seen: JobSeen | None = None
        self.last: Attempt | None = None

    def nudge(self, *, cancel: bool = False) -> None:
        """Look at once; `cancel`: its owner does not want it any more."""
        self.wants_end = self.wants_end or cancel
        self.nudged.set()

    async def fail(
        self, code: str, message: str, outcome: str, error: MadangError | None = None
    ) -> None:
        """It is over without a clip. lost: nobody knows what the provider charges, so the worst case is booked."""
        job = self.job
        if outcome == "lost" and job.target is not None:
            price = self.price()
            lost = owed(price, [job.billed, job.counts], now_us(), estimated=True)
            end = Ended(outcome="lost", cause=code, detail=message, estimated=True)
            await self.end("failed", end, lost, (code, message))
            return
        cause = error.kind if error is not None else code
        end = Ended(outcome="failed", cause=cause, detail=message)
        await self.end("failed", end, Bill(), (code, message))

    async def end(
        self, state: State, end: Ended, billed: Bill, error: tuple[str, str] | None = None
    ) -> None:
        """It is over: as it stands then, with the row that it will have in the ledger."""
        job = self.job
        job.error, job.ended_us = error and (error[0], self.redacted(error[1])), now_us()
        end = replace(
            end,
            detail=end.detail and self.redacted(end.detail),
            latency_us=job.ended_us - job.caller.at_us,
            provider_key=job.key_prefix,
            reserved_nusd=job.reserved_nusd,
            plan=job.decision,
            losses=job.losses,
        )
        if job.target is None:
            job.target = self.route().targets[0]
        job.row = row(job.caller, job.n, job.target, end, billed)
        if self.last is not None:
            job.row, self.last = replace(self.last, final=True), None
        job.progress = 100 if state == "completed" else job.progress
        await self.move(state, durable=True)

    async def settle(self) -> None:
        """The row is in the journal before the job counts as closed; its money is not held any more."""
        job = self.job
        if job.row is None:
            return
        if not self.kit.pipeline.enter([job.row]):
            _log.warning("job %s: its row waits for the journal", job.id)
        if self.reservation is not None:
            self.kit.pipeline.gate.settle(self.reservation, 0, self._counted(job.row))
            self.reservation = None
        self.give_turn_back()
        job.is_closed = True
        await self.move(job.state, is_open=False)
        keep_us = self.kit.settings.media.keep_days * 86_400_000_000
        until_us = (job.ended_us or now_us()) + keep_us
        await asyncio.to_thread(self.kit.jobs.keep_until, job.id, until_us)

    def redacted(self, said: str) -> str:
        """What a provider has said without its own secrets: callers and the ledger are told of it."""
        target = self.job.target
        provider = self.kit.snapshot.providers.get(target.provider) if target is not None else None
        if provider is None:
            return said
        return provider.redact(said.encode("utf-8", "replace")).decode()

    def _counted(self, ended: Attempt) -> int:
        """What the job counts against budgets; what has no price after all, all that was set aside for it."""
        if ended.cost_nusd is None:
            return self.job.reserved_nusd if self.kit.snapshot.refuses_unpriced else 0
        return ended.cost_nusd

    async def move(self, state: State, *, durable: bool = False, is_open: bool = True) -> None:
        """Write down where the job stands now."""
        self.job.state = state
        kept = stored(self.job, self.kit.holder, b"", is_open=is_open)
        if not await asyncio.to_thread(self.kit.jobs.change, kept, durable=durable):
            raise LostJob

    async def pause(self, wait_s: float) -> None:
        """Wait, or until there is news."""
        try:
            async with asyncio.timeout(min(wait_s, 3600)):
                await self.nudged.wait()
        except TimeoutError:
            return
        self.nudged.clear()

    async def heard(self) -> JobSeen | None:
        """What the provider has called to say, the latest; None: nothing, or that one should look."""
        job = self.job
        if job.target is None:
            return None
        names = [job.handle.id] if job.handle is not None else []
        told = await asyncio.to_thread(
            self.kit.jobs.heard, job.id, job.target.provider, [*names, job.order]
        )
        seen = [news.seen for one in told if one is not None and (news := told_news(one)).seen]
        return seen[-1] if seen else None

    async def call(self, berth: Berth, outgoing: Outgoing, at: Provider | None = None) -> Incoming:
        """Ask the job's provider, with the key that the order went out with; `at`: at another address of it."""
        key = key_of(berth, self.turn, self.job.key_prefix)
        transport = self.kit.pipeline.transport
        return await call(transport, at or berth.provider, outgoing, key, total_s=_CALL_S)

    def route(self) -> Route:
        """Who may be asked: as the name says, or as it was chosen."""
        job, snapshot = self.job, self.kit.snapshot
        if job.chosen:
            there = tuple(one for one in job.chosen if one.provider in snapshot.providers)
            route = Route(job.caller.asked_model, there)
        else:
            route = snapshot.directory.resolve(job.caller.asked_model, "videos")
        return route.without(job.unpriced) or route if job.unpriced else route

    def wire(self) -> VideoWire:
        """The adapter of the provider that has the order."""
        return cast("VideoWire", self.kit.wire(self.place().target, "videos"))

    def place(self) -> Berth:
        """The provider that has the order."""
        if self.berth is None:
            if self.job.target is None:
                raise ProviderBroken("the job was never sent")
            self.berth = self.kit.snapshot.berth(self.job.target)
            self.turn = self.turn or self.berth.line.enter(0, time.monotonic())
        return self.berth

    def price(self) -> PriceRow | None:
        """The price list that holds for the job; None: none is known."""
        target, snapshot = self.job.target, self.kit.snapshot
        if target is None or target.provider not in snapshot.providers:
            return None
        return snapshot.price(snapshot.berth(target), self.job.caller.at_us)

    def billed(self, *counted: dict[str, int]) -> Bill:
        """What is billed, by the first counts that the price list knows."""
        return bill(self.price(), counted, now_us())

    def owed(self, *counted: dict[str, int]) -> Bill:
        """The same for a clip that was made: where nobody counted anything its cost is unknown."""
        return owed(self.price(), counted, now_us())

    def give_turn_back(self) -> None:
        """The provider has the job no more."""
        if self.turn is not None:
            self.turn.end(0)
        self.turn = self.berth = None

    def give_back(self) -> None:
        """Nothing stays held, however it ended."""
        self.give_turn_back()
        if self.reservation is not None:
            self.kit.pipeline.gate.settle(self.reservation, 0, 0)
            self.reservation = None


def backoff_s(times: int) -> float:
    """1, 2, 4 … 30 s, with jitter."""
    return min(LONGEST_WAIT_S, 2.0 ** min(times, _PATIENCE)) * random.uniform(0.5, 1.0)
