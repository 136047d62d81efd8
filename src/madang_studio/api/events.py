"""What happens, as server-sent events. A reader who was away says which it saw last, and misses nothing.

Rule: so many readers at a time and no more, as each keeps looking into the project.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from madang_studio.errors import StudioError
from madang_studio.store import Project
from madang_studio.store.events import Event

_LOOK_S: Final = 0.5
_HEARTBEAT_LOOKS: Final = 30
_MOST: Final = 500
MOST_READERS: Final = 64
_HEADERS: Final = {"cache-control": "no-store", "x-accel-buffering": "no"}


class TooMany(StudioError):
    """As many read events already as may."""

    code = "too_many"


class Readers:
    """Those who read the events of a project."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._count = 0

    def stream(self, last: int, drama: str | None) -> StreamingResponse:
        """Events after one, those of the past first, until the reader leaves; of one drama or all. Raises TooMany."""
        if self._count >= MOST_READERS:
            raise TooMany(f"{MOST_READERS} read events already: end one of them, or try again.")
        return StreamingResponse(
            self._counted(last, drama), media_type="text/event-stream", headers=_HEADERS
        )

    async def _counted(self, last: int, drama: str | None) -> AsyncIterator[bytes]:
        self._count += 1
        try:
            async for piece in _told(self._project, last, drama):
                yield piece
        finally:
            self._count -= 1


def as_event(event: Event) -> bytes:
    """One event on the wire."""
    data = msgspec.json.encode(event)  # one line: JSON has no line breaks of its own
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.id, event.what.encode(), data)


async def _told(project: Project, last: int, drama: str | None) -> AsyncIterator[bytes]:
    yield b": here\n\n"  # so that a reader knows at once that it is connected
    quiet = 0
    while True:
        found = await run_in_threadpool(project.events.since, last, drama=drama, most=_MOST)
        for event in found:
            last = event.id
            yield as_event(event)
        if found:
            quiet = 0
            continue
        quiet += 1
        if quiet % _HEARTBEAT_LOOKS == 0:
            yield b": still here\n\n"
        await asyncio.sleep(_LOOK_S)
