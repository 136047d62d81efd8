"""The plan: which target next, decided without a network, a clock or a die."""

from hypothesis import given
from hypothesis import strategies as st

from madang.config.sections.health import DEFAULT_RULES
from madang.errors import (
    ContextOverflow,
    MadangError,
    ProviderFailed,
    ProviderRateLimited,
    ProviderRejected,
    UnsupportedFeature,
)
from madang.model import Target
from madang.routing.board import Board
from madang.routing.plan import propose
from madang.routing.route import Fallback, Route

A, B, C, D = (Target(name, "m", "chat") for name in "abcd")


def walk(route: Route, *errors: MadangError, board: Board | None = None, **options) -> list[str]:
    """The providers proposed while each proposal fails with the next error (the last one repeats)."""
    plan = propose(
        route, board or Board(), options.pop("now", 0.0), options.pop("chance", 0.0), **options
    )
    proposed = [next(plan).provider]
    while True:
        error = errors[min(len(proposed), len(errors)) - 1]
        try:
            proposed.append(plan.send(error).provider)
        except StopIteration:
            return proposed


def test_targets_are_tried_in_order_and_then_the_fallbacks() -> None:
    route = Route("m", (A, B), fallbacks=(Fallback((C,)), Fallback((D,))))
    assert walk(route, ProviderFailed("x")) == ["a", "b", "c", "d"]


def test_a_callers_own_mistake_is_never_retried() -> None:
    route = Route("m", (A, B), fallbacks=(Fallback((C,)),))
    assert walk(route, ProviderRejected("x")) == ["a"]


def test_a_fallback_with_causes_serves_only_those() -> None:
    route = Route("m", (A,), fallbacks=(Fallback((B,), frozenset({"rate_limit"})), Fallback((C,))))
    assert walk(route, ProviderFailed("x")) == ["a", "c"]
    assert walk(route, ProviderRateLimited("x")) == ["a", "b", "c"]


def test_an_overflow_skips_targets_of_the_same_model_and_asks_the_fallbacks() -> None:
    overflow = Fallback((C,), frozenset({"context_overflow"}))
    assert walk(Route("m", (A, B), fallbacks=(overflow,)), ContextOverflow("x")) == ["a", "c"]


def test_a_target_that_failed_three_times_rests_but_the_last_one_never_leaves() -> None:
    board = Board()
    for _ in range(3):
        board.standing(A).started()
        board.standing(A).failed(now=10.0)
    assert walk(Route("m", (A, B)), ProviderFailed("x"), board=board, now=11.0) == ["b", "a"]
    assert walk(Route("m", (A,)), ProviderFailed("x"), board=board, now=11.0) == ["a"]
    assert walk(
        Route("m", (A, B)), ProviderFailed("x"), board=board, now=10.0 + DEFAULT_RULES.rest_s
    ) == [
        "a",
        "b",
    ]


def test_the_fastest_the_idlest_and_the_cheapest_can_be_preferred() -> None:
    board = Board()
    for target, latency in ((A, 0.9), (B, 0.1)):
        board.standing(target).started()
        board.standing(target).answered(latency)
    board.standing(B).started()
    assert walk(Route("m", (A, B), "latency"), ProviderFailed("x"), board=board) == ["b", "a"]
    assert walk(Route("m", (A, B), "least-busy"), ProviderFailed("x"), board=board) == ["a", "b"]
    prices = {"a": 5, "b": 3}
    cheapest = Route("m", (A, B), "cost")
    assert walk(cheapest, ProviderFailed("x"), price_of=lambda t: prices[t.provider]) == ["b", "a"]


@given(
    weights=st.lists(st.integers(0, 5), min_size=1, max_size=6),
    chance=st.floats(0, 1, exclude_max=True),
)
def test_weighted_choice_proposes_every_target_once_whatever_chance_says(
    weights: list[int], chance: float
) -> None:
    targets = tuple(Target(str(i), "m", "chat", weight=w) for i, w in enumerate(weights))
    proposed = walk(Route("m", targets, "weighted"), ProviderFailed("x"), chance=chance)
    assert sorted(proposed) == sorted(t.provider for t in targets)
    if sum(weights):
        assert weights[int(proposed[0])] > 0


def test_weights_are_kept_over_many_draws() -> None:
    light, heavy = Target("a", "m", "chat", weight=1), Target("b", "m", "chat", weight=3)
    route = Route("m", (light, heavy), "weighted")
    firsts = [next(propose(route, Board(), 0.0, n / 1000)).provider for n in range(1000)]
    assert firsts.count("b") == 750


def test_latency_is_a_moving_average_of_seven_tenths_old_and_three_tenths_new() -> None:
    standing = Board().standing(A)
    for latency in (1.0, 2.0):
        standing.started()
        standing.answered(latency)
    assert abs(standing.latency_s - 1.3) < 1e-9


def test_after_an_overflow_only_larger_windows_follow() -> None:
    small, same, large = (
        Target(name, "m", "chat", context_window=window)
        for name, window in (("a", 8_000), ("b", 8_000), ("c", 128_000))
    )
    other = Target("d", "m", "chat", context_window=4_000)
    unknown = Target("e", "m", "chat")
    route = Route("m", (small, same, large), fallbacks=(Fallback((other, unknown)),))
    assert walk(route, ContextOverflow("x")) == ["a", "c", "e"]
    assert walk(route, ProviderFailed("x")) == ["a", "b", "c", "d", "e"]


def test_a_lack_moves_on_and_what_was_heard_before_still_counts() -> None:
    limited = Fallback((C,), frozenset({"rate_limit"}))
    lacking = Fallback((D,), frozenset({"unsupported_feature"}))
    route = Route("m", (A, B), fallbacks=(limited, lacking))
    lack = UnsupportedFeature("x")
    assert walk(route, lack) == ["a", "b", "d"]
    assert walk(route, ProviderRateLimited("x"), lack) == ["a", "b", "c", "d"]
