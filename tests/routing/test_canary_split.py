"""Who is sent to the new target: by the draw, always the same, and whatever it fails of, the other side follows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang.errors import InvalidRequest, ProviderFailed, ProviderRejected
from madang.model import Target
from madang.routing.canary.split import Lot, ahead, place

NEW, OLD, OTHER = (Target("p", model, "chat") for model in ("new", "old", "other"))


def plan(*targets):
    """A plan that ends at once where a failure is the caller's own."""
    for target in targets:
        error = yield target
        if not error.retryable:
            return


@given(st.text(), st.text())
def test_a_place_is_the_same_every_time_and_in_range(trial, unit):
    assert place(trial, unit) == place(trial, unit)
    assert 0 <= place(trial, unit) < 100


def test_a_share_of_the_units_is_below_it():
    """5 % of 20,000: three standard deviations are 92."""
    below = sum(place("next.1", f"req_{at}") < 5 for at in range(20_000))
    assert abs(below - 1000) < 100


def test_another_trial_draws_anew():
    both = sum(place("a.1", str(at)) < 50 and place("a.2", str(at)) < 50 for at in range(2000))
    assert 400 < both < 600


def test_after_the_new_target_the_other_side_begins_as_if_nothing_was():
    course = ahead((NEW,), plan(OLD, OTHER))
    assert next(course) is NEW
    assert course.send(ProviderRejected("no", upstream_status=400)) is OLD
    with pytest.raises(StopIteration):
        course.send(InvalidRequest("no"))


def test_an_attempt_is_on_the_side_of_its_target():
    lot = Lot("next.1", "canary", True, (NEW,))
    assert (lot.arm(NEW), lot.arm(OLD)) == ("canary", "stable")
    assert lot._replace(side="stable").arm(NEW) == "stable"


def test_no_target_is_asked_twice_and_the_plan_hears_how_it_failed():
    course = ahead((NEW, OLD), plan(OLD, OTHER))
    first, second = (ProviderFailed("no", upstream_status=500) for _ in range(2))
    assert [next(course), course.send(first), course.send(second)] == [NEW, OLD, OTHER]


def test_either_side_of_a_cut_over_begins_with_its_own_and_has_the_original_behind_it():
    lot = Lot("cutover-m.1", "canary", True, (NEW,), origin=(OLD,))
    error = ProviderFailed("no", upstream_status=500)
    new, original = lot.plan(plan(OTHER)), lot._replace(side="stable").plan(plan(OTHER))
    assert [next(new), new.send(error), new.send(error)] == [NEW, OLD, OTHER]
    assert [next(original), original.send(error)] == [OLD, OTHER]
