"""One connection to a provider: one exchange at a time, and back-pressure.

Its one rule: a connection goes back to its pool only when an answer ended exactly where it said;
anything else aborts it.
"""

import asyncio
from typing import Protocol

from madang.errors import MadangError, Phase, ProviderBroken, ProviderTimedOut, ProviderUnreachable
from madang.upstream.deadlines import Deadlines
from madang.upstream.incoming import HOLD_BYTES, Incoming
from madang.upstream.origin import Origin
from madang.upstream.outbox import Outbox
from madang.upstream.outgoing import Outgoing
from madang.upstream.proxy import Proxy
from madang.upstream.reader import Bounds, ResponseReader

_JOIN_BELOW_BYTES = 65_536
"""Below this, copying the body behind its head is cheaper than a second write."""

_MAY_LACK_BODY = (b"GET ", b"DELETE ")
_COMPLAINTS: dict[Phase, str] = {
    "first_byte": "did not begin to answer in time",
    "first_token": "sent no first token in time",
    "idle": "stopped in the middle of its answer",
    "total": "took longer than one exchange may",
}


class Unanswered(ProviderUnreachable):
    """A request has been sent, and the connection died before the first byte of an answer."""


class Stale(Unanswered):
    """A reused connection died before the first byte of an answer: the one failure retried here."""


class Owner(Protocol):
    """The pool that a connection belongs to."""

    def release(self, connection: "Connection") -> None:
        """An exchange has ended cleanly; the connection is free."""

    def forget(self, connection: "Connection") -> None:
        """The connection is gone."""


class Connection(asyncio.Protocol):
    """A socket to one origin. `start` an exchange on an idle one; the answer is an `Incoming`."""

    __slots__ = (
        "_bounds",
        "_deadlines",
        "_idle_keep_s",
        "_incoming",
        "_loop",
        "_origin",
        "_outbox",
        "_owner",
        "_paused",
        "_proxy",
        "_sending",
        "_served",
        "_socket",
        "_transport",
        "_unsent_bytes",
    )

    def __init__(
        self,
        owner: Owner,
        origin: Origin,
        proxy: Proxy | None,
        outbox: Outbox,
        bounds: Bounds,
        idle_keep_s: float,
    ) -> None:
        """`proxy` is the one that wants requests in absolute form, if any."""
        self._owner = owner
        self._origin = origin
        self._proxy = proxy
        self._outbox = outbox
        self._bounds = bounds
        self._idle_keep_s = idle_keep_s
        self._loop = asyncio.get_running_loop()
        self._deadlines = Deadlines(self._loop, self._on_due)
        self._incoming: Incoming | None = None
        self._served = self._paused = self._sending = False
        self._unsent_bytes = 0

    def install(self, transport: asyncio.Transport, socket: asyncio.Transport) -> None:
        """Take over an open connection. `socket` is the TCP transport below it, or the same.

        Reading is paused at the socket, because an SSL transport that is paused itself drops what
        it holds when the peer closes.
        """
        self._transport = transport
        self._socket = socket
        transport.set_protocol(self)

    @property
    def usable(self) -> bool:
        """Whether an exchange may start: none is going on, and the socket is open."""
        return self._incoming is None and not self._socket.is_closing()

    def start(self, request: Outgoing, started_at: float) -> Incoming:
        """Send a request. `started_at`: when the exchange began for its caller (loop time)."""
        now = self._loop.time()
        reader = ResponseReader(self._origin.host, self._bounds)
        incoming = Incoming(self, reader, self._loop, sent_at=now, reused=self._served)
        self._incoming = incoming
        self._deadlines.begin(request.timeouts, now, started_at, streaming=request.streaming)
        self._write(request)
        return incoming

    def drained(self) -> None:
        """The answer's reader has caught up: read on, and let the provider's time run again."""
        if self._paused and not self._socket.is_closing():
            self._paused = False
            self._socket.resume_reading()
            self._deadlines.go_on(self._loop.time())

    def abandon(self) -> None:
        """Nobody wants the rest of the answer."""
        self._incoming = None
        self.abort()

    def fail(self, error: MadangError) -> None:
        """Close at once; whoever waits for an answer is told why."""
        incoming, self._incoming = self._incoming, None
        if incoming is not None:
            incoming.fail(error)
        self.abort()

    def abort(self) -> None:
        """Close at once."""
        self._socket.abort()

    def data_received(self, data: bytes) -> None:
        """Read on. What nobody asked for must not become the next exchange's answer."""
        incoming = self._incoming
        if incoming is None:
            self.abort()
            return
        now = self._loop.time()
        try:
            has_body = incoming.feed(data, now)
        except ProviderBroken as error:
            self.fail(error)
            return
        if incoming.complete:
            self._finish(incoming, now)
        elif not self._paused:
            self._go_on(incoming, now, has_body=has_body)
        incoming.wake()

    def eof_received(self) -> None:
        """The provider has closed: the end of a body that has no other, a failure of any other."""
        incoming = self._incoming
        if incoming is not None and incoming.end_of_file():
            self._finish(incoming, self._loop.time())
            incoming.wake()
        elif incoming is not None:
            self.fail(self._loss(incoming))
        self.abort()

    def connection_lost(self, _exc: Exception | None) -> None:
        """The socket is closed, by whichever side."""
        self._deadlines.stop()
        self._owner.forget(self)
        if self._incoming is not None:
            self.fail(self._loss(self._incoming))

    def pause_writing(self) -> None:
        """Note that the request is still on its way. Its body is in memory, so nothing waits."""
        self._sending = True

    def resume_writing(self) -> None:
        """The request is out: only now does the provider's time to answer begin.

        Under TLS this only says that it is encrypted; `_on_due` looks how much the socket holds.
        """
        self._sending = False
        self._unsent_bytes = self._count_unsent()
        if self._deadlines.awaiting_answer():
            self._deadlines.await_answer(self._loop.time())

    def _write(self, request: Outgoing) -> None:
        head = request.head
        if self._proxy is not None:
            head = self._proxy.absolute_form(head, self._origin)
        body = request.body
        if not body and head.startswith(_MAY_LACK_BODY):
            self._outbox.send(self._transport, head + b"\r\n")
            return
        head = b"%bcontent-length: %d\r\n\r\n" % (head, len(body))
        if len(body) < _JOIN_BELOW_BYTES:
            self._outbox.send(self._transport, head + body)
        else:
            self._unsent_bytes = len(body)
            self._outbox.flush()  # what must have happened before anything is sent
            self._transport.writelines((head, body))

    def _go_on(self, incoming: Incoming, now: float, *, has_body: bool) -> None:
        """The answer is not complete: set its deadline; stop reading if nobody keeps up with it."""
        if has_body:
            self._deadlines.go_on(now)
            if incoming.held_bytes > HOLD_BYTES:
                self._paused = True
                self._socket.pause_reading()
                self._deadlines.rest()
        elif incoming.status:
            self._deadlines.await_body(now)

    def _finish(self, incoming: Incoming, now: float) -> None:
        """The answer is complete: become free for another exchange, or close."""
        self._incoming = None
        if self._sending or self._paused or not incoming.reusable:
            self.abort()
            return
        self._served = True
        self._deadlines.keep_until(now + self._idle_keep_s)
        self._owner.release(self)

    def _loss(self, incoming: Incoming) -> ProviderUnreachable | ProviderBroken:
        """Say what it means that the connection ended before the answer did."""
        host = self._origin.host
        if not incoming.untouched:
            return ProviderBroken(f"{host} cut its answer off")
        if self._served:
            return Stale(f"{host} closed a kept connection")
        return Unanswered(f"{host} closed the connection without an answer")

    def _on_due(self, phase: Phase) -> None:
        """Give up what took too long, unless it is our own request that is still on its way."""
        if self._incoming is None:
            self.abort()
        elif phase != "total" and self._deadlines.awaiting_answer() and self._sends_on():
            self._deadlines.await_answer(self._loop.time())
        else:
            host = self._origin.host
            self.fail(ProviderTimedOut(f"{host} {_COMPLAINTS[phase]}", phase=phase))

    def _sends_on(self) -> bool:
        """Whether more of the request has gone out since the last look."""
        unsent_bytes = self._count_unsent()
        moved = unsent_bytes < self._unsent_bytes
        self._unsent_bytes = unsent_bytes
        return moved

    def _count_unsent(self) -> int:
        unsent_bytes = self._socket.get_write_buffer_size()
        if self._transport is not self._socket:
            unsent_bytes += self._transport.get_write_buffer_size()
        return unsent_bytes
