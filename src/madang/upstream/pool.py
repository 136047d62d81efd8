"""The connections of one origin.

Idle ones are lent again, the one used last first; new ones are opened up to a bound; beyond it,
callers wait in line.
"""

import asyncio
from collections import deque
from typing import NamedTuple

from madang.config.sections.providers import Timeouts
from madang.errors import Draining, Phase, ProviderTimedOut
from madang.upstream.connection import Connection
from madang.upstream.dialing import Dialer
from madang.upstream.origin import Origin
from madang.upstream.outbox import Outbox
from madang.upstream.proxy import Proxy
from madang.upstream.reader import Bounds


class PoolBounds(NamedTuple):
    """How many connections an origin gets, how many of them may be idle, and for how long (seconds)."""

    max_connections: int = 8192
    max_idle: int = 1024
    idle_keep_s: float = 55.0


class Pool:
    """Lends connections.

    A slot is the right to have one more of them; it is held while dialing, and while open. Whoever
    waits in line is given either a connection that became free, or a slot (None). Nobody waits
    while a connection is idle or a slot is free.
    """

    __slots__ = (
        "_answer_bounds",
        "_bounds",
        "_closed",
        "_connections",
        "_dialer",
        "_dialing",
        "_emptied",
        "_idle",
        "_line",
        "_origin",
        "_outbox",
        "_proxy",
    )

    def __init__(
        self,
        origin: Origin,
        proxy: Proxy | None,
        dialer: Dialer,
        outbox: Outbox,
        bounds: PoolBounds,
        answer: Bounds,
    ) -> None:
        """`proxy` is the one that forwards requests, and reads them; None for a tunnel."""
        self._origin = origin
        self._proxy = proxy
        self._dialer = dialer
        self._outbox = outbox
        self._bounds = bounds
        self._answer_bounds = answer
        self._connections: set[Connection] = set()
        self._idle: dict[Connection, None] = {}
        self._line: deque[asyncio.Future[Connection | None]] = deque()
        self._dialing = 0
        self._emptied: asyncio.Future[None] | None = None
        self._closed = False

    @property
    def forwarded(self) -> bool:
        """Whether a proxy, rather than the origin, is the first to read our requests."""
        return self._proxy is not None

    @property
    def is_unused(self) -> bool:
        """Whether it has no connection, and nobody wants one."""
        return not (self._connections or self._dialing or self._line)

    def take(self) -> Connection | None:
        """Return an idle connection, the one used last."""
        while self._idle:
            connection, _ = self._idle.popitem()
            if connection.usable:
                return connection
            connection.abort()
        return None

    async def obtain(
        self, timeouts: Timeouts, started_at: float, *, fresh: bool = False
    ) -> Connection:
        """Wait for a connection, or open one; `fresh`: one that was never used.

        It may take `connect_s` from now and `total_s` from `started_at` (loop time). Raises
        ProviderUnreachable, ProviderTimedOut, or Draining after `close`.
        """
        loop = asyncio.get_running_loop()
        connect_at = loop.time() + timeouts.connect_s
        total_at = started_at + timeouts.total_s
        try:
            async with asyncio.timeout_at(min(connect_at, total_at)):
                return await self._obtain(fresh=fresh)
        except TimeoutError as error:
            phase: Phase = "connect" if connect_at <= total_at else "total"
            raise ProviderTimedOut(
                f"no connection to {self._origin.host} in time", phase=phase
            ) from error

    def release(self, connection: Connection) -> None:
        """Take back a free connection: for the first in line, else to keep."""
        if self._line and (waiter := self._next_in_line()) is not None:
            waiter.set_result(connection)
        elif len(self._idle) < self._bounds.max_idle:
            self._idle[connection] = None
        else:
            connection.abort()

    def forget(self, connection: Connection) -> None:
        """A connection is gone, and its slot is free."""
        if connection in self._connections:
            self._connections.remove(connection)
            self._idle.pop(connection, None)
            self._free_slot()
        if self._emptied is not None and not self._connections and not self._emptied.done():
            self._emptied.set_result(None)

    async def close(self) -> None:
        """Close every connection, whatever it is doing, and send everyone in line away."""
        self._closed = True
        while (waiter := self._next_in_line()) is not None:
            waiter.set_exception(_draining())
        for connection in [*self._connections]:
            connection.fail(_draining())
        if self._connections:
            self._emptied = asyncio.get_running_loop().create_future()
            await self._emptied

    async def _obtain(self, *, fresh: bool) -> Connection:
        while (connection := await self._turn()) is not None:
            if connection.usable and not fresh:
                return connection
            if connection in self._connections:
                self._trade_in(connection)
                break
        return await self._dial()

    async def _turn(self) -> Connection | None:
        """Wait in turn; return a free connection, or None for a slot."""
        if self._closed:
            raise _draining()
        if len(self._connections) + self._dialing < self._bounds.max_connections:
            self._dialing += 1
            return None
        waiter: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._line.append(waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            self._leave_line(waiter)
            raise

    def _leave_line(self, waiter: asyncio.Future[Connection | None]) -> None:
        """Whoever leaves may have been served in the same instant: pass on what it was given."""
        if waiter.cancelled():
            if waiter in self._line:
                self._line.remove(waiter)
        elif waiter.exception() is None:
            connection = waiter.result()
            if connection is None:
                self._dialing -= 1
                self._free_slot()
            elif connection in self._connections:
                self.release(connection)

    def _next_in_line(self) -> asyncio.Future[Connection | None] | None:
        while self._line:
            waiter = self._line.popleft()
            if not waiter.done():
                return waiter
        return None

    def _free_slot(self) -> None:
        if (waiter := self._next_in_line()) is not None:
            self._dialing += 1
            waiter.set_result(None)

    def _trade_in(self, connection: Connection) -> None:
        """Close a connection and keep its slot."""
        self._connections.remove(connection)
        self._dialing += 1
        connection.abort()

    async def _dial(self) -> Connection:
        """Open a connection on a slot that is ours already."""
        connection = Connection(
            self,
            self._origin,
            self._proxy,
            self._outbox,
            self._answer_bounds,
            self._bounds.idle_keep_s,
        )
        try:
            await self._dialer.dial(connection)
        except BaseException:
            self._dialing -= 1
            self._free_slot()
            raise
        self._dialing -= 1
        self._connections.add(connection)
        if self._closed:
            connection.abort()
            raise _draining()
        return connection


def _draining() -> Draining:
    return Draining("this process is shutting down")
