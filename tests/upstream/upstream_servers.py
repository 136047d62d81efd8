"""Providers for the tests: real sockets, with a script per connection that decides every byte."""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from madang.config.sections.providers import Timeouts
from madang.upstream.origin import Origin
from madang.upstream.transport import Incoming, Outgoing, Transport

HERE = Path(__file__).parent
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
SECRET = "sk-very-secret"


class Visit:
    """One connection as the provider sees it."""

    def __init__(self, provider: "Provider", reader, writer) -> None:
        self.provider = provider
        self.number = provider.connections
        self.reader = reader
        self.writer = writer

    async def request(self) -> bytes:
        """Read one request and return its body."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        self.provider.heads.append(head)
        self.provider.asked.set()
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        return await self.reader.readexactly(int(length or 0))

    async def send(self, data: bytes) -> None:
        """Write bytes, as one packet where they are few."""
        self.writer.write(data)
        await self.writer.drain()

    async def until_gone(self) -> None:
        """Wait until the client has closed."""
        while await self.reader.read(65536):
            continue

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        no_linger = struct.pack("ii", 1, 0)
        end = self.writer.get_extra_info("socket")
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)
        self.writer.transport.abort()


Script = Callable[[Visit], Awaitable[object]]


class Provider:
    """A server whose every connection follows `script`; `heads` are the requests it has read.

    `asked` is set by the first request, `left` by the first connection that ends.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        self.origin = Origin("http", "127.0.0.1", 1)
        self.connections = 0
        self.heads: list[bytes] = []
        self.tasks: set[asyncio.Task[None]] = set()
        self.asked = asyncio.Event()
        self.left = asyncio.Event()

    async def serve(self, reader, writer) -> None:
        """Follow the script until it ends or the client leaves."""
        self.connections += 1
        self.tasks.add(asyncio.current_task())
        try:
            with contextlib.suppress(OSError, EOFError, asyncio.CancelledError):
                await self.script(Visit(self, reader, writer))
        finally:
            self.left.set()
            writer.close()

    async def stop(self) -> None:
        """End every script."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def serving(
    script: Script, *, tls: bool = False, receive_buffer_bytes: int | None = None
) -> AsyncIterator[Provider]:
    """A provider on a free port of this machine."""
    provider = Provider(script)
    context = server_context() if tls else None
    listener = socket.create_server(("127.0.0.1", 0), backlog=500)
    if receive_buffer_bytes is not None:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
    server = await asyncio.start_server(provider.serve, sock=listener, ssl=context)
    port = listener.getsockname()[1]
    host = "localhost" if tls else "127.0.0.1"
    provider.origin = Origin("https" if tls else "http", host, port)
    try:
        yield provider
    finally:
        server.close()
        await provider.stop()


@contextlib.asynccontextmanager
async def calling(**settings) -> AsyncIterator[Transport]:
    """A transport that trusts the test authority, uses no proxy unless told, and is closed."""
    settings.setdefault("environ", {})
    settings.setdefault("ssl_context", client_context())
    transport = Transport(**settings)
    try:
        yield transport
    finally:
        await transport.close()


def client_context() -> ssl.SSLContext:
    """What trusts only the test authority."""
    return ssl.create_default_context(cafile=HERE / "authority.pem")


def server_context() -> ssl.SSLContext:
    """What identifies localhost and provider.test."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(HERE / "server.pem")
    return context


def asking(origin: Origin, body: bytes = b"{}", *, streaming: bool = False, **timeouts) -> Outgoing:
    """A request with a secret in its path and in its headers. `timeouts` are those of the settings."""
    head = (
        f"POST /v1/x?key={SECRET} HTTP/1.1\r\nhost: {origin.authority}\r\n"
        f"authorization: Bearer {SECRET}\r\naccept-encoding: identity\r\n"
    )
    return Outgoing(origin, head.encode(), body, Timeouts(**timeouts), streaming=streaming)


async def ask(transport: Transport, origin: Origin, body: bytes = b"{}") -> bytes:
    """One whole exchange."""
    return await (await transport.send(asking(origin, body))).read()


async def everything(incoming: Incoming) -> list[bytes]:
    """The body as it comes."""
    pieces = []
    while piece := await incoming.next():
        pieces.append(piece)
    return pieces


def answering(*answers: bytes) -> Script:
    """Answer the first request of a connection with the first answer, and so on; then stay open."""

    async def script(visit: Visit) -> None:
        for answer in answers:
            await visit.request()
            await visit.send(answer)
        await visit.until_gone()

    return script


def echoing() -> Script:
    """Answer every request with its own body."""

    async def script(visit: Visit) -> None:
        while True:
            body = await visit.request()
            await visit.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))

    return script


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)
