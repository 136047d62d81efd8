"""Whose turn it is: a queue for each kind of job, which lets as many run at once as its cap allows.

Clips have a queue for each model: who waits for one maker must not keep others from another.
"""

import heapq
import threading
from collections import Counter
from collections.abc import Mapping
from itertools import count

from madang_studio.model.work import Kind
from madang_studio.runner.port import Work
from madang_studio.store.jobs import Job

Entry = tuple[int, int, Job, str]
"""A job with its priority, the number in which it came, and its lane."""

Lane = tuple[Kind, str]


class ThreadQueues:
    """Queues in memory: each job in a thread of its own.

    That is enough to lose and repeat nothing, as the store is the truth; what `DurableQueues` adds is
    a record of every job in an engine that other machines can share.
    """

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._number = count()
        self._waiting: dict[Lane, list[Entry]] = {}
        self._caps: Mapping[Kind, int] = {}
        self._running: dict[str, Lane] = {}
        self._stopped = False
        self._work: Work | None = None
        self._starter = threading.Thread(target=self._start_jobs, name="queues", daemon=True)

    def start(self, work: Work, caps: Mapping[Kind, int]) -> None:
        """Begin to hand jobs to `work`, in threads."""
        self._work, self._caps = work, caps
        self._starter.start()

    def put(self, job: Job, priority: int, lane: str = "") -> None:
        """Queue a job."""
        with self._turn:
            waiting = self._waiting.setdefault((job.kind, lane), [])
            heapq.heappush(waiting, (priority, next(self._number), job, lane))
            self._turn.notify_all()

    def stop(self) -> None:
        """Hand out no more, and wait for what is running."""
        with self._turn:
            self._stopped = True
            self._turn.notify_all()
        self._starter.join()
        with self._turn:
            self._turn.wait_for(lambda: not self._running)

    def perform(self, drama: str, place: str, stamp: str, number: int) -> None:
        """Do a job; its place is free when it ends."""
        try:
            if self._work is not None:
                self._work(drama, place, stamp, number)
        finally:
            with self._turn:
                self._running.pop(identity(drama, place, stamp, number), None)
                self._turn.notify_all()

    def launch(self, entry: Entry) -> None:
        """Have a job done in another thread."""
        job = entry[2]
        told = (job.drama, job.place, job.stamp, job.round)
        threading.Thread(target=self.perform, args=told, name=job.place, daemon=True).start()

    def put_back(self, entry: Entry, pause_s: float) -> None:
        """Queue again what could not be launched, and launch nothing for a while."""
        job = entry[2]
        with self._turn:
            self._running.pop(identity(job.drama, job.place, job.stamp, job.round), None)
            heapq.heappush(self._waiting[job.kind, entry[3]], entry)
            self._turn.wait_for(lambda: self._stopped, pause_s)

    def _start_jobs(self) -> None:
        while (entry := self._next()) is not None:
            self.launch(entry)

    def _next(self) -> Entry | None:
        """The job whose turn it is; None at the end."""
        with self._turn:
            while not self._stopped:
                at_work = Counter(self._running.values())
                for lane, waiting in self._waiting.items():
                    if waiting and at_work[lane] < self._caps[lane[0]]:
                        entry = heapq.heappop(waiting)
                        job = entry[2]
                        self._running[identity(job.drama, job.place, job.stamp, job.round)] = lane
                        return entry
                self._turn.wait()
        return None


def identity(drama: str, place: str, stamp: str, number: int) -> str:
    """A name for one round of a job."""
    return f"{drama}/{place}/{stamp[:16]}/{number}"
