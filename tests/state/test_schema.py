"""Migrations: in order, once, whole, never edited, never backwards."""

import sqlite3
import subprocess
import sys

import pytest

from madang.errors import StoreUnavailable
from madang.state.schema import Migration, migrate, migrations
from madang.state.store import Store

FIRST = Migration(1, "0001_one.sql", "CREATE TABLE one (a);\n-- a comment; with a semicolon\n")
SECOND = Migration(
    2,
    "0002_two.sql",
    "CREATE TABLE two (a);\nCREATE TRIGGER t AFTER INSERT ON two BEGIN\n  DELETE FROM one;\nEND;\n",
)
BROKEN = Migration(2, "0002_broken.sql", "CREATE TABLE two (a);\nCREATE TABLE one (a);\n")


@pytest.fixture
def database():
    connection = sqlite3.connect(":memory:", isolation_level=None)
    yield connection
    connection.close()


def tables(connection):
    rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
    return {name for (name,) in rows}


def test_files_are_numbered_without_gaps():
    assert [one.number for one in migrations()] == list(range(1, len(migrations()) + 1))


def test_each_migration_is_applied_once(database, caplog):
    caplog.set_level("INFO", "madang.store")
    migrate(database, [FIRST])
    migrate(database, [FIRST, SECOND])
    migrate(database, [FIRST, SECOND])
    assert caplog.messages == ["the store was brought from schema 1 to 2"]
    assert tables(database) == {"migrations", "one", "two"}
    assert database.execute("SELECT number FROM migrations").fetchall() == [(1,), (2,)]


def test_a_migration_that_fails_leaves_nothing_of_itself(database):
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        migrate(database, [FIRST, BROKEN])
    assert tables(database) == {"migrations", "one"}
    migrate(database, [FIRST, SECOND])
    assert "two" in tables(database)


def test_a_store_of_a_newer_program_is_refused(database):
    migrate(database, [FIRST, SECOND])
    with pytest.raises(StoreUnavailable, match="newer Madang") as caught:
        migrate(database, [FIRST])
    assert caught.value.code == "schema_too_new"


def test_an_edited_migration_is_noticed(database):
    migrate(database, [FIRST])
    edited = Migration(1, FIRST.name, FIRST.sql.replace("(a)", "(b)"))
    with pytest.raises(StoreUnavailable, match=r"0001_one\.sql") as caught:
        migrate(database, [edited])
    assert caught.value.code == "schema_edited"


def test_processes_that_start_at_once_do_not_fall_over_each_other(tmp_path):
    code = (
        "import sys, pathlib; from madang.state.store import Store; "
        "Store(pathlib.Path(sys.argv[1]))"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    started = [subprocess.Popen(command) for _ in range(4)]
    assert [process.wait(30) for process in started] == [0, 0, 0, 0]


def test_the_real_migrations_make_a_sound_database(tmp_path):
    store = Store(tmp_path)
    assert store.read("PRAGMA integrity_check")[0][0] == "ok"
    names = {row["name"] for row in store.read("SELECT name FROM sqlite_schema")}
    assert {"keys", "attempts", "usage_days", "journal_segments", "journal_damage"} <= names
    store.close()
