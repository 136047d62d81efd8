"""Turns are shared equally among keys, whatever each of them asks for."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from madang.routing.pacing import HIGH, LOW, NORMAL, FairQueue


def take(queue, n):
    """The next n in their order."""
    taken = []
    for _ in range(n):
        taken.append(queue.head())
        queue.pop()
    return taken


def test_a_key_that_floods_the_line_gets_no_more_than_the_others():
    queue = FairQueue()
    for number in range(1000):
        queue.push(("flood", number), "flood", NORMAL, 1.0)
    for number in range(50):
        for key in ("a", "b"):
            queue.push((key, number), key, NORMAL, 1.0)
    served = Counter(key for key, _ in take(queue, 150))
    assert served == {"flood": 50, "a": 50, "b": 50}


def test_who_asks_one_by_one_is_served_as_often_as_who_has_a_thousand_waiting():
    queue, served = FairQueue(), Counter()
    for number in range(1000):
        queue.push(("flood", number), "flood", NORMAL, 1.0)
    queue.push(("single", 0), "single", NORMAL, 1.0)
    for number in range(1, 400):
        key, _ = queue.head()
        queue.pop()
        served[key] += 1
        if key == "single":
            queue.push(("single", number), "single", NORMAL, 1.0)
    assert abs(served["single"] - served["flood"]) <= 2


def test_shares_are_those_of_the_cost_not_of_the_number():
    """Ten requests of 1 weigh as much as one of 10."""
    queue = FairQueue()
    for number in range(500):
        queue.push(("small", number), "small", NORMAL, 1.0)
        queue.push(("large", number), "large", NORMAL, 10.0)
    served = Counter(key for key, _ in take(queue, 220))
    assert abs(served["small"] - 10 * served["large"]) <= 10


def test_priority_orders_the_requests_of_one_key_and_takes_nothing_from_others():
    queue = FairQueue()
    for name, priority in (("low", LOW), ("normal", NORMAL), ("high", HIGH), ("high too", HIGH)):
        queue.push(name, "a", priority, 1.0)
    for number in range(4):
        queue.push(number, "b", LOW, 1.0)
    order = take(queue, 8)
    assert [one for one in order if isinstance(one, str)] == ["high", "high too", "normal", "low"]
    assert [isinstance(one, str) for one in order].count(True) == 4
    assert {isinstance(one, str) for one in order[:2]} == {True, False}


def test_who_leaves_frees_the_place_and_the_next_comes_up():
    queue = FairQueue()
    for number in range(3):
        queue.push(number, "a", NORMAL, 2.0)
    queue.leave(0, "a", NORMAL)
    queue.leave(0, "a", NORMAL)
    assert (len(queue), queue.total, queue.head()) == (2, 4.0, 1)


MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("push"), st.sampled_from("abc"), st.sampled_from((HIGH, NORMAL, LOW))),
        st.tuples(st.just("pop")),
        st.tuples(st.just("leave"), st.integers(0, 60)),
    ),
    max_size=120,
)


@given(MOVES)
def test_everybody_who_joins_has_exactly_one_turn_unless_they_leave(moves):
    """Judged by a plain list of who is in line."""
    queue, inside, joined = FairQueue(), {}, 0
    for move in moves:
        if move[0] == "push":
            inside[joined] = move[1:]
            queue.push(joined, *move[1:], 1.0)
            joined += 1
        elif move[0] == "pop" and inside:
            key, priority = inside.pop(queue.head())
            rivals = [one for one, (k, p) in inside.items() if k == key and p < priority]
            assert not rivals
            queue.pop()
        elif move[0] == "leave" and move[1] in inside:
            queue.leave(move[1], *inside.pop(move[1]))
        assert len(queue) == len(inside)
        assert (queue.head() in inside) if inside else queue.head() is None
