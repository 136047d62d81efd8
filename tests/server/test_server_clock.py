"""A wall clock that jumps: limits do not care, no budget begins anew twice, ids stay unique, keys expire by it."""

import asyncio
import time

import pytest
from server_clock import Clock
from server_crowd import Vendor, ask
from server_gateway import Gateway, eventually
from server_kills import REQUEST_ID
from test_server_budget_edge import body
from test_server_ending import attempts

HOUR, DAY = 3600, 86_400
SMALL = body("gpt-4.1-mini", 5, max_tokens=16)


@pytest.fixture(scope="module")
def clock(tmp_path_factory):
    return Clock(tmp_path_factory.mktemp("clock"))


@pytest.fixture(scope="module")
def gateway(clock, tmp_path_factory):
    with Vendor() as vendor, pytest.MonkeyPatch.context() as environ:
        environ.setenv("PYTHONPATH", clock.path)
        openai = {"kind": "openai", "base_url": f"{vendor.url}/v1", "api_key": "sk-any"}
        openai |= {"limits": "off", "concurrency": "off"}
        home = tmp_path_factory.mktemp("home")
        with Gateway(home, {"providers": {"openai": openai}}, way="spawn") as running:
            yield running


@pytest.fixture(autouse=True)
def right_again(clock):
    yield
    clock.goes_wrong_by(0)


def status(gateway, key):
    return asyncio.run(ask(gateway.port, key, SMALL))[0]


def test_ids_stay_unique_and_every_row_is_entered_once_whatever_the_time(gateway, clock):
    key_id, key = gateway.make_key("ids")
    ids = []
    for shift in (0, -HOUR, DAY, 0, -50 * 365 * DAY, 0):
        clock.goes_wrong_by(shift)
        for _ in range(5):
            ids += REQUEST_ID.findall(asyncio.run(ask(gateway.port, key, SMALL))[1])
    assert len(set(ids)) == len(ids) == 30
    gateway.call("GET", "/v1/usage/current-month")
    rows = attempts(gateway, f"SELECT request_id FROM attempts WHERE key_id = '{key_id}'")
    assert sorted(row[0].encode() for row in rows) == sorted(ids)


@pytest.mark.parametrize("shift", [-HOUR, HOUR, DAY])
def test_a_limit_per_minute_knows_nothing_of_the_wall_clock(gateway, clock, shift):
    _, key = gateway.make_key("paced", rpm=3)
    assert [status(gateway, key) for _ in range(4)] == [200, 200, 200, 429]
    clock.goes_wrong_by(shift)
    assert status(gateway, key) == 429


def spent_up(gateway, key):
    """How many requests a budget still pays for."""
    return sum(1 for _ in iter(lambda: status(gateway, key), 402))


def test_a_daily_budget_begins_anew_once_a_day(gateway, clock):
    _, key = gateway.make_key("daily", budget_usd="0.0003", budget_per="day")
    within = -HOUR if time.time() % DAY > HOUR else HOUR
    paid = spent_up(gateway, key)
    assert paid > 0
    clock.goes_wrong_by(within)
    assert spent_up(gateway, key) == 0
    clock.goes_wrong_by(DAY)
    assert spent_up(gateway, key) == paid
    for shift in (0, DAY, within, DAY):
        clock.goes_wrong_by(shift)
        assert spent_up(gateway, key) == 0


def test_a_clock_that_was_days_ahead_gives_no_budget_back(gateway, clock):
    _, key = gateway.make_key("ahead", budget_usd="0.0003", budget_per="day")
    assert spent_up(gateway, key) > 0
    gateway.call("GET", "/v1/usage/current-month")  # waits until all of it is in the ledger
    clock.goes_wrong_by(2 * DAY)
    assert status(gateway, key) == 200
    clock.goes_wrong_by(0)
    assert status(gateway, key) == 429  # until the ledger was asked
    assert eventually(lambda: status(gateway, key) != 429 and status(gateway, key)) == 402


def test_a_key_expires_by_the_wall_clock(gateway, clock):
    _, key = gateway.make_key("brief", expires="1h")
    assert status(gateway, key) == 200
    clock.goes_wrong_by(2 * HOUR)
    assert status(gateway, key) == 401
    clock.goes_wrong_by(0)
    assert status(gateway, key) == 200
