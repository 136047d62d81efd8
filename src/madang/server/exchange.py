"""Reading a request's body within its bounds, and answering with JSON."""

import asyncio

from madang.config.settings import Server
from madang.errors import BodyTooLarge, InvalidRequest
from madang.server.request import Request

_DISCARD_FACTOR = 4
_DISCARD_S = 20.0
_SLOWEST_BYTES_S = 10_000
"""Bytes in a second, below which a body counts as stalled, however regularly its bytes drip."""


async def bounded_body(request: Request, bounds: Server) -> bytes:
    """The whole request body, within what a configuration allows. Raises as `read_body`."""
    return await read_body(request, bounds.max_body_mb * 1024 * 1024, bounds.body_timeout_s)


async def read_body(request: Request, limit: int, timeout_s: float) -> bytes:
    """The whole request body, at most `limit` bytes, with at most `timeout_s` of silence.

    Raises BodyTooLarge, or InvalidRequest (too slow, or an encoding we do not read).
    """
    body = body_at_hand(request, limit)
    if body is not None:
        return body
    headers = request.headers
    if int(headers.get(b"content-length", b"0")) > limit:
        if b"expect" not in headers:  # else it waits for our word before it sends
            await _discard(request, limit, timeout_s)
        raise _too_large(limit)
    return await _gather(request, limit, timeout_s)


def body_at_hand(request: Request, limit: int) -> bytes | None:
    """The whole request body, where all of it has come already, as most do; else None.

    Raises BodyTooLarge, or InvalidRequest (an encoding we do not read).
    """
    if request.headers.get(b"content-encoding", b"identity") != b"identity":
        raise InvalidRequest(
            "Compressed request bodies are not read: send it as it is, without `content-encoding`.",
            code="unsupported_encoding",
        )
    if not request.whole:
        return None
    body = request.take()
    if len(body) > limit:
        raise _too_large(limit)
    return body


async def _gather(request: Request, limit: int, timeout_s: float) -> bytes:
    """A body that comes in pieces."""
    clock = asyncio.get_running_loop().time
    began = clock()
    parts: list[bytes] = []
    size = 0
    while True:
        parts.append(request.take())
        size += len(parts[-1])
        if size > limit:
            parts.clear()
            await _discard(request, limit, timeout_s)
            raise _too_large(limit)
        if request.whole:
            return b"".join(parts)
        left_s = began + timeout_s + size / _SLOWEST_BYTES_S - clock()
        await _more(request, min(timeout_s, left_s))


async def _more(request: Request, timeout_s: float) -> None:
    """Wait for more; a body that stops coming is the caller's mistake."""
    try:
        async with asyncio.timeout(timeout_s):
            await request.more()
    except TimeoutError:
        raise InvalidRequest("The request body stopped coming.", code="body_timeout") from None


async def _discard(request: Request, limit: int, timeout_s: float) -> None:
    """Read on for a while without keeping anything: a client that is still sending cannot hear a refusal."""
    left = limit * _DISCARD_FACTOR
    try:
        async with asyncio.timeout(_DISCARD_S):
            while left > 0:
                left -= len(request.take())
                if request.whole:
                    return
                await _more(request, timeout_s)
    except (TimeoutError, InvalidRequest):
        return


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"The request body is larger than {limit // (1024 * 1024)} MiB, the limit of this gateway.",
        code="body_too_large",
    )


def send_json(request: Request, status: int, body: bytes, head: bytes = b"") -> None:
    """Send a complete JSON answer. `head`: more header lines, each with its CRLF."""
    request.respond(status, b"content-type: application/json\r\n" + head, body)
