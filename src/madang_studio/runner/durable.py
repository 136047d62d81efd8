"""The same queues with DBOS behind them: every job is a durable workflow in a database.

DBOS is one per process. Its traps: each process needs an executor id that is stable and its own (one
runner works on a project, held by a lock, so a fixed one will do); the version of the application has
to be set, or every change of code would orphan what it knows; steps run at least once; and its own
queues are polled, which costs either time or a processor (docs/decisions/0018-the-runner.md).
"""

import logging
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from dbos import DBOS, SetWorkflowID
from sqlalchemy.exc import SQLAlchemyError

from madang_studio.errors import NoRoom
from madang_studio.model.work import Kind
from madang_studio.runner.port import Work
from madang_studio.runner.queues import Entry, ThreadQueues, identity

log = logging.getLogger("madang_studio.runner")

_VERSION: Final = "1"
_EXECUTOR: Final = "studio"
_PAUSE_S: Final = 5.0
_NOTICE_S: Final = 0.05
"""How often DBOS looks for messages, of which there are none; so long it sleeps on when it shall end."""


class _Connection(sqlite3.Connection):
    """Waits for no disk: a record that loses its last moments with the machine's power is as good as one without.

    By default each commit waits for several writes, and each job takes several commits: under load that was
    ten jobs a second.
    """

    def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 - whatever the library opens it with
        super().__init__(*given, **named)
        self.execute("PRAGMA busy_timeout = 30000")
        self.execute("PRAGMA journal_mode = WAL")
        self.execute("PRAGMA synchronous = NORMAL")


class DurableQueues(ThreadQueues):
    """Queues whose jobs are workflows in `<root>/runner.db`.

    After a crash DBOS brings back what was running. The store has given those jobs to a new round by
    then, so they end at once: nothing depends on DBOS being right about what happened.
    """

    def __init__(self, root: Path) -> None:
        super().__init__()
        self._url = f"sqlite:///{root / 'runner.db'}"
        self._workflow: Any = None

    def start(self, work: Work, caps: Mapping[Kind, int]) -> None:
        """Begin to hand jobs to `work`. Raises NoRoom."""
        logging.getLogger("dbos").setLevel(logging.CRITICAL)
        try:
            DBOS(
                config={
                    "name": "madang-studio",
                    "system_database_url": self._url,
                    "application_version": _VERSION,
                    "executor_id": _EXECUTOR,
                    "log_level": "CRITICAL",
                    "db_engine_kwargs": {"connect_args": {"factory": _Connection}},
                    "notification_listener_polling_interval_sec": _NOTICE_S,
                }
            )
            self._workflow = DBOS.workflow(name="job")(self._job())
            super().start(work, caps)
            DBOS.launch()
        except SQLAlchemyError as error:
            raise NoRoom(f"The runner's database cannot be written: {error}.") from error

    def stop(self) -> None:
        """Hand out no more, and wait for what is running."""
        super().stop()
        DBOS.destroy(destroy_registry=True)

    def launch(self, entry: Entry) -> None:
        """Start a job's workflow; not from a thread of another one, whose part it would be."""
        job = entry[2]
        try:
            with SetWorkflowID(identity(job.drama, job.place, job.stamp, job.round)):
                DBOS.start_workflow(self._workflow, job.drama, job.place, job.stamp, job.round)
        except SQLAlchemyError as error:
            log.warning("The runner's database cannot be written, trying again: %s", error)
            self.put_back(entry, _PAUSE_S)

    def _job(self) -> Work:
        """DBOS marks the functions that it is given, and a method takes no marks."""

        def job(drama: str, place: str, stamp: str, number: int) -> None:
            self.perform(drama, place, stamp, number)

        return job
