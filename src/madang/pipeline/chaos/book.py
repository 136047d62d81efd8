"""The record of drills in the store: what strikes whom until when, who ended it, and what it showed."""

import secrets
import time
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from madang.config.sections.drills import Drill
from madang.errors import Conflict, InvalidRequest, NotFound
from madang.ledger.days import moment
from madang.ledger.reports.drills import DrillFigures
from madang.pipeline.chaos.faults import Injection
from madang.state.store import Row, Store

REVISION: Final = "drills"
MOST_SHOWN: Final = 100
_AT_ONCE: Final = 16
_MINUTE_US: Final = 60_000_000


class DrillShown(Struct, frozen=True, kw_only=True):
    """A drill, and what it showed (null: it is not over, or its report is being made).

    `by`: the key's id of whoever began it (null: the schedule, or somebody at the home folder). `why`:
    it was ended before its time. `passed`: enough of the struck requests were answered (null: none was).
    """

    id: str
    drill: Drill
    by: str | None
    began_at: str
    until: str
    is_running: bool
    why: str | None
    passed: bool | None
    report: DrillFigures | None


class DrillBook:
    """Reads and writes the record. Raises StoreUnavailable."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def revision(self) -> int:
        """How often any drill has changed."""
        return self._store.revision(REVISION)

    def start(self, drill: Drill, by: str | None = None, id_: str | None = None) -> DrillShown:
        """Begin a drill, or leave alone the one of that id. Raises Conflict where too many go on, or InvalidRequest."""
        if not drill.targets:
            raise InvalidRequest("`targets` names whom it strikes.", param="targets")
        now_us = _now_us()
        name = id_ or f"drl_{secrets.token_hex(6)}"
        until_us = now_us + int(drill.minutes * _MINUTE_US)
        with self._store.transaction() as transaction:
            sql = "SELECT count(*) AS n FROM drills WHERE until_us > ? AND ended_us IS NULL"
            if transaction.read(sql, (now_us,))[0]["n"] >= _AT_ONCE:
                raise Conflict(f"{_AT_ONCE} drills go on already.", code="too_many_drills")
            transaction.write(
                "INSERT INTO drills (id, drill, by, began_us, until_us) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT DO NOTHING",
                (name, msgspec.json.encode(drill).decode(), by, now_us, until_us),
            )
            transaction.bump(REVISION)
        return self.get(name)

    def stop(self, why: str, id_: str | None = None) -> list[DrillShown]:
        """End a drill (None: all) at once; those that it has ended. Raises NotFound for one that there is not."""
        if id_ is not None:
            self.get(id_)
        now_us = _now_us()
        with self._store.transaction() as transaction:
            rows = transaction.read(
                "UPDATE drills SET ended_us = ?1, why = ?2 WHERE ended_us IS NULL "
                "AND until_us > ?1 AND (?3 IS NULL OR id = ?3) RETURNING id",
                (now_us, why, id_),
            )
            if rows:
                transaction.bump(REVISION)
        return [self.get(row["id"]) for row in rows]

    def running(self) -> list[Injection]:
        """The drills under way."""
        rows = self._store.read(
            "SELECT * FROM drills WHERE ended_us IS NULL AND until_us > ? ORDER BY seq",
            (_now_us(),),
        )
        return [_injection(row) for row in rows]

    def unreported(self, before_us: int) -> list[Injection]:
        """The drills that were over by a moment (Unix µs) and have no report."""
        rows = self._store.read(
            "SELECT * FROM drills WHERE report IS NULL AND min(until_us, coalesce(ended_us, until_us)) < ?",
            (before_us,),
        )
        return [_injection(row) for row in rows]

    def report(self, id_: str, report: DrillFigures) -> None:
        """Keep what a drill showed."""
        with self._store.transaction() as transaction:
            sql = "UPDATE drills SET report = ? WHERE id = ?"
            transaction.write(sql, (msgspec.json.encode(report).decode(), id_))

    def get(self, id_: str) -> DrillShown:
        """One drill. Raises NotFound."""
        rows = self._store.read("SELECT * FROM drills WHERE id = ?", (id_,))
        if not rows:
            raise NotFound(f"There is no drill `{id_[:100]}`.", code="drill_not_found")
        return _shown(rows[0], _now_us())

    def latest(self) -> Sequence[DrillShown]:
        """The latest drills, the newest first."""
        now_us = _now_us()
        rows = self._store.read("SELECT * FROM drills ORDER BY seq DESC LIMIT ?", (MOST_SHOWN,))
        return [_shown(row, now_us) for row in rows]

    def last_began_us(self, prefix: str) -> int | None:
        """When the latest drill whose id begins so was begun (Unix µs); None: there was none."""
        sql = "SELECT max(began_us) AS at FROM drills WHERE substr(id, 1, ?) = ?"
        found: Any = self._store.read(sql, (len(prefix), prefix))[0]["at"]
        return None if found is None else int(found)


def _injection(row: Row) -> Injection:
    drill = msgspec.json.decode(row["drill"], type=Drill)
    return Injection(row["id"], drill, row["began_us"], row["until_us"])


def _shown(row: Row, now_us: int) -> DrillShown:
    one = _injection(row)
    kept = row["report"]
    report = None if kept is None else msgspec.json.decode(kept, type=DrillFigures)
    share = None if report is None else report.answered_share
    return DrillShown(
        id=one.id,
        drill=one.drill,
        by=row["by"],
        began_at=moment(one.began_us),
        until=moment(min(one.until_us, row["ended_us"] or one.until_us)),
        is_running=row["ended_us"] is None and now_us < one.until_us,
        why=row["why"],
        passed=None if share is None else share >= one.drill.answered,
        report=report,
    )


def _now_us() -> int:
    return time.time_ns() // 1000
