"""Requests with an Idempotency-Key: the same key and the same request get the same answer, and are charged once.

Rule: an answer is in the store before its last bytes leave, so whoever got it can get it again,
from any process and after a restart. Such a request goes on to its end though its caller has left:
that caller will come again. What was not charged is not remembered.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from hashlib import sha256
from time import monotonic
from typing import Final

from madang.config.sections.caching import Idempotency as Settings
from madang.errors import Conflict, KeyReused, MadangError
from madang.pipeline.again import replay
from madang.pipeline.again.coalescing import Ask, Broadcast, Listener
from madang.pipeline.again.replay import Told
from madang.pipeline.call import Call, Reply
from madang.pipeline.run import Pipeline
from madang.state.answers import IdempotentAnswers
from madang.wire.sameness import spelled

_log = logging.getLogger("madang.idempotency")
_MIB: Final = 1 << 20
_HOUR_S: Final = 3600
_LEASE_S: Final = 12.0
"""So long after its process has died a request may be asked anew."""

_RENEW_S: Final = 3.0
_LOOK_S: Final = 0.1
_LAST_WORDS_S: Final = 1.0
_CHARGED: Final = frozenset(("ok", "cut", "hit"))


class Idempotency:
    """What one process does for such requests; `stored` is the table that all processes share."""

    def __init__(self, settings: Settings, pipeline: Pipeline, stored: IdempotentAnswers) -> None:
        self.settings = settings
        self._pipeline = pipeline
        self._stored = stored
        self._running: dict[tuple[str, str], _Work] = {}

    async def answer(self, call: Call, name: str, ask: Ask) -> Reply:
        """The answer to a call of that name: as it was given, as it is being given, or by asking.

        Raises KeyReused, Conflict, StoreUnavailable, and what `ask` raises.
        """
        which, request = (call.key.id, name), _request_digest(call)
        while (work := self._running.get(which)) is not None and not work.is_joinable:
            await asyncio.wait([work.tending])
        if work is None:
            return await self._begin(which, request, call, ask)
        if work.request != request:
            raise _reused()
        self._pipeline.admit_free(call)
        try:
            async with asyncio.timeout(_patience_s(call)):
                return await Listener(
                    work.broadcast, call, "replayed", self._pipeline.finish
                ).reply()
        except TimeoutError:
            raise _in_progress() from None
        except MadangError:
            replay.enter(call, replay.origin_of(work.broadcast.call), "replayed", "failed")
            self._pipeline.finish(call)
            raise

    async def stop(self) -> None:
        """Give those that are under way a moment to end."""
        works = list(self._running.values())
        if works:
            await asyncio.wait([work.tending for work in works], timeout=_LAST_WORDS_S)
        for work in works:
            work.broadcast.task.cancel()
        await asyncio.gather(*(work.tending for work in works))

    async def _begin(self, which: tuple[str, str], request: bytes, call: Call, ask: Ask) -> Reply:
        """The first in this process."""

        async def obtain(call: Call) -> Reply:
            told = await work.claim(call)
            if told is None:
                return await ask(call)
            self._pipeline.admit_free(call)
            return replay.give(told, call, "replayed", self._pipeline.finish)

        work = self._running[which] = _Work(which, request, self._stored, self.settings)
        work.broadcast = Broadcast(
            call, obtain, work.keep, most_bytes=self.settings.max_mb * _MIB, lasts=True
        )
        work.tending = asyncio.create_task(self._tend(work))
        return await Listener(work.broadcast, call, None, self._pipeline.finish).reply()

    async def _tend(self, work: "_Work") -> None:
        """See a request to its end, though its caller may be gone."""
        try:
            await work.tend()
        finally:
            del self._running[work.which]


class _Work:
    """A request under way in this process. `which`: the caller's key and the name; `request`: a digest."""

    broadcast: Broadcast
    tending: "asyncio.Task[None]"

    def __init__(
        self,
        which: tuple[str, str],
        request: bytes,
        stored: IdempotentAnswers,
        settings: Settings,
    ) -> None:
        self.which = which
        self.request = request
        self._stored = stored
        self._settings = settings
        self._is_claimed = False

    @property
    def is_joinable(self) -> bool:
        """Whether its answer can be had from the beginning: it has not failed, and is not too long."""
        return self.broadcast.failure is None and not self.broadcast.first

    async def claim(self, call: Call) -> Told | None:
        """Claim the name. The answer, where there is one already, maybe after a wait for another process.

        Raises KeyReused, Conflict (it takes longer than the caller would wait), StoreUnavailable.
        """
        while True:
            now_s = time.time()
            claim = await asyncio.to_thread(
                self._stored.claim, *self.which, self.request, now_s, now_s + _LEASE_S
            )
            if claim.state == "mine":
                self._is_claimed = True
                return None
            if claim.state == "other":
                raise _reused()
            if claim.state == "done":
                return _readable(claim.record)
            if call.is_late(monotonic() + _LOOK_S):
                raise _in_progress()
            await asyncio.sleep(_LOOK_S)

    async def keep(self, told: Told) -> None:
        """Remember an answer that was charged. One that cannot be kept is given nevertheless: it is paid for."""
        if not self._is_claimed or told.origin.outcome not in _CHARGED:
            return
        expires_s = time.time() + self._settings.keep_h * _HOUR_S
        record = replay.packed(told)
        try:
            kept = await asyncio.to_thread(self._stored.keep, *self.which, record, expires_s)
        except MadangError as problem:
            _log.error("an answer to an Idempotency-Key cannot be kept: %s", problem.message)
            return
        self._is_claimed = False
        if not kept:
            _log.error("an Idempotency-Key was claimed again while its request was under way")

    async def tend(self) -> None:
        """Renew the claim while the request is under way; at its end give up what was not answered."""
        task = self.broadcast.task
        while not (await asyncio.wait([task], timeout=_RENEW_S))[0]:
            if self._is_claimed:
                await self._try(self._stored.renew, *self.which, time.time() + _LEASE_S)
        if self._is_claimed:
            await self._try(self._stored.release, *self.which)

    async def _try(self, change: Callable[..., None], *facts: object) -> None:
        try:
            await asyncio.to_thread(change, *facts)
        except MadangError as problem:
            _log.error("the claim to an Idempotency-Key cannot be changed: %s", problem.message)


def _request_digest(call: Call) -> bytes:
    """What was asked, and how it is to be sent."""
    envelope = call.envelope
    how = (call.wire.dialect, envelope.model, envelope.stream, call.array, call.chunk)
    return sha256(b"%b\0%b" % (repr(how).encode(), spelled(call.body))).digest()


def _readable(record: bytes) -> Told:
    told = replay.unpacked(record)
    if told is None:
        raise Conflict(
            "Another version of Madang has answered this Idempotency-Key; use another.",
            code="idempotency_key_reused",
        )
    return told


def _patience_s(call: Call) -> float | None:
    """How long the caller would wait from now on; None: for as long as it takes."""
    if call.deadline_s is None:
        return None
    return max(0.0, call.started + call.deadline_s - monotonic())


def _in_progress() -> Conflict:
    return Conflict(
        "A request with this Idempotency-Key is still being answered; send it again.",
        code="idempotency_in_progress",
        retry_after_s=1,
    )


def _reused() -> KeyReused:
    return KeyReused(
        "This Idempotency-Key came with another request before. Use a new key for a new request.",
        code="idempotency_key_reused",
    )
