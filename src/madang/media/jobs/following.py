"""A job that a provider has: asked after politely, or heard of, until it is over."""

import logging
import random
from typing import Final

from msgspec.structs import replace

from madang.errors import MadangError, ProviderBroken
from madang.media.jobs.course import LONGEST_WAIT_S, Course, backoff_s
from madang.media.jobs.job import State
from madang.media.kit import now_us
from madang.media.money import Ended, row
from madang.model.media import JobSeen
from madang.pipeline.lane import Berth
from madang.wire.media.contract import VideoWire

_log = logging.getLogger("madang.media")
_MOST_AGAIN: Final = 2
"""So often an order is given again that its provider has failed and says may succeed."""

_GONE: Final = 3
_POLL_SHARE: Final = 0.05
"""A job that has taken long is asked after so much of that later."""


async def follow(course: Course) -> None:
    """Ask how it fares, politely, until it is over."""
    job, wire, berth = course.job, course.wire(), course.place()
    began_us, failures, gone = job.sent_us, 0, 0
    wait_s = wire.poll_ms / 1000 * course.kit.settings.media.poll_factor
    has_tried = is_cancelled = False
    while True:
        seen = await course.heard()
        if course.wants_end and not has_tried:
            has_tried, is_cancelled = True, await _cancel(course, wire, berth)
        elif seen is None:
            await course.pause(wait_s * random.uniform(0.9, 1.1))
            seen = await course.heard()
        if seen is None:
            try:
                seen = await poll(course, wire, berth)
                failures = gone = 0
            except MadangError as error:
                failures += 1
                gone = gone + 1 if getattr(error, "upstream_status", None) in (404, 410) else 0
                if gone >= _GONE or (is_cancelled and gone):
                    await _vanished(course, error, cancelled=is_cancelled)
                    return
        if seen is not None and await _took(course, seen, wire):
            return
        if now_us() > job.caller.at_us + int(course.kit.settings.media.give_up_s * 1e6):
            await course.fail("timeout", f"{berth.provider.name} has not finished in time.", "lost")
            return
        wait_s = _wait_s(wire, seen, now_us() - began_us, failures)
        wait_s *= course.kit.settings.media.poll_factor


async def poll(course: Course, wire: VideoWire, berth: Berth) -> JobSeen:
    """Ask how the job fares, and for its result where that is asked for apart. Raises MadangError."""
    job = course.job
    if job.handle is None:
        raise ProviderBroken("the job has no handle")
    seen = wire.polled(await course.call(berth, wire.poll(job.handle)))
    if seen.state == "succeeded" and not seen.clips and wire.fetch and wire.fetched:
        fetched = wire.fetched(await course.call(berth, wire.fetch(job.handle)))
        seen = replace(fetched, billed=fetched.billed or seen.billed)
    return seen


async def _took(course: Course, seen: JobSeen, wire: VideoWire) -> bool:
    """Take over what a provider says; whether that is the end of following it."""
    job = course.job
    if seen.billed:
        job.billed = dict(seen.billed)
    if seen.state == "succeeded":
        if not seen.clips and wire.fetch is not None:
            return False  # a call that only says so: the result is asked for
        course.seen = seen
        await course.move("storing")
        return True
    if seen.state in ("failed", "cancelled"):
        await _failed_there(course, seen)
        return True
    if seen.progress is not None and seen.progress != job.progress:
        job.progress = seen.progress
        await course.move("running")
    return False


async def _failed_there(course: Course, seen: JobSeen) -> None:
    job = course.job
    cause = seen.cause or ("cancelled" if seen.state == "cancelled" else "provider_failed")
    said = seen.message or f"The provider says that the job has {seen.state}."
    message = course.redacted(said)
    if seen.again and job.again < _MOST_AGAIN and not course.wants_end:
        job.again += 1
        end = Ended(
            outcome="failed",
            status=200,
            cause=cause,
            detail=message,
            final=False,
            latency_us=now_us() - job.caller.at_us,
            provider_key=job.key_prefix,
            reserved_nusd=job.reserved_nusd,
            plan=job.decision,
        )
        billed = course.billed(job.billed)
        if job.target is not None:
            course.kit.pipeline.enter([row(job.caller, job.n, job.target, end, billed)])
        job.past += (job.handle.id,) if job.handle is not None else ()
        job.n, job.billed, job.handle = job.n + 1, {}, None
        course.give_turn_back()
        await course.move("queued")
        return
    state: State = "cancelled" if seen.state == "cancelled" or course.wants_end else "failed"
    end = Ended(outcome="failed", status=200, cause=cause, detail=message)
    await course.end(state, end, course.billed(job.billed), (cause, message))


async def _cancel(course: Course, wire: VideoWire, berth: Berth) -> bool:
    """Tell the provider that nobody wants it; whether that was possible."""
    if wire.cancel is None or course.job.handle is None:
        return False
    try:
        await course.call(berth, wire.cancel(course.job.handle))
    except MadangError as error:
        _log.info("job %s cannot be cancelled: %s", course.job.id, error.message)
    return True


async def _vanished(course: Course, error: MadangError, *, cancelled: bool) -> None:
    """The provider does not know the job any more."""
    if cancelled:
        end = Ended(outcome="client_closed", status=200)
        await course.end(
            "cancelled", end, course.billed(course.job.billed), ("cancelled", "It was cancelled.")
        )
    else:
        await course.fail(
            "provider_failed",
            f"The provider does not know the job any more: {error.message}",
            "lost",
        )


def _wait_s(wire: VideoWire, seen: JobSeen | None, elapsed_us: int, failures: int) -> float:
    """How long until the provider is asked again: as it says, else as its adapter does, later the longer it takes."""
    if failures:
        return max(wire.poll_ms / 1000, backoff_s(failures))
    if seen is not None and seen.again_ms is not None:
        return seen.again_ms / 1000
    return max(wire.poll_ms / 1000, min(LONGEST_WAIT_S, elapsed_us / 1e6 * _POLL_SHARE))
