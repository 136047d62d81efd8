"""The door to the providers: `Transport.send(Outgoing) -> Incoming`, over kept connections.

One rule: a request is sent twice only if a kept connection turns out to be dead before the first
byte of an answer.
"""

import asyncio
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field

from madang.errors import Draining, ProviderUnreachable
from madang.upstream.connection import Stale, Unanswered
from madang.upstream.dialing import Dialer
from madang.upstream.incoming import Incoming
from madang.upstream.origin import Origin
from madang.upstream.outbox import Outbox
from madang.upstream.outgoing import Outgoing
from madang.upstream.pool import Pool, PoolBounds
from madang.upstream.proxy import proxy_for
from madang.upstream.public import NOWHERE, Private
from madang.upstream.reader import Bounds

__all__ = ["Incoming", "Outgoing", "Transport", "Unanswered"]


@dataclass(slots=True, kw_only=True, eq=False)
class Transport:
    """An HTTP/1.1 client for one event loop, which it learns at first use.

    `idle_keep_s` should stay below the providers' own keep-alive time. `max_head_bytes` and
    `max_head_count` bound an answer's head, `max_body_bytes` what `Incoming.read` returns, not a
    stream. `ssl_context` replaces the default, which trusts the system's authorities. `environ`
    names the proxies. All requests leave through `outbox`. Strangers (see `Origin`) are reached at
    public addresses, and where `allow_private` says.
    """

    max_connections_per_origin: int = 8192
    max_idle_per_origin: int = 1024
    idle_keep_s: float = 55.0
    max_head_bytes: int = 65_536
    max_head_count: int = 200
    max_body_bytes: int = 256 * 1024 * 1024
    ssl_context: ssl.SSLContext | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    outbox: Outbox = field(default_factory=Outbox)
    _pools: dict[Origin, Pool] = field(init=False, default_factory=dict)
    _private: Private = field(init=False, default=NOWHERE)
    _loop: asyncio.AbstractEventLoop | None = field(init=False, default=None)
    _closed: bool = field(init=False, default=False)

    async def send(self, request: Outgoing) -> Incoming:
        """Send a request; return when the head of its answer is complete.

        Raises ProviderUnreachable, ProviderTimedOut, ProviderBroken, or Draining after `close`.
        """
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        started_at = self._loop.time()
        pool = self._pools.get(request.origin) or self._open_pool(request.origin)
        connection = None if request.once else pool.take()
        if connection is None:
            connection = await pool.obtain(request.timeouts, started_at, fresh=request.once)
        incoming = connection.start(request, started_at)
        try:
            await incoming.head()
        except Stale:
            connection = await pool.obtain(request.timeouts, started_at, fresh=True)
            incoming = connection.start(request, started_at)
            await incoming.head()
        if incoming.status == 407 and pool.forwarded:
            incoming.close()
            host = request.origin.host
            raise ProviderUnreachable(f"the proxy for {host} refused our credentials")
        return incoming

    def allow_private(self, places: Private) -> None:
        """Let strangers lead to these places, too, and to no others: what was open to them is not used again."""
        if places != self._private:
            self._private = places
            self._pools = {known: it for known, it in self._pools.items() if not known.stranger}

    async def close(self) -> None:
        """Close every connection; exchanges that are going on fail with Draining."""
        self._closed = True
        await asyncio.gather(*(pool.close() for pool in self._pools.values()))

    def _open_pool(self, origin: Origin) -> Pool:
        if self._closed:
            raise Draining("this process is shutting down")
        proxy = proxy_for(origin, self.environ)
        if origin.stranger:  # there is no end of names that others can think of
            self._pools = {
                known: pool
                for known, pool in self._pools.items()
                if not (known.stranger and pool.is_unused)
            }
        self._pools[origin] = pool = Pool(
            origin,
            None if origin.encrypted else proxy,
            Dialer(origin, proxy, self._tls, self._private),
            self.outbox,
            PoolBounds(self.max_connections_per_origin, self.max_idle_per_origin, self.idle_keep_s),
            Bounds(self.max_head_bytes, self.max_head_count, self.max_body_bytes),
        )
        return pool

    def _tls(self) -> ssl.SSLContext:
        """Return the TLS settings, made at first need: that reads all the system's authorities."""
        if self.ssl_context is None:
            self.ssl_context = ssl.create_default_context()
            self.ssl_context.set_alpn_protocols(["http/1.1"])
        return self.ssl_context
