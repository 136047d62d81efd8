"""A statement adds up: what there was, plus every line, is what is left, to the nano-dollar."""

import itertools
from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang.accounts.register import Posting
from madang.accounts.statement import statement
from madang.accounts.zones import day_of, day_start_us, zone
from madang.errors import InvalidRequest
from madang.ledger.tables.attempts import record
from madang.ledger.tables.credit import touch
from madang.model import Attempt

NOON_UTC_S = 1_795_176_000  # 2026-11-20 12:00 in UTC, 21:00 in Seoul
HOUR_S = 3600


def use(store, account_id, at_s, nusd, model="gpt-4.1", name="r", **more):
    attempt = Attempt(
        id=f"{name}{at_s}.0",
        request_id=f"{name}{at_s}",
        n=0,
        at_us=at_s * 1_000_000,
        key_id="key_a",
        account_id=account_id,
        dialect="chat",
        asked_model=model,
        model=model,
        provider="openai",
        api="chat",
        outcome="ok",
        input_tokens=10,
        output_tokens=5,
        cost_nusd=nusd,
        **more,
    )
    with store.transaction() as transaction:
        record(transaction, [msgspec.json.encode(attempt)])


def give(register, account, usd, at_s, kind="top_up"):
    posting = Posting(kind=kind, nusd=int(usd * 10**9), actor="home")
    register.post(account.id, posting, now_s=at_s)


@pytest.fixture
def seoul(register):
    return register.create("서울", "pro", time_zone="Asia/Seoul", now_s=NOON_UTC_S, actor="home")


def test_a_month_by_hand(store, register, account):
    give(register, account, 50, NOON_UTC_S - 40 * 86_400)
    use(store, account.id, NOON_UTC_S - 30 * 86_400, 1_000_000_001)
    give(register, account, 25, NOON_UTC_S)
    use(store, account.id, NOON_UTC_S, 123_456_789)
    use(store, account.id, NOON_UTC_S + 1, 1)
    use(store, account.id, NOON_UTC_S + 2, None, model="new")
    use(store, account.id, NOON_UTC_S + 20 * 86_400, 999)
    told = statement(store, account, date(2026, 11, 1), date(2026, 11, 30))
    assert told.opening_nusd == 50_000_000_000 - 1_000_000_001
    assert [(line.kind, line.nusd) for line in told.lines] == [("top_up", 25_000_000_000)]
    assert [(one.day, one.model, one.requests, one.nusd) for one in told.usage] == [
        (date(2026, 11, 20), "gpt-4.1", 2, 123_456_790),
        (date(2026, 11, 20), "new", 1, 0),
    ]
    assert told.usage[1].unpriced_requests == 1
    assert told.closing_nusd == 50_000_000_000 - 1_000_000_001 + 25_000_000_000 - 123_456_790


def test_days_begin_at_midnight_in_the_accounts_time_zone(store, seoul):
    """15:00 in UTC is midnight in Seoul."""
    for hour, nusd in ((2, 100), (3, 7)):
        use(store, seoul.id, NOON_UTC_S + hour * HOUR_S, nusd)
    use(store, seoul.id, NOON_UTC_S + 3 * HOUR_S - 1, 20)
    friday = statement(store, seoul, date(2026, 11, 20), date(2026, 11, 20))
    saturday = statement(store, seoul, date(2026, 11, 21), date(2026, 11, 21))
    assert (friday.used_nusd, saturday.used_nusd) == (120, 7)
    assert friday.closing_nusd == saturday.opening_nusd == -120


def test_a_day_may_begin_at_a_quarter_past_an_hour_of_utc(store, register):
    """18:15 in UTC is midnight in Kathmandu."""
    where = {"time_zone": "Asia/Kathmandu", "now_s": NOON_UTC_S, "actor": "home"}
    account = register.create("Yak", "pro", **where)
    use(store, account.id, NOON_UTC_S + 6 * HOUR_S + 14 * 60 + 59, 100)
    use(store, account.id, NOON_UTC_S + 6 * HOUR_S + 15 * 60, 7)
    days = [date(2026, 11, 20), date(2026, 11, 21)]
    assert [statement(store, account, day, day).used_nusd for day in days] == [100, 7]


def test_a_price_that_is_put_right_is_a_line_of_the_day_it_was_found_out(store, register, account):
    use(store, account.id, NOON_UTC_S, 100)
    with store.transaction() as transaction:
        transaction.write(
            "INSERT INTO corrections (at_us, kind, day, provider, model, account_id, cost_nusd, note) "
            "VALUES (?, ?, '2026-11-20', 'openai', 'gpt-4.1', ?, ?, '')",
            ((NOON_UTC_S + 86_400) * 1_000_000, "rerated", account.id, -30),
        )
        touch(transaction, account.id)
    register.refresh()
    assert register.allowance(account.id).cap_nusd - register.used_nusd(account.id) == -70
    before = statement(store, account, date(2026, 11, 20), date(2026, 11, 20))
    after = statement(store, account, date(2026, 11, 21), date(2026, 11, 21))
    assert (before.closing_nusd, after.closing_nusd) == (-100, -70)
    assert [(line.kind, line.nusd, line.reference) for line in after.lines] == [
        ("rerated", 30, "gpt-4.1")
    ]


def test_a_bill_that_was_reconciled_is_not_the_accounts_affair(store, register, account):
    with store.transaction() as transaction:
        transaction.write(
            "INSERT INTO corrections (at_us, kind, day, provider, account_id, cost_nusd, note) "
            "VALUES (1, 'reconciled', '2026-11-20', 'openai', ?, 30, '')",
            (account.id,),
        )
    assert register.balance(account.id) == 0


@pytest.mark.parametrize("days", [[date(2026, 11, n) for n in range(18, 24)], [date(2026, 11, 20)]])
def test_the_statements_of_consecutive_days_join_without_a_gap(store, register, seoul, days):
    for n in range(40):
        use(store, seoul.id, NOON_UTC_S + (n - 20) * 3 * HOUR_S, 10**n % 997, name=f"x{n}")
        give(register, seoul, n + 1, NOON_UTC_S + (n - 20) * 2 * HOUR_S, kind="grant")
    told = [statement(store, seoul, day, day) for day in days]
    for one in told:
        moved = sum(line.nusd for line in one.lines) - one.used_nusd
        assert one.opening_nusd + moved == one.closing_nusd
    for one, following in itertools.pairwise(told):
        assert one.closing_nusd == following.opening_nusd


def test_a_clock_that_was_put_back_changes_no_balance(store, register, account):
    """The later entry bears the earlier time; it stands on the day that the clock said."""
    give(register, account, 5, NOON_UTC_S)
    give(register, account, 7, NOON_UTC_S - 2 * 86_400)
    days = [statement(store, account, date(2026, 11, n), date(2026, 11, n)) for n in (18, 19, 20)]
    assert [one.closing_nusd // 10**9 for one in days] == [7, 7, 12]
    assert register.balance(account.id) == 12 * 10**9


def test_a_period_that_ends_before_it_begins_is_refused(store, account):
    with pytest.raises(InvalidRequest):
        statement(store, account, date(2026, 11, 2), date(2026, 11, 1))


@given(
    st.dates(date(2000, 1, 1), date(2037, 12, 30)),
    st.sampled_from(["UTC", "Asia/Seoul", "Asia/Kathmandu", "America/Havana", "Africa/Cairo"]),
)
def test_every_day_of_every_zone_begins_on_a_quarter_of_an_hour(day, name):
    """Also where clocks change at midnight (Havana, Cairo): usage is kept per quarter."""
    start_us = day_start_us(day, zone(name))
    assert start_us % (900 * 1_000_000) == 0
    assert day_of(start_us, zone(name)) == day
    assert day_of(start_us - 1, zone(name)) < day or name in ("America/Havana", "Africa/Cairo")
