"""Percentiles are wrong by at most 5 % of a percentile computed from every single time."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_reading import moved

from madang.errors import InvalidRequest
from madang.ledger.tables.latency import bounds_us, latency, percentile

DAYS = {"from_day": date(2026, 11, 1), "to_day": date(2026, 11, 30)}


@pytest.fixture
def timed(store, journal, ingester, attempt):
    """Enters answers that took these µs; gives what the ledger says of them."""

    def enter(*times, **more):
        journal.append([attempt(latency_us=us, first_token_us=us // 2, **more) for us in times])
        moved(ingester)
        return latency(store, **DAYS)

    return enter


def exact(times, share):
    """Nearest rank, of all times."""
    return sorted(times)[-(-len(times) * share // 100) - 1]


def test_percentiles_are_right_within_a_twentieth(timed):
    times = [(n * 7_919) ** 2 % 60_000_017 + 1 for n in range(1, 400)]
    (row,) = timed(*times)
    assert row["answers"] == 399
    for share in (50, 95, 99):
        wanted = exact(times, share)
        assert abs(row["latency_us"][f"p{share}"] - wanted) <= 0.05 * wanted
        half = exact([us // 2 for us in times], share)
        assert abs(row["first_token_us"][f"p{share}"] - half) <= 0.05 * half


@pytest.mark.parametrize("us", [1, 9, 10, 19, 20, 21, 39, 40, 99, 100, 123_456, 10**9])
def test_every_time_lies_in_its_bucket(store, timed, us):
    timed(us)
    sql = "SELECT bucket FROM latency_days WHERE what = 'latency_us'"
    low, high = bounds_us(store.read(sql)[0]["bucket"])
    assert low <= us < high


@given(st.integers(1, 9), st.integers(10, 99))
def test_no_bucket_is_wider_than_a_tenth(digits, first):
    step = 1 if first < 20 else 2 if first < 40 else 4
    low, high = bounds_us(100 * digits + first // step * step)
    assert high - low <= 0.1 * low + 1e-9


def test_only_whole_answers_count_and_models_are_told_apart(timed):
    timed(1_000, outcome="failed")
    timed(5, model="quick")
    rows = {row["model"]: row for row in timed(2_000_000)}
    assert {name: row["answers"] for name, row in rows.items()} == {"gpt-4.1": 1, "quick": 1}
    assert rows["gpt-4.1"]["latency_us"]["p50"] == 2_100_000


def test_no_answer_has_no_percentile():
    assert percentile([], 95) is None


def test_an_unknown_dimension_is_refused(store):
    with pytest.raises(InvalidRequest):
        latency(store, **DAYS, by=("key; DROP TABLE keys",))
