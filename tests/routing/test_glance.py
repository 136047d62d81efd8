"""A look that holds for a moment: whom it leads to, and when another is taken."""

from collections import Counter

import pytest

from madang.model import Target
from madang.routing.board import Board
from madang.routing.case import NOTHING_KNOWN, Case, Memory
from madang.routing.glance import HOLDS_S, two_of
from madang.routing.plan import propose
from madang.routing.provider_wishes import ProviderWishes
from madang.routing.route import Route

NEAR, ALSO_NEAR, FAR = (Target(name, "m", "chat") for name in ("near", "also", "far"))
ROUTE = Route("m", (FAR, NEAR, ALSO_NEAR), "latency")
NOW = 1_000.0


class World:
    """Three targets that have answered for long, two of them equally fast, each with a call under way."""

    def __init__(self) -> None:
        self.board, self.memory = Board(), Memory()
        for target, seconds in ((NEAR, 0.1), (ALSO_NEAR, 0.1), (FAR, 0.5)):
            self.board.standing(target).started()
            self.board.standing(target).answered(seconds)
        for at in (100.0, NOW - 0.002):
            self.look(at)
        for target in ROUTE.targets:
            self.board.standing(target).started()

    def look(self, now: float, **wishes: object) -> Target:
        case = Case(NOTHING_KNOWN, self.memory, **wishes)
        return next(propose(ROUTE, self.board, now, 0.3, None, case))

    def way(self, now: float = NOW, chance: float = 0.3, route: Route = ROUTE) -> Target | None:
        way = self.memory.glances.way(route, now, chance)
        return way and way.targets[0]


@pytest.fixture
def world() -> World:
    made = World()
    assert made.look(NOW) in (NEAR, ALSO_NEAR)
    return made


def test_the_fastest_are_drawn_evenly_and_the_idler_of_two_is_taken(world):
    drawn = Counter(world.way(chance=n / 1000) for n in range(1000))
    assert drawn == {NEAR: 500, ALSO_NEAR: 500}
    world.board.standing(NEAR).in_flight += 1
    assert {world.way(chance=n / 100) for n in range(100)} == {ALSO_NEAR}


def test_a_look_holds_for_its_time_and_its_route_alone(world):
    assert world.way(NOW + 0.9 * HOLDS_S) is not None
    assert world.way(NOW + 1.1 * HOLDS_S) is None
    assert world.way(route=Route("m", ROUTE.targets, "latency")) is None  # of another configuration


def test_who_rests_meanwhile_is_not_asked_by_it(world):
    for target in (NEAR, ALSO_NEAR):
        for _ in range(3):
            world.board.standing(target).started()
            world.board.standing(target).failed(NOW)
    assert world.way(NOW + 0.001) is None
    assert world.look(NOW + 0.001) is FAR


def test_who_is_passed_by_is_told_by_the_next_look(world):
    pulses = world.memory.pulses.by_target
    before = pulses[FAR].passed
    for n in range(50):
        world.way(chance=n / 50)
    world.look(NOW + 0.02)
    assert pulses[FAR].passed == before + 51
    assert min(pulses[NEAR].passed, pulses[ALSO_NEAR].passed) == 0


def test_a_caller_who_wishes_for_something_is_no_example_for_others(world):
    world.look(NOW + 0.02)
    assert world.way(NOW + 0.021) is not None
    world.look(NOW + 0.022, wishes=ProviderWishes(only=frozenset(("far",))))
    assert world.way(NOW + 0.023) is None


def test_the_decision_names_the_one_that_is_asked_first(world):
    way = world.memory.glances.way(ROUTE, NOW, 0.3)
    assert way is not None
    assert way.decision.considered[0].target == f"{way.targets[0].provider}/m"
    assert {one.target for one in way.decision.considered} == {"near/m", "also/m", "far/m"}
    assert way.beside("5 % are drawn").side == "5 % are drawn"


def test_two_places_are_different_and_each_pair_is_as_likely():
    pairs = Counter(two_of(4, n / 12_000) for n in range(12_000))
    assert len(pairs) == 12
    assert set(pairs.values()) <= {999, 1000, 1001}
