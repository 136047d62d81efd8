"""What may be done to an account, by whom it is noticed, and what nobody may ask for."""

import pytest

from madang.accounts import Register
from madang.accounts.register import Posting
from madang.config.sections.plans import Plan
from madang.errors import Conflict, InvalidRequest, NotFound, Unauthenticated
from madang.keys import Keyring, NewKey
from madang.ledger.tables import credit

NOW_S = 1_795_132_800


def posting(kind, usd, **more):
    return Posting(kind=kind, nusd=int(usd * 10**9), actor="home", **more)


def test_the_credit_of_a_plan_is_granted_once(register):
    account = register.create("Acme", "starter", now_s=NOW_S, actor="home")
    assert register.balance(account.id) == 5_000_000_000
    register.change_plan(account.id, "pro")
    register.change_plan(account.id, "starter")
    assert register.balance(account.id) == 5_000_000_000


def test_an_allowance_is_the_plans_limits_and_all_that_was_given(register, account):
    register.post(account.id, posting("top_up", 20), now_s=NOW_S)
    allowance = register.allowance(account.id)
    assert (allowance.plan, allowance.limits) == ("pro", {"rpm": 500})
    assert allowance.cap_nusd == 20_000_000_000


def test_a_plan_that_says_nothing_needs_no_credit(register):
    account = register.create("Big", "enterprise", now_s=NOW_S, actor="home")
    allowance = register.allowance(account.id)
    assert (allowance.limits, allowance.cap_nusd) == ({}, None)


def test_an_account_whose_plan_is_gone_still_spends_no_more_than_its_credit(register, account):
    register.plans = {"other": Plan(rpm=1)}
    assert register.allowance(account.id).cap_nusd == 0
    assert register.allowance(account.id).limits == {}


def test_another_process_notices_what_changed_and_nothing_else(store, register, account):
    other = Register(store)
    assert not other.refresh()
    register.post(account.id, posting("grant", 3), now_s=NOW_S)
    register.change_plan(account.id, "starter")
    assert other.refresh()
    assert other.allowance(account.id).cap_nusd == 3_000_000_000
    assert other.get(account.id).plan == "starter"


def test_an_older_store_that_is_put_back_is_read_again(store, register, account):
    for plan in ("starter", "enterprise"):
        register.change_plan(account.id, plan)
    with store.transaction() as transaction:
        transaction.write("UPDATE revisions SET value = 1 WHERE name = 'accounts'")
        transaction.write("UPDATE accounts SET plan = 'pro', revision = 1")
    assert register.refresh()
    assert register.get(account.id).plan == "pro"


def test_an_account_made_elsewhere_a_moment_ago_may_be_used_at_once(store, register):
    made = Register(store).create("New", "starter", now_s=NOW_S, actor="home")
    assert register.allowance(made.id).cap_nusd == 5_000_000_000


def test_the_same_reference_twice_is_one_entry_and_said_otherwise_a_conflict(register, account):
    first = register.post(account.id, posting("top_up", 20, reference="wire 7"), now_s=NOW_S)
    again = register.post(account.id, posting("top_up", 20, reference="wire 7"), now_s=NOW_S + 9)
    assert first == again
    with pytest.raises(Conflict):
        register.post(account.id, posting("top_up", 21, reference="wire 7"), now_s=NOW_S)
    assert register.balance(account.id) == 20_000_000_000


def test_nobody_can_take_the_reference_of_a_payment_that_is_still_to_come(
    register, payments, account
):
    register.post(account.id, posting("grant", 1, reference="stripe:pi_1"), now_s=NOW_S)
    assert credit.of_payment(register._store, "stripe:pi_1") == []


@pytest.mark.parametrize(("paid", "granted", "most"), [(10, 5, 10), (10, 0, 10), (0, 5, 0)])
def test_what_was_granted_is_never_refunded(register, account, paid, granted, most):
    if paid:
        register.post(account.id, posting("top_up", paid), now_s=NOW_S)
    if granted:
        register.post(account.id, posting("grant", granted), now_s=NOW_S)
    with pytest.raises(Conflict, match=f"At most {most}"):
        register.post(account.id, posting("refund", -(most + 1)), now_s=NOW_S)
    if most:
        register.post(account.id, posting("refund", -most), now_s=NOW_S)
    assert register.balance(account.id) == granted * 10**9


def test_what_is_used_up_is_not_refunded(register, account):
    register.post(account.id, posting("top_up", 10), now_s=NOW_S)
    register.post(account.id, posting("correction", -7), now_s=NOW_S)
    with pytest.raises(Conflict, match="At most 3"):
        register.post(account.id, posting("refund", -4), now_s=NOW_S)


def test_an_account_with_credit_or_a_debt_is_not_closed_by_accident(register, account):
    register.post(account.id, posting("grant", 2), now_s=NOW_S)
    with pytest.raises(Conflict, match="balance is 2"):
        register.close(account.id, write_off=False, now_s=NOW_S, actor="home")
    register.close(account.id, write_off=True, now_s=NOW_S, actor="home")
    assert register.balance(account.id) == 0
    with pytest.raises(Conflict, match="is closed"):
        register.post(account.id, posting("grant", 2), now_s=NOW_S)


def test_a_closed_account_takes_its_keys_with_it(store, register, account):
    keyring = Keyring(store)
    key, raw = keyring.create(NewKey(name="k", account_id=account.id), now_s=NOW_S)
    assert keyring.check(raw, NOW_S).account_id == account.id
    register.close(account.id, write_off=False, now_s=NOW_S, actor="home")
    keyring.refresh()
    with pytest.raises(Unauthenticated, match="revoked"):
        keyring.check(raw, NOW_S)
    with pytest.raises(InvalidRequest):
        keyring.create(NewKey(name="k", account_id=account.id), now_s=NOW_S)
    assert keyring.get(key.id).revoked_at == NOW_S


def test_a_key_cannot_name_an_account_that_is_not_there(store):
    with pytest.raises(InvalidRequest):
        Keyring(store).create(NewKey(name="k", account_id="acc_nobody"), now_s=NOW_S)


@pytest.mark.parametrize("usd", [0, 10_000_001, -10_000_001])
def test_amounts_that_nobody_can_mean_are_refused(register, account, usd):
    with pytest.raises(InvalidRequest):
        register.post(account.id, posting("correction", usd), now_s=NOW_S)


def test_no_account_can_hold_more_than_its_sums_can_count(register, account):
    for _ in range(100):
        register.post(account.id, posting("grant", 10_000_000), now_s=NOW_S)
    with pytest.raises(InvalidRequest, match="No account holds more"):
        register.post(account.id, posting("grant", 10_000_000), now_s=NOW_S)


@pytest.mark.parametrize(
    "asked",
    [
        {"name": ""},
        {"name": "x" * 101},
        {"name": "a\nb"},
        {"plan": "gold"},
        {"time_zone": "Seoul"},
        {"time_zone": "../etc/passwd"},
        {"time_zone": ""},
        {"time_zone": "/etc/passwd"},
    ],
)
def test_an_account_that_makes_no_sense_is_not_made(register, asked):
    given = {"name": "Acme", "plan": "pro", "time_zone": "UTC"} | asked
    with pytest.raises(InvalidRequest):
        register.create(**given, now_s=NOW_S, actor="home")
    assert register.list() == ()


def test_what_is_not_there_is_not_found(register):
    for ask in (
        lambda: register.get("acc_x"),
        lambda: register.change_plan("acc_x", "pro"),
        lambda: register.post("acc_x", posting("grant", 1), now_s=NOW_S),
        lambda: register.close("acc_x", write_off=True, now_s=NOW_S, actor="home"),
    ):
        with pytest.raises(NotFound):
            ask()
