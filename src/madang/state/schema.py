"""The schema's history: SQL files that are applied once, in order, and never edited.

`migrations/NNNN_name.sql` is applied in a transaction of its own and remembered with its checksum.
To change the schema, add the next number.
"""

import hashlib
import logging
import sqlite3
from collections.abc import Iterator, Sequence
from importlib.resources import files

from msgspec import Struct

from madang.errors import StoreUnavailable

_log = logging.getLogger("madang.store")
_HISTORY = """
CREATE TABLE IF NOT EXISTS migrations (
    number     INTEGER PRIMARY KEY,
    name       TEXT NOT NULL,
    checksum   TEXT NOT NULL,
    applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) STRICT
"""


class Migration(Struct, frozen=True):
    """One step: its number (1, 2, 3 …), its file's name, and its SQL."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the SQL, in hexadecimal."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations() -> tuple[Migration, ...]:
    """Every migration that this program knows, in order."""
    folder = files("madang.state") / "migrations"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return tuple(
        Migration(int(name[:4]), name, (folder / name).read_text(encoding="utf-8"))
        for name in names
    )


def migrate(connection: sqlite3.Connection, known: Sequence[Migration]) -> None:
    """Bring the database up to the last of `known`; several processes may do so at once.

    The connection must be in autocommit mode. Raises StoreUnavailable when the database is ahead of
    `known`, or was made by migrations that have been edited since.
    """
    connection.execute(_HISTORY)
    before = len(_applied(connection, known))
    if before == len(known):
        return
    for migration in known:
        connection.execute("BEGIN IMMEDIATE")
        try:
            if migration.number not in _applied(connection, known):
                _apply(connection, migration)
            connection.execute("COMMIT")
        except BaseException:
            connection.rollback()
            raise
    if before:
        _log.info("the store was brought from schema %d to %d", before, len(known))


def _applied(connection: sqlite3.Connection, known: Sequence[Migration]) -> dict[int, str]:
    """Checksums by number, of what the database has; checked against what is known."""
    applied = dict(connection.execute("SELECT number, checksum FROM migrations").fetchall())
    newest = max(applied, default=0)
    if newest > len(known):
        raise StoreUnavailable(
            f"The store has schema {newest}, this program knows {len(known)}: a newer Madang "
            "wrote it. Run that version, or give another --home.",
            code="schema_too_new",
        )
    for migration in known:
        if applied.get(migration.number, migration.checksum) != migration.checksum:
            raise StoreUnavailable(
                f"Migration {migration.name} is not the one that made this store. Migrations "
                "are never edited: restore the file and add a new one.",
                code="schema_edited",
            )
    return applied


def _apply(connection: sqlite3.Connection, migration: Migration) -> None:
    for statement in _statements(migration.sql):
        connection.execute(statement)
    connection.execute(
        "INSERT INTO migrations (number, name, checksum) VALUES (?, ?, ?)",
        (migration.number, migration.name, migration.checksum),
    )


def _statements(sql: str) -> Iterator[str]:
    """Split a script; `executescript` would commit the transaction it is called in."""
    statement = ""
    for line in sql.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
