"""Windows and buckets, held against every span of a simulated hour."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang.routing.limits.bucket import Bucket
from madang.routing.limits.window import Window
from madang.state.table import Table

HOUR_S = 3600
MINUTE_US = 60_000_000
START_US = 123_456_789_012


def window(limit, span_us=MINUTE_US):
    return Window(Table().claim("one", Window.KIND, Window.SIZE), limit, span_us)


def bucket(limit, burst, span_us=MINUTE_US):
    return Bucket(Table().claim("one", Bucket.KIND, Bucket.SIZE), limit, span_us, burst)


def greedy(meter, amounts, pauses_us, until_us):
    """Take whatever there is room for, at once or after the wait that is told; return what was taken when."""
    now_us, taken = START_US, []
    while now_us < START_US + until_us:
        amount = amounts()
        wait_us = meter.wait_us(amount, now_us)
        if wait_us:
            assert meter.room(now_us) < amount
            now_us += wait_us
            assert meter.room(now_us) >= amount, "the wait that was told is long enough"
        meter.take(amount, now_us)
        taken.append((now_us, amount))
        now_us += pauses_us()
    return taken


def most_in_any(taken, span_us):
    """The most that was taken in any span, both ends included: each begins at something taken."""
    most = total = begin = 0
    for at_us, amount in taken:
        total += amount
        while taken[begin][0] < at_us - span_us:
            total -= taken[begin][1]
            begin += 1
        most = max(most, total)
    return most


@pytest.mark.parametrize(("limit", "span_us"), [(60, MINUTE_US), (500, MINUTE_US), (7, 1_000_000)])
@pytest.mark.parametrize("pause_us", [0, 20_000, 777_777])
def test_requests_over_an_hour_never_exceed_the_limit_and_use_98_percent(limit, span_us, pause_us):
    taken = greedy(window(limit, span_us), lambda: 1, lambda: pause_us, 60 * span_us)
    assert most_in_any(taken, span_us) <= limit
    possible = min(limit, span_us // pause_us if pause_us else limit) * 60
    assert len(taken) >= 0.98 * possible


def test_tokens_in_uneven_amounts_use_98_percent_where_they_fit_between():
    dice = random.Random(7)
    taken = greedy(
        window(100_000),
        lambda: dice.randint(1, 400),
        lambda: dice.randint(0, 30_000),
        HOUR_S * 1_000_000,
    )
    assert most_in_any(taken, MINUTE_US) <= 100_000
    assert sum(amount for _, amount in taken) >= 0.98 * 100_000 * 60


def test_a_day_of_requests():
    day_us = 86_400_000_000
    taken = greedy(window(1000, day_us), lambda: 1, lambda: 1_000_000, 10 * day_us)
    assert most_in_any(taken, day_us) <= 1000
    assert len(taken) >= 9_800


@given(st.lists(st.tuples(st.integers(0, 90_000_000), st.integers(1, 30)), max_size=80))
def test_what_is_told_as_the_wait_is_right_and_no_shorter_than_the_rule(asked):
    """The rule by hand: what was taken counts for 65 parts of a 64th of a minute, beginning with its own."""
    meter, part_us, now_us = window(50), MINUTE_US // 64, START_US
    taken: list[tuple[int, int]] = []
    for pause_us, amount in asked:
        now_us += pause_us
        counted = sum(a for at, a in taken if now_us // part_us - at // part_us <= 64)
        assert meter.room(now_us) == 50 - counted
        wait_us = meter.wait_us(amount, now_us)
        assert (wait_us == 0) is (counted + amount <= 50)
        if wait_us:
            left = sum(a for at, a in taken if (now_us + wait_us) // part_us - at // part_us <= 64)
            just_before = now_us + wait_us - 1
            still = sum(a for at, a in taken if just_before // part_us - at // part_us <= 64)
            assert left + amount <= 50 < still + amount
        else:
            meter.take(amount, now_us)
            taken.append((now_us, amount))


def test_what_was_not_used_can_be_used_at_once_and_what_was_used_beyond_counts():
    meter = window(1000)
    meter.room(START_US)
    mark = meter.take(900, START_US)
    meter.correct(mark, -800)
    assert meter.room(START_US) == 900
    meter.correct(mark, 2000)
    assert meter.room(START_US) == -1100
    assert meter.room(START_US + 61_000_000) == 1000
    meter.correct(mark, 5)  # long gone
    assert meter.room(START_US + 61_000_000) == 1000


def test_a_clock_that_is_a_little_behind_counts_in_the_latest_part():
    meter = window(10)
    meter.room(START_US)
    meter.take(3, START_US)
    assert meter.room(START_US - 5_000_000) == 7
    meter.take(7, START_US - 5_000_000)
    assert meter.room(START_US) == 0


@pytest.mark.parametrize(("limit", "burst"), [(60, 1), (60, 10), (500, 20), (7, 7)])
def test_a_burst_and_a_steady_rate_are_never_exceeded_and_all_of_it_is_usable(limit, burst):
    taken = greedy(bucket(limit, burst), lambda: 1, lambda: 0, HOUR_S * 1_000_000)
    for span_s in (1, 10, 60, 600):
        assert most_in_any(taken, span_s * 1_000_000) <= burst + limit * span_s / 60 + 1e-6
    assert burst + limit * 60 - 1 <= len(taken) <= burst + limit * 60 + 1


def test_a_burst_comes_back_one_by_one():
    meter = bucket(60, 2)
    for _ in range(2):
        assert meter.wait_us(1, START_US) == 0
        meter.take(1, START_US)
    assert meter.wait_us(1, START_US) == 1_000_000
    assert meter.wait_us(1, START_US + 250_000) == 750_000
    assert meter.reset_us(START_US) == 2_000_000


def test_the_reset_is_told_to_the_part_of_the_latest_that_was_taken():
    meter = window(10)
    assert (meter.room(START_US), meter.reset_us(START_US)) == (10, 0)
    meter.take(1, START_US)
    for later_us in (0, 30_000_000, 59_000_000):
        meter.room(START_US + later_us)
        back_us = START_US + later_us + meter.reset_us(START_US + later_us)
        assert meter.room(back_us - 1) == 9
        assert meter.room(back_us) == 10
        meter = window(10)
        meter.room(START_US)
        meter.take(1, START_US)
