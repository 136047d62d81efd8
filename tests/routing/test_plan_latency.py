"""The fastest target, by crowds of requests on a clock of their own: what slows down, and what comes back."""

from random import Random

import pytest
from routing_crowd import Asked, crowd, varying

from madang.config.sections.health import DEFAULT_RULES
from madang.model import Target
from madang.routing.board import Board
from madang.routing.case import NOTHING_KNOWN, Case, Memory
from madang.routing.plan import propose
from madang.routing.pulse import RETURN_STEPS
from madang.routing.route import Route

REFERENCE_S = {"claude": 0.85, "gpt": 0.62, "gemini": 0.18, "deepseek": 0.32}
"""The median latencies of the product's reference table."""

FASTEST = "gemini"
TARGETS = tuple(Target(name, "m", "chat") for name in REFERENCE_S)
ROUTE = Route("m", TARGETS, "latency")
WARM_S = 25.0


def steady(target: Target, _: float, dice: Random) -> float:
    return varying(REFERENCE_S[target.provider], dice)


def share_of_fastest(asked: list[Asked], since: float, until: float) -> float:
    among = [one for one in asked if since <= one.at < until]
    return sum(one.target.provider == FASTEST for one in among) / len(among)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_mean_is_within_5_percent_of_an_oracle_that_knows_the_fastest(seed: int) -> None:
    asked = [one for one in crowd(ROUTE, steady, rps=20, until_s=175, seed=seed) if one.at > WARM_S]
    mean = sum(REFERENCE_S[one.target.provider] for one in asked) / len(asked)
    assert mean <= 1.05 * REFERENCE_S[FASTEST]


@pytest.mark.parametrize(("rps", "seed"), [(1, 1), (5, 1), (20, 1), (20, 2), (300, 1)])
def test_a_target_that_turns_slow_loses_its_traffic_within_five_seconds(
    rps: float, seed: int
) -> None:
    def turns(target: Target, now: float, dice: Random) -> float:
        is_slow = target.provider == FASTEST and now >= 60
        return varying(6.0 if is_slow else REFERENCE_S[target.provider], dice)

    asked = list(crowd(ROUTE, turns, rps=rps, until_s=90, seed=seed))
    assert share_of_fastest(asked, 40, 60) > 0.7
    assert share_of_fastest(asked, 65, 90) < 0.02


def test_a_target_that_was_slow_gets_its_traffic_back_when_it_is_fast_again() -> None:
    def turns(target: Target, now: float, dice: Random) -> float:
        is_slow = target.provider == FASTEST and now < 40
        return varying(2.0 if is_slow else REFERENCE_S[target.provider], dice)

    asked = list(crowd(ROUTE, turns, rps=20, until_s=140))
    assert share_of_fastest(asked, 20, 40) < 0.05
    assert share_of_fastest(asked, 120, 140) > 0.9


@pytest.mark.parametrize("pick", ["order", "latency", "quality"])
def test_a_target_that_comes_back_from_its_rest_gets_its_share_step_by_step(pick: str) -> None:
    board, memory, first = Board(), Memory(), TARGETS[2]
    route = Route("m", (first, TARGETS[0]), pick)
    for target in route.targets:
        board.standing(target).started()
        board.standing(target).answered(REFERENCE_S[target.provider])

    def share(now: float) -> float:
        plans = (
            propose(route, board, now, n / 500, None, Case(NOTHING_KNOWN, memory))
            for n in range(500)
        )
        return sum(next(plan) is first for plan in plans) / 500

    for _ in range(3):
        board.standing(first).started()
        board.standing(first).failed(100.0)
    assert share(101.0) == 0
    back = 100.0 + DEFAULT_RULES.rest_s
    share(back)
    since = 0.0
    for until, most in RETURN_STEPS:
        assert share(back + since) == pytest.approx(most, abs=0.03)
        since = until
    assert share(back + since) > 0.99  # but for a look at the other


def test_targets_of_which_nothing_is_known_are_asked_one_at_a_time_until_they_are_heard() -> None:
    board, memory = Board(), Memory()
    known, new = TARGETS[0], TARGETS[1]
    board.standing(known).started()
    board.standing(known).answered(0.5)
    asked = []
    for n in range(10):
        target = next(
            propose(
                Route("m", (known, new), "latency"), board, 0.0, n / 10, None,
                Case(NOTHING_KNOWN, memory),
            )
        )  # fmt: skip
        board.standing(target).started()
        asked.append(target)
    assert asked.count(new) == 1


def test_of_targets_that_are_equally_fast_the_idler_of_two_is_taken() -> None:
    board, memory = Board(), Memory()
    route = Route("m", TARGETS, "latency")
    for target in TARGETS:
        board.standing(target).started()
        board.standing(target).answered(0.5)
    for _ in range(9):
        board.standing(TARGETS[0]).started()
    cases = (Case(NOTHING_KNOWN, memory) for _ in range(300))
    firsts = [
        next(propose(route, board, 60.0, n / 300, None, case)) for n, case in enumerate(cases)
    ]
    shares = [firsts.count(target) / 300 for target in TARGETS]
    assert shares[0] == 0  # it is never the idler one of two
    assert min(shares[1:]) > 0.2
