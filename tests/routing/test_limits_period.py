"""Periods by hand, in zones of all kinds."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits_keys import DAY_US, NOON_US

from madang.routing.limits.budget import Budget
from madang.routing.limits.period import Calendar
from madang.routing.limits.rules import BudgetRule, Terms
from madang.state.table import Table


def us(text):
    return int(datetime.fromisoformat(text).timestamp() * 1_000_000)


def purse(cap=100, per="day", zone="UTC", **more):
    place = Table().claim("one", Budget.KIND, Budget.size(1))
    return Budget(place, BudgetRule("a", Terms("A budget", cap, Calendar(per, zone), **more)), 0, 1)


def reserve(budget, nusd, at_us):
    assert budget.room(at_us) >= nusd
    return budget.reserve(nusd)


def test_a_month_in_seoul_begins_nine_hours_before_it_does_in_utc():
    calendar = Calendar("month", "Asia/Seoul")
    assert calendar.start_us(us("2026-11-30T14:59:59.999999+00:00")) == us("2026-10-31T15:00+00:00")
    assert calendar.start_us(us("2026-11-30T15:00:00+00:00")) == us("2026-11-30T15:00+00:00")
    assert calendar.start_us(us("2027-01-01T00:00+00:00")) == us("2026-12-31T15:00+00:00")


@pytest.mark.parametrize(
    ("zone", "moment", "began", "hours"),
    [
        ("America/New_York", "2026-03-08T12:00-04:00", "2026-03-08T05:00+00:00", 23),
        ("America/New_York", "2026-11-01T12:00-05:00", "2026-11-01T04:00+00:00", 25),
        ("Africa/Cairo", "2026-04-24T12:00+03:00", "2026-04-23T22:00+00:00", 23),  # no 0 o'clock
        ("Asia/Kathmandu", "2026-06-01T12:00+05:45", "2026-05-31T18:15+00:00", 24),
    ],
)
def test_days_are_as_long_as_they_are(zone, moment, began, hours):
    calendar = Calendar("day", zone)
    start_us = calendar.start_us(us(moment))
    assert start_us == us(began)
    number = calendar.number(us(moment))
    end_us = start_us + hours * 3_600_000_000
    assert calendar.number(end_us - 1) == number
    assert calendar.number(end_us) == number + 1


@given(
    st.integers(946_684_800, 2_840_140_800),  # Unix seconds, 2000 to 2060
    st.sampled_from(["Asia/Seoul", "America/Havana", "Pacific/Apia", "Europe/London", "UTC"]),
    st.sampled_from(["day", "month"]),
)
def test_periods_hold_their_moments_and_follow_one_another(at_s, zone, per):
    """Pacific/Apia left out a whole day; Havana's summer begins and ends at midnight."""
    calendar, at_us = Calendar(per, zone), at_s * 1_000_000
    number, from_us, to_us = calendar.period(at_us)
    assert from_us <= at_us < to_us
    assert calendar.period(from_us) == calendar.period(to_us - 1) == (number, from_us, to_us)
    assert calendar.period(to_us)[0] > number


def test_a_budget_starts_anew_with_its_period_and_an_answer_is_billed_where_it_was_asked():
    budget = purse()
    period = reserve(budget, 60, NOON_US)
    assert budget.room(NOON_US) == 40
    assert budget.room(NOON_US + DAY_US) == 100
    budget.settle(period, 60, 50)
    assert budget.room(NOON_US) == 50
    assert budget.room(NOON_US + DAY_US) == 100


def test_what_ends_two_periods_later_is_in_nobodys_way():
    budget = purse()
    period = reserve(budget, 60, NOON_US)
    assert budget.room(NOON_US + 2 * DAY_US) == 100
    assert budget.settle(period, 60, 60) is None
    assert budget.room(NOON_US + 2 * DAY_US) == 100


def test_a_clock_put_back_by_a_day_finds_what_was_spent_then_and_by_more_has_it_looked_up():
    budget = purse()
    budget.recall(10, NOON_US)
    budget.settle(reserve(budget, 30, NOON_US), 30, 30)
    budget.settle(reserve(budget, 80, NOON_US + DAY_US), 80, 80)
    assert budget.room(NOON_US) == 60
    budget.settle(reserve(budget, 90, NOON_US + 2 * DAY_US), 90, 90)
    assert budget.room(NOON_US) == -1  # what was spent then is forgotten
    assert not budget.is_known(NOON_US)
    budget.recall(40, NOON_US)
    assert budget.is_known(NOON_US)
    assert budget.room(NOON_US) == 60


def test_each_threshold_is_told_once_in_a_period():
    budget = purse(warn_at=(0.5, 0.8))
    told = [budget.settle(reserve(budget, 20, NOON_US), 20, 20) for _ in range(5)]
    assert told == [None, None, 0.5, 0.8, None]
    again = budget.settle(reserve(budget, 90, NOON_US + DAY_US), 90, 90)
    assert again == 0.8


def test_thresholds_that_were_passed_before_a_restart_are_not_told_again():
    budget = purse(warn_at=(0.5, 0.8))
    budget.recall(60, NOON_US)
    assert budget.settle(reserve(budget, 10, NOON_US), 10, 10) is None
    assert budget.settle(reserve(budget, 10, NOON_US), 10, 10) == 0.8


def test_a_soft_budget_says_so_from_its_share_on_reserved_money_included():
    budget = purse(soft_from=0.8)
    reserve(budget, 79, NOON_US)
    assert not budget.is_soft(NOON_US)
    reserve(budget, 1, NOON_US)
    assert budget.is_soft(NOON_US)
