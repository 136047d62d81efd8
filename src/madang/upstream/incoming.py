"""An answer as its reader sees it: what has arrived, and a wait for what has not."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from madang.errors import InternalError, MadangError, ProviderBroken
from madang.upstream.inflate import Inflater
from madang.upstream.reader import ResponseReader

HOLD_BYTES = 262_144
"""With more than this waiting to be taken, an answer is not read on."""

_UNDONE = (b"content-encoding", b"content-length", b"transfer-encoding")


class Source(Protocol):
    """What an answer needs of its connection."""

    def drained(self) -> None:
        """Everything that had arrived was taken."""

    def abandon(self) -> None:
        """Nobody wants the rest of the answer."""


class Incoming:
    """One answer. `Transport.send` returns it when the head is complete; one task reads it.

    `status` and `headers` (lower-case names; repeated ones joined with a comma) are the provider's,
    without the headers of a compression that was undone. `sent_at` is when the request was handed
    to the socket, `first_byte_at` when the answer's head was complete, both in the event loop's
    seconds. `reused`: the connection had served before. `held_bytes` have arrived but were not
    taken. `complete`: all has arrived, and the connection is free already.

    Every read may raise ProviderTimedOut or ProviderBroken; what had arrived before the failure is
    given first. A read that is cancelled, like an early `close`, aborts the connection at once.
    """

    __slots__ = (
        "_failure",
        "_inflater",
        "_loop",
        "_pieces",
        "_reader",
        "_source",
        "_taker",
        "_waiter",
        "complete",
        "first_byte_at",
        "headers",
        "held_bytes",
        "reused",
        "sent_at",
        "status",
    )

    def __init__(
        self,
        source: Source,
        reader: ResponseReader,
        loop: asyncio.AbstractEventLoop,
        *,
        sent_at: float,
        reused: bool,
    ) -> None:
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.sent_at = sent_at
        self.first_byte_at = 0.0
        self.reused = reused
        self.complete = False
        self.held_bytes = 0
        self._source: Source | None = source
        self._reader = reader
        self._loop = loop
        self._pieces: list[bytes] = []
        self._waiter: asyncio.Future[None] | None = None
        self._taker: Callable[[bytes], bool] | None = None
        self._failure: Exception | None = None
        self._inflater: Inflater | None = None

    def at_hand(self) -> bytes | None:
        """The whole body, where all of it has come already, as most do; else None. Raises as `read`."""
        if not self.complete or self._inflater is not None:
            return None
        body = self._take()
        if len(body) > self._reader.bounds.max_body_bytes:
            self._check_size(len(body))
        return body

    async def read(self) -> bytes:
        """Return the whole body.

        Raises ProviderBroken, and aborts, where it exceeds the transport's bound.
        """
        body = self.at_hand()
        if body is not None:
            return body
        whole = bytearray()
        while piece := await self.next():
            whole += piece
            self._check_size(len(whole))
        return bytes(whole)

    async def next(self) -> bytes:
        """Return the next bytes of the body: all that has arrived by now; nothing at the end.

        Waits only if nothing has arrived. A body that had to be decompressed comes in steps of at
        most 256 KiB.
        """
        if self._inflater is not None:
            return await self._next_inflated(self._inflater)
        if not self._pieces:
            await self._body_or_end()
        return self._take()

    async def each(self, take: Callable[[bytes], bool]) -> bool:
        """Give `take` what arrives, for as long as it returns True; no task is woken for a piece.

        Returns True when `take` had enough for now, False at the end of the body. Raises what
        `next` raises, and whatever `take` does.
        """
        while piece := await self.next():
            if not take(piece) or await self._hand_over(take):
                return True
        return False

    def close(self) -> None:
        """Say that the answer is done with. If it is not complete, its connection is aborted."""
        if self._failure is None and (self._pieces or not self.complete):
            self._failure = InternalError("an answer was read after it had been closed")
        self._pieces.clear()
        if (source := self._source) is not None:
            self._let_go()
            source.abandon()
        self.wake()

    async def head(self) -> None:
        """Wait until status and headers are there. Cancelling it gives the answer up."""
        try:
            while not self.status:
                await self._news()
        except BaseException:
            self.close()
            raise

    @property
    def untouched(self) -> bool:
        """Whether not a single byte of an answer has arrived."""
        return self._reader.untouched

    @property
    def reusable(self) -> bool:
        """Whether the connection may carry another exchange, now that this one is complete."""
        return self._reader.reusable

    def feed(self, data: bytes, now: float) -> bool:
        """Take what the connection has read; return whether there was body in it.

        Raises ProviderBroken behind the last good byte.
        """
        reader = self._reader
        body = reader.feed(data)
        if reader.headed and not self.status:
            self._take_head(now)
        if body and self._taker is not None:
            self._give(self._taker, body)
        elif body:
            self._pieces.append(body)
            self.held_bytes += len(body)
        if reader.complete:
            self.complete = True
            self._let_go()
        elif reader.flaw is not None:
            raise reader.flaw
        return bool(body)

    def end_of_file(self) -> bool:
        """The provider has closed: return whether that completes the answer."""
        if self._reader.end_of_file():
            self.complete = True
            self._let_go()
        return self.complete

    def fail(self, error: MadangError) -> None:
        """No more will come."""
        self._failure = error
        self._let_go()
        self.wake()

    def wake(self) -> None:
        """Let the waiting task look again, if there is something for it to see."""
        if self._taker is not None and not self.complete and self._failure is None:
            return
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def _take_head(self, now: float) -> None:
        """Give out status and headers. Raises ProviderBroken for a coding that we cannot undo."""
        headers = self._reader.headers
        coding = headers.get(b"content-encoding", b"identity")
        if coding.lower() != b"identity":
            self._inflater = Inflater(coding, self._reader.host)
            headers = {name: value for name, value in headers.items() if name not in _UNDONE}
        self.headers = headers
        self.status = self._reader.status
        self.first_byte_at = now

    def _let_go(self) -> None:
        """Part from the connection."""
        self._source = None
        self._reader.release()

    def _check_size(self, body_bytes: int) -> None:
        reader = self._reader
        if body_bytes > reader.bounds.max_body_bytes:
            self.close()
            raise ProviderBroken(
                f"{reader.host} sent more than {reader.bounds.max_body_bytes} bytes"
            )

    def _take(self) -> bytes:
        """Return what has arrived, or nothing at the end. Raises the failure behind it, if any."""
        pieces = self._pieces
        if not pieces:
            if self._failure is not None:
                raise self._failure
            return b""
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        held_bytes, self.held_bytes = self.held_bytes, 0
        if held_bytes > HOLD_BYTES and self._source is not None:
            self._source.drained()
        return data

    async def _hand_over(self, take: Callable[[bytes], bool]) -> bool:
        """Have `take` called as the body arrives; return whether it has had enough."""
        if self._inflater is not None or self.complete or self._failure is not None:
            return False
        self._taker = take
        try:
            await self._news()
            has_enough = self._taker is None
        except BaseException:
            self.close()
            raise
        finally:
            self._taker = None
        return has_enough

    def _give(self, take: Callable[[bytes], bool], piece: bytes) -> None:
        """Hand a piece over. What goes wrong there is raised where the answer is read, not here."""
        try:
            if not take(piece):
                self._taker = None
        except Exception as defect:  # noqa: BLE001 - kept, and raised by the next read
            self._failure = defect

    async def _next_inflated(self, inflater: Inflater) -> bytes:
        try:
            while not (decoded := inflater.read()):
                await self._body_or_end()
                if not (data := self._take()):
                    inflater.finish()
                    return b""
                inflater.feed(data)
        except ProviderBroken:
            self.close()
            raise
        return decoded

    async def _body_or_end(self) -> None:
        """Wait until `_take` has something to say. Cancelling it gives the answer up."""
        try:
            while not (self._pieces or self.complete or self._failure):
                await self._news()
        except BaseException:
            self.close()
            raise

    def _news(self) -> asyncio.Future[None]:
        """What to await until the connection has read something; no coroutine, as every answer is waited for here.

        Raises why no more will come.
        """
        if self._failure is not None:
            raise self._failure
        if self._waiter is not None:
            raise InternalError("two tasks read one answer")
        self._waiter = waiter = self._loop.create_future()
        return waiter
