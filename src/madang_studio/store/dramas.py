"""Which dramas there are, what is wanted of each, and how it stands."""

import uuid
from collections.abc import Callable
from typing import Literal, get_args

import msgspec
from msgspec import Struct

from madang_studio.errors import StudioError
from madang_studio.model.brief import Brief
from madang_studio.store.database import Database, Row

State = Literal["going", "waiting", "paused", "blocked", "failed", "cancelled", "done"]
"""going: being made, or about to be. waiting: for an approval. blocked: its budget is used up,
or something is missing that a person has to provide."""

ACTIVE: tuple[State, ...] = ("going",)
STANDING: tuple[State, ...] = ("waiting", "blocked", "failed", "done")
"""States that end by themselves when what is wanted changes."""


class Drama(Struct, frozen=True, kw_only=True):
    """A drama. `code` and `words` say why it stands still; lower `priority` goes first."""

    id: str
    batch: str | None
    brief: Brief
    state: State
    code: str | None
    words: str | None
    priority: int
    created: float
    changed: float


class Batch(Struct, frozen=True):
    """Dramas with a common budget in nano-dollars (None: no limit)."""

    id: str
    budget_nusd: int | None


class Dramas:
    """The tables of dramas and batches."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database, self._clock = database, clock

    def add(
        self, brief: Brief, *, name: str | None = None, batch: str | None = None, priority: int = 0
    ) -> str:
        """Take a drama up; its id. A `name` that is there already stays as it is."""
        drama, now = name or uuid.uuid4().hex[:12], self._clock()
        with self._database.transaction() as transaction:
            transaction.write(
                "INSERT INTO dramas VALUES (?, ?, ?, 'going', NULL, NULL, ?, ?, ?) "
                "ON CONFLICT (id) DO NOTHING",
                drama,
                batch,
                msgspec.json.encode(brief).decode(),
                priority,
                now,
                now,
            )
        return drama

    def add_batch(self, name: str, budget_nusd: int | None) -> Batch:
        """Take a batch up, or give the one of that name another budget: what was blocked looks again."""
        with self._database.transaction() as transaction:
            transaction.write(
                "INSERT INTO batches VALUES (?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET budget_nusd = excluded.budget_nusd",
                name,
                budget_nusd,
                self._clock(),
            )
            transaction.write(
                "UPDATE dramas SET state = 'going', changed = ? WHERE batch = ? AND state = 'blocked'",
                self._clock(),
                name,
            )
        return Batch(name, budget_nusd)

    def batch(self, name: str) -> Batch:
        """A batch. Raises StudioError."""
        rows = self._database.read("SELECT id, budget_nusd FROM batches WHERE id = ?", name)
        if not rows:
            raise StudioError(f"There is no batch {name}.")
        return Batch(*rows[0])

    def get(self, drama: str) -> Drama:
        """A drama. Raises StudioError."""
        rows = self._database.read("SELECT * FROM dramas WHERE id = ?", drama)
        if not rows:
            raise StudioError(f"There is no drama {drama}.")
        return _drama(rows[0])

    def all(self, *, batch: str | None = None, states: tuple[State, ...] = ()) -> list[Drama]:
        """Dramas, those that go first before others; of a batch, in some states (none: in any)."""
        wanted = states or get_args(State)
        marks = ", ".join("?" * len(wanted))
        rows = self._database.read(
            f"SELECT * FROM dramas WHERE state IN ({marks}) AND (?1 IS NULL OR batch = ?1) "  # noqa: S608
            "ORDER BY priority, created, id".replace("?1", "?"),
            *wanted,
            batch,
            batch,
        )
        return [_drama(row) for row in rows]

    def change(
        self,
        drama: str,
        *,
        brief: Brief | None = None,
        priority: int | None = None,
        budget_usd: float | None = None,
    ) -> None:
        """Want something else, or sooner; what stood still because of it goes on."""
        old = self.get(drama)
        wanted = brief or old.brief
        if budget_usd is not None:
            wanted = msgspec.structs.replace(wanted, budget_usd=budget_usd)
        with self._database.transaction() as transaction:
            transaction.write(
                "UPDATE dramas SET brief = ?, priority = ?, changed = ? WHERE id = ?",
                msgspec.json.encode(wanted).decode(),
                old.priority if priority is None else priority,
                self._clock(),
                drama,
            )
        if priority is None:
            self.go_on(drama)

    def go_on(self, drama: str) -> bool:
        """Look again at a drama because something about it changed; not at a paused or cancelled one."""
        return self.put(drama, "going", of=(*STANDING, "going"))

    def changed_since(self, moment: float) -> list[Drama]:
        """Dramas of which something was changed at a moment (Unix seconds) or later."""
        rows = self._database.read("SELECT * FROM dramas WHERE changed >= ?", moment)
        return [_drama(row) for row in rows]

    def number(self, drama: str) -> int:
        """How manieth drama of the project it is, from 1."""
        return int(self._database.read("SELECT rowid FROM dramas WHERE id = ?", drama)[0][0])

    def put(
        self,
        drama: str,
        state: State,
        *,
        of: tuple[State, ...] = (),
        code: str | None = None,
        words: str | None = None,
        unless_since: float | None = None,
    ) -> bool:
        """Change a drama's state, if it is one `of` these (none: any); whether it was.

        `unless_since`: and if nothing was changed since that moment.
        """
        among = of or get_args(State)
        marks = ", ".join("?" * len(among))
        with self._database.transaction() as transaction:
            changed = transaction.write(
                f"UPDATE dramas SET state = ?, code = ?, words = ?, changed = ? "  # noqa: S608
                f"WHERE id = ? AND (? IS NULL OR changed = ?) AND state IN ({marks})",
                state,
                code,
                words,
                self._clock(),
                drama,
                unless_since,
                unless_since,
                *among,
            )
        return changed > 0


def _drama(row: Row) -> Drama:
    values = {name: row[name] for name in row.keys()}  # noqa: SIM118 - a row iterates over values
    return Drama(**{**values, "brief": msgspec.json.decode(row["brief"], type=Brief)})
