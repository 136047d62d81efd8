"""Serving the application: uvicorn in this thread, a runner beside it."""

import socket
from collections.abc import Callable
from typing import Final

import uvicorn

from madang_studio.api.app import application
from madang_studio.api.keys import AdminKey
from madang_studio.batch.own_gateway import Access
from madang_studio.batch.work import runner_for
from madang_studio.errors import StudioError
from madang_studio.store import Project

_LEAVE_S: Final = 3
_MOST_CONNECTIONS: Final = 500


def serve(
    project: Project,
    key: AdminKey,
    place: tuple[str, int],
    given: Access | None,
    ready: Callable[[str, Access | None], None],
) -> None:
    """Serve until told to stop. `ready` hears the address and the gateway (None: another process works).

    Raises StudioError: the port is taken, or the gateway does not start.
    """
    listener = _listener(*place)
    try:
        with runner_for(project, given) as ours:
            host, port = listener.getsockname()[:2]
            address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
            ready(address, ours.access if ours else None)
            settings = uvicorn.Config(
                application(project, key, ours.preflight if ours else None),
                http="h11",  # bounds the head of a request; httptools does not
                log_level="warning",
                timeout_graceful_shutdown=_LEAVE_S,
                limit_concurrency=_MOST_CONNECTIONS,
                server_header=False,
            )
            uvicorn.Server(settings).run([listener])
    finally:
        listener.close()


def _listener(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET
        )
    except OSError as error:
        raise StudioError(
            f"Cannot listen on {host}:{port} ({error.strerror}): choose another --port."
        ) from error
