"""An order whose answer was lost: looked for by its name, or heard of when its provider calls.

A provider that can be asked for jobs by our name, and knows none after a while, has not taken it: then
the next is asked. Of any other nothing can be known but that it says so itself; after a bounded time
the job fails, and what it may have cost stays booked as an estimate.
"""

from typing import Final

from madang.errors import MadangError, ProviderBroken
from madang.media.course import Course, backoff_s
from madang.media.kit import now_us
from madang.media.ordering import refused
from madang.model.media import Handle
from madang.pipeline.lane import Berth
from madang.wire.media.contract import VideoWire

_NOT_THERE_S: Final = 10.0
"""So long after an order, a provider that can be asked for it by name has it, if it has taken it."""


async def doubt(course: Course) -> None:
    """The process that was sending has died: nobody knows."""
    await course.move("unsure")


async def reconcile(course: Course) -> None:
    """Find out whether the order was taken: by its name, or because its provider calls. Raises nothing."""
    job, wire, berth = course.job, course.wire(), course.place()
    until_us = job.sent_us + int(course.kit.settings.media.unsure_s * 1e6)
    absent = times = 0
    while now_us() < until_us:
        course.accepted.set()
        if (seen := await course.heard()) is not None and seen.state == "succeeded":
            course.seen = seen
            await course.move("storing")
            return
        if wire.find is not None and wire.found is not None:
            found, is_there = await _look(course, wire, berth)
            absent = absent + 1 if not is_there else 0
            if found is not None:
                job.handle = found
                await course.move("running", durable=True)
                return
            if absent >= 2 and now_us() - job.sent_us > _NOT_THERE_S * 1e6:
                lost = ProviderBroken(f"{berth.provider.name} did not answer, and has no such job")
                await refused(course, lost)
                return
        await course.pause(backoff_s(times))
        times += 1
    said = f"{berth.provider.name} did not answer the order, and nothing was heard of it since; it was not sent again."
    await course.fail("submit_unanswered", said, "lost")


async def _look(course: Course, wire: VideoWire, berth: Berth) -> tuple[Handle | None, bool]:
    """Ask for the job by its name: its handle, and whether it may be there all the same."""
    if wire.find is None or wire.found is None:
        return None, True
    try:
        answer = await course.call(berth, wire.find(course.job.name))
        handle = wire.found(answer)
    except MadangError:
        return None, True
    return handle, handle is not None
