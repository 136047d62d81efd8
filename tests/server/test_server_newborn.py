"""A budget of a key that was made a moment ago: known at once, but never forgotten."""

import pytest
from msgspec import json

from madang.accounts import Register
from madang.keys import Keyring, NewKey
from madang.ledger.tables.attempts import record
from madang.model import Attempt
from madang.server.process import counting
from madang.state.store import Store
from madang.state.table import Table

NOW_S = 1_795_000_000


@pytest.fixture
def clock(monkeypatch):
    moment = [NOW_S + 0.6]
    monkeypatch.setattr(counting.time, "time", lambda: moment[0])
    monkeypatch.setattr(counting.time, "time_ns", lambda: int(moment[0] * 1e9))
    return moment


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path)
    yield opened
    opened.close()


def made(store, at_s):
    return Keyring(store).create(NewKey(name="k", budget_nusd=1_000), now_s=at_s)[0]


def spend(store, key, nusd):
    row = Attempt(
        id="req_1.0",
        request_id="req_1",
        n=0,
        at_us=NOW_S * 1_000_000,
        key_id=key.id,
        dialect="chat",
        asked_model="m",
        model="m",
        provider="p",
        api="chat",
        outcome="ok",
        cost_nusd=nusd,
    )
    with store.transaction() as transaction:
        record(transaction, [json.encode(row)])


def begun(store, keys):
    one = counting.Counting(Table(), Register(store, {}), lambda _: None)
    one.begin(store, keys)
    return one


def room(one, key, clock):
    (purse,) = one.gate.meters(key, {}).budgets
    return purse.room(int(clock[0] * 1_000_000))


def test_what_was_spent_before_a_start_within_the_same_second_is_known(store, clock):
    """The key was made, used, and its process killed; the next began before the second was over."""
    key = made(store, NOW_S)
    spend(store, key, 700)
    one = begun(store, [key])
    assert room(one, key, clock) == 300
    clock[0] += 0.3
    one.follow(clock[0])
    assert room(one, key, clock) == 300


def test_a_key_that_is_made_while_a_process_serves_need_not_wait(store, clock):
    one = begun(store, [])
    assert room(one, made(store, NOW_S), clock) == 1_000
    clock[0] += 60
    one.follow(clock[0])
    assert room(one, made(store, NOW_S + 59), clock) == 1_000


def test_a_budget_that_an_older_key_is_given_is_looked_up(store, clock):
    one, key = begun(store, []), made(store, NOW_S - 5)
    spend(store, key, 700)
    room(one, key, clock)
    assert one.gate.applicable.has_unknown
    one.recall(store, [key])
    assert room(one, key, clock) == 300
