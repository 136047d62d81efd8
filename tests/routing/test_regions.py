"""Near first, over to the far while the near are lost or too slow, and back in steps."""

from collections import Counter
from random import Random

import pytest
from routing_crowd import Asked, crowd, varying

from madang.model import Target
from madang.routing.route import Route

NEAR = Target("near", "m", "chat", region="kr")
FAR = Target("far", "m", "chat", region="us")
ROUTE = Route("m", (FAR, NEAR), "latency", near={"kr": 0}, budget_s=1.0)


def shares(asked: list[Asked], since: float, until: float) -> Counter:
    among = [one.target.provider for one in asked if since <= one.at < until]
    return Counter({name: count / len(among) for name, count in Counter(among).items()})


def test_the_near_region_has_all_traffic_though_the_far_one_is_faster() -> None:
    def latency_of(target: Target, _: float, dice: Random) -> float:
        return varying(0.6 if target is NEAR else 0.3, dice, sigma=0.1)

    assert shares(list(crowd(ROUTE, latency_of, rps=20, until_s=30)), 0, 30)["near"] == 1


def test_over_the_latency_budget_the_far_region_takes_over_and_gives_back_without_a_rush() -> None:
    """Near takes 0.4 s, from 30 s to 90 s it takes 3 s; the budget is 1 s."""

    def latency_of(target: Target, now: float, dice: Random) -> float:
        slow = target is NEAR and 30 <= now < 90
        return varying(3.0 if slow else 0.4, dice, sigma=0.1)

    asked = list(crowd(ROUTE, latency_of, rps=20, until_s=160))
    assert shares(asked, 0, 30)["near"] == 1
    assert shares(asked, 35, 90)["far"] > 0.97
    assert shares(asked, 140, 160)["near"] > 0.97


@pytest.mark.parametrize("pick", ["order", "least-busy"])
def test_a_lost_region_is_left_and_comes_back_in_steps(pick: str) -> None:
    def latency_of(target: Target, now: float, dice: Random) -> float | None:
        return None if target is NEAR and 30 <= now < 60 else varying(0.2, dice)

    route = Route("m", (FAR, NEAR), pick, near={"kr": 0})
    asked = list(crowd(route, latency_of, rps=20, until_s=120))
    assert shares(asked, 0, 30)["near"] == 1
    assert shares(asked, 31, 60)["far"] > 0.97
    returned = next(one.at for one in asked if one.at > 60 and one.target is NEAR)
    assert shares(asked, returned, returned + 4)["near"] < 0.3
    assert shares(asked, returned + 21, returned + 30)["near"] == 1
