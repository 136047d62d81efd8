"""One request of a caller, and the answer to it, on a `Connection`.

The body is taken as it comes; the answer goes out whole (`respond`) or in pieces (`begin`, `send`,
`end`). A head is ready header lines, each with its CRLF: whoever makes them answers for what is in
them.
"""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Protocol

from msgspec import Struct

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_CLOSE = b"connection: close\r\n"
_NEVER_A_BODY = (204, 304)

_STATUS_LINES = {
    status.value: b"HTTP/1.1 %d %b\r\n" % (status, status.phrase.encode()) for status in HTTPStatus
}


def status_line(status: int) -> bytes:
    """The first line of an answer; also for what HTTP has no name for, such as 529 (overloaded)."""
    return _STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status


class Source(Protocol):
    """What a request needs of its connection. `paused`: nothing more is read until `read_on`."""

    congested: bool
    paused: bool

    def write(self, data: bytes) -> None:
        """Send bytes."""

    def read_on(self) -> None:
        """What had arrived of a body was taken."""

    def answered(self) -> None:
        """The answer is out, or given up."""

    async def writable(self) -> None:
        """Wait until the caller has read most of what was sent."""

    def close(self) -> None:
        """Send what is to be sent, then close."""


class Request(Struct, eq=False):
    """One request. Most leave most fields as they are: a Struct sets those many times as fast as an `__init__`.

    `headers` has names in lower case, and the last of several values for one. `id` is for the caller to
    quote. `closing`: the connection ends with the answer; `whole`: all of the body has arrived. `begun`:
    (a part of) the answer is out. `complete`: all of it is. `lines` are header lines of an error answer,
    `notice` of any answer. `held_bytes` of the body have arrived and were not taken.
    """

    _connection: Source
    method: str
    path: str
    query: bytes
    version: str
    headers: Mapping[bytes, bytes]
    closing: bool
    id: str = ""
    lines: bytes = b""
    notice: bytes = b""
    whole: bool = False
    begun: bool = False
    complete: bool = False
    held_bytes: int = 0
    _held: list[bytes] = []
    _held_head: bytes = b""
    _is_chunked: bool = False
    _is_told_to_go_on: bool = False
    _news: asyncio.Future[None] | None = None

    @property
    def congested(self) -> bool:
        """Whether the caller is slow to read, so that one should wait for `writable`."""
        return self._connection.congested

    async def writable(self) -> None:
        """Wait until the caller has read most of what was sent."""
        await self._connection.writable()

    # --- the body -------------------------------------------------------------------------------

    def feed(self, data: bytes) -> None:
        """A piece of the body has come. What comes behind the answer is dropped."""
        if not self.complete:
            self._held.append(data)
            self.held_bytes += len(data)
            if self._news is not None:
                self.wake()

    def end_of_body(self) -> None:
        """All of the body has come."""
        self.whole = True
        if self._news is not None:
            self.wake()

    def wake(self) -> None:
        """Let the waiting task look again."""
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def take(self) -> bytes:
        """What has arrived of the body and was not yet taken."""
        held = self._held
        if not held:
            return b""
        body = held[0] if len(held) == 1 else b"".join(held)
        held.clear()
        self.held_bytes = 0
        if self._connection.paused:
            self._connection.read_on()
        return body

    async def more(self) -> None:
        """Wait until more of the body has come, or its end."""
        if self._waits_for_word():
            self._is_told_to_go_on = True
            self._connection.write(_CONTINUE)
        self._news = asyncio.get_running_loop().create_future()
        try:
            await self._news
        finally:
            self._news = None

    # --- the answer -----------------------------------------------------------------------------

    def respond(self, status: int, head: bytes, body: bytes) -> None:
        """Send a whole answer: one write."""
        length = b"" if status in _NEVER_A_BODY else b"content-length: %d\r\n" % len(body)
        if self.method == "HEAD":
            body = b""
        line = _STATUS_LINES.get(status) or status_line(status)
        if self.notice or self.closing or b"expect" in self.headers:
            head += self.notice + self._last_word()
        self._connection.write(b"%b%b%b\r\n%b" % (line, head, length, body))
        self._finish()

    def begin(self, status: int, head: bytes, length: int | None = None) -> None:
        """Begin an answer that comes in pieces, of `length` bytes where known; its head goes out with the first."""
        if length is not None:
            framing = b"content-length: %d\r\n" % length
        elif self.version == "1.1":
            self._is_chunked = True
            framing = b"transfer-encoding: chunked\r\n"
        else:
            self.closing = True  # HTTP/1.0 has no other end for a body of unknown length
            framing = b""
        line = status_line(status)
        head += self.notice + self._last_word()
        self._held_head = b"%b%b%b\r\n" % (line, head, framing)

    def send(self, data: bytes) -> None:
        """Send a piece."""
        head, self._held_head = self._held_head, b""
        self.begun = True
        if self._is_chunked:
            self._connection.write(b"%b%x\r\n%b\r\n" % (head, len(data), data))
        else:
            self._connection.write(head + data)

    def end(self) -> None:
        """Every piece is sent."""
        rest = self._held_head + (b"0\r\n\r\n" if self._is_chunked else b"")
        if rest:
            self._connection.write(rest)
        self._finish()

    def abort(self) -> None:
        """Give the answer up where it is: the caller sees that it is not whole."""
        self.closing = True
        self._finish()

    def _last_word(self) -> bytes:
        """The header that ends the connection, if it ends.

        It must where a caller waits for `100 Continue` in vain: what it sends next may be the body
        or another request.
        """
        if self._waits_for_word():
            self.closing = True
        return _CLOSE if self.closing else b""

    def _waits_for_word(self) -> bool:
        """Whether the caller still waits for our word before it sends the body."""
        wants_word = self.headers.get(b"expect", b"").lower() == b"100-continue"
        return wants_word and not self._is_told_to_go_on

    def _finish(self) -> None:
        self.begun = self.complete = True
        if self._held:
            self._held.clear()
            self.held_bytes = 0
        self._connection.answered()
