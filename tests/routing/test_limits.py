"""What a key may use: reserved before the call, trued up after it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits_keys import DAY_US, NOON_US, SECOND_US, Key

from madang.errors import OutOfCredit, RateLimited
from madang.routing.limits import Ask, Gate
from madang.state.table import Arena, SharedTable, Table


def admit(gate, key, tokens=1, nusd=0, now_us=0, at_us=NOON_US):
    return gate.admit(gate.meters(key, {}), Ask(tokens, nusd, nusd), now_us, at_us)


def test_a_key_without_limits_is_not_counted():
    assert Gate(Table()).meters(Key(), {}) is None


def test_requests_per_minute_and_the_wait_for_the_next():
    """What was taken at once comes back at once, with its 64th of a minute: 60.9375 s after its beginning."""
    gate, key = Gate(Table()), Key(rpm=60)
    for _ in range(60):
        admit(gate, key)
    with pytest.raises(RateLimited) as refused:
        admit(gate, key, now_us=SECOND_US // 4)
    assert refused.value.retry_after_s == pytest.approx(60.9375 - 0.25)
    admit(gate, key, now_us=60_937_500)


def test_tokens_are_trued_up_by_what_was_really_used():
    gate, key = Gate(Table()), Key(tpm=1000)
    reservation = admit(gate, key, 900)
    with pytest.raises(RateLimited, match="1000 tokens"):
        admit(gate, key, 200)
    gate.settle(reservation, 100, 0)
    admit(gate, key, 200)


def test_a_request_above_the_whole_limit_is_never_admitted_and_not_told_to_wait():
    with pytest.raises(RateLimited, match="Shorten it") as refused:
        admit(Gate(Table()), Key(tpm=100), 101)
    assert refused.value.retry_after_s is None


def test_a_refused_request_reserves_nothing():
    gate, key = Gate(Table()), Key(rpm=10, budget_nusd=100)
    with pytest.raises(OutOfCredit):
        admit(gate, key, 1, 101)
    for _ in range(10):
        admit(gate, key, 1, 10)


def test_a_budget_starts_anew_with_its_period():
    gate, key = Gate(Table()), Key(budget_nusd=100, budget_per="day")
    gate.settle(admit(gate, key, 1, 100), 0, 100)
    with pytest.raises(OutOfCredit):
        admit(gate, key, 1, 1)
    admit(gate, key, 1, 100, at_us=NOON_US + DAY_US)


def test_money_that_others_hold_is_no_money_spent():
    """It may come back at any moment, so the caller is told to wait instead of to pay."""
    gate, key = Gate(Table()), Key(budget_nusd=100)
    held = admit(gate, key, 1, 100)
    with pytest.raises(RateLimited, match="reserved") as refused:
        admit(gate, key, 1, 1)
    assert refused.value.retry_after_s == 1
    gate.settle(held, 1, 100)
    with pytest.raises(OutOfCredit):
        admit(gate, key, 1, 1)


def test_several_processes_count_together_however_uneven_the_traffic(tmp_path):
    arena = Arena(4, tmp_path / "lock", records=16, cells=1000)
    tables = [SharedTable(arena, worker) for worker in range(4)]
    gates = [Gate(table) for table in tables]
    key = Key(rpm=100)
    for number in range(100):
        admit(gates[0 if number < 90 else number % 4], key)
    for gate in gates:
        with pytest.raises(RateLimited):
            admit(gate, key)
    for table in tables:
        table.close()


@pytest.mark.parametrize(
    ("left", "reserved"), [(800, 100), (799, 99), (40, 10), (10, 10), (9, None)]
)
def test_near_its_cap_a_budget_lends_an_eighth_of_what_is_left_or_what_an_answer_usually_costs(
    left, reserved
):
    """The worst case costs 100 and the usual answer 10, and the caller has set no bound."""
    gate, key = Gate(Table()), Key(budget_nusd=1000)
    gate.settle(admit(gate, key, 1, 1000 - left), 1, 1000 - left)
    meters, ask = gate.meters(key, {}), Ask(1, 100, 10, is_stated=False)
    if reserved is None:
        with pytest.raises(OutOfCredit):
            gate.admit(meters, ask, 0, NOON_US)
    else:
        assert gate.admit(meters, ask, 0, NOON_US).nusd == reserved


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), st.booleans()), max_size=60))
def test_never_more_is_spent_than_the_budget_if_nobody_uses_more_than_reserved(requests):
    gate, key, spent = Gate(Table()), Key(budget_nusd=500), 0
    waiting = []
    for reserve, use, settle_now in requests:
        try:
            waiting.append((admit(gate, key, 1, reserve), min(use, reserve)))
        except (OutOfCredit, RateLimited):
            continue
        if settle_now:
            reservation, used = waiting.pop(0)
            gate.settle(reservation, 1, used)
            spent += used
    spent += sum(used for _, used in waiting)
    assert spent <= 500
