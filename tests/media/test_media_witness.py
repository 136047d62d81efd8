"""What a maker has charged, as a witness: by hand, what known jobs explain, and when nothing can be said."""

import pytest

from madang.media.jobs.job import Job, stored
from madang.media.jobs.witness import Spent, before_us, day_of
from madang.media.money import Caller
from madang.model import Target

HOUR_US = 3_600_000_000
NOON_US = 1_795_176_000_000_000  # 2026-11-20T12:00:00Z
LONG_AGO_US = NOON_US - HOUR_US
CALLER = Caller(
    request_id="r",
    key_id="k",
    account_id=None,
    tags={},
    at_us=NOON_US - 2 * HOUR_US,
    asked_model="m",
    work="videos",
)


def job(identity, state="completed", model="gen4.5", credits_=60, ended_us=LONG_AGO_US - 1, **more):
    target = Target(provider="runway", model=model, api="videos")
    billed = {} if credits_ is None else {"credits": credits_}
    kept = Job(
        id=identity, secret=identity, caller=CALLER, state=state, target=target, billed=billed
    )
    kept.ended_us = ended_us if kept.is_over else None
    for name, value in more.items():
        setattr(kept, name, value)
    return kept


LOST = job("lost", "unsure")


def spent(*jobs, since_us=0):
    return Spent.of([stored(one, "w", b"") for one in jobs], LOST, LONG_AGO_US, since_us)


def test_jobs_that_are_over_explain_what_they_said_that_they_cost():
    failed = job("c", "failed", credits_=0)
    assert spent(LOST, job("a"), job("b", credits_=24), failed) == Spent(84)


def test_other_models_and_orders_that_were_never_sent_explain_nothing():
    assert spent(job("a", model="veo3.1"), job("b", "queued", credits_=None)) == Spent(0)


@pytest.mark.parametrize("state", ["sending", "running", "storing"])
def test_nothing_is_said_while_another_job_is_under_way(state):
    assert not spent(job("a"), job("b", state, credits_=None)).is_settled


def test_nothing_is_said_of_what_has_only_just_ended():
    assert not spent(job("a", ended_us=LONG_AGO_US + 1)).is_settled


def test_another_lost_order_keeps_nobody_from_speaking():
    assert spent(job("a"), job("b", "unsure", credits_=None)) == Spent(60)


def test_only_jobs_count_that_were_ordered_within_the_days_that_are_asked_for():
    assert spent(job("a"), since_us=CALLER.at_us + 1) == Spent(0)


def test_the_day_before_is_asked_for_too_so_that_nothing_is_given_back_that_was_not_counted():
    assert day_of(NOON_US) == "2026-11-20"
    assert day_of(before_us(NOON_US)) == "2026-11-19"
    assert before_us(NOON_US) == NOON_US - 36 * HOUR_US
