"""The life of one job, from its order to its row in the ledger: one task, which any process can take up again.

Rule: what is about to be done is in the store before it is done. An order whose answer was lost is
looked for and never sent again on a guess.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from typing import Final, cast

from msgspec.structs import replace

from madang.errors import (
    MadangError,
    ProviderBroken,
    ProviderError,
    ProviderPaced,
    StoreUnavailable,
)
from madang.media.calling import call, is_lost, told_refusal
from madang.media.fetching import Fetcher
from madang.media.hearing import token_for
from madang.media.job import Job, State, stored
from madang.media.kit import Kit, following, key_of, now_us
from madang.media.money import Bill, Ended, bill, row
from madang.media.told import told_seen
from madang.model import Attempt, PriceRow
from madang.model.media import Handle, JobSeen, VideoAsk
from madang.pipeline.lane import Berth
from madang.pipeline.line import Claim
from madang.routing.causes import remedy_for
from madang.routing.limits import Reservation
from madang.routing.pacing import Turn
from madang.routing.route import Route
from madang.wire.media.contract import Incoming, Outgoing, VideoWire

_log = logging.getLogger("madang.media")
_MOST_AGAIN: Final = 2
"""So often an order is given again that its provider has failed and says may succeed."""

_PATIENCE: Final = 6
"""Failures in a row of what is only asked for, after which the wait is no longer made longer."""

_GONE: Final = 3
_LONGEST_WAIT_S: Final = 30.0
_POLL_SHARE: Final = 0.05
"""A job that has taken long is asked after so much of that later."""

_NOT_THERE_S: Final = 10.0
"""So long after an order, a provider that can be asked for it by name has it, if it has taken it."""

_FETCHES: Final = 5


class LostJob(Exception):
    """Another process holds the job by now."""


class Life:
    """Sees a job through. `accepted` is set once it is known whether its order was taken; `refusal` is why not."""

    def __init__(self, kit: Kit, job: Job, ask: VideoAsk, reservation: Reservation | None) -> None:
        self.job = job
        self.ask = ask
        self.accepted = asyncio.Event()
        self.over = asyncio.Event()
        self.refusal: MadangError | None = None
        self.wants_end = False
        self._kit = kit
        self._reservation = reservation
        self._turn: Turn | None = None
        self._berth: Berth | None = None
        self._nudged = asyncio.Event()
        self._seen: JobSeen | None = None
        self._last: Attempt | None = None  # of a refusal: final, unless another attempt follows

    def nudge(self, *, cancel: bool = False) -> None:
        """Look at once; `cancel`: its owner does not want it any more."""
        self.wants_end = self.wants_end or cancel
        self._nudged.set()

    async def run(self) -> None:
        """See it through to its row in the ledger."""
        try:
            while not self.job.is_over:
                await self._step()
            await self._settle()
        except LostJob:
            _log.warning("job %s: another process has taken it over", self.job.id)
        finally:
            self.accepted.set()
            self.over.set()
            self._give_back()

    async def _step(self) -> None:
        try:
            await _STEPS[self.job.state](self)
        except StoreUnavailable as problem:
            _log.error("job %s waits for the store: %s", self.job.id, problem.message)
            await asyncio.sleep(1)
        except (LostJob, asyncio.CancelledError):
            raise
        except Exception:  # a defect: the job must not hang for ever
            _log.exception("job %s: a defect of ours", self.job.id)
            await self._fail("internal", "Madang failed at this job; it has been logged.", "lost")

    # --- the order ----------------------------------------------------------------------------------

    async def _order(self) -> None:
        """Ask one provider after another until one takes the order."""
        route = self._route()
        error: MadangError | None = None
        for times in range(1_000_000):
            error = await self._round(route)
            if error is None or self.job.is_over:
                return
            if not self._may_wait(error, times):
                break
            await self._pause(max(error.retry_after_s or 0.0, _backoff_s(times)))
            if self.wants_end:
                await self._end(
                    "cancelled",
                    Ended(outcome="client_closed"),
                    Bill(),
                    ("cancelled", "It was cancelled."),
                )
                return
        assert error is not None  # noqa: S101 - a round that fails says why
        self.refusal = error
        await self._fail(error.code or error.kind, error.message, "failed", error)

    def _route(self) -> Route:
        """Who may be asked: as the name says, or as it was chosen."""
        job = self.job
        if job.chosen:
            there = self._kit.snapshot.providers
            return Route(
                job.caller.asked_model, tuple(one for one in job.chosen if one.provider in there)
            )
        return self._kit.snapshot.directory.resolve(job.caller.asked_model, "videos")

    async def _round(self, route: Route) -> MadangError | None:
        """Ask everybody once; None: somebody has the order, or may have it."""
        plan = self._kit.plan(route)
        target = next(plan)
        while True:
            berth = self._kit.snapshot.berth(target)
            try:
                await self._try(berth)
            except MadangError as error:
                others = list(following(plan, error))
                if not others or isinstance(error, StoreUnavailable):
                    return error
                target = others[0]
            else:
                return None

    def _may_wait(self, error: MadangError, times: int) -> bool:
        """Whether the order is kept for later: nobody has refused it for good."""
        late_us = self.job.caller.at_us + int(self._kit.settings.media.give_up_s * 1e6)
        if now_us() > late_us:
            return False
        if isinstance(error, ProviderPaced):
            return True
        return remedy_for(error).again and times + 1 < self._kit.settings.retries.attempts * 4

    async def _try(self, berth: Berth) -> None:
        """Give the order to one provider. Raises a MadangError where it certainly has not taken it."""
        job, wire = self.job, cast("VideoWire", self._kit.wire(berth.target, "videos"))
        name = job.id if job.n == 0 else f"{job.id}-{job.n}"
        ask = replace(
            self.ask,
            name=name,
            callback=self._callback(berth, wire, name),
            fields={
                **self.ask.fields.get(berth.provider.kind, {}),
                **self.ask.fields.get(berth.provider.name, {}),
            },
        )
        outgoing = wire.submit(ask, berth.target.model)
        turn = await self._line(berth)
        if self._last is not None:
            self._kit.pipeline.enter([self._last])
            self._last = None
        job.target, job.key_prefix = berth.target, turn.prefix
        job.order, job.name = name, outgoing.name or name
        job.counts, job.losses, job.sent_us = dict(outgoing.counts), outgoing.losses, now_us()
        self._turn, self._berth = turn, berth
        try:
            await self._move("sending", durable=True)
            await self._send(berth, turn, wire, outgoing)
        except MadangError as error:
            if job.state == "sending":
                await self._refused(error)
                raise

    async def _line(self, berth: Berth) -> Turn:
        """A turn at a provider; it is held until the job is over: that is what concurrency means to them."""
        turn = berth.line.enter(0, time.monotonic())
        if turn is None:
            give_up_at = time.monotonic() + self._kit.settings.media.give_up_s
            claim = Claim(self.job.caller.key_id, self.job.priority, 0, give_up_at)
            turn = await berth.line.wait(claim)
        return turn

    async def _send(self, berth: Berth, turn: Turn, wire: VideoWire, outgoing: Outgoing) -> None:
        began_at = time.monotonic()
        berth.standing.started(began_at)
        transport = self._kit.pipeline.transport
        try:
            answer = await call(transport, berth.provider, outgoing, turn.key, once=True)
            self.job.handle = wire.submitted(answer)
        except MadangError as error:
            now = time.monotonic()
            if isinstance(error, ProviderError):
                told_refusal(berth, turn, error, now, began_at)
            else:
                berth.standing.released(now, began_at)
            if not is_lost(error):
                raise
            _log.warning(
                "job %s: %s may have taken it: %s", self.job.id, berth.provider.name, error.message
            )
            await self._move("unsure")
            return
        except BaseException:
            berth.standing.released(time.monotonic(), began_at)
            raise
        now = time.monotonic()
        berth.standing.answered(now - began_at, now, began_at)
        turn.answered()
        await self._move("running", durable=True)
        self.accepted.set()

    async def _refused(self, error: MadangError) -> None:
        """An order was certainly not taken: its row, and on to the next."""
        job = self.job
        self._give_turn_back()
        if job.target is None:
            return
        status = getattr(error, "upstream_status", None) or 0
        end = Ended(
            outcome="failed",
            status=status,
            cause=error.kind,
            detail=error.message,
            final=False,
            latency_us=now_us() - job.sent_us,
            provider_key=job.key_prefix,
            reserved_nusd=job.reserved_nusd,
            plan=job.decision,
        )
        self._last = row(job.caller, job.n, job.target, end, Bill())
        job.n += 1
        await self._move("queued")

    # --- an order whose answer was lost --------------------------------------------------------------

    async def _doubt(self) -> None:
        """The process that was sending has died: nobody knows."""
        await self._move("unsure")

    async def _reconcile(self) -> None:
        """Find out whether the order was taken: by its name, or because its provider calls. Raises nothing."""
        job, wire, berth = self.job, self._wire(), self._place()
        until_us = job.sent_us + int(self._kit.settings.media.unsure_s * 1e6)
        absent = times = 0
        while now_us() < until_us:
            self.accepted.set()
            if (seen := await self._heard()) is not None and seen.state == "succeeded":
                self._seen = seen
                await self._move("storing")
                return
            if wire.find is not None and wire.found is not None:
                found, is_there = await self._look(wire, berth)
                absent = absent + 1 if not is_there else 0
                if found is not None:
                    job.handle = found
                    await self._move("running", durable=True)
                    return
                if absent >= 2 and now_us() - job.sent_us > _NOT_THERE_S * 1e6:
                    lost = ProviderBroken(
                        f"{berth.provider.name} did not answer, and has no such job"
                    )
                    await self._refused(lost)
                    return
            await self._pause(_backoff_s(times))
            times += 1
        said = f"{berth.provider.name} did not answer the order, and nothing was heard of it since; it was not sent again."
        await self._fail("submit_unanswered", said, "lost")

    async def _look(self, wire: VideoWire, berth: Berth) -> tuple[Handle | None, bool]:
        """Ask for the job by its name: its handle, and whether it may be there all the same."""
        if wire.find is None or wire.found is None:
            return None, True
        try:
            answer = await self._call(berth, wire.find(self.job.name))
            handle = wire.found(answer)
        except MadangError:
            return None, True
        return handle, handle is not None

    # --- under way -----------------------------------------------------------------------------------

    async def _follow(self) -> None:
        """Ask how it fares, politely, until it is over."""
        job, wire, berth = self.job, self._wire(), self._place()
        began_us, failures, gone = job.sent_us, 0, 0
        wait_s = wire.poll_ms / 1000 * self._kit.settings.media.poll_factor
        has_asked = False
        while True:
            seen = await self._heard()
            if seen is None and (has_asked or not self.wants_end):
                await self._pause(wait_s * random.uniform(0.9, 1.1))
                seen = await self._heard()
            if self.wants_end and not has_asked:
                has_asked = await self._cancel(wire, berth)
            if seen is None:
                try:
                    seen = await self._poll(wire, berth)
                    failures = gone = 0
                except MadangError as error:
                    failures += 1
                    gone = gone + 1 if getattr(error, "upstream_status", None) in (404, 410) else 0
                    if gone >= _GONE or (has_asked and gone):
                        await self._vanished(error, cancelled=has_asked)
                        return
            if seen is not None and await self._took(seen, wire):
                return
            if now_us() > job.caller.at_us + int(self._kit.settings.media.give_up_s * 1e6):
                await self._fail(
                    "timeout", f"{berth.provider.name} has not finished in time.", "lost"
                )
                return
            wait_s = _wait_s(wire, seen, now_us() - began_us, failures)
            wait_s *= self._kit.settings.media.poll_factor

    async def _poll(self, wire: VideoWire, berth: Berth) -> JobSeen:
        job = self.job
        if job.handle is None:
            raise ProviderBroken("the job has no handle")
        seen = wire.polled(await self._call(berth, wire.poll(job.handle)))
        if seen.state == "succeeded" and not seen.clips and wire.fetch and wire.fetched:
            fetched = wire.fetched(await self._call(berth, wire.fetch(job.handle)))
            seen = replace(fetched, billed=fetched.billed or seen.billed)
        return seen

    async def _took(self, seen: JobSeen, wire: VideoWire) -> bool:
        """Take over what a provider says; whether that is the end of following it."""
        job = self.job
        if seen.billed:
            job.billed = dict(seen.billed)
        if seen.state == "succeeded":
            if not seen.clips and wire.fetch is not None:
                return False  # a call that only says so: the result is asked for
            self._seen = seen
            await self._move("storing")
            return True
        if seen.state in ("failed", "cancelled"):
            await self._failed_there(seen)
            return True
        if seen.progress is not None and seen.progress != job.progress:
            job.progress = seen.progress
            await self._move("running")
        return False

    async def _failed_there(self, seen: JobSeen) -> None:
        job = self.job
        cause = seen.cause or ("cancelled" if seen.state == "cancelled" else "provider_failed")
        message = seen.message or f"The provider says that the job has {seen.state}."
        if seen.again and job.again < _MOST_AGAIN and not self.wants_end:
            job.again += 1
            end = Ended(
                outcome="failed",
                status=200,
                cause=cause,
                detail=message,
                final=False,
                latency_us=now_us() - job.caller.at_us,
                provider_key=job.key_prefix,
                reserved_nusd=job.reserved_nusd,
                plan=job.decision,
            )
            billed = self._billed(job.billed)
            if job.target is not None:
                self._kit.pipeline.enter([row(job.caller, job.n, job.target, end, billed)])
            job.n, job.billed, job.handle = job.n + 1, {}, None
            self._give_turn_back()
            await self._move("queued")
            return
        state: State = "cancelled" if seen.state == "cancelled" or self.wants_end else "failed"
        end = Ended(outcome="failed", status=200, cause=cause, detail=message)
        await self._end(state, end, self._billed(job.billed), (cause, message))

    async def _cancel(self, wire: VideoWire, berth: Berth) -> bool:
        """Tell the provider that nobody wants it; whether that was possible."""
        if wire.cancel is None or self.job.handle is None:
            return False
        try:
            await self._call(berth, wire.cancel(self.job.handle))
        except MadangError as error:
            _log.info("job %s cannot be cancelled: %s", self.job.id, error.message)
        return True

    async def _vanished(self, error: MadangError, *, cancelled: bool) -> None:
        """The provider does not know the job any more."""
        if cancelled:
            end = Ended(outcome="client_closed", status=200)
            await self._end(
                "cancelled", end, self._billed(self.job.billed), ("cancelled", "It was cancelled.")
            )
        else:
            await self._fail(
                "provider_failed",
                f"The provider does not know the job any more: {error.message}",
                "lost",
            )

    # --- the file ------------------------------------------------------------------------------------

    async def _store(self) -> None:
        """Bring the file home; after a restart, or where its address has died, ask for it again."""
        job, wire, berth = self.job, self._wire(), self._place()
        media = self._kit.settings.media
        fetcher = Fetcher(
            self._kit.pipeline.transport,
            self._kit.shelf,
            berth.provider,
            key_of(berth, self._turn, job.key_prefix),
            media.max_mb * 1024 * 1024,
        )
        problem: MadangError | None = None
        for times in range(_FETCHES):
            try:
                if self._seen is None or not self._seen.clips:
                    self._seen = await self._poll(wire, berth)
                    job.billed = dict(self._seen.billed) or job.billed
                job.content = await fetcher.keep(job.id, self._seen.clips)
            except ProviderError as error:
                problem, self._seen = error, None
                await self._pause(_backoff_s(times))
            else:
                self._seen = None
                await self._end(
                    "completed",
                    Ended(outcome="ok", status=200),
                    self._billed(job.billed, job.counts),
                )
                return
        said = f"The clip was made, but its file could not be fetched: {problem.message if problem else ''}"
        end = Ended(outcome="failed", status=200, cause="broken", detail=said)
        await self._end("failed", end, self._billed(job.billed, job.counts), ("content_lost", said))

    # --- the end -------------------------------------------------------------------------------------

    async def _fail(
        self, code: str, message: str, outcome: str, error: MadangError | None = None
    ) -> None:
        """It is over without a clip. lost: nobody knows what the provider charges, so the worst case is booked."""
        job = self.job
        if outcome == "lost" and job.target is not None:
            price = self._price()
            lost = bill(price, [job.billed, job.counts], now_us(), estimated=True)
            end = Ended(outcome="lost", cause=code, detail=message, estimated=True)
            await self._end("failed", end, lost, (code, message))
            return
        cause = error.kind if error is not None else code
        end = Ended(outcome="failed", cause=cause, detail=message)
        await self._end("failed", end, Bill(), (code, message))

    async def _end(
        self, state: State, end: Ended, billed: Bill, error: tuple[str, str] | None = None
    ) -> None:
        job = self.job
        job.error, job.ended_us = error, now_us()
        end = replace(
            end,
            latency_us=job.ended_us - job.caller.at_us,
            provider_key=job.key_prefix,
            reserved_nusd=job.reserved_nusd,
            plan=job.decision,
            losses=job.losses,
        )
        if job.target is None:
            job.target = self._route().targets[0]
        job.row = row(job.caller, job.n, job.target, end, billed)
        if self._last is not None:
            job.row, self._last = replace(self._last, final=True), None
        job.progress = 100 if state == "completed" else job.progress
        await self._move(state, durable=True)

    async def _settle(self) -> None:
        """The row is in the journal before the job counts as closed; its money is not held any more."""
        job = self.job
        if job.row is None:
            return
        if not self._kit.pipeline.enter([job.row]):
            _log.warning("job %s: its row waits for the journal", job.id)
        if self._reservation is not None:
            self._kit.pipeline.gate.settle(self._reservation, 0, job.row.cost_nusd or 0)
            self._reservation = None
        self._give_turn_back()
        job.is_closed = True
        await self._move(job.state, is_open=False)
        if job.content is not None:
            keep_us = self._kit.settings.media.keep_days * 86_400_000_000
            await asyncio.to_thread(
                self._kit.jobs.keep_until, job.id, (job.ended_us or now_us()) + keep_us
            )

    # --- small change --------------------------------------------------------------------------------

    async def _move(self, state: State, *, durable: bool = False, is_open: bool = True) -> None:
        """Write down where the job stands now."""
        self.job.state = state
        kept = stored(self.job, self._kit.holder, b"", is_open=is_open)
        if not await asyncio.to_thread(self._kit.jobs.change, kept, durable=durable):
            raise LostJob

    async def _pause(self, wait_s: float) -> None:
        """Wait, or until there is news."""
        try:
            async with asyncio.timeout(min(wait_s, 3600)):
                await self._nudged.wait()
        except TimeoutError:
            return
        self._nudged.clear()

    async def _heard(self) -> JobSeen | None:
        """What the provider has called to say, the latest; None: nothing, or that one should look."""
        job = self.job
        if job.target is None:
            return None
        names = [job.handle.id] if job.handle is not None else []
        told = await asyncio.to_thread(
            self._kit.jobs.heard, job.id, job.target.provider, [*names, job.order]
        )
        seen = [told_seen(one) for one in told if one is not None]
        return seen[-1] if seen else None

    async def _call(self, berth: Berth, outgoing: Outgoing) -> Incoming:
        key = key_of(berth, self._turn, self.job.key_prefix)
        return await call(self._kit.pipeline.transport, berth.provider, outgoing, key, total_s=120)

    def _wire(self) -> VideoWire:
        return cast("VideoWire", self._kit.wire(self._place().target, "videos"))

    def _place(self) -> Berth:
        """The provider that has the order."""
        if self._berth is None:
            if self.job.target is None:
                raise ProviderBroken("the job was never sent")
            self._berth = self._kit.snapshot.berth(self.job.target)
            self._turn = self._turn or self._berth.line.enter(0, time.monotonic())
        return self._berth

    def _callback(self, berth: Berth, wire: VideoWire, name: str) -> str | None:
        """Where the provider may call back about this order, if this gateway can be reached."""
        base_url = self._kit.settings.media.public_url
        if base_url is None or wire.hook is None:
            return None
        token = token_for(self.job.secret, name)
        return f"{base_url.rstrip('/')}/hooks/{berth.provider.name}?job={name}&token={token}"

    def _price(self) -> PriceRow | None:
        target, snapshot = self.job.target, self._kit.snapshot
        if target is None or target.provider not in snapshot.providers:
            return None
        return snapshot.price(snapshot.berth(target), self.job.caller.at_us)

    def _billed(self, *counted: dict[str, int]) -> Bill:
        return bill(self._price(), counted, now_us())

    def _give_turn_back(self) -> None:
        if self._turn is not None:
            self._turn.end(0)
        self._turn = self._berth = None

    def _give_back(self) -> None:
        """Nothing stays held, however it ended."""
        self._give_turn_back()
        if self._reservation is not None:
            self._kit.pipeline.gate.settle(self._reservation, 0, 0)
            self._reservation = None


def _backoff_s(times: int) -> float:
    """1, 2, 4 … 30 s, with jitter."""
    return min(_LONGEST_WAIT_S, 2.0 ** min(times, _PATIENCE)) * random.uniform(0.5, 1.0)


def _wait_s(wire: VideoWire, seen: JobSeen | None, elapsed_us: int, failures: int) -> float:
    """How long until the provider is asked again: as it says, else as its adapter does, later the longer it takes."""
    if failures:
        return max(wire.poll_ms / 1000, _backoff_s(failures))
    if seen is not None and seen.again_ms is not None:
        return seen.again_ms / 1000
    return max(wire.poll_ms / 1000, min(_LONGEST_WAIT_S, elapsed_us / 1e6 * _POLL_SHARE))


_STEPS: Final[dict[str, Callable[[Life], Awaitable[None]]]] = {
    "queued": Life._order,
    "sending": Life._doubt,
    "unsure": Life._reconcile,
    "running": Life._follow,
    "storing": Life._store,
}
