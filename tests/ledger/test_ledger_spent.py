"""What was spent from a budget: sums by hand, with periods that begin at any hour."""

from dataclasses import dataclass
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import json

from madang.ledger.reports.spent import spent_nusd
from madang.ledger.tables.attempts import record
from madang.model import Attempt
from madang.state.store import Store


@dataclass
class Owner:
    key: str | None = None
    account: str | None = None
    tags: tuple[tuple[str, str], ...] = ()


def us(text):
    return int(datetime.fromisoformat(text).timestamp() * 1_000_000)


def attempt(number, at_us, cost, key="key_1", account=None, tags=None):
    return Attempt(
        id=f"req_{number}.0",
        request_id=f"req_{number}",
        n=0,
        at_us=at_us,
        key_id=key,
        account_id=account,
        dialect="chat",
        asked_model="m",
        model="m",
        provider="p",
        api="chat",
        outcome="ok",
        cost_nusd=cost,
        tags=tags or {},
    )


def entered(tmp_path, attempts):
    store = Store(tmp_path)
    with store.transaction() as transaction:
        record(transaction, [json.encode(one) for one in attempts])
    return store


def test_a_month_in_seoul_counts_from_its_own_midnight(tmp_path):
    moments = ["2026-10-31T14:59:59Z", "2026-10-31T15:00:00Z", "2026-10-31T23:00:00Z"]
    moments += ["2026-11-01T00:00:00Z", "2026-11-20T12:00:00Z"]
    rows = [attempt(n, us(moment), 10**n) for n, moment in enumerate(moments)]
    store = entered(tmp_path, rows)
    assert spent_nusd(store, Owner(), us("2026-11-01T00:00:00+09:00")) == 11_110
    assert spent_nusd(store, Owner(), us("2026-11-01T00:00:00Z")) == 11_000
    assert spent_nusd(store, Owner(), 0) == 11_111
    store.close()


@pytest.mark.parametrize(
    ("owner", "nusd"),
    [
        (Owner(), 1111),
        (Owner(key="key_1"), 101),
        (Owner(account="acc_1"), 110),
        (Owner(key="key_1", account="acc_1"), 100),
        (Owner(tags=(("team", "a"),)), 1010),
        (Owner(tags=(("env", "x"), ("team", "a"))), 1000),
        (Owner(tags=(("team", "' OR 1=1 --"),)), 0),
    ],
)
@pytest.mark.parametrize("since", ["2026-11-01T00:00:00Z", "2026-11-01T05:30:00Z"])
def test_rows_count_that_fit_all_that_is_given(tmp_path, owner, nusd, since):
    at_us = us("2026-11-02T00:00:00Z")
    rows = [
        attempt(0, at_us, 1),
        attempt(1, at_us, 10, "key_2", "acc_1", {"team": "a"}),
        attempt(2, at_us, 100, "key_1", "acc_1", {"team": "b"}),
        attempt(3, at_us, 1000, "key_3", None, {"team": "a", "env": "x"}),
        attempt(4, us("2026-10-31T23:59:59Z"), 10_000, "key_1", "acc_1", {"team": "a", "env": "x"}),
        attempt(5, at_us, None),
    ]
    store = entered(tmp_path, rows)
    assert spent_nusd(store, owner, us(since)) == nusd
    store.close()


HOURS = st.integers(0, 24 * 6)


@settings(max_examples=15, deadline=None)
@given(rows=st.lists(st.tuples(HOURS, st.integers(0, 1000)), max_size=30), since=HOURS)
def test_sums_and_single_rows_agree_at_any_hour(tmp_path_factory, rows, since):
    start_us = us("2026-11-01T00:00:00Z")
    attempts = [
        attempt(n, start_us + hour * 3_600_000_000, cost) for n, (hour, cost) in enumerate(rows)
    ]
    store = entered(tmp_path_factory.mktemp("spent"), attempts)
    expected = sum(cost for hour, cost in rows if hour >= since)
    assert spent_nusd(store, Owner("key_1"), start_us + since * 3_600_000_000) == expected
    store.close()


def corrected(store, nusd, day="2026-11-02", kind="rerated", key="key_1", account=None):
    with store.transaction() as transaction:
        transaction.write(
            "INSERT INTO corrections (at_us, kind, day, provider, model, asked_model, key_id, "
            "account_id, cost_nusd, note) VALUES (0, ?, ?, 'p', 'm', 'm', ?, ?, ?, '')",
            (kind, day, key, account, nusd),
        )


@pytest.mark.parametrize(
    ("owner", "nusd"),
    [
        (Owner(), 4111),
        (Owner(key="key_1"), 1101),
        (Owner(account="acc_1"), 3010),
        (Owner(key="key_1", account="acc_1"), 0),
        (Owner(tags=(("team", "a"),)), 3010),
        (Owner(key="key_1", tags=(("team", "b"),)), 100),
    ],
)
def test_prices_put_right_count_where_it_is_known_whose_they_are(tmp_path, owner, nusd):
    """Of key_1 only some requests were of team b: what their prices have changed is not known apart."""
    at_us = us("2026-11-02T10:00:00Z")
    rows = [
        attempt(0, at_us, 1),
        attempt(1, at_us, 10, "key_2", "acc_1", {"team": "a"}),
        attempt(2, at_us, 100, "key_1", None, {"team": "b"}),
    ]
    store = entered(tmp_path, rows)
    corrected(store, 1000)
    corrected(store, 3000, key="key_2", account="acc_1")
    corrected(store, 50_000, "2026-10-31")
    corrected(store, 70_000, kind="reconciled", key=None)
    assert spent_nusd(store, owner, us("2026-11-01T00:00:00Z")) == nusd
    store.close()


@pytest.mark.parametrize(("changed", "counted"), [(500, 500), (-500, 0)])
def test_of_a_day_that_began_before_the_period_only_what_makes_it_dearer_counts(
    tmp_path, changed, counted
):
    store = entered(tmp_path, [])
    corrected(store, changed)
    assert spent_nusd(store, Owner("key_1"), us("2026-11-02T05:00:00Z")) == counted
    assert spent_nusd(store, Owner("key_1"), us("2026-11-02T00:00:00Z")) == changed
    store.close()
