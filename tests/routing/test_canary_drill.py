"""A thousand canaries, simulated: alike targets are rarely rolled back, twice the errors are found in time.

What docs/canaries.md claims for a share of 5 % holds for stable sides that fail in 6.5 % of requests and more.
"""

from math import exp, log
from random import Random

from madang.config.sections.canaries import Tolerance
from madang.routing.canary.evidence import ALPHA, BLOCK, Evidence, Seen
from madang.routing.canary.exact import PLANNED, Block, Comparison, look

CANARIES = 1000
STABLE = BLOCK * 19  # of 20 requests one goes to the canary


def failures(random, requests, rate):
    """How many of so many requests fail, drawn from failure to failure."""
    count, at = 0, -1
    while True:
        at += 1 + int(log(1 - random.random()) / log(1 - rate))
        if at >= requests:
            return count
        count += 1


def caught(seed, stable_rate, canary_rate):
    """Whether errors end a trial within the planned requests."""
    random, test = Random(seed), Comparison(ALPHA["errors"])
    while test.canary < PLANNED and not test.worse:
        canary, stable = failures(random, BLOCK, canary_rate), failures(random, STABLE, stable_rate)
        test = look(test, Block(BLOCK, canary, STABLE, stable))
    return test.worse


def requests(arm, rate, slower=1.0):
    """Requests that may fail, with log-normal times and a cost that varies with the answer's length."""
    random = Random(arm)
    for _ in range(20_000):
        first = slower * exp(random.gauss(13, 0.5))
        latency = first * (1 + random.expovariate(1))
        cost = random.randrange(1000, 9000)
        failed = random.random() < rate
        answer = () if failed else (False, int(latency), int(first), cost)
        yield Seen(arm, True, 0, failed, *(answer or (True,)))


def ended(seed, stable, canary, length):
    """Why a trial with every measure ends, half the requests on each side; None: it does not."""
    random, evidence, tolerate = Random(seed), Evidence(), Tolerance(0.0, 0.0, 0.0)
    sides = zip(random.choices(stable, k=length), random.choices(canary, k=length), strict=True)
    for pair in sides:
        for one in pair:
            evidence.take(one, tolerate)
        if evidence.harm() is not None:
            return evidence.harm()
    return None


def test_doubled_errors_are_caught_within_300_requests_in_95_of_100_canaries():
    assert PLANNED == 300
    for rate in (0.065, 0.1, 0.2):
        assert sum(caught(seed, rate, 2 * rate) for seed in range(CANARIES)) >= 0.95 * CANARIES


def test_alike_sides_are_rolled_back_for_errors_as_rarely_as_the_test_says():
    """3.5 %, and three standard deviations of a thousand draws."""
    for rate in (0.02, 0.1):
        assert sum(caught(seed, rate, rate) for seed in range(CANARIES)) <= 52


def test_alike_sides_are_rarely_rolled_back_by_all_measures_together():
    """No tolerance, so that every measure may spend all that it has; with failures in a row counted, too."""
    stable, canary = list(requests("stable", 0.03)), list(requests("canary", 0.03))
    ends = [ended(seed, stable, canary, PLANNED) for seed in range(CANARIES)]
    assert sum(why is not None for why in ends) <= 0.05 * CANARIES


def test_a_canary_that_is_slower_by_half_is_ended_for_that():
    stable, canary = list(requests("stable", 0.02)), list(requests("canary", 0.02, slower=1.5))
    ends = [ended(seed, stable, canary, PLANNED) for seed in range(40)]
    assert all(why and "slower" in why for why in ends)
