"""What happens, as server-sent events. A reader who was away says which it saw last, and misses nothing."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from madang_studio.store import Project
from madang_studio.store.events import Event

_LOOK_S: Final = 0.5
_HEARTBEAT_LOOKS: Final = 30
_MOST: Final = 500
_HEADERS: Final = {"cache-control": "no-store", "x-accel-buffering": "no"}


def stream(project: Project, last: int, drama: str | None) -> StreamingResponse:
    """Events after one, those of the past first, until the reader leaves; of one drama or of all."""
    return StreamingResponse(
        _told(project, last, drama), media_type="text/event-stream", headers=_HEADERS
    )


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
