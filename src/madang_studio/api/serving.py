"""Serving the application: uvicorn in this thread, a runner beside it, ours or another process's."""

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn

from madang_studio.api.app import application
from madang_studio.api.keys import AdminKey
from madang_studio.batch.own_gateway import Access, leaving_in_order
from madang_studio.batch.work import runner_for
from madang_studio.errors import StudioError
from madang_studio.runner.lock import Lock
from madang_studio.store import Project

log = logging.getLogger("madang_studio.api")

_LOOK_S: Final = 1.0
_TROUBLE_S: Final = 30.0
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
        with (
            leaving_in_order(),  # the heir's gateway, too, has to be ended
            runner_for(project, given) as ours,
            _heir(project, given, needed=ours is None),
        ):
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


@contextmanager
def _heir(project: Project, given: Access | None, *, needed: bool) -> Iterator[None]:
    """While the block lasts, work on the project as soon as the process ends that does so now."""
    over = threading.Event()
    thread = threading.Thread(target=_inherit, args=(project, given, over), name="heir")
    if needed:
        thread.start()
    try:
        yield
    finally:
        over.set()
        if needed:
            thread.join()


def _inherit(project: Project, given: Access | None, over: threading.Event) -> None:
    lock, pause_s = Lock(project.root), _LOOK_S
    while not over.wait(pause_s):
        pause_s = _LOOK_S
        if lock.free():
            try:
                with runner_for(project, given) as ours:
                    if ours is not None:
                        over.wait()
            except StudioError as error:
                log.warning("Nobody works on this project now: %s", error)
                pause_s = _TROUBLE_S


def _listener(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET
        )
    except OSError as error:
        raise StudioError(
            f"Cannot listen on {host}:{port} ({error.strerror}): choose another --port."
        ) from error
