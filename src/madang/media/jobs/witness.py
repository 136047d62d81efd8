"""What a provider has charged, as a witness: where jobs that are known explain all of it, no other order was charged.

Rule: what is not settled yet explains nothing, and what may be settled otherwise tells nothing. So
the witness speaks only when no job of that model is under way or has ended just now.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, Self

from msgspec import Struct

from madang.media.jobs.job import Job, read_job
from madang.state.jobs import StoredJob

_DAY_US: Final = 86_400_000_000
_UNTOLD: Final = frozenset(("queued", "unsure"))
"""States in which a job is charged nothing that it could tell of later."""


class Spent(Struct, frozen=True):
    """The credits of known jobs. `is_settled`: none of them is under way, or has ended only just now."""

    credits: int = 0
    is_settled: bool = True

    @classmethod
    def of(cls, there: Iterable[StoredJob], lost: Job, settled_us: int, since_us: int) -> Self:
        """What the jobs at a provider were charged for the model of a lost one; all moments are Unix µs.

        Only those count that were ordered since `since_us`: so they were charged since, too.
        """
        explained, is_settled = 0, True
        for job in map(read_job, there):
            if job.id == lost.id or _model(job) != _model(lost) or job.state in _UNTOLD:
                continue
            if not job.is_over or (job.ended_us or 0) > settled_us:
                is_settled = False
            elif job.caller.at_us >= since_us:
                explained += job.billed.get("credits", 0)
        return cls(explained, is_settled)


def before_us(at_us: int) -> int:
    """The beginning of the day before a moment, UTC: what was given back on its day was charged by then."""
    return (at_us // _DAY_US - 1) * _DAY_US


def day_of(at_us: int) -> str:
    """The day of a moment, UTC."""
    return datetime.fromtimestamp(at_us / 1e6, UTC).date().isoformat()


def _model(job: Job) -> str | None:
    return job.target.model if job.target is not None else None
