"""One request over a socket of its own, read byte by byte by a parser that is not the gateway's own."""

import asyncio
from typing import NamedTuple
from urllib.parse import urlsplit

import httptools

from madang.drills.disaster.dialects import Way, asked, judge
from madang.drills.disaster.targets import MODEL

PATIENCE_S = 20.0
_PIECE_BYTES = 65_536


class Access(NamedTuple):
    """Where to ask, as whom, and for which model. `headers` are added to every request."""

    url: str
    key: str
    headers: tuple[tuple[str, str], ...] = ()
    model: str = MODEL


class Told(NamedTuple):
    """What a caller saw. Moments are seconds of the loop's clock; `kind` is `ok`, or what went wrong.

    ended: the answer ended as HTTP and its dialect say. first_s, took_s: to the first byte of the body,
    and to the end. attempts and provider are what the answer's head says (0 and empty: it does not).
    """

    way: Way
    at_s: float
    first_s: float
    took_s: float
    kind: str
    ended: bool
    request_id: str = ""
    provider: str = ""
    attempts: int = 0


class _Answer:
    """Callbacks of the parser."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.body = bytearray()
        self.first_s = 0.0
        self.complete = False
        self._clock = asyncio.get_running_loop().time

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, piece: bytes) -> None:
        self.first_s = self.first_s or self._clock()
        self.body += piece

    def on_message_complete(self) -> None:
        self.complete = True


async def call(access: Access, way: Way) -> Told:
    """Ask, listen to the end, and judge. Never raises for what the gateway does."""
    clock = asyncio.get_running_loop().time
    began = clock()
    answer = _Answer()
    parser = httptools.HttpResponseParser(answer)
    try:
        async with asyncio.timeout(PATIENCE_S):
            await _exchange(access, way, parser)
    except TimeoutError:
        kind, ended = "no answer in time", False
    except (OSError, httptools.HttpParserError):
        kind, ended = "connection broken", False
    else:
        if answer.complete:
            status = parser.get_status_code()
            kind, ended = judge(way, status, bytes(answer.body))
        else:
            kind, ended = "cut short", False
    now = clock()
    head = answer.headers
    return Told(
        way,
        began,
        (answer.first_s or now) - began,
        now - began,
        kind,
        ended,
        head.get("x-request-id", ""),
        head.get("x-madang-provider", ""),
        int(head.get("x-madang-attempts") or 0),
    )


async def _exchange(access: Access, way: Way, parser: "httptools.HttpResponseParser") -> None:
    where = urlsplit(access.url)
    path, body = asked(way, access.model)
    lines = [
        f"POST {path} HTTP/1.1",
        f"host: {where.netloc}",
        f"authorization: Bearer {access.key}",
        "content-type: application/json",
        f"content-length: {len(body)}",
        "connection: close",
        *(f"{name}: {value}" for name, value in access.headers),
    ]
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    try:
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        while piece := await reader.read(_PIECE_BYTES):
            parser.feed_data(piece)
    finally:
        writer.close()
