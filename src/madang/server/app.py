"""The application: finds the endpoint for a path, and turns every failure into the caller's dialect.

The generation endpoints are served directly, because they carry the load; administration is a
framework's business and mounted under `/api`.
"""

import logging
from collections.abc import Awaitable

from madang.errors import InternalError, MadangError, MethodNotAllowed, NotFound
from madang.model import Dialect
from madang.server import asgi
from madang.server.browsers import admit
from madang.server.endpoints import (
    generate,
    hooks,
    info,
    making,
    planning,
    responses,
    video_chat,
    videos,
)
from madang.server.exchange import send_json
from madang.server.paths import Endpoint, find
from madang.server.process.runtime import Runtime
from madang.server.request import Request
from madang.wire.registry import WIRES

_log = logging.getLogger("madang.server")
_HANDLERS = {
    **info.HANDLERS,
    **responses.HANDLERS,
    **hooks.HANDLERS,
    **videos.HANDLERS,
    **making.HANDLERS,
    **planning.HANDLERS,
}
_APART = {video_chat.MODEL: video_chat.generate_video}


class App:
    """The whole HTTP face of one process."""

    def __init__(self, runtime: Runtime, admin: asgi.Application) -> None:
        self._runtime = runtime
        self._admin = admin

    async def serve(self, request: Request) -> None:
        """Answer one request, whatever happens. A caller who leaves cancels this task."""
        if request.congested:  # by answers to what was asked before
            await request.writable()
        dialect: Dialect | None = None
        try:
            if request.path.startswith("/api"):
                await asgi.serve(self._admin, request)
                return
            origins = self._runtime.settings.server.origins
            if origins and admit(request, origins):
                return
            endpoint = find(request.path)
            dialect = endpoint.dialect or _dialect_of(request)
            if request.method in endpoint.methods:
                await self._handle(endpoint, dialect, request)
            else:
                _refuse_method(endpoint, dialect, request)
        except MadangError as error:
            send_error(request, dialect or _dialect_of(request), error)
        except Exception:  # noqa: BLE001 - answered, logged, and no other request harmed
            _log.exception("a defect of ours in %r", request.path)
            failed = InternalError("Madang failed; it has been logged.")
            send_error(request, dialect or _dialect_of(request), failed)

    def _handle(self, endpoint: Endpoint, dialect: Dialect, request: Request) -> Awaitable[None]:
        if endpoint.name == "generate":
            return generate.generate(self._runtime, endpoint, request, _APART)
        if endpoint.name == "count":
            return generate.count(self._runtime, endpoint, request)
        return _HANDLERS[endpoint.name](self._runtime, endpoint, dialect, request)


def _refuse_method(endpoint: Endpoint, dialect: Dialect, request: Request) -> None:
    allowed = " or ".join(endpoint.methods)
    error = MethodNotAllowed(f"{request.method} is not allowed here; use {allowed}.")
    allow = b"allow: %b\r\n" % ", ".join(endpoint.methods).encode()
    send_error(request, dialect, error, allow)


def send_error(request: Request, dialect: Dialect, error: MadangError, head: bytes = b"") -> None:
    """Any failure, in the caller's dialect. `head`: more header lines, each with its CRLF."""
    if request.begun:
        request.abort()
        return
    status, body = WIRES[dialect].write_error(error)
    if request.id:
        head += b"x-request-id: %b\r\n" % request.id.encode()
    head += request.lines
    if error.retry_after_s is not None:
        head += b"retry-after: %d\r\n" % max(1, -int(-error.retry_after_s // 1))
    if isinstance(error, NotFound | MethodNotAllowed) or status in (408, 413):
        request.closing = True
    send_json(request, status, body, head)


def _dialect_of(request: Request) -> Dialect:
    """The dialect of a caller on a path that several share, by the headers its SDK sends."""
    if b"anthropic-version" in request.headers:
        return "messages"
    if b"x-goog-api-key" in request.headers or b"x-goog-api-client" in request.headers:
        return "gemini"
    return "chat"
