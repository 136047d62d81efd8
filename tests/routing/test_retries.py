"""How long is waited before a target is asked again, and that retries do not multiply an outage."""

import random
from collections import deque

import pytest

from madang.config.sections.retries import Retries
from madang.routing.past import LEAST_ANSWERS, Sketch
from madang.routing.retries import SPAN_S, Allowance, wait_s

USUAL = Retries()


def test_the_bound_of_the_wait_doubles_up_to_a_minute():
    almost = 1 - 1e-12
    waits = [wait_s(USUAL, n, almost, None) for n in range(1, 9)]
    assert [round(wait) for wait in waits] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_the_wait_is_spread_over_all_of_it():
    dice = random.Random(1)
    waits = [wait_s(USUAL, 3, dice.random(), None) for _ in range(4000)]
    assert min(waits) < 0.01 < 3.99 < max(waits) < 4
    assert sum(waits) / len(waits) == pytest.approx(2, abs=0.1)


def test_what_the_provider_asks_for_is_waited_for_in_full():
    assert wait_s(USUAL, 1, 0.0, 7.5) == 7.5
    assert wait_s(USUAL, 1, 0.5, 7.5) == 8.0
    assert wait_s(USUAL, 1, 0.0, 60.0) == 60.0


def test_a_longer_rest_than_the_longest_wait_is_not_waited_for():
    assert wait_s(USUAL, 1, 0.0, 60.1) is None
    assert wait_s(Retries(most_s=2), 1, 0.0, 2.5) is None


def test_a_fifth_of_the_requests_may_be_retried_and_a_few_in_any_case():
    allowance = Allowance()
    assert [allowance.take(0.2, 0.0, 4) for _ in range(6)] == [True] * 4 + [False] * 2
    for _ in range(100):
        allowance.asked(1.0)
    assert sum(allowance.take(0.2, 1.0, 4) for _ in range(100)) == 20 - 4
    assert allowance.take(0.2, 1.0 + SPAN_S, 4)


def test_a_budget_of_nothing_allows_nothing():
    assert not Allowance().take(0.0, 0.0, 4)


def outage(share, rate=50, seconds=60, attempts=5):
    """All requests fail for a while: how many reach the target for each that a caller sent."""
    dice, allowance = random.Random(2), Allowance()
    settings = Retries(attempts=attempts, budget=share)
    waiting: deque[tuple[float, int]] = deque()
    sent = reached = 0
    for tick in range(seconds * rate):
        now = tick / rate
        allowance.asked(now)
        sent, reached = sent + 1, reached + 1
        failed = [1]
        for _ in range(len(waiting)):
            at, n = waiting.popleft()
            if at <= now:
                reached += 1
                failed.append(n + 1)
            else:
                waiting.append((at, n))
        for n in failed:
            if n < attempts and allowance.take(settings.budget, now, settings.least):
                waiting.append((now + wait_s(settings, n, dice.random(), None), n))
    return reached / sent


def test_an_outage_is_not_multiplied():
    """A target that refuses everything for a minute gets a fifth more; without a budget it would be three times."""
    assert 1.1 < outage(0.2) <= 1.2
    assert outage(1.0) > 1.9
    assert outage(0.0) == 1.0


def test_quantiles_are_within_a_step_of_the_sorted_truth():
    dice, sketch = random.Random(3), Sketch()
    taken = [dice.lognormvariate(-1, 0.8) for _ in range(450)]
    for seconds in taken:
        sketch.add(seconds)
    taken.sort()
    for share in (0.05, 0.5, 0.95):
        truth = taken[int(share * len(taken))]
        assert truth * 0.93 <= sketch.quantile_s(share) <= truth * 1.2


def test_too_few_answers_say_nothing():
    sketch = Sketch()
    for _ in range(LEAST_ANSWERS - 1):
        sketch.add(1.0)
    assert sketch.quantile_s(0.95) is None
    sketch.add(1.0)
    assert 1.0 <= sketch.quantile_s(0.95) <= 1.125


def test_what_was_a_thousand_answers_ago_is_forgotten():
    sketch = Sketch()
    for seconds in (9.0, 0.1):
        for _ in range(1000):
            sketch.add(seconds)
    assert sketch.quantile_s(0.99) < 0.12


@pytest.mark.parametrize("seconds", [0.0, 1e-9, 1e9])
def test_any_duration_has_a_place(seconds):
    sketch = Sketch()
    for _ in range(LEAST_ANSWERS):
        sketch.add(seconds)
    assert sketch.quantile_s(0.5) > 0
