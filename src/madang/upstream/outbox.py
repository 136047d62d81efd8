"""What is to be sent, sent together at the end of a turn of the event loop.

Sending to a peer that sleeps wakes it, which costs more than the sending. One turn of a loaded loop
reads from many peers; what it has to say to them goes out in one go, so that a peer process is
woken once and finds the rest when it looks again (docs/decisions/0003-the-hot-path.md).
"""

import asyncio
from collections.abc import Callable

_MOST_BYTES = 262_144
"""With more than this, nothing waits: a transport must have its say when it holds too much."""


class Outbox:
    """Bytes for transports, in order; for one event loop, which it learns at first use.

    `first` is called before each sending: for what must have happened before anybody hears of it.
    """

    __slots__ = ("_bytes", "_due", "_first", "_letters", "_loop")

    def __init__(self, first: Callable[[], object] | None = None) -> None:
        self._first = first
        self._letters: list[tuple[asyncio.Transport, bytes | None]] = []  # None: close it
        self._bytes = 0
        self._due = False
        self._loop: asyncio.AbstractEventLoop | None = None

    def send(self, transport: asyncio.Transport, data: bytes) -> None:
        """Send `data` soon. It is dropped if the transport is closed by then."""
        self._letters.append((transport, data))
        self._bytes += len(data)
        if self._bytes > _MOST_BYTES:
            self.flush()
        elif not self._due:
            self.wake()

    def close(self, transport: asyncio.Transport) -> None:
        """Close a transport once everything is sent that was to be sent before."""
        self._letters.append((transport, None))
        self.wake()

    def wake(self) -> None:
        """See to it that `first` is called soon, though there may be nothing to send."""
        if not self._due:
            self._due = True
            if self._loop is None:
                self._loop = asyncio.get_running_loop()
            self._loop.call_soon(self.flush)

    def flush(self) -> None:
        """Send everything now."""
        self._due = False
        if self._first is not None:
            self._first()
        letters, self._letters = self._letters, []
        self._bytes = 0
        for transport, data in letters:
            if transport.is_closing():
                continue
            if data is None:
                transport.close()
            else:
                transport.write(data)
