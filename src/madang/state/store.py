"""What lasts, in one SQLite database per installation, behind a port that another could fill.

Rule: statements go through `read` and `transaction`; nobody else sees a connection or an exception
of the database.
"""

import logging
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from madang.errors import InternalError, StoreUnavailable
from madang.state.schema import migrate, migrations

log = logging.getLogger("madang.store")

Row = sqlite3.Row
"""A result row: `row["column"]`, `row.keys()`, `dict(row)`."""

Value = str | int | float | bytes | None
Params = Sequence[Value] | Mapping[str, Value]

DATABASE = "madang.db"
_OLDEST_SQLITE = (
    3,
    38,
)  # the first with JSON functions and `->>` always built in; STRICT came with 3.37
_BUSY_TIMEOUT_MS = 10_000
_PRAGMAS = (
    f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA journal_size_limit = 67108864",
)

# Primary result codes (https://www.sqlite.org/rescode.html) that blame the disk, the file or
# another process. Any other is about the statement and its values.
_UNAVAILABLE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_NOTADB,
    }
)


class Refused(InternalError):
    """The database does not accept a statement or its values: a constraint, a type, bad JSON."""


class Transaction:
    """What can be done inside `Store.transaction`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def read(self, sql: str, params: Params = ()) -> list[Row]:
        """All rows of a query, seeing what this transaction has written."""
        with _foreign_errors():
            return self._connection.execute(sql, params).fetchall()

    def write(self, sql: str, params: Params = ()) -> int:
        """Run one statement, return how many rows it changed. Refused does not end the whole."""
        with _foreign_errors():
            return self._connection.execute(sql, params).rowcount

    def bump(self, name: str) -> int:
        """Count one more change of `name` and return the new count; see `Store.revision`."""
        sql = (
            "INSERT INTO revisions VALUES (?, 1) "
            "ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value"
        )
        return int(self.read(sql, (name,))[0]["value"])


class Store:
    """The database `<home>/madang.db`, created and migrated when opened; usable from any thread.

    Every thread gets a connection of its own. A process must open the store after it forked. Files
    are readable by their owner only, and so is `home` when it is made here. Raises
    StoreUnavailable.
    """

    def __init__(self, home: Path) -> None:
        if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
            raise StoreUnavailable(f"SQLite {sqlite3.sqlite_version} is too old: 3.38 is needed.")
        self.home = home
        self._path = home / DATABASE
        self._lock = threading.Lock()
        self._connections: dict[threading.Thread, sqlite3.Connection] = {}
        try:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            # SQLite gives its -wal and -shm files the mode of the database.
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError as error:
            told = f"The store {self._path} cannot be opened: {error.strerror}."
            raise StoreUnavailable(told) from error
        with self._saying_where():
            connection = self._connection()
            _use_wal(connection, self._path)
            migrate(connection, migrations())

    def read(self, sql: str, params: Params = ()) -> list[Row]:
        """All rows of one query."""
        with _foreign_errors():
            return self._connection().execute(sql, params).fetchall()

    @contextmanager
    def transaction(self, *, durable: bool = False) -> Iterator[Transaction]:
        """Write: all or nothing, one writer at a time.

        `durable`: at the end it is on the disk, with all that was committed before. Otherwise it
        survives the death of the process at once, and a power cut some time later.
        """
        with _foreign_errors():
            connection = self._connection()
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield Transaction(connection)
                connection.execute("COMMIT")
            except BaseException:
                connection.rollback()
                raise

    def revision(self, name: str) -> int:
        """How often `name` was bumped: one cheap look-up tells a process whether to reload."""
        rows = self.read("SELECT value FROM revisions WHERE name = ?", (name,))
        return int(rows[0]["value"]) if rows else 0

    def close(self) -> None:
        """Close the connections of all threads; none of them may be using the store."""
        with self._lock:
            while self._connections:
                self._connections.popitem()[1].close()

    def _connection(self) -> sqlite3.Connection:
        thread = threading.current_thread()
        connection = self._connections.get(thread)
        if connection is None:
            connection = _connect(self._path)
            with self._lock:
                for gone in [other for other in self._connections if not other.is_alive()]:
                    self._connections.pop(gone).close()
                self._connections[thread] = connection
        return connection

    @contextmanager
    def _saying_where(self) -> Iterator[None]:
        """Name the file in errors of opening, where the reader may not know which it is."""
        try:
            with _foreign_errors():
                yield
        except StoreUnavailable as error:
            self.close()
            message = f"The store {self._path} cannot be opened. {error.message}"
            raise StoreUnavailable(message, code=error.code) from error


def _connect(path: Path) -> sqlite3.Connection:
    # Closed by another thread in `close`; never used by two.
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.row_factory = Row
    for pragma in _PRAGMAS:
        connection.execute(pragma)
    return connection


def _use_wal(connection: sqlite3.Connection, path: Path) -> None:
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        log.warning("%s: no write-ahead log on this file system; reads wait for writes", path)


@contextmanager
def _foreign_errors() -> Iterator[None]:
    """Turn SQLite's failures into ours, by result code. Misuse has none and stays a defect."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code is None:
            raise
        if code & 0xFF in _UNAVAILABLE:
            raise StoreUnavailable(f"The store does not work: {error}.") from error
        raise Refused(f"The store refused a statement: {error}.") from error
