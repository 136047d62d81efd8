"""How SQLite says that it answers: by an index or a table of sums, never by reading all attempts."""

import itertools
import json
from datetime import UTC, date, datetime

import pytest
from ledger_reading import NOV_20_2026_US

from madang.ledger.reports import requests, spent, usage
from madang.ledger.tables import attempts as book
from madang.ledger.tables import latency
from madang.routing.limits.rules import Whose
from madang.state.store import Store

NOON_S = NOV_20_2026_US / 1_000_000 + 43_200
NOVEMBER = {"from_day": date(2026, 11, 1), "to_day": date(2026, 11, 30)}
DIMENSIONS = ("model", "asked_model", "provider", "key", "account", "day", "month", "hour")


class ListeningStore(Store):
    """Remembers every query it runs."""

    def __init__(self, home):
        self.queries = []
        super().__init__(home)

    def read(self, sql, params=()):
        self.queries.append((sql, params))
        return super().read(sql, params)

    def plan(self):
        """How SQLite says that it runs what was asked since the last time."""
        asked, self.queries = self.queries, []
        steps = [
            row["detail"]
            for sql, params in asked
            for row in super(ListeningStore, self).read(f"EXPLAIN QUERY PLAN {sql}", params)
        ]
        return " | ".join(steps)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A ledger of 2,000 attempts, made by the statements that real ones go through.

    How many there are changes no plan: SQLite has no statistics of them.
    """
    store = ListeningStore(tmp_path_factory.mktemp("plans"))
    numbers = itertools.count()
    for _ in range(2):
        with store.transaction() as transaction:
            book.record(transaction, [_record(next(numbers)) for _ in range(1_000)])
    yield store
    store.close()


def _record(n):
    row = {
        "request_id": f"req_{n:08d}",
        "n": 0,
        "at_us": NOV_20_2026_US + n * 800_000,
        "key_id": f"key_{n % 50}",
        "account_id": f"acc_{n % 7}",
        "provider": f"p{n % 3}",
        "model": f"m{n % 9}",
        "asked_model": "auto",
        "dialect": "chat",
        "api": "chat",
        "outcome": "cut" if n % 20 == 0 else "ok",
        "cause": "broken" if n % 20 == 0 else None,
        "tags": {"team": f"t{n % 11}"},
        "input_tokens": n % 100,
        "cost_nusd": n % 1_000,
        "latency_us": 1_000 + n,
        "first_token_us": 500 + n,
    }
    return json.dumps(row).encode()


@pytest.mark.parametrize("by", [(name,) for name in DIMENSIONS])
def test_over_all_keys_no_attempt_is_read(store, by):
    usage.usage(store, **NOVEMBER, by=by)
    plan = store.plan()
    assert "attempts" not in plan
    assert "SEARCH usage_" in plan


@pytest.mark.parametrize("by", [("tag",), ("tag:team",), ("task", "day"), ("tag:team", "model")])
def test_by_tag_no_attempt_is_read(store, by):
    usage.usage(store, **NOVEMBER, by=by)
    plan = store.plan()
    assert "attempts" not in plan
    assert "SEARCH usage_tags USING PRIMARY KEY (day>? AND day<?)" in plan


def test_the_usage_of_one_key_or_account_is_found_by_it(store):
    usage.current_month(store, now_s=NOON_S)
    assert "SEARCH usage_hours USING PRIMARY KEY (hour>? AND hour<?)" in store.plan()
    usage.current_month(store, key_id="key_1", now_s=NOON_S)
    assert "usage_days_by_key (key_id=? AND day>? AND day<?)" in store.plan()
    usage.usage(store, **NOVEMBER, account_id="acc_1", by=("day",))
    assert "usage_accounts_by_account (account_id=? AND day>? AND day<?)" in store.plan()
    november_us = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp()) * 1_000_000
    spent.entered_nusd(store, Whose("key_1"), november_us)
    assert "usage_days_by_key (key_id=? AND day>?)" in store.plan()


def test_what_is_in_no_table_of_sums_is_found_by_key_or_time(store):
    usage.usage(store, **NOVEMBER, key_id="key_1", by=("tag",))
    assert "attempts_by_key_and_time (key_id=? AND at_us>? AND at_us<?)" in store.plan()
    usage.usage(store, **NOVEMBER, by=("key", "tag:team"))
    assert "attempts_by_time (at_us>? AND at_us<?)" in store.plan()


def test_a_request_is_found_by_its_id(store):
    usage.request(store, "req_00000001")
    assert "(request_id=?)" in store.plan()


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ({}, "attempts_by_time (at_us<?)"),
        ({"key_id": "key_1"}, "attempts_by_key_and_time (key_id=? AND at_us<?)"),
        ({"key_id": "key_1", "outcome": "cut"}, "attempts_by_key_and_time (key_id=? AND at_us<?)"),
        ({"model": "m1"}, "attempts_by_model_and_time (model=? AND at_us<?)"),
        ({"outcome": "cut"}, "attempts_gone_wrong (at_us<?)"),
    ],
)
def test_latest_requests_are_read_in_the_order_of_an_index(store, wanted, index):
    requests.latest(store, requests.Wanted(**wanted))
    assert index in store.plan()


def test_errors_are_counted_in_an_index_of_errors_only(store):
    requests.errors(store, since_us=NOV_20_2026_US)
    assert "USING COVERING INDEX attempts_gone_wrong (at_us>? AND at_us<?)" in store.plan()


def test_latencies_are_read_from_histograms(store):
    latency.latency(store, **NOVEMBER)
    plan = store.plan()
    assert "SEARCH latency_days USING PRIMARY KEY (day>? AND day<?)" in plan
    assert "attempts" not in plan
