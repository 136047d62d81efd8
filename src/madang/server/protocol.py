"""Callers' connections: HTTP/1.1 read with bounds, requests answered one after the other.

uvicorn runs the server and gives each socket to a `Connection`. Its own protocol bounds neither the
size of a request's head nor the time it may take, and costs a fifth of a small request
(docs/decisions/0003-the-hot-path.md). One task answers all requests of a connection. It is
cancelled when the connection is lost, so that nobody has to watch for that.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from functools import lru_cache
from math import inf
from typing import Any, NamedTuple
from urllib.parse import unquote

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser, parse_url
from uvicorn.server import ServerState

from madang.server.request import Request, status_line
from madang.upstream.outbox import Outbox

_log = logging.getLogger("madang.server")
_MAX_HEADERS = 200
_HOLD_BYTES = 65_536
"""With more of a body waiting to be taken, or another request waiting for its turn, nothing is read."""

_CLOCK_STEP_S = 0.002
"""uvloop's clock and timers count whole milliseconds."""

Serve = Callable[[Request], Coroutine[Any, Any, None]]


class Bounds(NamedTuple):
    """What a caller may take: bytes and seconds for a request's head, seconds between requests.

    `pause_s`: seconds without reading anything of an answer that waits for it.
    """

    max_head_bytes: int = 65_536
    head_timeout_s: float = 20.0
    keep_alive_s: float = 75.0
    pause_s: float = 60.0


class Connection(asyncio.Protocol):
    """One caller's connection.

    `serve` answers a request; `state` is uvicorn's list of what is open; everything goes out
    through `outbox`.
    """

    def __init__(self, serve: Serve, bounds: Bounds, outbox: Outbox, state: ServerState) -> None:
        self.congested = False
        self.gone = False
        self._serve = serve
        self._bounds = bounds
        self._outbox = outbox
        self._open: set[Any] = state.connections  # uvicorn names only its own kinds
        self._tasks: set[Any] = state.tasks
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._url = b""
        self._fields: dict[bytes, bytes] = {}
        # the parser calls it with each name and value: a builtin, so that none costs a Python frame
        self.on_header = self._fields.__setitem__
        self._parser: Any = HttpRequestParser(self)
        self._head_bytes = 0
        self._in_head = True
        self._head_begun = False
        self._deaf = self._closing = False
        self._unread_bytes = inf
        self._reading: Request | None = None
        self._answering: Request | None = None
        self._waiting: deque[Request] = deque()
        self._next: Request | None = None
        self._task: asyncio.Task[None] | None = None
        self._bell: asyncio.Future[None] | None = None
        self.paused = False
        self._drained: asyncio.Future[None] | None = None
        self._idle = False
        self._due_at = self._alarm_at = inf
        self._alarm: asyncio.TimerHandle | None = None

    # --- what the event loop says -----------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A caller connected: it has `head_timeout_s` to send a complete head."""
        self._transport = transport
        self._open.add(self)
        self._wait(self._bounds.head_timeout_s)

    def connection_lost(self, _exc: Exception | None) -> None:
        """The caller left: stop working for it."""
        self.gone = self._deaf = True
        self._open.discard(self)
        self._parser = None  # it refers to us
        if self._alarm is not None:
            self._alarm.cancel()
        self._waiting.clear()
        if self._next is not None or self._answering is None:
            self._next = None  # the task is at rest, or at the last words of what is answered
            self._wake()
        elif self._task is not None:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        """Read on; a head that has begun gets its time, a bad one its answer."""
        if self._deaf:
            return
        self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            self._hear_no_more()
        except HttpParserError:
            self._misunderstand()
        if self._head_bytes and not self._deaf:
            self._watch_head()

    def pause_writing(self) -> None:
        """The caller is slow to read."""
        self.congested = True

    def resume_writing(self) -> None:
        """The caller has caught up."""
        self.congested = False
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    def shutdown(self) -> None:
        """The process is to end: finish what is being answered, take nothing new."""
        if self._answering is None:
            self.close()
        else:
            self._answering.closing = True

    # --- what the parser says ---------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """A head begins."""
        self._url = b""
        self._fields.clear()
        self._head_begun = True

    def on_url(self, url: bytes) -> None:
        """A piece of the address."""
        self._url += url

    def on_headers_complete(self) -> None:
        """The head is whole: answer the request, in its turn."""
        self._in_head = False
        if self._deaf:
            return
        is_long = self._head_bytes > self._bounds.max_head_bytes
        if len(self._fields) > _MAX_HEADERS or (is_long and self._head_is_too_large()):
            self._refuse(431, b"The headers are too large.\r\n")
            return
        self._reading = request = self._request()
        if self._answering is None:
            self._start(request)
        else:
            self._waiting.append(request)
            self._pause()

    def on_body(self, data: bytes) -> None:
        """A piece of a body."""
        self._head_bytes = 0
        request = self._reading
        if request is not None:
            request.feed(data)
            if request.held_bytes > _HOLD_BYTES:
                self._pause()

    def on_message_complete(self) -> None:
        """The request is whole; what comes next is another head."""
        request, self._reading = self._reading, None
        self._in_head = True
        self._head_begun = False
        self._head_bytes = 0
        if request is not None:
            request.end_of_body()
            if self._answering is None:
                self._rest()  # it had been refused before it was whole

    # --- what a request says ----------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Send bytes."""
        if not self.gone:
            self._outbox.send(self._transport, data)

    async def writable(self) -> None:
        """Wait until the caller has read most of what was sent; hang up on one that reads nothing."""
        while self.congested:
            unread_bytes = self._transport.get_write_buffer_size()
            self._drained = self._loop.create_future()
            try:
                async with asyncio.timeout(self._bounds.pause_s):
                    await self._drained
            except TimeoutError:
                if self._transport.get_write_buffer_size() >= unread_bytes:
                    self._transport.abort()

    def read_on(self) -> None:
        """What had arrived of a body was taken."""
        if not self._waiting:
            self.paused = False
            if not self._transport.is_closing():  # uvloop would raise
                self._transport.resume_reading()

    def answered(self) -> None:
        """An answer is out: turn to the next request, or wait for one."""
        request, self._answering = self._answering, None
        if self.gone:
            return
        if request is not None and request.closing:
            self.close()
        elif self._waiting:
            self._start(self._waiting.popleft())
        else:
            self._rest()
        if self.paused:
            self.read_on()

    def close(self) -> None:
        """Send what is to be sent, then close."""
        self._deaf = self._closing = True
        self._outbox.close(self._transport)
        self._wait(self._bounds.pause_s)

    # --- in between -------------------------------------------------------------------------------

    def _request(self) -> Request:
        parser = self._parser
        headers = {name.lower(): value for name, value in self._fields.items()}
        url = self._url
        path, query = _split(url) if b"?" in url else (_plain(url), b"")
        version = parser.get_http_version()
        closing = version == "1.0" or not parser.should_keep_alive()
        method = parser.get_method().decode("ascii")
        return Request(self, method, path, query, version, headers, closing)

    def _start(self, request: Request) -> None:
        self._answering = request
        self._idle = False
        self._due_at = inf  # from here on the caller waits for us
        self._next = request
        if self._task is None:
            self._task = self._loop.create_task(self._run())
        else:
            self._wake()

    def _wake(self) -> None:
        """Have the task look again, if it is at rest."""
        if self._bell is not None and not self._bell.done():
            self._bell.set_result(None)

    async def _run(self) -> None:
        """Have one request after the other answered, for as long as the caller is there.

        Whatever happens, the end of each can be seen. A task for each would be a fortieth of its cost.
        """
        task = asyncio.current_task()
        try:
            while not self.gone:
                request, self._next = self._next, None
                if request is None:
                    self._bell = self._loop.create_future()
                    await self._bell
                    continue
                self._tasks.add(task)
                try:
                    await self._serve(request)
                finally:
                    self._tasks.discard(task)
                    if not request.complete:
                        request.abort()
        except asyncio.CancelledError:
            if not self.gone:
                raise
        finally:
            self._task = None

    def _pause(self) -> None:
        if not self.paused and not self._transport.is_closing():
            self.paused = True
            self._transport.pause_reading()

    def _hear_no_more(self) -> None:
        """What follows is not for us: no protocol is spoken here but HTTP/1.1, and no proxy played."""
        self._deaf = True
        if (last := self._last()) is not None:
            last.closing = True

    def _misunderstand(self) -> None:
        """What came is not HTTP; behind a request that said it was the last one, it may be anything."""
        last = self._last()
        if last is not None and last.closing and last.whole:
            self._deaf = True
        else:
            self._refuse(400, b"Invalid HTTP request received.")

    def _last(self) -> Request | None:
        """The request that came last, of those that are not answered."""
        return self._waiting[-1] if self._waiting else self._answering

    def _refuse(self, status: int, text: bytes) -> None:
        """Answer for a request that never was one, and close; in the middle of an answer just hang up."""
        if self._answering is None and not self._deaf:
            head = b"content-type: text/plain\r\nconnection: close\r\n"
            line = status_line(status)
            self.write(b"%b%bcontent-length: %d\r\n\r\n%b" % (line, head, len(text), text))
        self._reading = None
        self.close()

    def _head_is_too_large(self) -> bool:
        """Judge a head that came in one packet, perhaps with its body behind it."""
        lines = sum(len(name) + len(value) + 4 for name, value in self._fields.items())
        return len(self._url) + lines > self._bounds.max_head_bytes

    # --- time -------------------------------------------------------------------------------------

    def _watch_head(self) -> None:
        """A head is not whole yet, or what comes behind a body: bound its size, and a head's time."""
        if self._head_bytes > self._bounds.max_head_bytes:
            self._refuse(431, b"The headers are too large.\r\n")
        elif self._in_head and self._idle and self._head_begun:
            self._idle = False
            self._wait(self._bounds.head_timeout_s)

    def _rest(self) -> None:
        """Nothing is being answered: wait for the next head, or for the rest of what has begun."""
        self._idle = self._in_head and not self._head_begun
        bounds = self._bounds
        self._wait(bounds.keep_alive_s if self._idle else bounds.head_timeout_s)

    def _wait(self, seconds: float) -> None:
        """Close in a while. The timer is only replaced by an earlier one: a request costs none."""
        self._due_at = self._loop.time() + seconds
        if self._due_at < self._alarm_at:
            if self._alarm is not None:
                self._alarm.cancel()
            self._set_alarm()

    def _set_alarm(self) -> None:
        self._alarm_at = self._due_at
        self._alarm = self._loop.call_at(self._due_at, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self._alarm_at = inf
        if self._due_at > self._loop.time() + _CLOCK_STEP_S:
            if self._due_at < inf:
                self._set_alarm()
        elif self._closing:
            self._close_or_abort()
        elif self._in_head and self._head_begun:
            self._refuse(408, b"The headers took too long to come")
        else:
            self.close()  # never said a word, or never sent what it had announced

    def _close_or_abort(self) -> None:
        """The last answer still waits to be read: a slow reader gets more time, one that has stopped none."""
        unread_bytes = self._transport.get_write_buffer_size()
        if unread_bytes < self._unread_bytes:
            self._unread_bytes = unread_bytes
            self._wait(self._bounds.pause_s)
        else:
            self._transport.abort()


@lru_cache(maxsize=256)
def _plain(url: bytes) -> str:
    """The path of an address without a query, in which there may be secrets; callers ask for few of them."""
    return _split(url)[0]


def _split(url: bytes) -> tuple[str, bytes]:
    """Path, with its escapes undone, and query of a request's address."""
    if not url.startswith(b"/"):
        parsed = parse_url(url)  # with a host, as proxies are asked, or no address at all
        raw, query = parsed.path or b"", parsed.query or b""
    else:
        raw, _, query = url.partition(b"#")[0].partition(b"?")
    path = raw.decode("ascii")
    return unquote(path) if "%" in path else path, query


def protocol_for(serve: Serve, bounds: Bounds, outbox: Outbox) -> Callable[..., Connection]:
    """What uvicorn calls for each socket; its own settings and state of an application are not used."""

    def connect(server_state: ServerState, **_: object) -> Connection:
        return Connection(serve, bounds, outbox, server_state)

    return connect
