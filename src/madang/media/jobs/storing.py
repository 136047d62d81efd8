"""The file of a finished job: brought home before anybody hears that it is finished."""

from typing import Final

from madang.errors import MadangError, ProviderError
from madang.media.jobs.course import Course, backoff_s
from madang.media.jobs.fetching import Fetcher
from madang.media.jobs.following import poll
from madang.media.kit import key_of
from madang.media.money import Ended

_FETCHES: Final = 5


async def store(course: Course) -> None:
    """Bring the file home; after a restart, or where its address has died, ask for it again."""
    job, wire, berth = course.job, course.wire(), course.place()
    if course.wants_end:  # it was made all the same, and is paid for
        made = course.owed(dict(course.seen.billed) if course.seen else {}, job.billed, job.counts)
        late = ("cancelled", "It was cancelled when it was made already.")
        await course.end("cancelled", Ended(outcome="ok", status=200), made, late)
        return
    media = course.kit.settings.media
    fetcher = Fetcher(
        course.kit.pipeline.transport,
        course.kit.shelf,
        berth.provider,
        key_of(berth, course.turn, job.key_prefix),
        media.max_mb * 1024 * 1024,
    )
    problem: MadangError | None = None
    for times in range(_FETCHES):
        try:
            if course.seen is None or not course.seen.clips:
                course.seen = await poll(course, wire, berth)
                job.billed = dict(course.seen.billed) or job.billed
            job.content = await fetcher.keep(job.id, course.seen.clips)
        except ProviderError as error:
            problem, course.seen = error, None
            await course.pause(backoff_s(times))
        else:
            course.seen = None
            await course.end(
                "completed",
                Ended(outcome="ok", status=200),
                course.owed(job.billed, job.counts),
            )
            return
    said = f"The clip was made, but its file could not be fetched: {problem.message if problem else ''}"
    end = Ended(outcome="failed", status=200, cause="broken", detail=said)
    await course.end("failed", end, course.owed(job.billed, job.counts), ("content_lost", said))
