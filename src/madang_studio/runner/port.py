"""What the rest of the studio knows of running, and what running knows of queues: both narrow.

Rule: the project's store is the truth about what is made, wanted and paid. A queue only decides when
a job gets its turn; one that forgets everything costs no money and no work.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from madang_studio.model.work import Kind
from madang_studio.store.jobs import Job

Work = Callable[[str, str, str, int], None]
"""Makes the job of a drama, place and stamp in this round; never raises."""


class Queues(Protocol):
    """A queue for each kind of job and lane in it, with the kind's cap; lower priority numbers go first."""

    def start(self, work: Work, caps: Mapping[Kind, int]) -> None:
        """Begin to hand jobs to `work`, in threads. Raises StudioError."""

    def put(self, job: Job, priority: int, lane: str = "") -> None:
        """Queue a job; the same round of the same job at most once. Raises StudioError."""

    def stop(self) -> None:
        """Hand out no more, and wait for what is running."""


class Runner(Protocol):
    """Works on all dramas of a project that are going."""

    def start(self) -> None:
        """Begin, and go on with what an earlier process left. Raises StudioError."""

    def wait(self, dramas: Sequence[str] | None = None, timeout_s: float | None = None) -> bool:
        """Wait until none of these dramas (None: of all) is going any more; whether that came to be."""

    def stop(self) -> None:
        """Stop soon: what is under way at the gateway is found again at the next start."""
