"""The jobs that one process sees through: taken on, taken over from processes that have gone, and told of news."""

import asyncio
import logging
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

from msgspec import Struct

from madang.errors import KeyReused, NotFound
from madang.keys import Key, Keyring
from madang.ledger.alarm import Alarm
from madang.ledger.claim import Claim, is_abandoned
from madang.media.jobs.course import Course
from madang.media.jobs.job import Job, new_id, packed_ask, read_ask, read_job, stored
from madang.media.jobs.life import live
from madang.media.kit import Kit, now_us, permit
from madang.media.money import Caller, Dearest, dearest, kept_out
from madang.model import Decision, Target
from madang.model.media import VideoAsk
from madang.routing.limits import Ask, Meters, Reservation
from madang.routing.pacing import Priority
from madang.routing.route import Route
from madang.state.jobs import StoredJob
from madang.state.store import Store
from madang.wire.media.contract import VideoWire

_log = logging.getLogger("madang.media")
_LEASE_US: Final = 15_000_000
_RENEW_S: Final = 3.0
_TEND_S: Final = 0.5
_PURGE_S: Final = 60.0
_LAST_WORDS_S: Final = 5.0
_HOUR_US: Final = 3_600_000_000
_WAS_ENTERED: Final = "SELECT 1 FROM attempts WHERE request_id = ? AND n = ?"


class Order(Struct, frozen=True, kw_only=True):
    """A clip that a caller wants. `name` is its Idempotency-Key, `digest` of what it has sent.

    `target`: who is asked, whatever the model's name says, and nobody else.
    """

    key: Key
    request_id: str
    at_us: int
    model: str
    tags: dict[str, str]
    ask: VideoAsk
    digest: bytes
    name: str | None = None
    seconds: str | None = None
    size: str | None = None
    priority: Priority = 1
    hints: Mapping[str, Any] = {}
    target: Target | None = None


class Crew:
    """All jobs of one process."""

    def __init__(self, kit: Kit, store: Store, keyring: Keyring, home: Path) -> None:
        self._kit = kit
        self._store = store
        self._keyring = keyring
        self._folder = home / "media" / "holders"
        self._courses: dict[str, Course] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._tender: asyncio.Task[None] | None = None
        self._fd = -1
        self._file: Path | None = None

    # --- beginning and end --------------------------------------------------------------------------

    async def start(self, worker: int) -> None:
        """Take over what earlier processes have left, with its money, before anybody is served."""
        claim = Claim(self._folder, f"w{worker}")
        self._fd, self._file = claim.open(0, ".holder")
        self._kit.holder = claim.writer
        await self._take_over()
        self._tender = asyncio.create_task(self._tend())

    async def stop(self) -> None:
        """Let orders that are being given come to their end; the rest waits in the store for the next process."""
        if self._tender is not None:
            self._tender.cancel()
        waiting = [
            asyncio.create_task(course.accepted.wait())
            for course in self._courses.values()
            if course.job.state == "sending"
        ]
        if waiting:
            await asyncio.wait(waiting, timeout=_LAST_WORDS_S)
        for task in (*waiting, *self._tasks):
            task.cancel()
        await asyncio.gather(*waiting, *self._tasks, return_exceptions=True)
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
            if self._file is not None:
                self._file.unlink(missing_ok=True)

    # --- orders -------------------------------------------------------------------------------------

    async def order(self, order: Order) -> Course | Job:
        """Take an order on: reserve what it may cost, enter it, have it sent.

        The job of an earlier order of the same name, where there is one. Raises what admission
        raises, KeyReused, UnknownModel, Forbidden, StoreUnavailable.
        """
        since_us = order.at_us - int(self._kit.settings.idempotency.keep_h * _HOUR_US)
        if (
            order.name is not None
            and (earlier := await self._earlier(order, order.name, since_us)) is not None
        ):
            return earlier
        route, decision = self._route(order)
        most = self._dearest(order, route)
        meters = self._kit.pipeline.gate.meters(order.key, order.tags)
        unpriced = kept_out(self._kit.snapshot, meters, route, most)
        reservation = self._admit(order, meters, most.nusd)
        try:
            job = _new(order, most.nusd)
            job.unpriced = unpriced
            if decision is not None or order.target is not None:
                job.chosen, job.decision = route.targets, decision
            kept = stored(job, self._kit.holder, packed_ask(order.ask))
            lease_us = order.at_us + _LEASE_US
            entered = await asyncio.to_thread(
                self._kit.jobs.enter, kept, order.name, order.digest, lease_us, since_us
            )
        except BaseException:
            self._release(reservation)
            raise
        if entered.state != "made":
            self._release(reservation)
            return self._same(entered.job, fits=entered.state == "there")
        if reservation is not None:
            self._kit.pipeline.gate.outlive(reservation)
        return self._begin(job, order.ask, reservation)

    def _route(self, order: Order) -> tuple[Route, Decision | None]:
        """Who may be asked; `video:auto` is decided here, once."""
        if order.target is not None:
            route = Route(order.model, (order.target,))
            permit(order.key, route, order.model)
            return route, None
        return self._kit.clip_route(order.key, order.model, order.ask, order.hints, order.at_us)

    async def _earlier(self, order: Order, name: str, since_us: int) -> Course | Job | None:
        found = await asyncio.to_thread(self._kit.jobs.named, order.key.id, name, since_us)
        if found is None:
            return None
        return self._same(found[0], fits=found[1] == order.digest)

    def _same(self, kept: StoredJob, *, fits: bool) -> Course | Job:
        """The job that there is under a name. Raises KeyReused."""
        if not fits:
            raise KeyReused(
                "This Idempotency-Key came with another request before. Use a new key for a new request.",
                code="idempotency_key_reused",
            )
        return self._courses.get(kept.id) or read_job(kept)

    def _dearest(self, order: Order, route: Route) -> Dearest:
        """The most that the order can cost, whoever takes it."""
        kit = self._kit

        def counts_at(target: Target) -> Mapping[str, int]:
            wire = cast("VideoWire", kit.wire(target, "videos"))
            return wire.submit(kit.told(order.ask, target), target.model).counts

        return dearest(kit.snapshot, route, counts_at, order.at_us)

    def _admit(self, order: Order, meters: Meters | None, nusd: int) -> Reservation | None:
        if meters is None:
            return None
        now_us = int(time.monotonic() * 1e6)
        return self._kit.pipeline.gate.admit(meters, Ask(0, nusd, nusd), now_us, order.at_us)

    def _release(self, reservation: Reservation | None) -> None:
        if reservation is not None:
            self._kit.pipeline.gate.settle(reservation, 0, 0)

    def _begin(self, job: Job, ask: VideoAsk, reservation: Reservation | None) -> Course:
        course = self._courses[job.id] = Course(self._kit, job, ask, reservation)
        task = asyncio.create_task(self._see_through(course))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return course

    async def _see_through(self, course: Course) -> None:
        try:
            await live(course)
            await self._drop_unwanted(course.job)
        except Exception:  # noqa: BLE001 - logged; the job is open, and taken up again
            _log.exception("job %s: a defect of ours", course.job.id)
        finally:
            self._courses.pop(course.job.id, None)

    # --- looking at them ------------------------------------------------------------------------------

    async def find(self, identity: str, key_id: str | None) -> StoredJob:
        """A job of a key (None: of anybody). Raises NotFound."""
        kept = await asyncio.to_thread(self._kit.jobs.get, identity, key_id)
        if kept is None:
            raise NotFound(f"Video with id '{identity[:100]}' not found.", code="video_not_found")
        return kept

    def live(self, identity: str) -> Course | None:
        """The job as this process has it, while it is under way."""
        return self._courses.get(identity)

    async def forget(self, kept: StoredJob) -> None:
        """A caller does not want a job any more: it ends where it can, and its files go."""
        job = read_job(kept)
        if not job.is_over:
            await asyncio.to_thread(self._kit.jobs.want, job.id, "cancel")
            if (course := self._courses.get(job.id)) is not None:
                course.nudge(cancel=True)
        hidden = await asyncio.to_thread(self._kit.jobs.hide, job.id)
        if hidden is not None:
            await self._drop(read_job(hidden))

    async def _drop_unwanted(self, job: Job) -> None:
        """A clip that was deleted while its file came home: nobody else would ever delete that."""
        if job.content is not None and await asyncio.to_thread(self._kit.jobs.is_hidden, job.id):
            await self._drop(job)

    async def _drop(self, job: Job) -> None:
        if job.content is not None:
            names = [name for name in (job.content.file, job.content.thumbnail) if name]
            await self._kit.shelf.drop([*names, f"{job.id}.made.jpg"])

    # --- in the background ----------------------------------------------------------------------------

    async def _tend(self) -> None:
        alarm, renew_at, purge_at = Alarm(_log), 0.0, 0.0
        while True:
            await asyncio.sleep(_TEND_S)
            try:
                now = time.monotonic()
                if now >= renew_at:
                    renew_at = now + _RENEW_S
                    lease_us = now_us() + _LEASE_US
                    await asyncio.to_thread(self._kit.jobs.renew, self._kit.holder, lease_us)
                    await self._take_over()
                if self._courses:
                    await self._pass_on()
                if now >= purge_at:
                    purge_at = now + _PURGE_S
                    await self._purge()
            except Exception:  # noqa: BLE001 - logged; the next time may succeed
                alarm.sound("looking after media jobs failed; it goes on", traceback=True)

    async def _pass_on(self) -> None:
        """Tell jobs what other processes have heard for them."""
        for identity, wanted in await asyncio.to_thread(self._kit.jobs.wishes, self._kit.holder):
            course = self._courses.get(identity)
            if course is not None and not (wanted == "cancel" and course.wants_end):
                course.nudge(cancel=wanted == "cancel")

    async def _take_over(self) -> None:
        holders = await asyncio.to_thread(self._kit.jobs.open_holders)
        gone = [one for one in holders if one and one != self._kit.holder and self._is_gone(one)]
        now = now_us()
        taken = await asyncio.to_thread(
            self._kit.jobs.take_over, self._kit.holder, gone, now, now + _LEASE_US
        )
        for kept in taken:
            if kept.id in self._courses:
                continue
            try:
                self._resume(kept)
            except Exception:  # noqa: BLE001 - logged; the others must not wait for this one
                _log.exception("job %s cannot be taken up again", kept.id)

    def _is_gone(self, holder: str) -> bool:
        path = self._folder / f"{holder}-000000.holder"
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return True
        try:
            if not is_abandoned(fd):
                return False
            path.unlink(missing_ok=True)
            return True
        finally:
            os.close(fd)

    def _resume(self, kept: StoredJob) -> None:
        """Go on with a job where its process left it, with its money set aside again."""
        job = read_job(kept)
        gate, caller = self._kit.pipeline.gate, job.caller
        try:
            key = self._keyring.get(caller.key_id)
        except NotFound:
            key = None  # nobody's limits are concerned any more; the job is paid for all the same
        entered = job.is_over and job.row is not None and self._was_entered(job)
        reservation = None
        if key is not None and not entered:
            reservation = gate.hold(key, caller.tags, job.reserved_nusd, caller.at_us)
        course = self._begin(job, read_ask(kept), reservation)
        course.wants_end = kept.wanted == "cancel"

    def _was_entered(self, job: Job) -> bool:
        """Whether the row of a job that is over is in the ledger, so that budgets know of it already."""
        return bool(self._store.read(_WAS_ENTERED, (job.caller.request_id, job.n)))

    async def _purge(self) -> None:
        """Forget files that have had their time."""
        for identity in await asyncio.to_thread(self._kit.jobs.expired, now_us()):
            kept = await asyncio.to_thread(self._kit.jobs.get, identity, None)
            if kept is not None:
                await self._drop(read_job(kept))
                await asyncio.to_thread(self._kit.jobs.hide, identity)
        before_us = now_us() - int(self._kit.settings.idempotency.keep_h * _HOUR_US)
        await asyncio.to_thread(self._kit.jobs.purge, before_us)


def _new(order: Order, nusd: int) -> Job:
    identity, secret = new_id()
    caller = Caller.of(
        order.key, order.request_id, order.at_us, (order.model, "videos"), order.tags
    )
    return Job(
        id=identity,
        secret=secret,
        caller=caller,
        seconds=order.seconds,
        size=order.size,
        priority=order.priority,
        reserved_nusd=nusd,
        made_from=order.ask.source.id if order.ask.source is not None else None,
    )
