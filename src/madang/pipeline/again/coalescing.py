"""One answer under way for everybody who asked the same: it is asked for once, and goes on while anybody listens.

The call of whoever came first is asked in a task of its own, which outlives that caller. Everybody
listens: gets what has come so far, then what comes. A slow listener holds back nobody else, for the
pace is that of the fastest; when the last one has left, the call is cancelled, unless it `lasts`.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from madang.errors import Draining, InternalError, MadangError
from madang.model import Outcome
from madang.model.attempt import Cached
from madang.pipeline.again import replay
from madang.pipeline.again.replay import Told
from madang.pipeline.call import Call, Caller, Reply, Streamed, Whole

_log = logging.getLogger("madang.coalescing")
_OFF: Final = b"x-madang-cache: off\r\n"
_MISS: Final = b"x-madang-cache: miss\r\n"

Ask = Callable[[Call], Awaitable[Reply]]
Finish = Callable[[Call], None]
Keep = Callable[[Told], Awaitable[None]]


class Broadcast:
    """The answer to `call`, for its own caller and all who follow.

    `keep` hears the answer once it is complete, and before anybody has its last bytes where
    `lasts`: then it also goes on to its end without any listener. Of an answer of more than
    `most_bytes` the beginning is forgotten, so that nobody may join in any more and nothing is
    kept. `failure` is why there is no answer.
    """

    def __init__(
        self, call: Call, ask: Ask, keep: Keep, *, most_bytes: int, lasts: bool = False
    ) -> None:
        self.call = call
        self.failure: MadangError | None = None
        self.is_over = False
        self.reply: Reply | None = None
        self.pieces: list[bytes] = []
        self.first = 0  # the number of the first piece that is remembered
        self._keep = keep
        self._lasts = lasts
        self._most_bytes = most_bytes
        self._bytes = 0
        self._held = b""  # of the last bytes, until the answer is kept
        self._listeners: dict[Listener, None] = {}
        self._begun = asyncio.Event()
        self._room = asyncio.Event()
        self.task = asyncio.create_task(self._run(ask))

    @property
    def is_joinable(self) -> bool:
        """Whether somebody else may still have the whole of it."""
        rows = self.call.rows
        is_broken = bool(rows) and rows[-1].final and rows[-1].outcome not in {"ok", "hit"}
        return not self.first and not self.is_over and not is_broken

    @property
    def is_ending(self) -> bool:
        """Whether what comes now are the last bytes: the rows of the call are there.

        A stream that is cut may go on with another target's.
        """
        rows = self.call.rows
        if not rows or not rows[-1].final:
            return False
        return self.call.continuation is None or rows[-1].outcome != "cut"

    @property
    def begun(self) -> asyncio.Event:
        """Set as soon as there is a reply or a failure."""
        return self._begun

    # --- what the answer is relayed to: see `call.Caller` ------------------------------------------

    @property
    def congested(self) -> bool:
        """Whether all who listen are slow to read; where the beginning is forgotten, whether one is."""
        told = [listener.is_congested for listener in self._listeners]
        return bool(told) and (any(told) if self.first else all(told))

    async def writable(self) -> None:
        """Wait until there is somebody who can read on."""
        while self.congested:
            self._room.clear()
            await self._room.wait()

    def send(self, data: bytes) -> None:
        """Pass a piece on to everybody, or hold it until the answer is kept."""
        if self._lasts and self.is_ending:
            self._held += data
            return
        if self._held:
            data, self._held = self._held + data, b""
        self._bytes += len(data)
        self.pieces.append(data)
        self._tell_all()
        if self._bytes > self._most_bytes:
            self._forget()

    # --- listeners ---------------------------------------------------------------------------------

    def join(self, listener: "Listener") -> None:
        """Somebody listens, and may be quicker than those before."""
        self._listeners[listener] = None
        self.made_room()

    def leave(self, listener: "Listener") -> None:
        """Somebody does not listen any more; with the last one the call ends."""
        self._listeners.pop(listener, None)
        self.made_room()
        if not self._listeners and not self._lasts and not self.is_over:
            self.task.cancel()

    def made_room(self) -> None:
        """A listener has come, has caught up, or has left."""
        self._room.set()

    # --- the call ----------------------------------------------------------------------------------

    async def _run(self, ask: Ask) -> None:
        call = self.call
        try:
            reply = await ask(call)
            if isinstance(reply, Streamed):
                self._begin(reply)
                await reply.relay(self)
                await self._conclude(reply)
            else:
                self._held = reply.body
                await self._conclude(reply)
                self._begin(reply)
        except MadangError as error:
            self.failure = error
        except asyncio.CancelledError:
            self.failure = Draining("This request was given up; send it again.", retry_after_s=1)
            raise
        except Exception:  # noqa: BLE001 - told to every caller, and logged
            _log.exception("request %s: a defect of ours", call.id)
            self.failure = InternalError("Madang failed; it has been logged.")
        finally:
            self.is_over = True
            self._begun.set()
            self._tell_all()

    def _begin(self, reply: Reply) -> None:
        self.reply = reply
        self._begun.set()

    async def _conclude(self, reply: Reply) -> None:
        """Have the answer kept, and let go of its last bytes."""
        try:
            if not self.first and self._bytes + len(self._held) <= self._most_bytes:
                await self._keep(self._told(reply))
        finally:
            if self._held:
                self.pieces.append(self._held)
                self._held = b""

    def _told(self, reply: Reply) -> Told:
        return Told(
            status=reply.status,
            head=replay.impersonal(reply.head, self.call.lines),
            body=b"".join((*self.pieces, self._held)),
            streamed=isinstance(reply, Streamed),
            origin=replay.origin_of(self.call),
            at_s=self.call.at_us // 1_000_000,
        )

    def _tell_all(self) -> None:
        for listener in list(self._listeners):
            listener.hear()

    def _forget(self) -> None:
        """Forget what everybody has, so that an endless answer does not fill the memory."""
        reached = min((one.reached for one in self._listeners), default=len(self.pieces))
        done = reached - self.first
        if done > 0:
            del self.pieces[:done]
            self.first = reached


class Listener:
    """One caller of a broadcast. `reached` is the number of the next piece it gets.

    `cached` says how the caller of a follower comes by the answer (None: it is the one whose call
    is asked), and `finish` enters its row.
    """

    def __init__(
        self, broadcast: Broadcast, call: Call, cached: Cached | None, finish: Finish
    ) -> None:
        self.reached = broadcast.first
        self._broadcast = broadcast
        self._call = call
        self._cached = cached
        self._finish = finish
        self._to: Caller | None = None
        self._news: asyncio.Event = asyncio.Event()
        broadcast.join(self)

    @property
    def is_congested(self) -> bool:
        """Whether this caller is slow to read."""
        return self._to is not None and self._to.congested

    async def reply(self) -> Reply:
        """The answer, as soon as it has begun. Raises the failure that came instead."""
        broadcast = self._broadcast
        try:
            await broadcast.begun.wait()
        except BaseException:
            self._part()
            raise
        reply = broadcast.reply
        if reply is None:
            self._part()
            raise broadcast.failure or InternalError("An answer ended before it began.")
        head = self._head(reply)
        if isinstance(reply, Streamed):
            return Streamed(reply.status, head, self._relay)
        self.reached = broadcast.first + len(broadcast.pieces)
        self._part()
        return Whole(reply.status, head, reply.body)

    def hear(self) -> None:
        """There is something new, or all has come: what can be passed on at once wakes nobody."""
        if self._to is not None:
            self._pass_on(self._to)
            if self._to.congested or self._broadcast.is_over:
                self._news.set()

    async def _relay(self, to: Caller) -> None:
        """Send what has come so far, and what comes, to the end."""
        broadcast = self._broadcast
        self._to = to
        try:
            while True:
                self._news.clear()
                self._pass_on(to)
                if to.congested:
                    await to.writable()
                    broadcast.made_room()
                elif broadcast.is_over:
                    break
                else:
                    await self._news.wait()
        finally:
            self._part()

    def _pass_on(self, to: Caller) -> None:
        broadcast = self._broadcast
        while not to.congested:
            at = self.reached - broadcast.first
            if at >= len(broadcast.pieces):
                return
            if broadcast.is_ending and at == len(broadcast.pieces) - 1:
                self._enter(whole=True)
            self.reached += 1
            to.send(broadcast.pieces[at])

    def _head(self, reply: Reply) -> bytes:
        if self._cached is not None:
            shared = replay.impersonal(reply.head, self._broadcast.call.lines)
            return replay.head_for(self._call, shared, self._cached, 0)
        if self._call.cached == "miss":
            return reply.head.replace(_OFF, _MISS, 1)
        return reply.head

    def _enter(self, *, whole: bool) -> None:
        """The row of a follower, once; the call that was asked has its own."""
        call, reply = self._call, self._broadcast.reply
        if self._cached is None or call.rows:
            return
        if reply is not None:
            origin = replay.origin_of(self._broadcast.call, reply.head)
            broken: Outcome = "cut" if origin.outcome == "cut" else "hit"
            replay.enter(call, origin, self._cached, broken if whole else "client_closed")
        self._finish(call)

    def _part(self) -> None:
        """The caller has all, or has left, or there is nothing to have."""
        broadcast = self._broadcast
        self._to = None
        behind = broadcast.first + len(broadcast.pieces) - self.reached
        self._enter(whole=not behind and (broadcast.is_over or broadcast.is_ending))
        broadcast.leave(self)
