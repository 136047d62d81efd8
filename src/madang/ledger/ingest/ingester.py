"""From the journal into the store: every attempt exactly once, whatever was killed when.

Rule: attempts, their sums and the position up to which a segment was read change in one
transaction. A segment is deleted when its writer is gone, all of it was read, and the disk has
confirmed that; then what its writer had under way is entered as lost, and that file goes, too.
"""

import fcntl
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from madang.errors import StoreUnavailable
from madang.ledger.claim import is_abandoned, writer_of
from madang.ledger.ingest.lost import CAUSE, lost_attempts
from madang.ledger.ingest.segments import Batch, Damage, damaged, read, segments
from madang.ledger.open import SUFFIX as OPEN
from madang.ledger.open import left_behind
from madang.ledger.prices import FindPrice
from madang.ledger.tables.attempts import record
from madang.model import Attempt
from madang.state.store import Store, Transaction

LOCK = "ingest.lock"
BATCH_LINES = 1000

_MOVE_ON = (
    "INSERT INTO journal_segments (segment, position) VALUES (?, ?) "
    "ON CONFLICT DO UPDATE SET position = excluded.position"
)
_REPORT_DAMAGE = (
    "INSERT INTO journal_damage (segment, position, bytes, reason, content, found_at_us) "
    "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
_IS_LOST = (
    "SELECT 1 FROM attempts WHERE request_id = ? AND n = ? AND outcome = 'lost' AND cause = ?"
)
_encode = msgspec.json.Encoder().encode


class IngestReport(Struct, frozen=True):
    """What one pass did.

    `lines` were read and proved themselves; `new` of them were not in the store yet; `damaged`
    stretches were skipped and reported in the table `journal_damage`. `lost` attempts were under way
    in a process that died. `more`: there is more to read already. `waiting`: another ingester is at work.
    """

    lines: int = 0
    new: int = 0
    damaged: int = 0
    lost: int = 0
    more: bool = False
    waiting: bool = False


def _nobody(_: Sequence[Attempt]) -> None:
    """Nobody is told."""


class Ingester:
    """Moves the journal in `directory` into `store`.

    One at a time per installation; others stand by to take over when it ends, however it ends.
    `find` prices what a process that died had under way (None: that is left to an ingester that
    knows prices), and `on_lost` hears of it when it is in the store: at least once, and again only
    if this process dies in between.
    """

    def __init__(
        self,
        store: Store,
        directory: Path,
        *,
        find: FindPrice | None = None,
        on_lost: Callable[[Sequence[Attempt]], None] = _nobody,
    ) -> None:
        self._store = store
        self._directory = directory
        self._find = find
        self._on_lost = on_lost
        self._lock_fd = -1

    def run_once(self, limit: int = BATCH_LINES) -> IngestReport:
        """One pass: up to `limit` lines of each segment.

        Raises StoreUnavailable; then nothing is lost, and nothing will be done twice.
        """
        try:
            if not self._locked():
                return IngestReport(waiting=True)
            paths = segments(self._directory)
            positions = self._positions()
            self._forget(set(positions) - {path.name for path in paths})
        except OSError as error:
            raise _unreadable(error) from error
        reports: list[IngestReport] = []
        failure: OSError | None = None
        for path in paths:
            try:
                reports.append(self._ingest(path, positions.get(path.name, 0), limit))
            except OSError as error:  # one bad segment must not hold up the others
                failure = error
        try:
            if self._find is not None:
                reports += [self._enter_lost(path, self._find) for path in self._orphans()]
        except OSError as error:
            failure = error
        if failure:
            raise _unreadable(failure) from failure
        return _total(reports)

    def goal(self) -> dict[str, int]:
        """What `reached` is to wait for: all that is in the journal now, and that what died processes left is gone."""
        return self._sizes() | {path.name: 1 for path in self._left_files()}

    def _sizes(self) -> dict[str, int]:
        return {path.name: _size(path) for path in segments(self._directory)}

    def reached(self, goal: dict[str, int]) -> bool:
        """Whether everything in `goal` was read up to its size then, by whichever process."""
        positions = self._positions()
        return all(
            positions.get(name, 0) >= size or not (self._directory / name).exists()
            for name, size in goal.items()
        )

    def backlog_bytes(self) -> int:
        """How much of the journal is not in the store yet."""
        positions = self._positions()
        return sum(size - positions.get(name, 0) for name, size in self._sizes().items())

    def close(self) -> None:
        """Let another ingester take over."""
        if self._lock_fd >= 0:
            os.close(self._lock_fd)
            self._lock_fd = -1

    def _locked(self) -> bool:
        if self._lock_fd >= 0:
            return True
        fd = os.open(self._store.home / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(fd)
            if isinstance(error, BlockingIOError):
                return False
            raise
        self._lock_fd = fd
        return True

    def _positions(self) -> dict[str, int]:
        rows = self._store.read("SELECT segment, position FROM journal_segments")
        return {row["segment"]: row["position"] for row in rows}

    def _forget(self, gone: set[str]) -> None:
        if gone:
            with self._store.transaction() as transaction:
                for segment in gone:
                    transaction.write("DELETE FROM journal_segments WHERE segment = ?", (segment,))

    def _ingest(self, path: Path, position: int, limit: int) -> IngestReport:
        batch = read(path, position, limit)
        if batch.end == batch.start and not batch.finished:
            return IngestReport()
        # What deletes a segment must not be undone by a power cut.
        with self._store.transaction(durable=batch.finished) as transaction:
            report = _enter(transaction, path.name, batch)
        if batch.finished:
            path.unlink()
        return report

    def _left_files(self) -> list[Path]:
        """The files of what was under way in processes that are gone, for an ingester that knows prices."""
        if self._find is None:
            return []
        return sorted(path for path in self._directory.glob(f"*{OPEN}") if _is_abandoned(path))

    def _orphans(self) -> list[Path]:
        """Those of them whose writer's rows are all in the store."""
        left = self._left_files()
        writing = {
            writer_of(path) for path in segments(self._directory)
        }  # after they were abandoned
        return [path for path in left if writer_of(path) not in writing]

    def _enter_lost(self, path: Path, find: FindPrice) -> IngestReport:
        """Enter what a process that died had under way: what it had entered itself stays as it is."""
        left, damage = left_behind(path.read_bytes())
        rows = lost_attempts(left, find)
        payloads = [_encode(row) for row in rows]
        with self._store.transaction(durable=True) as transaction:
            recorded = record(transaction, payloads)
            harm = [damaged(at, content, reason) for at, content, reason in damage]
            harm += [damaged(0, payloads[at], reason) for at, reason in recorded.refused]
            _report_damage(transaction, path.name, harm)
        lost = [row for row in rows if self._store.read(_IS_LOST, (row.request_id, row.n, CAUSE))]
        if lost:
            self._on_lost(lost)
        path.unlink()
        return IngestReport(new=recorded.new, damaged=len(harm), lost=len(lost))


def _enter(transaction: Transaction, segment: str, batch: Batch) -> IngestReport:
    recorded = record(transaction, [payload for _, payload in batch.records])
    refused = [damaged(*batch.records[index], reason=reason) for index, reason in recorded.refused]
    damage = [*batch.damage, *refused]
    _report_damage(transaction, segment, damage)
    transaction.write(_MOVE_ON, (segment, batch.end))
    return IngestReport(len(batch.records), recorded.new, len(damage), more=batch.more)


def _report_damage(transaction: Transaction, segment: str, damage: Sequence[Damage]) -> None:
    now_us = time.time_ns() // 1000
    for one in damage:
        transaction.write(
            _REPORT_DAMAGE,
            (segment, one.position, one.size_bytes, one.reason, one.content, now_us),
        )


def _total(reports: Sequence[IngestReport]) -> IngestReport:
    return IngestReport(
        lines=sum(report.lines for report in reports),
        new=sum(report.new for report in reports),
        damaged=sum(report.damaged for report in reports),
        lost=sum(report.lost for report in reports),
        more=any(report.more for report in reports),
    )


def _is_abandoned(path: Path) -> bool:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:  # another process has entered it meanwhile
        return False
    try:
        return is_abandoned(fd)
    finally:
        os.close(fd)


def _unreadable(error: OSError) -> StoreUnavailable:
    return StoreUnavailable(f"The journal cannot be read: {error}.")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # read to the end and deleted since it was listed
        return 0
