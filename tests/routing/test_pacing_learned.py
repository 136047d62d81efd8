"""What providers say of their own limits is believed for as long as it matters."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang.routing.pacing.learned import Learned
from madang.wire.quota import Level


def asked(learned, count, now):
    for _ in range(count):
        learned.took(1, now)


def test_a_refusal_closes_the_way_until_the_stated_moment():
    learned = Learned()
    asked(learned, 10, 0.0)
    learned.refused(0.0, 0.1, 7.0, is_known=True)
    assert learned.wait_s(1, 0.1) == pytest.approx(7.0)
    assert learned.wait_s(1, 7.0) == pytest.approx(0.1)
    assert learned.wait_s(1, 7.2) == 0.0
    assert learned.is_quiet


def test_a_refusal_without_a_moment_halves_the_pace_and_it_comes_back_slowly():
    """Ten a second were too many: five now, ten after 15 seconds, forgotten after 45."""
    learned = Learned()
    for tenth in range(20):
        learned.took(1, tenth / 10)
    learned.refused(1.9, 2.0, None, is_known=True)
    assert learned.pace(2.0) == pytest.approx(5, rel=0.1)
    assert learned.pace(17.0) == pytest.approx(10, rel=0.1)
    assert learned.wait_s(1, 48.0) == 0.0
    assert learned.pace(48.0) == inf


def test_refusals_of_one_burst_lower_the_pace_once():
    learned = Learned()
    asked(learned, 20, 0.0)
    for moment in (0.1, 0.2, 0.3):
        learned.refused(0.0, moment, None, is_known=False)
    assert learned.pace(0.3) == pytest.approx(10, rel=0.05)
    learned.refused(0.2, 0.4, None, is_known=False)
    assert learned.pace(0.4) == pytest.approx(5, rel=0.05)


@given(st.lists(st.tuples(st.floats(0, 5), st.booleans()), min_size=1, max_size=60))
def test_the_pace_never_sinks_to_nothing_and_a_wait_always_ends(steps):
    """Whatever comes, in ten seconds there is a turn again, and in five minutes all is forgotten."""
    learned, now = Learned(), 0.0
    for step_s, is_refused in steps:
        now += step_s + learned.wait_s(1, now + step_s)
        learned.took(1, now)
        if is_refused:
            learned.refused(now, now, None, is_known=False)
        assert learned.wait_s(1, now) <= 10.0
    assert learned.wait_s(1, now + 300.0) == 0.0


def test_headers_that_show_little_left_are_mirrored_until_the_bucket_is_full_again():
    """60 a minute, 2 left: 58 come back in 58 seconds."""
    learned = Learned()
    learned.requests = learned.heard(Level(60, 2, 58_000_000), 0, 100.0)
    assert learned.wait_s(1, 100.0) == 0.0
    asked(learned, 2, 100.0)
    assert learned.wait_s(1, 100.0) == pytest.approx(1.0)
    assert learned.wait_s(1, 101.0) == 0.0
    assert learned.wait_s(1, 158.0) == 0.0
    assert learned.is_quiet


def test_what_is_on_its_way_is_not_left_any_more():
    learned = Learned()
    learned.requests = learned.heard(Level(60, 3, 57_000_000), 3, 0.0)
    assert learned.wait_s(1, 0.0) > 0


@pytest.mark.parametrize(
    "level", [Level(60, 30, 1_000_000), Level(0, 0, 1), Level(60, 0, 0), Level(60, 0, 10**14)]
)
def test_headers_that_show_enough_or_make_no_sense_change_nothing(level):
    learned = Learned()
    assert learned.heard(level, 0, 0.0) is None
    assert learned.is_quiet
