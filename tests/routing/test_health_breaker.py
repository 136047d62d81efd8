"""The circuit breaker, moment by moment; every figure is from the table in docs/health.md."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from madang.config.sections.health import Breaker, Rules, rules_of
from madang.errors import ProviderFailed
from madang.model import Target
from madang.routing.board import Board
from madang.routing.health import CLOSED, HALF_OPEN, OPEN, Crowd, Standing
from madang.routing.health import Breaker as Fuse
from madang.routing.plan import propose
from madang.routing.route import Route

T = Target("a", "m", "chat")


def ask(standing: Standing, at: float, *, ok: bool, took: float = 0.1) -> None:
    """One call that begins at a moment."""
    standing.started(at)
    if ok:
        standing.answered(took, at + took, at)
    else:
        standing.failed(at + took, at)


def opened(**rules: float) -> tuple[Standing, float]:
    """A target that has just failed three times, and the moment until which it rests."""
    standing = Standing(breaker=Fuse(Rules(**rules)))
    for at in (0.0, 1.0, 2.0):
        ask(standing, at, ok=False, took=0.0)
    return standing, standing.open_until


def test_exactly_the_third_failure_in_a_row_opens_it_for_thirty_seconds() -> None:
    standing = Standing()
    for at, ok in ((0, False), (1, False), (2, True), (3, False), (4, False)):
        ask(standing, at, ok=ok)
        assert standing.breaker.state == CLOSED
    ask(standing, 5, ok=False)
    assert standing.breaker.state == OPEN
    assert standing.is_resting(35.0)
    assert not standing.is_resting(35.2)


def test_one_probe_goes_while_the_others_go_elsewhere_and_its_answer_closes_it() -> None:
    standing, end = opened()
    assert not standing.is_resting(end)
    standing.started(end)
    assert standing.breaker.state == HALF_OPEN
    assert standing.is_resting(end)
    standing.answered(0.5, end + 0.5, end)
    assert (standing.breaker.state, standing.failures) == (CLOSED, 0)
    assert not standing.is_resting(end + 0.5)


def test_a_failed_probe_doubles_the_rest_up_to_five_minutes() -> None:
    standing, end = opened()
    rests = []
    for _ in range(5):
        ask(standing, end, ok=False, took=0.0)
        rests.append(standing.open_until - end)
        end = standing.open_until
    assert rests == [60, 120, 240, 300, 300]
    ask(standing, end, ok=True)
    for at in (1.0, 2.0, 3.0):
        ask(standing, end + at, ok=False, took=0.0)
    assert standing.open_until == end + 33.0


def test_a_probe_that_says_nothing_makes_room_for_another_and_one_that_hangs_does_so_later() -> (
    None
):
    standing, end = opened()
    standing.started(end)
    standing.released(end + 1, end)
    assert not standing.is_resting(end + 1)
    standing.started(end + 1)
    assert standing.is_resting(end + 30.9)
    assert not standing.is_resting(end + 31.0)


def test_as_many_probes_go_as_the_rules_allow() -> None:
    standing, end = opened(probes=2)
    standing.started(end)
    assert not standing.is_resting(end)
    standing.started(end)
    assert standing.is_resting(end)


def test_what_began_before_the_last_change_changes_nothing() -> None:
    """A long stream that ends well after the target went down does not speak for it, nor the other way round."""
    standing, end = opened()
    standing.started(1.5)
    standing.answered(0.1, 10.0, 1.5)
    assert standing.breaker.state == OPEN
    ask(standing, end, ok=True)
    for _ in range(5):
        standing.failed(end + 1, 20.0)
    assert standing.breaker.state == CLOSED


def test_the_last_resort_that_answers_closes_it_and_that_fails_does_not_prolong_the_rest() -> None:
    standing, end = opened()
    ask(standing, 10.0, ok=False)
    assert standing.open_until == end
    ask(standing, 11.0, ok=True)
    assert standing.breaker.state == CLOSED


def test_half_of_twenty_calls_in_a_minute_open_it_however_they_are_mixed() -> None:
    standing = Standing()
    for call in range(19):
        ask(standing, call * 0.5, ok=call % 2 == 0)
        assert standing.breaker.state == CLOSED
    ask(standing, 9.5, ok=False)
    assert (standing.breaker.state, standing.breaker.cause) == (OPEN, "error_rate")


def test_failures_of_more_than_a_minute_ago_do_not_count() -> None:
    standing = Standing()
    for call in range(18):
        ask(standing, call * 0.5, ok=call % 2 == 0)
    for call in range(20):
        ask(standing, 100.0 + call, ok=call % 3 != 0)
    assert standing.breaker.state == CLOSED
    assert standing.breaker.rates(180.0).calls == 0


def test_a_rate_that_opens_it_again_right_away_doubles_the_rest() -> None:
    standing = Standing()
    rests, at = [], 0.0
    for _ in range(3):
        while standing.breaker.state == CLOSED:
            at += 0.1
            ask(standing, at, ok=int(at * 10) % 2 == 0, took=0.0)
        rests.append(round(standing.open_until - at))
        at = standing.open_until
        ask(standing, at, ok=True, took=0.0)
    assert rests == [30, 60, 120]


def test_answers_that_are_mostly_slow_open_it_where_that_is_asked_for() -> None:
    slow, unset = Standing(breaker=Fuse(Rules(slow_s=2.0))), Standing()
    for call in range(20):
        for standing in (slow, unset):
            ask(standing, call, ok=True, took=3.0 if call % 2 else 0.1)
    assert (slow.breaker.state, slow.breaker.cause) == (OPEN, "slow")
    assert unset.breaker.state == CLOSED
    ask(slow, slow.open_until, ok=True, took=3.0)
    assert slow.breaker.state == OPEN
    ask(slow, slow.open_until, ok=True, took=0.1)
    assert slow.breaker.state == CLOSED


def test_a_free_answer_ends_a_rest_early_until_it_was_wrong_once() -> None:
    standing, end = opened()
    standing.reached(10.0)
    assert not standing.is_resting(10.0)
    ask(standing, 10.0, ok=False, took=0.0)
    assert standing.open_until == 70.0
    standing.reached(20.0)
    assert standing.open_until == 70.0
    ask(standing, 70.0, ok=True, took=0.0)
    assert standing.breaker.state == CLOSED
    assert end == 32.0


@given(st.lists(st.tuples(st.sampled_from([0, 1, 2]), st.floats(0, 40)), max_size=200))
def test_25_straight_failures_never_leave_a_target_first(calls: list[tuple[int, float]]) -> None:
    """Whatever was before, and however much time passes between: of 25 at most one in 30 s is a probe."""
    board, now = Board(), 0.0
    other = Target("b", "m", "chat")
    for outcome, wait in calls:
        now += wait
        ask(board.standing(T), now, ok=outcome == 1, took=0.0)
    asked = 0
    for _ in range(25):
        now += 1.0
        first = next(propose(Route("m", (T, other)), board, now, 0.0))
        if first == T:
            asked += 1
            ask(board.standing(T), now, ok=False, took=0.0)
    assert asked <= 4


@given(
    shares=st.floats(0, 1),
    count=st.integers(1, 6),
    calls=st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.floats(0, 3)), max_size=300),
)
def test_rates_eject_at_most_their_share_of_a_route_and_everybody_is_still_proposed(
    shares: float, count: int, calls: list[tuple[int, bool, float]]
) -> None:
    targets = tuple(Target(str(n), "m", "chat") for n in range(count))
    board, now = Board(), 0.0
    rules = Rules(failures=10_000, min_calls=2, window_s=1e4)
    board.configure(lambda _, __: rules, [targets], shares)
    for which, ok, wait in calls:
        now += wait
        ask(board.standing(targets[which % count]), now, ok=ok, took=0.0)
        ejected = sum(one.breaker.is_ejected for _, one in board.items())
        assert ejected <= shares * count + 1e-9
    plan = propose(Route("m", targets), board, now, 0.0)
    proposed = [next(plan)]
    with suppress(StopIteration):
        while True:
            proposed.append(plan.send(ProviderFailed("x")))
    assert set(proposed) == set(targets)


def test_the_narrower_setting_wins_and_what_it_leaves_out_is_the_wider_ones() -> None:
    rules = rules_of(Breaker(failures=5, rest_s=10), None, Breaker(failures=7))
    assert (rules.failures, rules.rest_s, rules.error_rate) == (7, 10, 0.5)


def test_failures_in_a_row_eject_whoever_is_left() -> None:
    """The share holds for rates only: a target that never answers is never asked first."""
    fuses = [Fuse(), Fuse()]
    crowd = Crowd(fuses, 0.5)
    for fuse in fuses:
        fuse.configure(Rules(), (crowd,))
        for at in (0.0, 1.0, 2.0):
            fuse.failed(at, at)
    assert [fuse.state for fuse in fuses] == [OPEN, OPEN]
