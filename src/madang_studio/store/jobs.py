"""What is being made: one row per artefact that a drama is waiting for.

Rule: a row says who may go on. `round` counts how often a job was handed out: whoever holds an older
one has nothing to say any more. `turn` changes the name of its paid requests, and changes only when
the last one is known to have ended without a result.
"""

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from madang_studio.errors import InVain
from madang_studio.model.work import Kind
from madang_studio.store.database import Database

JobState = Literal["queued", "running", "made", "failed", "held"]


class Job(Struct, frozen=True, kw_only=True):
    """Work on one place. `reserved_nusd` counts against budgets while it is queued or running."""

    drama: str
    place: str
    stamp: str
    kind: Kind
    state: JobState
    round: int
    tries: int
    turn: int
    not_before: float
    reserved_nusd: int
    code: str | None
    words: str | None
    changed: float


class Jobs:
    """The table of jobs."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database, self._clock = database, clock

    def hand_out(
        self, drama: str, place: str, stamp: str, *, kind: Kind, reserve_nusd: int
    ) -> Job | None:
        """Queue a job for one more round; None if it is queued or running already."""
        with self._database.transaction() as transaction:
            changed = transaction.write(
                "INSERT INTO jobs VALUES (?, ?, ?, ?, 'queued', 1, 0, 0, 0, ?, NULL, NULL, ?) "
                "ON CONFLICT (drama, place, stamp) DO UPDATE SET state = 'queued', "
                "round = round + 1, reserved_nusd = excluded.reserved_nusd, "
                "changed = excluded.changed WHERE state NOT IN ('queued', 'running')",
                drama,
                place,
                stamp,
                kind,
                reserve_nusd,
                self._clock(),
            )
            if not changed:
                return None
            rows = transaction.read(
                "SELECT * FROM jobs WHERE drama = ? AND place = ? AND stamp = ?",
                drama,
                place,
                stamp,
            )
        return Job(**dict(rows[0]))

    def begin(self, drama: str, place: str, stamp: str, number: int) -> Job | None:
        """Start on a job that was handed out in that round; None if it is not the current one."""
        with self._database.transaction() as transaction:
            rows = transaction.read(
                "UPDATE jobs SET state = 'running', changed = ? WHERE drama = ? AND place = ? "
                "AND stamp = ? AND round = ? AND state IN ('queued', 'running') RETURNING *",
                self._clock(),
                drama,
                place,
                stamp,
                number,
            )
        return Job(**dict(rows[0])) if rows else None

    def end(self, job: Job, state: JobState) -> None:
        """Say that a job is made, or held because nobody wants it now."""
        with self._database.transaction() as transaction:
            transaction.write(
                "UPDATE jobs SET state = ?, reserved_nusd = 0, code = NULL, words = NULL, changed = ? "
                "WHERE drama = ? AND place = ? AND stamp = ? AND round = ?",
                state,
                self._clock(),
                job.drama,
                job.place,
                job.stamp,
                job.round,
            )

    def fail(
        self, job: Job, *, again_at: float | None, spoiled: bool, why: tuple[str, str]
    ) -> None:
        """Say that a job failed, with code and words; `again_at` None: for good."""
        with self._database.transaction() as transaction:
            transaction.write(
                "UPDATE jobs SET state = ?, tries = tries + 1, turn = turn + ?, not_before = ?, "
                "reserved_nusd = 0, code = ?, words = ?, changed = ? "
                "WHERE drama = ? AND place = ? AND stamp = ? AND round = ?",
                "failed" if again_at is None else "held",
                int(spoiled),
                again_at or 0.0,
                *why,
                self._clock(),
                job.drama,
                job.place,
                job.stamp,
                job.round,
            )

    def take_back(self, drama: str, place: str, stamp: str, number: int) -> None:
        """Take back a job that was handed out in that round: nobody is at it, and its end was not written down."""
        with self._database.transaction() as transaction:
            transaction.write(
                "UPDATE jobs SET state = 'held', reserved_nusd = 0, changed = ? WHERE drama = ? "
                "AND place = ? AND stamp = ? AND round = ? AND state IN ('queued', 'running')",
                self._clock(),
                drama,
                place,
                stamp,
                number,
            )

    def reopen(self) -> int:
        """Take back all jobs that are handed out, as whoever had them is dead; how many there were."""
        with self._database.transaction() as transaction:
            return transaction.write(
                "UPDATE jobs SET state = 'held', reserved_nusd = 0, changed = ? "
                "WHERE state IN ('queued', 'running')",
                self._clock(),
            )

    def forgive(self, drama: str, *, pay_again: bool) -> int:
        """Let a drama's failed jobs be tried again, from the first try; how many there were.

        Those that were charged, or may have been, only where that is accepted (`pay_again`).
        """
        with self._database.transaction() as transaction:
            return transaction.write(
                "UPDATE jobs SET state = 'held', tries = 0, not_before = 0, changed = ? "
                "WHERE drama = ? AND state = 'failed' AND (? OR code IS NOT ?)",
                self._clock(),
                drama,
                int(pay_again),
                InVain.code,
            )

    def in_vain(self, drama: str) -> list[str]:
        """The places of a drama whose jobs were charged, or may have been, and made nothing."""
        rows = self._database.read(
            "SELECT place FROM jobs WHERE drama = ? AND state = 'failed' AND code = ? ORDER BY place",
            drama,
            InVain.code,
        )
        return [row["place"] for row in rows]

    def of(self, drama: str) -> dict[tuple[str, str], Job]:
        """All jobs of a drama that are not made, by place and stamp."""
        rows = self._database.read("SELECT * FROM jobs WHERE drama = ? AND state != 'made'", drama)
        return {(row["place"], row["stamp"]): Job(**dict(row)) for row in rows}

    def open(self) -> list[Job]:
        """All jobs that are queued or running, in any drama."""
        rows = self._database.read("SELECT * FROM jobs WHERE state IN ('queued', 'running')")
        return [Job(**dict(row)) for row in rows]

    def reserved(self, drama: str) -> int:
        """What a drama's open jobs may still cost."""
        return self._reserved("drama = ?", drama)

    def reserved_by_batch(self, batch: str) -> int:
        """What the open jobs of all dramas of a batch may still cost."""
        return self._reserved("drama IN (SELECT id FROM dramas WHERE batch = ?)", batch)

    def _reserved(self, condition: str, name: str) -> int:
        rows = self._database.read(
            "SELECT COALESCE(SUM(reserved_nusd), 0) FROM jobs "  # noqa: S608
            f"WHERE state IN ('queued', 'running') AND {condition}",
            name,
        )
        return int(rows[0][0])
