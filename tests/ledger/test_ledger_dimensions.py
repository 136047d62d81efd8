"""Usage by any combination equals a plain sum over the attempts themselves, wherever it is read from."""

import itertools
import random
import sqlite3
from datetime import UTC, date, datetime

import pytest
from ledger_reading import NOV_20_2026_US, moved

from madang.errors import InvalidRequest
from madang.ledger.reports import usage
from madang.ledger.tables import tags
from madang.state.schema import migrate, migrations

DAY_US = 86_400_000_000
PERIOD = {"from_day": date(2026, 11, 19), "to_day": date(2026, 11, 21)}
NAMES = (
    *("model", "asked_model", "provider", "key", "account", "day", "month", "hour"),
    *("tag:team", "task"),
)
COMBINATIONS = [
    (),
    *itertools.chain.from_iterable(itertools.combinations(NAMES, n) for n in (1, 2)),
]


def of(name, row):
    """What an attempt belongs to, in Python."""
    at = datetime.fromtimestamp(row.at_us // 1_000_000, UTC)
    match name:
        case "key" | "account":
            return getattr(row, f"{name}_id")
        case "day" | "month" | "hour":
            return at.strftime({"day": "%Y-%m-%d", "month": "%Y-%m", "hour": "%Y-%m-%dT%H"}[name])
        case "task" | "tag:team":
            return row.tags.get(name.removeprefix("tag:"))
        case _:
            return getattr(row, name)


@pytest.fixture
def ledger(store, journal, ingester, attempt):
    """A store with 400 attempts of five days, and those attempts."""
    chance = random.Random(7)
    some = chance.choice
    rows = [
        attempt(
            at_us=NOV_20_2026_US + chance.randrange(-2 * DAY_US, 3 * DAY_US),
            key_id=some(["key_a", "key_b", "key_c"]),
            account_id=some([None, "acc_a", "acc_b"]),
            model=some(["m1", "m2"]),
            asked_model=some(["auto", "m1"]),
            provider=some(["p1", "p2"]),
            tags=some([{}, {"team": "a"}, {"team": "b", "task": "sum"}, {"task": "x"}]),
            cost_nusd=some([None, 1, 10**9]),
            outcome=some(["ok", "failed", "cut"]),
        )
        for _ in range(400)
    ]
    journal.append(rows)
    moved(ingester)
    first = NOV_20_2026_US - DAY_US
    return store, [row for row in rows if first <= row.at_us < first + 3 * DAY_US]


def summed(rows, by):
    sums = {}
    for row in rows:
        group = tuple(of(name, row) for name in by)
        attempts, cost, tokens = sums.get(group, (0, 0, 0))
        sums[group] = (attempts + 1, cost + (row.cost_nusd or 0), tokens + row.input_tokens)
    return sums


def told(rows, by):
    names = ("attempts", "cost_nusd", "input_tokens")
    return {tuple(row[d] for d in by): tuple(row[name] for name in names) for row in rows}


def test_every_one_or_two_dimensions_are_a_plain_sum(ledger):
    store, rows = ledger
    for by in COMBINATIONS:
        assert told(usage.usage(store, **PERIOD, by=by), by) == summed(rows, by), by


def test_so_are_those_of_one_key_or_account(ledger):
    store, rows = ledger
    for by in COMBINATIONS:
        mine = usage.usage(store, **PERIOD, key_id="key_a", by=by)
        assert told(mine, by) == summed([r for r in rows if r.key_id == "key_a"], by), by
        theirs = usage.usage(store, **PERIOD, account_id="acc_b", by=by)
        assert told(theirs, by) == summed([r for r in rows if r.account_id == "acc_b"], by), by


def test_the_dearest_come_first_when_only_so_many_are_asked_for(ledger):
    store, rows = ledger
    top = usage.usage(store, **PERIOD, by=("key",), top=2)
    costs = sorted((cost for _, cost, _ in summed(rows, ("key",)).values()), reverse=True)
    assert [row["cost_nusd"] for row in top] == costs[:2]


def test_hours_are_for_a_month_at_most(store):
    with pytest.raises(InvalidRequest, match="31 days"):
        usage.usage(store, from_day=date(2026, 1, 1), to_day=date(2026, 2, 1), by=("hour",))


@pytest.fixture
def enter(journal, ingester, attempt):
    def enter(*rows):
        journal.append([attempt(**row) for row in rows])
        moved(ingester)

    return enter


def by_tag(store, by="tag"):
    return {row[by]: row["attempts"] for row in usage.usage(store, **PERIOD, by=(by,))}


def test_values_beyond_the_bound_are_summed_together_and_nothing_is_lost(store, enter):
    enter(*({"tags": {"user": f"u{n:05}", "team": "a"}} for n in range(tags.MAX_VALUES + 50)))
    enter({"tags": {"user": "late"}}, {"tags": {"user": "u00000"}}, {})
    found = by_tag(store, "tag:user")
    assert (found["(other)"], found["u00000"], found[None]) == (51, 2, 1)
    assert len(found) == tags.MAX_VALUES + 2
    assert by_tag(store)["team=a"] == tags.MAX_VALUES + 50


def test_names_beyond_the_bound_are_summed_together(store, enter):
    enter(*({"tags": {f"n{n:03}": "x"}} for n in range(tags.MAX_NAMES + 5)), {})
    found = by_tag(store)
    assert (found["(other)"], found["n000=x"], found[None]) == (5, 1, 1)
    assert sum(found.values()) == tags.MAX_NAMES + 6


def test_a_name_or_a_value_that_is_too_long_is_among_the_others(store, enter):
    enter({"tags": {"team": "v" * 201}}, {"tags": {"n" * 101: "v"}}, {"tags": {"team": "a"}})
    assert by_tag(store) == {"team=(other)": 1, "(other)": 1, "team=a": 1}


def test_the_migration_makes_the_same_sums_of_attempts_that_are_there(ledger):
    """A store of before, given the same attempts, has the same tables afterwards."""
    store, _ = ledger
    known = migrations()
    before = [one for one in known if one.number < 7]
    old = sqlite3.connect(":memory:", isolation_level=None)
    migrate(old, before)
    columns = [row["name"] for row in store.read("SELECT name FROM pragma_table_info('attempts')")]
    rows = [tuple(row) for row in store.read("SELECT * FROM attempts")]
    there = [row[1] for row in old.execute("PRAGMA table_info(attempts)")]
    kept = [tuple(v for c, v in zip(columns, row, strict=True) if c in there) for row in rows]
    names = ", ".join(c for c in columns if c in there)
    places = ", ".join("?" * len(kept[0]))
    old.executemany(f"INSERT INTO attempts ({names}) VALUES ({places})", kept)
    migrate(old, known)
    for table in ("usage_days", "usage_hours", "usage_accounts", "usage_tags", "latency_days"):
        made = sorted(old.execute(f"SELECT * FROM {table}").fetchall())
        assert made == sorted(map(tuple, store.read(f"SELECT * FROM {table}"))), table
    old.close()
