"""What holds of every plan, whatever the route, the health of its targets, the caller's wishes and chance."""

from copy import deepcopy
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from madang.config.sections.models import Pick
from madang.errors import ProviderFailed
from madang.model import Target
from madang.routing.board import Board
from madang.routing.case import NOTHING_KNOWN, Case, Memory
from madang.routing.plan import propose
from madang.routing.provider_wishes import ProviderWishes
from madang.routing.route import Fallback, Route

NAMES = "abcdef"
NOW = 1_000.0

names = st.sampled_from(NAMES)
some_names = st.frozensets(names, max_size=3)
targets = st.builds(
    Target,
    names,
    st.sampled_from(["m", "n"]),
    st.just("chat"),
    region=st.sampled_from([None, "kr", "eu"]),
    weight=st.integers(0, 3),
    is_private=st.booleans(),
)
some_targets = st.lists(targets, min_size=1, max_size=6).map(tuple)
routes = st.builds(
    Route,
    st.just("m"),
    some_targets,
    st.sampled_from(get_args(Pick)),
    st.lists(some_targets.map(Fallback), max_size=2).map(tuple),
    near=st.sampled_from([{}, {"kr": 0}, {"eu": 0, "kr": 1}]),
    budget_s=st.sampled_from([None, 0.5]),
)
wishes = st.none() | st.builds(
    ProviderWishes,
    st.lists(names, max_size=2).map(tuple),
    some_names,
    some_names,
    sort=st.sampled_from([None, "price", "latency"]),
    is_private=st.booleans(),
)
healths = st.fixed_dictionaries(
    {name: st.tuples(st.integers(0, 5), st.floats(0, 3), st.integers(0, 4)) for name in NAMES}
)
"""Failures, latency in seconds (0: none yet) and calls under way, of each provider's targets."""

worlds = st.tuples(
    routes,
    healths,
    wishes,
    st.none() | st.binary(min_size=16, max_size=16),
    st.sampled_from([None, "quality", "speed", "cost"]),
    st.floats(0, 1, exclude_max=True),
)


def board_of(health) -> Board:
    board = Board()
    for name, (failures, latency_s, under_way) in health.items():
        for model in "mn":
            standing = board.standing(Target(name, model, "chat"))
            for _ in range(failures + under_way + (latency_s > 0)):
                standing.started()
            if latency_s:
                standing.answered(latency_s)
            for _ in range(failures):
                standing.failed(NOW)
    return board


def walk(world) -> list[Target]:
    """Every target that is proposed, while each fails."""
    route, health, wished, session, prefer, chance = world
    case = Case(NOTHING_KNOWN, Memory(), wishes=wished, session=session, prefer=prefer)
    plan, proposed = propose(route, board_of(health), NOW, chance, None, case), []
    target = next(plan, None)
    while target is not None:
        proposed.append(target)
        try:
            target = plan.send(ProviderFailed("x"))
        except StopIteration:
            target = None
    return proposed


def everyone(route: Route) -> set[tuple[str, str]]:
    return {(target.provider, target.model) for target in route.every_target()}


@given(worlds)
def test_every_target_that_is_not_excluded_is_proposed_once_however_ill_it_is(world) -> None:
    proposed = [(target.provider, target.model) for target in walk(world)]
    assert len(proposed) == len(set(proposed))
    if world[2] is None:
        assert set(proposed) == everyone(world[0])


@given(worlds)
def test_nothing_is_proposed_that_the_caller_excludes(world) -> None:
    wished = world[2]
    for target in walk(world):
        if wished is not None:
            assert not wished.only or target.provider in wished.only
            assert target.provider not in wished.ignore
            assert target.is_private or not wished.is_private


@given(worlds)
def test_the_same_world_gives_the_same_plan(world) -> None:
    assert walk(world) == walk(deepcopy(world))
