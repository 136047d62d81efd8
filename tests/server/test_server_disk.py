"""A full disk: callers are answered, what cannot be written waits, and every row is entered once when there is room."""

import asyncio
import itertools
import re
import resource
import sqlite3
from contextlib import closing, contextmanager, suppress

import pytest
from server_crowd import Vendor, ask
from server_gateway import Gateway, eventually
from test_server_budget_edge import body
from test_server_ending import attempts


@pytest.fixture(scope="module")
def vendor():
    with Vendor() as running:
        yield running


@pytest.fixture
def gateway(vendor, tmp_path):
    openai = {"kind": "openai", "base_url": f"{vendor.url}/v1", "api_key": "sk-any"}
    openai |= {"limits": "off", "concurrency": "off"}
    with Gateway(tmp_path, {"providers": {"openai": openai}}) as running:
        yield running


@contextmanager
def full_at(gateway, size):
    """No file of the gateway's grows beyond so many bytes."""
    unlimited = resource.prlimit(gateway.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(gateway.pid, resource.RLIMIT_FSIZE, (size, unlimited[1]))
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            resource.prlimit(gateway.pid, resource.RLIMIT_FSIZE, unlimited)


def answered(gateway, key, count):
    """Ask so often; every answer has to be whole."""
    for number in range(count):
        request = body("gpt-4.1", 5, stream=number % 2 == 0)
        status, heard = asyncio.run(ask(gateway.port, key, request))
        assert status == 200
        assert heard.endswith((b"}", b"0\r\n\r\n"))


def ledger_state(gateway):
    told = gateway.call("GET", "/readyz")
    assert told.status_code == 200  # callers are served
    return told.json()["ledger"]


def entered(gateway, key_id):
    """How many rows there are, and of how many requests."""
    gateway.call("GET", "/v1/usage/current-month")  # waits until all of it is in the ledger
    query = f"SELECT count(*), count(DISTINCT request_id) FROM attempts WHERE key_id = '{key_id}'"
    return attempts(gateway, query)[0]


def test_rows_wait_while_the_disk_is_full_and_are_entered_once_afterwards(gateway):
    key_id, key = gateway.make_key("full")
    answered(gateway, key, 20)
    (segment,) = gateway.home.glob("journal/*.journal")
    with full_at(gateway, segment.stat().st_size + 700):  # within the second row from here
        answered(gateway, key, 30)
        state = ledger_state(gateway)
        assert state["state"] == "journal_unwritable"
        assert state["held_rows"] >= 28
        held = re.search(r"\nmadang_ledger_held_rows (\S+)", gateway.call("GET", "/metrics").text)
        assert float(held[1]) == state["held_rows"]
    eventually(lambda: ledger_state(gateway) == {"state": "ok", "held_rows": 0, "lost_rows": 0})
    answered(gateway, key, 1)
    assert entered(gateway, key_id) == (51, 51)
    assert "journal cannot be written" in gateway.log
    assert "can be written again" in gateway.log


def test_killed_while_the_disk_is_full_it_has_what_was_under_way_before(gateway):
    """What waits in memory dies with the process; what was asked is on record in the slots that are there already."""
    key_id, key = gateway.make_key("full and killed")
    answered(gateway, key, 20)
    (segment,) = gateway.home.glob("journal/*.journal")
    with full_at(gateway, segment.stat().st_size):
        answered(gateway, key, 10)
        gateway.kill()
    gateway.start()
    assert entered(gateway, key_id) == (30, 30)
    lost = "SELECT count(*), min(cost_nusd) > 0 FROM attempts WHERE outcome = 'lost'"
    assert attempts(gateway, lost) == [(10, 1)]


def test_the_journal_takes_what_the_store_cannot(gateway):
    key_id, key = gateway.make_key("store")
    asked = itertools.count(1)

    def is_stuck():
        next(asked)
        answered(gateway, key, 1)
        return ledger_state(gateway)["state"] == "store_unwritable"

    with full_at(
        gateway, 150_000
    ):  # the store writes a hundred kB at a time, the journal 500 bytes
        eventually(is_stuck)
        answered(gateway, key, 5)
        assert ledger_state(gateway)["held_rows"] == 0
    eventually(lambda: ledger_state(gateway)["state"] == "ok")
    count = next(asked) + 4
    assert entered(gateway, key_id) == (count, count)
    assert "the ledger is not moving" in gateway.log
    with closing(sqlite3.connect(gateway.home / "madang.db")) as store:
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
