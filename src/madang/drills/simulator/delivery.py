"""Sending an answer to a client that may leave, at the pace and with the fault that its behaviour asks for.

The client's leaving is noticed while the simulator waits or streams, and ends the work at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any, NamedTuple

from madang.drills.simulator.faults import Behaviour, refusal_for
from madang.drills.simulator.records import Frame

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

ABORT_EXTENSION = "madang.abort"
"""The scope's extension under which the server offers to drop the connection."""

_FLUSH_S = 0.02
_FRAMES_PER_TURN = 32
_MISSING_BYTES = 100
_MAX_BODY_BYTES = 128 * 1024 * 1024
_PROXY_PAGE = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n"
    b"<body><center><h1>502 Bad Gateway</h1></center></body></html>\r\n"
)


class ClientLeft(Exception):
    """The client closed the connection before its answer was complete."""


class BodyTooLarge(Exception):
    """The request's body exceeds 128 MiB."""


class Client:
    """The other end of one request. Once something is waited for, a task watches for its leaving until `close`."""

    def __init__(self, scope: Message, receive: Receive, send: Send) -> None:
        self._abort: Callable[[], None] | None = (scope.get("extensions") or {}).get(
            ABORT_EXTENSION
        )
        self._receive = receive
        self._send = send
        self._watch: asyncio.Task[None] | None = None

    async def body(self) -> bytes:
        """The whole body. Raises ClientLeft or BodyTooLarge."""
        message = await self._receive()
        if message["type"] == "http.request" and not message.get("more_body"):
            return bytes(message.get("body", b""))
        parts, size = [], 0
        while message["type"] == "http.request":
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > _MAX_BODY_BYTES:
                raise BodyTooLarge
            if not message.get("more_body"):
                return b"".join(parts)
            message = await self._receive()
        raise ClientLeft

    def watch(self) -> asyncio.Task[None]:
        """The task that ends when the client leaves."""
        if self._watch is None:
            self._watch = asyncio.ensure_future(self._leave())
        return self._watch

    async def _leave(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def pause(self, seconds: float) -> None:
        """Wait; raises ClientLeft as soon as the client leaves."""
        if seconds <= 0:
            return
        done, _ = await asyncio.wait((self.watch(),), timeout=seconds)
        if done:
            raise ClientLeft

    async def start(self, status: int, headers: Headers) -> None:
        """Send the status and the headers."""
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def write(self, data: bytes, *, more: bool = True) -> None:
        """Send a part of the body; raises ClientLeft where there is nobody to send it to."""
        if self._watch is not None and self._watch.done():
            raise ClientLeft
        await self._send({"type": "http.response.body", "body": data, "more_body": more})

    async def drop(self) -> None:
        """Close the connection in the middle; what was written before still arrives."""
        await asyncio.sleep(_FLUSH_S)
        if self._abort is None:
            raise ConnectionAbortedError(
                "this server offers no way to drop a connection but a failing application"
            )
        self._abort()
        await self.watch()

    def close(self) -> None:
        """Stop watching."""
        if self._watch is not None:
            self._watch.cancel()


class Whole(NamedTuple):
    """An answer that is sent in one piece. `tokens` is what it took to make, for the pace."""

    headers: Headers
    body: bytes
    tokens: int = 0


class Flow(NamedTuple):
    """An answer that is sent as it is made. `tokens` is how many there will be."""

    headers: Headers
    frames: Iterator[Frame]
    tokens: int
    broken_event: bytes
    error_event: bytes


class Progress:
    """What has been sent so far: read it afterwards, or when the sending failed."""

    def __init__(self) -> None:
        self.started = False
        self.tokens = 0
        self.complete = False


async def before(client: Client, behaviour: Behaviour) -> None:
    """What happens before the first byte: the delay, and the refusals among the faults. Raises Refused."""
    await client.pause(behaviour.latency_s)
    if behaviour.fault == "slow_first_byte":
        await client.pause(behaviour.stall_s)
    refused = refusal_for(behaviour.fault)
    if refused is not None:
        raise refused


async def send_answer(client: Client, status: int, headers: Headers, body: bytes) -> None:
    """Send an answer as it is, at once."""
    await client.start(status, [*headers, (b"content-length", b"%d" % len(body))])
    await client.write(body, more=False)


async def send_whole(
    client: Client, answer: Whole, behaviour: Behaviour, progress: Progress
) -> None:
    """Send a whole answer; it takes as long as its tokens take to make."""
    if behaviour.tokens_per_s:
        await client.pause(answer.tokens / behaviour.tokens_per_s)
    body, fault = answer.body, behaviour.fault
    headers = answer.headers
    if fault == "malformed_json":
        body = body[: len(body) * 2 // 3]
    elif fault == "malformed_sse":
        body, headers = _PROXY_PAGE, _typed(headers, b"text/html")
    promised = len(body) + (_MISSING_BYTES if fault == "wrong_length" else 0)
    await client.start(200, [*headers, (b"content-length", b"%d" % promised)])
    progress.started = True
    progress.tokens = answer.tokens
    half = len(body) // 2
    if fault == "stall":
        await client.write(body[:half])
        await client.pause(behaviour.stall_s)
        body = body[half:]
    elif fault in {"cut", "wrong_length"}:
        await client.write(body if fault == "wrong_length" else body[:half])
        await client.drop()
        return
    await client.write(body, more=False)
    progress.complete = True


def _typed(headers: Headers, content_type: bytes) -> Headers:
    return [(name, content_type if name == b"content-type" else value) for name, value in headers]


async def send_flow(client: Client, answer: Flow, behaviour: Behaviour, progress: Progress) -> None:
    """Send a stream frame by frame, each after the time that its tokens take."""
    client.watch()
    await client.start(200, answer.headers)
    progress.started = True
    clock = asyncio.get_running_loop().time
    began = clock()
    paused = 0.0
    strike_at: float = max(1, answer.tokens // 2) if behaviour.fault else float("inf")
    for number, frame in enumerate(answer.frames, 1):
        if progress.tokens >= strike_at:
            strike_at = float("inf")
            if await _strike(client, answer, behaviour):
                return
            paused += behaviour.stall_s if behaviour.fault == "stall" else 0.0
        if frame.tokens and behaviour.tokens_per_s:
            due = began + paused + (progress.tokens + frame.tokens) / behaviour.tokens_per_s
            await client.pause(due - clock())
        elif number % _FRAMES_PER_TURN == 0:
            await asyncio.sleep(0)
        await client.write(frame.data)
        progress.tokens += frame.tokens
    await client.write(b"", more=False)
    progress.complete = True


async def _strike(client: Client, answer: Flow, behaviour: Behaviour) -> bool:
    """Let the fault happen in the middle of a stream; true where the stream ends with it."""
    match behaviour.fault:
        case "stall":
            await client.pause(behaviour.stall_s)
            return False
        case "malformed_json":
            await client.write(answer.broken_event)
            return False
        case "cut" | "wrong_length":
            await client.drop()
        case "stream_error":
            await client.write(answer.error_event, more=False)
        case "malformed_sse":
            await client.write(_PROXY_PAGE, more=False)
        case _:
            return False
    return True
