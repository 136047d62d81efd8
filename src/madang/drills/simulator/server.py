"""The simulator on a socket, in the running event loop: uvicorn's protocol without its signals, logs and ticks."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from madang.drills.simulator.app import Simulator
from madang.drills.simulator.book import Book
from madang.drills.simulator.delivery import ABORT_EXTENSION, Message, Receive, Send
from madang.drills.simulator.faults import Behaviour, Conduct
from madang.drills.simulator.media.side import MediaSide

Front = Callable[[Message, Receive, Send], Awaitable[None]]
"""An ASGI application."""

_PATIENCE_S = 2.0
_KEEP_ALIVE_S = 60
_BACKLOG = 2_048


class _Protocol(HttpToolsProtocol):
    """uvicorn's protocol, with a way for the application to drop the connection."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]
        scope["extensions"] = {ABORT_EXTENSION: self.transport.abort}


class Running:
    """A simulator that serves. `port` is the one it listens on; `conduct` and `book` are those of its `/__sim`."""

    def __init__(self, app: Simulator, server: asyncio.Server, state: ServerState) -> None:
        self._app = app
        self._server = server
        self._state = state
        self.host, self.port = server.sockets[0].getsockname()[:2]

    @property
    def url(self) -> str:
        """The root of its paths."""
        return f"http://{self.host}:{self.port}"

    @property
    def conduct(self) -> Conduct:
        """How it behaves; may be changed while it serves."""
        return self._app.conduct

    @property
    def book(self) -> Book:
        """What it saw and what it charged."""
        return self._app.book

    @property
    def media(self) -> MediaSide:
        """The providers of clips, speech and pictures: their settings, traps and books."""
        return self._app.media

    async def close(self) -> None:
        """Stop listening and drop every connection."""
        self._server.close()
        await self._app.media.close()
        for connection in tuple(self._state.connections):
            connection.transport.abort()
        # a request ends by itself once its client is gone; to cancel it would be logged as a failure
        if self._state.tasks:
            await asyncio.wait(self._state.tasks, timeout=_PATIENCE_S)
        for task in tuple(self._state.tasks):
            task.cancel()
        await self._server.wait_closed()


async def serve(
    host: str = "127.0.0.1",
    port: int = 0,
    behaviour: Behaviour | None = None,
    *,
    seed: int = 0,
    listener: socket.socket | None = None,
    before: Callable[[Simulator], Front] | None = None,
) -> Running:
    """Serve a simulator from the running loop; port 0 takes any free one. Close what it returns.

    `listener` is a socket that listens already, instead of host and port. `before` puts an application before it that
    answers some requests itself.
    """
    app = Simulator(behaviour or Behaviour(), seed)
    config = Config(
        before(app) if before else app,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_keep_alive=_KEEP_ALIVE_S,
    )
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()

    def protocol() -> _Protocol:
        return _Protocol(config=config, server_state=state, app_state={})

    if listener is not None:
        server = await loop.create_server(protocol, sock=listener, backlog=_BACKLOG)
    else:
        server = await loop.create_server(protocol, host, port, backlog=_BACKLOG)
    return Running(app, server, state)
