"""The life of one job, from its order to its row in the ledger: one task, which any process can take up again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from madang.errors import StoreUnavailable
from madang.media.jobs.course import Course, LostJob, backoff_s
from madang.media.jobs.finding import doubt, reconcile
from madang.media.jobs.following import follow
from madang.media.jobs.ordering import order
from madang.media.jobs.storing import store

_log = logging.getLogger("madang.media")
_STEPS: Final[dict[str, Callable[[Course], Awaitable[None]]]] = {
    "queued": order,
    "sending": doubt,
    "unsure": reconcile,
    "running": follow,
    "storing": store,
}
"""What is done about a job in each of its states; the others are its end."""


async def live(course: Course) -> None:
    """See a job through to its row in the ledger."""
    waited = 0
    try:
        while not course.job.is_over:
            waited = await _step(course, waited)
        await course.settle()
    except LostJob:
        _log.warning("job %s: another process has taken it over", course.job.id)
    finally:
        course.accepted.set()
        course.over.set()
        course.give_back()


async def _step(course: Course, waited: int) -> int:
    """Take one; how often in a row the store was not there, which is waited for longer and longer."""
    try:
        await _STEPS[course.job.state](course)
    except StoreUnavailable as problem:
        _log.error("job %s waits for the store: %s", course.job.id, problem.message)
        await asyncio.sleep(backoff_s(waited))
        return waited + 1
    except LostJob:
        raise
    except Exception:  # noqa: BLE001 - logged; the job must not hang for ever
        _log.exception("job %s: a defect of ours", course.job.id)
        said = "Madang failed at this job; it has been logged."
        await course.fail("internal", said, "lost")
    return 0
