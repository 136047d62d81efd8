"""The project's database: SQLite, usable from any thread and from several processes at once.

Rule: nobody else sees a connection or an exception of the database.
"""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from madang_studio.errors import NoRoom, StudioError

Row = sqlite3.Row
Value = str | int | float | None

_SCHEMA = 1
_BUSY_TIMEOUT_S = 30.0
_FULL = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY})


class Transaction:
    """What can be done inside `Database.transaction`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def read(self, sql: str, *values: Value) -> list[Row]:
        """All rows of a query, seeing what this transaction has written."""
        return self._connection.execute(sql, values).fetchall()

    def write(self, sql: str, *values: Value) -> int:
        """Run one statement; how many rows it changed."""
        return self._connection.execute(sql, values).rowcount

    def write_all(self, sql: str, rows: Sequence[Sequence[Value]]) -> None:
        """Run one statement for each of many rows."""
        self._connection.executemany(sql, rows)


class Database:
    """One file, made with its tables when it is not there. Raises NoRoom, StudioError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._opened: dict[threading.Thread, sqlite3.Connection] = {}
        with self.transaction() as transaction:
            self._lay_out(transaction)

    def read(self, sql: str, *values: Value) -> list[Row]:
        """All rows of one query."""
        with _foreign_errors(self._path):
            return self._connection().execute(sql, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Write: all or nothing, one writer at a time."""
        with _foreign_errors(self._path):
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield Transaction(connection)
                connection.execute("COMMIT")
            except BaseException:
                connection.rollback()
                raise

    def close(self) -> None:
        """Close the connections of all threads; none of them may be using the database."""
        with self._lock:
            while self._opened:
                self._opened.popitem()[1].close()

    def _lay_out(self, transaction: Transaction) -> None:
        version = int(transaction.read("PRAGMA user_version")[0][0])
        if version > _SCHEMA:
            raise StudioError(
                f"{self._path} was written by a newer Madang Studio: update this one."
            )
        if version == 0:
            for statement in _statements():
                transaction.write(statement)
            transaction.write(f"PRAGMA user_version = {_SCHEMA}")

    def _connection(self) -> sqlite3.Connection:
        """The connection of the thread that asks."""
        thread = threading.current_thread()
        return self._opened.get(thread) or self._open(thread)

    def _open(self, thread: threading.Thread) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        with self._lock:
            for dead in [each for each in self._opened if not each.is_alive()]:
                self._opened.pop(dead).close()
            self._opened[thread] = connection
        return connection


def _statements() -> list[str]:
    text = files("madang_studio.store").joinpath("schema.sql").read_text()
    bare = "\n".join(line.partition("--")[0] for line in text.splitlines())
    return [statement for statement in bare.split(";") if statement.strip()]


@contextmanager
def _foreign_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        # The low byte is the primary result code (https://www.sqlite.org/rescode.html).
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _FULL:
            raise NoRoom(f"{path} cannot be written ({error}): make room, then go on.") from error
        raise StudioError(f"{path} cannot be used: {error}.") from error
