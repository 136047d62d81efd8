"""Whose turn it is: a queue for each kind of job, and each job a durable workflow of DBOS.

DBOS is one per process. Its traps: each process needs an executor id that is stable and its own (one
runner works on a project, held by a lock, so a fixed one will do); the version of the application has
to be set, or every change of code would orphan what it knows; steps run at least once; and its own
queues are polled, which costs either time or a processor (docs/decisions/0018-the-runner.md).
"""

import heapq
import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from typing import Any, Final

from dbos import DBOS, SetWorkflowID
from sqlalchemy.exc import SQLAlchemyError

from madang_studio.errors import NoRoom
from madang_studio.model.work import Kind
from madang_studio.runner.port import Work
from madang_studio.store.jobs import Job

log = logging.getLogger("madang_studio.runner")

_VERSION: Final = "1"
_EXECUTOR: Final = "studio"
_STOP_S: Final = 60
_PAUSE_S: Final = 5.0


class DurableQueues:
    """Jobs in the order of their priority, as many of a kind at once as its cap allows."""

    def __init__(self, root: Path) -> None:
        self._url = f"sqlite:///{root / 'runner.db'}"
        self._workflow: Any = None
        self._turn = threading.Condition()
        self._number = count()
        self._waiting: dict[Kind, list[tuple[int, int, Job]]] = {}
        self._caps: Mapping[Kind, int] = {}
        self._running: dict[str, Kind] = {}
        self._stopped = False
        # Not from the thread of a job that ends: what it starts would be a part of its workflow.
        self._starter = threading.Thread(target=self._start_jobs, name="queues", daemon=True)

    def start(self, work: Work, caps: Mapping[Kind, int]) -> None:
        """Begin to hand jobs to `work`. Raises NoRoom."""
        logging.getLogger("dbos").setLevel(logging.CRITICAL)
        self._waiting, self._caps = {kind: [] for kind in caps}, caps
        try:
            DBOS(
                config={
                    "name": "madang-studio",
                    "system_database_url": self._url,
                    "application_version": _VERSION,
                    "executor_id": _EXECUTOR,
                    "log_level": "CRITICAL",
                }
            )
            self._workflow = DBOS.workflow(name="job")(self._counted(work))
            DBOS.launch()
        except SQLAlchemyError as error:
            raise NoRoom(f"The runner's database cannot be written: {error}.") from error
        self._starter.start()

    def put(self, job: Job, priority: int) -> None:
        """Queue a job."""
        with self._turn:
            heapq.heappush(self._waiting[job.kind], (priority, next(self._number), job))
            self._turn.notify()

    def stop(self) -> None:
        """Hand out no more, and wait for what is running."""
        with self._turn:
            self._stopped = True
            self._turn.notify()
        self._starter.join()
        DBOS.destroy(workflow_completion_timeout_sec=_STOP_S, destroy_registry=True)

    def _counted(self, work: Work) -> Callable[[str, str, str, int], None]:
        """The workflow: its place is free when it ends. One that DBOS brings back has none, and is old."""

        def job(drama: str, place: str, stamp: str, number: int) -> None:
            try:
                work(drama, place, stamp, number)
            finally:
                with self._turn:
                    self._running.pop(_identity(drama, place, stamp, number), None)
                    self._turn.notify()

        return job

    def _start_jobs(self) -> None:
        while (entry := self._next()) is not None:
            job = entry[2]
            told = (job.drama, job.place, job.stamp, job.round)
            try:
                with SetWorkflowID(_identity(*told)):
                    DBOS.start_workflow(self._workflow, job.drama, job.place, job.stamp, job.round)
            except SQLAlchemyError as error:
                log.warning("The runner's database cannot be written, trying again: %s", error)
                with self._turn:
                    self._running.pop(_identity(*told), None)
                    heapq.heappush(self._waiting[job.kind], entry)
                    self._turn.wait(_PAUSE_S)

    def _next(self) -> tuple[int, int, Job] | None:
        """The job whose turn it is; None at the end."""
        with self._turn:
            while not self._stopped:
                at_work = Counter(self._running.values())
                for kind, waiting in self._waiting.items():
                    if waiting and at_work[kind] < self._caps[kind]:
                        entry = heapq.heappop(waiting)
                        job = entry[2]
                        told = _identity(job.drama, job.place, job.stamp, job.round)
                        self._running[told] = kind
                        return entry
                self._turn.wait()
        return None


def _identity(drama: str, place: str, stamp: str, number: int) -> str:
    return f"{drama}/{place}/{stamp[:16]}/{number}"
