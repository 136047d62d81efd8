"""Opening a connection: TCP, the tunnel of a proxy, and TLS with the provider's name verified.

Rule: a stranger's host is resolved once, and dialled at the very addresses that were judged: no name
that answers otherwise a moment later leads into our network. Behind a proxy it is the proxy that
resolves, and its own rules that hold; what resolves to a private address here is refused before.
"""

import asyncio
import os
import re
import socket
import ssl
from collections.abc import Callable

from madang.errors import ProviderBroken, ProviderUnreachable
from madang.upstream.connection import Connection
from madang.upstream.origin import Origin
from madang.upstream.proxy import Proxy
from madang.upstream.public import NOWHERE, Private

_MAX_TUNNEL_HEAD_BYTES = 65_536
_TUNNEL_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})[ \r]")


class Dialer:
    """Opens connections to one origin. `context` gives the TLS settings, where TLS is spoken.

    `private`: the places that a stranger may lead to beside the public Internet.
    """

    __slots__ = ("_context", "_origin", "_private", "_proxy")

    def __init__(
        self,
        origin: Origin,
        proxy: Proxy | None,
        context: Callable[[], ssl.SSLContext],
        private: Private = NOWHERE,
    ) -> None:
        self._origin = origin
        self._proxy = proxy
        self._context = context
        self._private = private

    async def dial(self, connection: Connection) -> None:
        """Open a socket and install `connection` on it. A cancelled one is closed.

        Raises ProviderUnreachable, ProviderBroken for a stranger at a private address.
        """
        try:
            await self._dial(connection)
        except (OSError, UnicodeError) as error:
            message = f"no connection to {self._origin.host}: {_reason(error)}"
            raise ProviderUnreachable(message) from error

    async def _dial(self, connection: Connection) -> None:
        raw, doorway = await self._first_hop()
        try:
            raw.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            transport = await self._climb(raw, doorway)
            if raw.is_closing():
                raise ConnectionResetError  # noqa: TRY301 - whatever fails here closes the socket
            doorway.check_quiet(self._origin.host)
            connection.install(transport, raw)
        except BaseException:
            raw.abort()
            raise

    async def _first_hop(self) -> tuple[asyncio.Transport, "_Doorway"]:
        """A socket to the proxy, or to the origin."""
        loop, hop = asyncio.get_running_loop(), self._origin
        addresses = await _judged_addresses(hop, self._private) if hop.stranger else [hop.host]
        if self._proxy is not None:
            hop = self._proxy.origin
            addresses = [hop.host]
        for address in addresses[:-1]:
            try:
                return await loop.create_connection(_Doorway, address, hop.port)
            except OSError:
                continue
        return await loop.create_connection(_Doorway, addresses[-1], hop.port)

    async def _climb(self, raw: asyncio.Transport, doorway: "_Doorway") -> asyncio.Transport:
        """Get from the socket to a transport that speaks with the origin."""
        transport = raw
        if self._proxy is not None:
            if self._proxy.origin.encrypted:
                transport = await self._encrypt(transport, doorway, self._proxy.origin.host)
            if self._origin.encrypted:
                await doorway.open_tunnel(transport, self._proxy, self._origin)
        if self._origin.encrypted:
            transport = await self._encrypt(transport, doorway, self._origin.host)
        return transport

    async def _encrypt(
        self, transport: asyncio.Transport, doorway: "_Doorway", host: str
    ) -> asyncio.Transport:
        encrypted = await asyncio.get_running_loop().start_tls(
            transport, doorway, self._context(), server_hostname=host
        )
        if encrypted is None:  # the peer left in the middle of the handshake
            raise ConnectionResetError
        return encrypted


class _Doorway(asyncio.Protocol):
    """Stands at a new socket until a connection may have it, and speaks to a proxy."""

    __slots__ = ("_lost", "_received", "_waiter")

    def __init__(self) -> None:
        self._received = b""
        self._lost = False
        self._waiter: asyncio.Future[None] | None = None

    def data_received(self, data: bytes) -> None:
        """Keep what comes: a proxy's answer, or something that should not be there."""
        self._received += data
        self._wake()

    def connection_lost(self, _exc: Exception | None) -> None:
        """Note the loss."""
        self._lost = True
        self._wake()

    def check_quiet(self, host: str) -> None:
        """Raise ProviderUnreachable if something was said that nobody asked for."""
        if self._received:
            raise ProviderUnreachable(f"{host} spoke before it was asked")

    async def open_tunnel(self, transport: asyncio.Transport, proxy: Proxy, target: Origin) -> None:
        """Have the proxy connect us with `target`. Raises ProviderUnreachable if it does not."""
        transport.write(proxy.connect_request(target))
        while b"\r\n\r\n" not in self._received:
            if self._lost:
                raise ConnectionResetError
            if len(self._received) > _MAX_TUNNEL_HEAD_BYTES:
                break
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        head, _, self._received = self._received.partition(b"\r\n\r\n")
        status = _TUNNEL_STATUS.match(head + b"\r")
        if status is None:
            raise ProviderUnreachable(f"the proxy for {target.host} does not speak HTTP")
        if not status[1].startswith(b"2"):
            code = int(status[1])
            raise ProviderUnreachable(f"the proxy refused a tunnel to {target.host}: {code}")

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


async def _judged_addresses(origin: Origin, private: Private) -> list[str]:
    """The addresses of a host that somebody else has named. Raises OSError, ProviderBroken where one is private."""
    found = await asyncio.get_running_loop().getaddrinfo(
        origin.host, origin.port, type=socket.SOCK_STREAM
    )
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not addresses or not all(private.permits(origin.host, each) for each in addresses):
        raise ProviderBroken(
            f"the provider names a private address ({origin.host}), which `media.allow_private` does not list"
        )
    return addresses


def _reason(error: OSError | UnicodeError) -> str:
    """Say why in words that hold no address and nothing that the peer sent."""
    match error:
        case ssl.SSLCertVerificationError():
            return f"its certificate was refused ({error.verify_message})"
        case ssl.SSLError():
            return f"TLS failed ({error.reason or 'no reason given'})"
        case socket.gaierror() | UnicodeError():
            return "its name does not resolve"
        case ConnectionRefusedError():
            return "refused"
        case ConnectionError():
            return "reset"
        case OSError(errno=int(number)):
            return os.strerror(number)
        case _:
            return "unreachable"
