"""The face that frameworks know: a `Request` as an ASGI scope, with `receive` and `send`.

Only what carries no load is served this way. An answer that comes in one piece is sent whole, one
that comes in several as they come.
"""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from madang.server.request import Request

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


async def serve(application: Application, request: Request) -> None:
    """Have an ASGI application answer a request."""
    exchange = _Exchange(request)
    await application(scope_of(request), exchange.receive, exchange.send)


def scope_of(request: Request) -> Scope:
    """What an ASGI application is told of a request."""
    return {
        "type": "http",
        # before 2.4 a streaming application listens for the caller's leaving, which here cancels its task
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": request.version,
        "scheme": "http",
        "server": None,
        "client": None,
        "root_path": "",
        "method": request.method,
        "path": request.path,
        "raw_path": request.path.encode(),
        "query_string": request.query,
        "headers": list(request.headers.items()),
    }


def lines_of(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Headers as lines, each with its CRLF."""
    return b"".join([b"%b: %b\r\n" % header for header in headers])


class _Exchange:
    """The messages of one request."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._heard_all = False
        self._status = 500
        self._head = b""
        self._begun = False

    async def receive(self) -> Message:
        """The next piece of the body, or word that there is nothing more to come."""
        request = self._request
        if self._heard_all:
            return {"type": "http.disconnect"}
        if not (request.whole or request.held_bytes):
            await request.more()
        self._heard_all = request.whole
        return {"type": "http.request", "body": request.take(), "more_body": not request.whole}

    async def send(self, message: Message) -> None:
        """Send the answer, or its next piece, once the caller has read most of what was sent."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = [(name.lower(), value) for name, value in message.get("headers", ())]
            self._head = lines_of(header for header in headers if header[0] != b"content-length")
            return
        body, more = message.get("body", b""), message.get("more_body", False)
        if not (more or self._begun):
            self._request.respond(self._status, self._head, body)
            return
        if not self._begun:
            self._begun = True
            self._request.begin(self._status, self._head)
        if body:
            self._request.send(body)
        if not more:
            self._request.end()
        elif self._request.congested:
            await self._request.writable()
