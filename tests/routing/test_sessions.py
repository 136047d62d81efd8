"""Sessions stay with their target: by rendezvous hashing, and by what is still cached."""

from collections import Counter

from routing_crowd import priced

from madang.model import PriceRow, Target
from madang.routing.board import Board
from madang.routing.case import NOTHING_KNOWN, Case, Memory
from madang.routing.plan import propose
from madang.routing.route import Route
from madang.routing.sessions import KEPT_S, digest, home

A, B, C, D = (Target(name, "m", "chat") for name in "abcd")
NAMES = [digest("key_a", f"session {n}") for n in range(2_000)]


def first(route: Route, case: Case, now: float = 0.0, board: Board | None = None) -> Target:
    return next(propose(route, board or Board(), now, 0.5, None, case))


def test_sessions_are_spread_and_each_has_one_home() -> None:
    homes = [home(name, (A, B, C, D)) for name in NAMES]
    assert homes == [home(name, (A, B, C, D)) for name in NAMES]
    assert all(400 < count < 600 for count in Counter(homes).values())


def test_a_lost_target_moves_only_its_own_sessions() -> None:
    for name in NAMES[:300]:
        before = (A, B, C, D)[home(name, (A, B, C, D))]
        after = (A, B, D)[home(name, (A, B, D))]
        assert after is before or before is C


def test_homes_follow_the_weights() -> None:
    heavy = Target("a", "m", "chat", weight=3)
    light = Target("b", "m", "chat", weight=1)
    unused = Target("c", "m", "chat", weight=0)
    homes = Counter(home(name, (heavy, light, unused)) for name in NAMES)
    assert 0.72 < homes[0] / len(NAMES) < 0.78
    assert not homes[2]


def test_two_keys_may_use_the_same_names() -> None:
    assert digest("key_a", "x") != digest("key_b", "x")
    assert digest("key_a", "bx") != digest("key_ab", "x")


def test_a_session_stays_with_a_healthy_target_and_returns_when_its_own_is_back() -> None:
    route, memory, board = Route("m", (A, B, C), "weighted"), Memory(), Board()
    case = Case(NOTHING_KNOWN, memory, session=NAMES[0])
    own = first(route, case, board=board)
    assert {first(route, case, 1.0, board) for _ in range(20)} == {own}
    for _ in range(3):
        board.standing(own).started()
        board.standing(own).failed(2.0)
    assert first(route, case, 3.0, board) is not own
    assert first(route, case, 500.0, board)  # comes back by steps
    assert first(route, case, 600.0, board) is own


ROWS = {"a": (3_000, 15_000, 300), "b": (1_000, 4_000, 1_000)}
"""Nano-dollars per million tokens: input, output, read from the cache."""


class Priced:
    """Prices by hand."""

    def price_row(self, target: Target, _: int) -> PriceRow:
        return priced(*ROWS[target.provider])

    def quality_of(self, _: Target) -> None:
        return None


def cost_case(memory: Memory, tokens: int) -> Case:
    return Case(Priced(), memory, session=NAMES[0], prompt_tokens=lambda: tokens)


def test_a_cached_prefix_is_worth_more_than_a_lower_price_where_it_is_long() -> None:
    # 100,000 tokens: warm at a 300 * 100,000 + 512 * 15,000 = 37.7 M; cold at b 1,000 * 100,000 + 2 M = 102 M
    # 1,000 tokens: warm at a 0.3 M + 7.7 M = 8 M; cold at b 1 M + 2 M = 3 M
    memory, route = Memory(), Route("m", (A, B), "cost")
    memory.sessions.asked(NAMES[0], A, now=0.0)
    assert first(route, cost_case(memory, 100_000), now=1.0) is A
    memory.sessions.asked(NAMES[0], A, now=1.0)
    assert first(route, cost_case(memory, 1_000), now=2.0) is B


def test_a_cache_that_has_gone_cold_keeps_nobody() -> None:
    memory, route = Memory(), Route("m", (A, B), "cost")
    memory.sessions.asked(NAMES[0], A, now=0.0)
    assert first(route, cost_case(memory, 100_000), now=KEPT_S + 1) is B


def test_the_notes_say_who_is_kept_and_not_where_the_session_would_live_far_away() -> None:
    near, far = Target("a", "m", "chat", region="kr"), Target("b", "m", "chat", region="us")
    others = (near, Target("c", "m", "chat", region="kr"), far, Target("d", "m", "chat"))
    case = Case(NOTHING_KNOWN, Memory(), session=NAMES[0])
    kept = first(Route("m", others, "weighted", near={"kr": 0}), case)
    assert kept.region == "kr"
    assert case.notes.kept is kept
