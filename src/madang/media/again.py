"""Answers with an Idempotency-Key, of media that are made while their caller waits: made once, given again.

Rule: an answer is in the store before its first byte leaves. A request with a name goes on to its end
though its caller has left. What was not charged is not remembered.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
from msgspec import Struct

from madang.errors import Conflict, KeyReused, MadangError
from madang.model import Attempt
from madang.state.answers import IdempotentAnswers
from madang.state.store import Store

_log = logging.getLogger("madang.media")
_LEASE_S: Final = 12.0
_RENEW_S: Final = 3.0
_LOOK_S: Final = 0.1
_HOUR_S: Final = 3600


class Given(Struct, frozen=True, kw_only=True):
    """An answer as it was sent. `head` are header lines that hold for whoever gets it; `row` is what it cost."""

    head: bytes
    body: bytes
    row: Attempt


_encode: Final = msgspec.msgpack.Encoder().encode
_given: Final = msgspec.msgpack.Decoder(Given)


class Again:
    """Gives one process's answers again. `keep_h`: hours for which one is remembered."""

    def __init__(self, store: Store, holder: str, keep_h: float, max_bytes: int) -> None:
        self._stored = IdempotentAnswers(store, holder)
        self.keep_h = keep_h
        self.max_bytes = max_bytes
        self._running: dict[tuple[str, str], asyncio.Task[tuple[Given, bool]]] = {}

    async def answer(
        self,
        which: tuple[str, str],
        digest: bytes,
        make: Callable[[], Awaitable[Given]],
        until: float | None,
    ) -> tuple[Given, bool]:
        """The answer to the request of a key and a name, and whether it is given again.

        `until`: monotonic seconds until which the caller waits. Raises KeyReused, Conflict, and what `make` raises.
        """
        known = self._running.get(which)
        task = known or asyncio.create_task(self._obtain(which, digest, make))
        if known is None:
            self._running[which] = task
            task.add_done_callback(lambda done: self._done(which, done))
        try:
            async with asyncio.timeout(
                None if until is None else max(0.0, until - time.monotonic())
            ):
                given, again = await asyncio.shield(task)
        except TimeoutError:
            raise _in_progress() from None
        if known is None:
            return given, again
        return await self._obtain(
            which, digest, make
        )  # it is in the store now, and judged by what was asked

    async def stop(self) -> None:
        """Give those under way a moment to end."""
        if self._running:
            await asyncio.wait(list(self._running.values()), timeout=1.0)
        for task in list(self._running.values()):
            task.cancel()

    def _done(self, which: tuple[str, str], task: "asyncio.Task[tuple[Given, bool]]") -> None:
        self._running.pop(which, None)
        if not task.cancelled():
            task.exception()  # it was raised to whoever waited

    async def _obtain(
        self, which: tuple[str, str], digest: bytes, make: Callable[[], Awaitable[Given]]
    ) -> tuple[Given, bool]:
        while True:
            now_s = time.time()
            claim = await asyncio.to_thread(
                self._stored.claim, *which, digest, now_s, now_s + _LEASE_S
            )
            if claim.state == "mine":
                return await self._make(which, make), False
            if claim.state == "other":
                raise KeyReused(
                    "This Idempotency-Key came with another request before. Use a new key for a new request.",
                    code="idempotency_key_reused",
                )
            if claim.state == "done":
                return _read(claim.record), True
            await asyncio.sleep(_LOOK_S)

    async def _make(self, which: tuple[str, str], make: Callable[[], Awaitable[Given]]) -> Given:
        renewing = asyncio.create_task(self._renew(which))
        kept = False
        try:
            given = await make()
            record = _encode(given)
            if len(record) <= self.max_bytes:
                expires_s = time.time() + self.keep_h * _HOUR_S
                kept = await asyncio.to_thread(self._stored.keep, *which, record, expires_s)
            return given
        finally:
            renewing.cancel()
            if not kept:
                await asyncio.to_thread(self._stored.release, *which)

    async def _renew(self, which: tuple[str, str]) -> None:
        while True:
            await asyncio.sleep(_RENEW_S)
            try:
                await asyncio.to_thread(self._stored.renew, *which, time.time() + _LEASE_S)
            except MadangError as problem:
                _log.error("the claim to an Idempotency-Key cannot be renewed: %s", problem.message)


def _read(record: bytes) -> Given:
    try:
        return _given.decode(record)
    except msgspec.MsgspecError as error:
        raise Conflict(
            "This Idempotency-Key was answered in another way; use another.",
            code="idempotency_key_reused",
        ) from error


def _in_progress() -> Conflict:
    return Conflict(
        "A request with this Idempotency-Key is still being answered; send it again.",
        code="idempotency_in_progress",
        retry_after_s=1,
    )
