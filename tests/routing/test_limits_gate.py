"""The gate against a reference that is too simple to be wrong, also as two workers see one table."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule
from limits_keys import DAY_US, NOON_US, Key

from madang.config.sections.budgets import Budget as BudgetSetting
from madang.config.sections.budgets import Limit, Scope
from madang.errors import MadangError, OutOfCredit, RateLimited
from madang.routing.limits import Ask, Entitlements, Gate, Usual, credit
from madang.state.table import Arena, SharedTable, Table

PART_US = 60_000_000 // 64
CAP = {"key": 1000, "team": 1500, "total": 2500}
TPM = 5000
RPM = 40
AT_ONCE = 12
KEYS = [Key(id=f"key_{n}", budget_nusd=CAP["key"], budget_per="day", rpm=RPM) for n in range(2)]
LIMITS = [Limit("total", tpm=TPM), Limit(Scope(tag={"team": "a"}), concurrency=AT_ONCE)]
BUDGETS = [
    BudgetSetting(Scope(tag={"team": "a"}), CAP["team"] / 1e9, "day"),
    BudgetSetting("total", CAP["total"] / 1e9, "month"),
]


class Held:
    """A request under way, as the reference sees it."""

    def __init__(self, worker, purses, team, money, tokens, at, part):
        self.worker, self.purses, self.team = worker, purses, team
        self.money, self.tokens, self.at, self.part = money, tokens, at, part
        self.reservation = None
        self.drawn = 0


class Gates(RuleBasedStateMachine):
    """Two workers, two keys, tagged or not, days that pass, workers that die."""

    requests = Bundle("requests")

    def __init__(self):
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        arena = Arena(2, Path(self.directory.name) / "lock", records=64, cells=10_000)
        self.tables = [SharedTable(arena, worker) for worker in range(2)]
        self.gates = [self.gate(worker) for worker in range(2)]
        self.now_us, self.at_us = 5_000_000_000, NOON_US
        self.held = []
        self.spent = {}  # purse → nano-dollars; a purse is (name, day)
        self.taken = []  # (part, key, tokens), mutable
        self.alive = [0, 0]

    def gate(self, worker):
        gate = Gate(self.tables[worker])
        gate.applicable.configure(LIMITS, BUDGETS)
        return gate

    def teardown(self):
        for table in self.tables:
            table.close()
        self.directory.cleanup()

    def room(self, purse):
        reserved = sum(one.money for one in self.held if purse in one.purses)
        return CAP[purse[0]] - self.spent.get(purse, 0) - reserved

    def counted(self, key=None):
        now = self.now_us // PART_US
        live = [one for one in self.taken if now - one[0] <= 64]
        if key is not None:
            return sum(1 for one in live if one[1] == key)
        return sum(one[2] for one in live)

    def purses_of(self, key, team):
        day = self.at_us // DAY_US
        # of a total per month there is only one in this play: it lasts less than ten days
        return [("key", key, day), ("total", 0, 0), *([("team", 0, day)] if team else [])]

    @rule(
        target=requests,
        worker=st.integers(0, 1),
        key=st.integers(0, 1),
        team=st.booleans(),
        tokens=st.integers(0, 2000),
        want=st.integers(0, 1200),
        expected=st.integers(0, 300),
        stated=st.booleans(),
    )
    def admit(self, worker, key, team, tokens, want, expected, stated):
        expected = min(expected, want)
        purses = self.purses_of(key, team)
        room = min(self.room(purse) for purse in purses)
        amount = want if want <= (room if stated else room // 8) else None
        if amount is None:
            least = min(want, max(expected, room // 8))
            amount = least if least <= room else None
        at_once = sum(one.team for one in self.held)
        fits = (
            amount is not None
            and self.counted(key) < RPM
            and self.counted() + tokens <= TPM
            and not (team and at_once >= AT_ONCE)
        )
        gate, tags = self.gates[worker], {"team": "a"} if team else {}
        ask = Ask(tokens, want, expected, stated)
        meters = gate.meters(KEYS[key], tags)
        try:
            reservation = gate.admit(meters, ask, self.now_us, self.at_us)
        except MadangError as refusal:
            assert not fits
            self.check_refusal(refusal, purses, expected, room)
            return None
        assert fits
        assert reservation.nusd == amount
        part = [self.now_us // PART_US, key, tokens]
        self.taken.append(part)
        held = Held(worker, purses, team, amount, tokens, self.at_us, part)
        held.reservation = reservation
        self.held.append(held)
        return held

    def check_refusal(self, refusal, purses, expected, room):
        spent_out = any(self.spent.get(p, 0) + expected > CAP[p[0]] for p in purses)
        assert isinstance(refusal, OutOfCredit) is spent_out
        if not spent_out and room >= expected and refusal.code == "rate_limit_exceeded":
            assert refusal.retry_after_s > 0

    @rule(held=consumes(requests), share=st.floats(0, 1), tokens=st.integers(0, 3000))
    def settle(self, held, share, tokens):
        if held is None or held not in self.held:
            return
        cost = int(held.money * share)
        self.gates[held.worker].settle(held.reservation, tokens, cost)
        self.held.remove(held)
        held.part[2] = held.drawn + tokens
        for purse in held.purses:
            self.spent[purse] = self.spent.get(purse, 0) + cost

    @rule(held=requests, more=st.integers(0, 200))
    def extend(self, held, more):
        if held is None or held not in self.held:
            return
        fits = all(more <= self.room(purse) for purse in held.purses)
        assert self.gates[held.worker].extend(held.reservation, more) is fits
        if fits:
            held.money += more

    @rule(held=requests, share=st.floats(0, 1))
    def draw(self, held, share):
        """A part of the request is over: its money is spent, its tokens are used, the rest stays reserved."""
        if held is None or held not in self.held:
            return
        cost = int(held.money * share)
        self.gates[held.worker].draw(held.reservation, 7, cost)
        held.money -= cost
        held.drawn += 7
        for purse in held.purses:
            self.spent[purse] = self.spent.get(purse, 0) + cost

    @rule(seconds=st.floats(0.001, 90))
    def wait(self, seconds):
        self.now_us += int(seconds * 1e6)

    @rule()
    def next_day(self):
        """Only what began today or yesterday can still be under way: no request lasts longer."""
        for held in [one for one in self.held if one.at < self.at_us - DAY_US // 2]:
            self.settle(held, 1.0, held.tokens)
        if self.at_us < NOON_US + 8 * DAY_US:  # the 20th to the 28th: one month
            self.at_us += DAY_US

    @rule(worker=st.integers(0, 1))
    def die(self, worker):
        """What it held comes back; what it had taken of windows passes by itself."""
        self.gates[worker] = self.gate(worker)
        self.gates[worker].recover()
        self.held = [one for one in self.held if one.worker != worker]

    @invariant()
    def no_cap_is_crossed(self):
        for purse, spent in self.spent.items():
            assert spent <= CAP[purse[0]]

    @rule(worker=st.integers(0, 1), key=st.integers(0, 1))
    def the_last_nano_dollar_can_be_used(self, worker, key):
        gate = self.gates[worker]
        if self.counted(key) >= RPM or self.counted() > TPM:
            return
        room = min(self.room(purse) for purse in self.purses_of(key, team=False))
        meters = gate.meters(KEYS[key], {})
        with pytest.raises(OutOfCredit if not self.held else MadangError):
            gate.admit(meters, Ask(0, room + 1, room + 1), self.now_us, self.at_us)
        all_of_it = gate.admit(meters, Ask(0, room, room), self.now_us, self.at_us)
        gate.settle(all_of_it, 0, 0)
        self.taken.append([self.now_us // PART_US, key, 0])


TestGates = Gates.TestCase
TestGates.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)


def test_a_refused_request_has_taken_nothing_anywhere(tmp_path):
    table = SharedTable(Arena(1, tmp_path / "lock", records=64, cells=10_000), 0)
    gate = Gate(table)
    key = Key(rpm=1, tpm=100, budget_nusd=10)
    meters = gate.meters(key, {})
    for refused in (Ask(101), Ask(1, 11, 11)):
        with pytest.raises((RateLimited, OutOfCredit)):
            gate.admit(meters, refused, 0, NOON_US)
    gate.admit(meters, Ask(100, 10, 10), 0, NOON_US)
    table.close()


def test_a_worker_that_dies_gives_back_its_places_and_nobody_elses(tmp_path):
    arena = Arena(2, tmp_path / "lock", records=64, cells=10_000)
    tables = [SharedTable(arena, worker) for worker in range(2)]
    gates = [Gate(table) for table in tables]
    for gate in gates:
        gate.applicable.configure([Limit("total", concurrency=3)], [])
    key = Key()
    for worker in (0, 0, 1):
        gates[worker].admit(gates[worker].meters(key, {}), Ask(1), 0, NOON_US)
    replacement = Gate(tables[0])
    replacement.applicable.configure([Limit("total", concurrency=3)], [])
    replacement.recover()
    meters = replacement.meters(key, {})
    for _ in range(2):
        replacement.admit(meters, Ask(1), 0, NOON_US)
    with pytest.raises(RateLimited, match="3 requests at once"):
        replacement.admit(meters, Ask(1), 0, NOON_US)
    for table in tables:
        table.close()


def test_a_reservation_that_nobody_settles_expires_and_its_cost_still_counts():
    gate, key = Gate(Table()), Key(budget_nusd=100)
    meters = gate.meters(key, {})
    leaked = gate.admit(meters, Ask(1, 80, 80), 10, NOON_US)
    gate.admit(meters, Ask(1, 20, 20), 20, NOON_US)
    assert gate.sweep(20) == 1
    gate.settle(gate.admit(meters, Ask(1, 80, 80), 30, NOON_US), 1, 10)
    gate.settle(leaked, 5, 30)
    gate.admit(meters, Ask(1, 40, 40), 40, NOON_US)
    with pytest.raises(RateLimited, match="reserved"):
        gate.admit(meters, Ask(1, 1, 1), 40, NOON_US)


def test_credit_is_a_budget_whose_cap_is_raised_while_serving():
    """An account brings its plan's limits and its credit; what is paid in can be spent at once."""
    key, rule = Key(account_id="acc_1"), credit("acc_1")
    gate = Gate(Table(), entitlements=lambda _: Entitlements("pro", (rule,)))
    gate.applicable.configure(
        [Limit(Scope(plan="pro"), rpm=3), Limit(Scope(plan="other"), rpm=1)], []
    )
    with pytest.raises(OutOfCredit, match="This account's credit"):
        gate.admit(gate.meters(key, {}), Ask(1, 1, 1), 0, NOON_US)
    gate.balances.allow(rule, 50)
    for _ in range(2):
        gate.settle(gate.admit(gate.meters(key, {}), Ask(1, 25, 25), 0, NOON_US), 1, 25)
    with pytest.raises(OutOfCredit):
        gate.admit(gate.meters(key, {}), Ask(1, 1, 1), 0, NOON_US)
    gate.balances.allow(rule, 51)
    gate.admit(gate.meters(key, {}), Ask(1, 1, 1), 0, NOON_US)
    with pytest.raises(RateLimited, match="3 requests per minute"):
        gate.admit(gate.meters(key, {}), Ask(1), 0, NOON_US)


def test_rules_for_the_same_place_count_once_and_the_stricter_holds():
    gate, key = Gate(Table()), Key()
    gate.applicable.configure(
        [Limit("total", rpm=5), Limit("total", rpm=2)],
        [BudgetSetting("total", 5e-9), BudgetSetting("total", 9e-9)],
    )
    meters = gate.meters(key, {})
    gate.admit(meters, Ask(1, 4, 4), 0, NOON_US)
    with pytest.raises(OutOfCredit):
        gate.admit(meters, Ask(1, 6, 6), 0, NOON_US)
    gate.admit(meters, Ask(1, 1, 1), 0, NOON_US)
    with pytest.raises(RateLimited, match="2 requests"):
        gate.admit(meters, Ask(1), 0, NOON_US)


def test_what_was_spent_before_is_looked_up_once_and_not_for_what_is_new():
    gate = Gate(Table(), since_s=1000)
    old, new = Key(id="old", budget_nusd=100), Key(id="new", budget_nusd=100, created_at=1000)
    gate.applicable.configure([], [BudgetSetting(Scope(tag={"a": "b"}), 1)])
    unknown = {purse.name: since for purse, since in gate.balances.unknown([old, new], NOON_US)}
    assert set(unknown) == {"key:old:usd:ever:UTC", "tag:a=b:usd:month:UTC"}
    assert unknown["tag:a=b:usd:month:UTC"] == 1_761_955_200_000_000  # 2025-11-01T00:00:00Z
    for purse, _ in gate.balances.unknown([old, new], NOON_US):
        gate.balances.recall(purse, 95, NOON_US)
        gate.balances.recall(purse, 95, NOON_US)  # another worker, at the same time
    assert gate.balances.unknown([old, new], NOON_US) == []
    gate.admit(gate.meters(old, {}), Ask(1, 5, 5), 0, NOON_US)
    with pytest.raises(RateLimited):
        gate.admit(gate.meters(old, {}), Ask(1, 1, 1), 0, NOON_US)


def test_thresholds_are_told_once_with_whose_they_are():
    told = []
    gate = Gate(Table(), on_passed=told.append)
    gate.applicable.configure([], [BudgetSetting("total", 100e-9, "day", warn_at=(0.5, 0.8))])
    meters = gate.meters(Key(), {})
    for _ in range(9):
        gate.settle(gate.admit(meters, Ask(1, 10, 10), 0, NOON_US), 1, 10)
    assert [(one.label, one.share) for one in told] == [
        ("This gateway's budget per day", 0.5),
        ("This gateway's budget per day", 0.8),
    ]


def test_what_a_dead_process_owed_is_entered_afterwards():
    gate, key = Gate(Table(), since_s=1), Key(budget_nusd=100, created_at=2)
    gate.balances.charge(key, {}, 70, NOON_US)
    with pytest.raises(OutOfCredit):
        gate.admit(gate.meters(key, {}), Ask(1, 31, 31), 0, NOON_US)
    gate.admit(gate.meters(key, {}), Ask(1, 30, 30), 0, NOON_US)


def test_the_usual_length_of_answers_is_that_of_99_in_100():
    usual = Usual()
    for _ in range(49):
        usual.saw("key", "model", 100)
    assert usual.most("key", "model") is None
    usual.saw("key", "model", 100)
    assert usual.most("key", "model") == 128
    for _ in range(50):
        usual.saw("key", "model", 90)
    usual.saw("key", "model", 30_000)  # one in a hundred may be longer
    assert usual.most("key", "model") == 128
    usual.saw("key", "model", 30_000)
    assert usual.most("key", "model") == 32_768
    assert usual.most("key", "another") is None


def test_what_a_process_was_changing_when_it_died_is_completed(tmp_path):
    """It dies between two cells: too much is counted, until its successor adds up again."""
    table = SharedTable(Arena(2, tmp_path / "lock", records=16, cells=1000), 0)
    gate, key = Gate(table), Key(rpm=5, budget_nusd=100)
    gate.admit(gate.meters(key, {}), Ask(1, 10, 10), 0, NOON_US)
    for record in table.records():
        cells = [record.cells[record.at + n] for n in range(12)]
        total = cells.index(10 if 10 in cells else 1)  # the sum stands before its parts
        record.cells[record.at + total] += 3
    gate.recover()
    meters = gate.meters(key, {})
    with table:
        assert meters.request_meters[0].room(0) == 4
        assert meters.budgets[0].room(NOON_US) == 100
    table.close()


def test_prices_put_right_count_once_whoever_tells_and_can_be_taken_back():
    gate, key = Gate(Table()), Key(budget_nusd=1000)
    ((purse, _),) = gate.balances.unknown([key], NOON_US)
    gate.balances.correct(
        purse, 300, NOON_US
    )  # its past is not known: the ledger will tell of both
    gate.balances.recall(purse, 100, NOON_US)
    room = gate.meters(key, {}).budgets[0].room
    assert room(NOON_US) == 900
    for corrected, left in ((300, 600), (300, 600), (-50, 950), (0, 900)):
        gate.balances.correct(purse, corrected, NOON_US)
        assert room(NOON_US) == left


@pytest.mark.parametrize(
    ("cap", "ask", "said"),
    [
        (0, Ask(1, 10, 10), "This key's budget is used up."),
        (
            5_000_000,
            Ask(1, 12_500_000, 8_000_000, is_stated=False),
            "it may cost up to $0.0125, about $0.008 is expected, and $0.005 is left.",
        ),
        (5_000_000, Ask(1, 2_000_000_000, 2_000_000_000), "up to $2.00, and $0.005 is left."),
    ],
)
def test_a_budget_that_is_too_small_says_what_the_request_may_cost_and_what_is_left(cap, ask, said):
    gate, key = Gate(Table()), Key(budget_nusd=cap)
    gate.balances.recall(gate.balances.unknown([key], NOON_US)[0][0], 0, NOON_US)
    with pytest.raises(OutOfCredit) as refused:
        gate.admit(gate.meters(key, {}), ask, 0, NOON_US)
    assert said in refused.value.message


def test_what_is_left_of_what_others_share_is_not_told():
    gate, key = Gate(Table()), Key()
    gate.applicable.configure((), (BudgetSetting(usd=0.005, per="month", scope="total"),))
    gate.balances.recall(gate.balances.unknown([key], NOON_US)[0][0], 0, NOON_US)
    with pytest.raises(OutOfCredit) as refused:
        gate.admit(gate.meters(key, {}), Ask(1, 12_500_000, 12_500_000), 0, NOON_US)
    assert "up to $0.0125." in refused.value.message
    assert "left" not in refused.value.message
