"""From payments to credit: by a stated rate, exactly once, and nothing that was paid is lost."""

from decimal import Decimal

import pytest

from madang.accounts.notices import Notice, Refund
from madang.accounts.payments import Decision
from madang.accounts.rates import DOLLARS, Rate, part, rate_of
from madang.accounts.register import Posting
from madang.errors import Conflict, InvalidRequest, NotFound
from madang.ledger.tables import credit
from madang.state.store import Refused
from stand.payments import RATES

NOW_US = 1_795_132_800_000_000


def paid(account_id, amount="100", currency="USD", number="stripe:pi_1", **more):
    return Notice(
        id=number,
        provider=number.partition(":")[0],
        paid=True,
        currency=currency,
        amount=Decimal(amount),
        named=account_id,
        **more,
    )


def refunded(*refunds, number="stripe:pi_1", currency="USD"):
    return Notice(
        id=number,
        provider="stripe",
        paid=False,
        currency=currency,
        refunds=tuple(Refund(name, Decimal(amount), *failed) for name, amount, *failed in refunds),
    )


@pytest.mark.parametrize(
    ("amount", "currency", "nusd"),
    [
        ("100", "USD", 100_000_000_000),
        ("0.01", "USD", 10_000_000),
        ("13915", "KRW", 10_000_000_000),
        ("15000", "KRW", 10_779_734_100),  # 15000 / 1391.5 = 10.7797340999…
        ("25.00", "EUR", 27_173_913_043),  # 25 / 0.92 = 27.1739130434…
    ],
)
def test_the_worth_of_a_payment_by_hand(amount, currency, nusd):
    assert rate_of(currency, RATES).nusd(Decimal(amount)) == nusd


def test_half_a_nano_dollar_is_rounded_up():
    assert Rate(Decimal(2), "x").nusd(Decimal("0.000000001")) == 1
    assert Rate(Decimal(3), "x").nusd(Decimal("0.000000001")) == 0
    assert part(3, Decimal(1), Decimal(2)) == 2


def test_a_full_refund_takes_back_exactly_what_the_payment_gave():
    worth = rate_of("KRW", RATES).nusd(Decimal(15000))
    assert part(worth, Decimal(15000), Decimal(15000)) == worth
    assert part(worth, Decimal(10**9), Decimal(15000)) == worth
    assert part(worth, Decimal(0), Decimal(15000)) == 0


def test_an_entry_says_what_was_paid_at_which_rate_and_who_says_so(payments, store, account):
    assert payments.receive(paid(account.id, "15000", "KRW"), now_us=NOW_US)
    [entry] = credit.of_payment(store, "stripe:pi_1")
    assert (entry.kind, entry.nusd, entry.at_us) == ("top_up", 10_779_734_100, NOW_US)
    assert (entry.amount, entry.currency) == ("15000", "KRW")
    assert (entry.per_usd, entry.rate_source) == ("1391.5", "a bank")


def test_a_payment_told_of_again_changes_nothing(payments, register, account):
    for _ in range(3):
        payments.receive(paid(account.id), now_us=NOW_US)
    assert register.balance(account.id) == 100_000_000_000


def test_a_payment_without_an_account_waits_and_is_credited_once_one_is_named(
    payments, register, account
):
    assert not payments.receive(paid(""), now_us=NOW_US)
    [waiting] = payments.waiting()
    assert (waiting.amount, waiting.waits) == ("100", "it names no account")
    payments.receive(paid(account.id), now_us=NOW_US)
    assert payments.waiting() == []
    assert register.balance(account.id) == 100_000_000_000


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"account_id": "acc_nobody"}, "the account that it names is not here, or closed"),
        ({"currency": "JPY"}, "there is no rate for JPY"),
        ({"amount": "10000001"}, "its amount is too large or too small for an entry"),
    ],
)
def test_what_cannot_be_credited_waits_with_its_reason(payments, register, account, given, why):
    payments.receive(paid(**{"account_id": account.id} | given), now_us=NOW_US)
    assert [one.waits for one in payments.waiting()] == [why]
    assert register.balance(account.id) == 0


def test_somebody_decides_on_what_waits(payments, register, account):
    payments.receive(paid("", "1000", "JPY"), now_us=NOW_US)
    with pytest.raises(InvalidRequest, match="no rate for JPY"):
        payments.decide("stripe:pi_1", Decision(actor="home", account_id=account.id), now_us=NOW_US)
    decision = Decision(actor="home", account_id=account.id, rate=Rate(Decimal(150), "the invoice"))
    settled = payments.decide("stripe:pi_1", decision, now_us=NOW_US)
    assert settled.credited_nusd == register.balance(account.id) == 6_666_666_667
    with pytest.raises(Conflict):
        payments.decide("stripe:pi_1", decision, now_us=NOW_US)
    with pytest.raises(NotFound):
        payments.decide("stripe:pi_9", decision, now_us=NOW_US)


def test_a_payment_that_is_none_of_ours_is_set_aside_and_stays_so(payments, register, account):
    payments.receive(paid(""), now_us=NOW_US)
    payments.decide("stripe:pi_1", Decision(actor="home", account_id=None), now_us=NOW_US)
    payments.receive(paid(account.id), now_us=NOW_US)
    assert payments.waiting() == []
    assert register.balance(account.id) == 0


def test_a_refund_that_is_told_of_before_its_payment_counts(payments, register, account):
    payments.receive(refunded(("re_1", "30")), now_us=NOW_US)
    payments.receive(paid(account.id), now_us=NOW_US)
    assert register.balance(account.id) == 70_000_000_000


def test_one_refund_told_of_in_two_ways_is_one(payments, register, account):
    payments.receive(paid(account.id), now_us=NOW_US)
    payments.receive(refunded(("", "30")), now_us=NOW_US)
    payments.receive(refunded(("re_1", "30")), now_us=NOW_US)
    payments.receive(refunded(("re_2", "20")), now_us=NOW_US)
    payments.receive(refunded(("", "50")), now_us=NOW_US)
    payments.receive(refunded(("", "30")), now_us=NOW_US)  # late
    assert register.balance(account.id) == 50_000_000_000


def test_an_older_running_total_that_comes_late_gives_nothing_back(payments, register, account):
    payments.receive(paid(account.id), now_us=NOW_US)
    for total in ("50", "30"):
        payments.receive(refunded(("", total)), now_us=NOW_US)
    assert register.balance(account.id) == 50_000_000_000


def test_a_refund_in_another_currency_is_refused(payments, register, account):
    """1,000 won are no part of 10 dollars, and taken for dollars all of them would be taken back."""
    payments.receive(paid(account.id, "10"), now_us=NOW_US)
    with pytest.raises(InvalidRequest, match="currency"):
        payments.receive(refunded(("re_1", "1000"), currency="KRW"), now_us=NOW_US)
    assert register.balance(account.id) == 10_000_000_000
    payments.receive(refunded(("re_1", "4")), now_us=NOW_US)
    assert register.balance(account.id) == 6_000_000_000


def test_a_refund_that_failed_is_given_back_for_good(payments, register, account):
    payments.receive(paid(account.id), now_us=NOW_US)
    payments.receive(refunded(("re_1", "30")), now_us=NOW_US)
    payments.receive(refunded(("re_1", "30", True)), now_us=NOW_US)
    payments.receive(refunded(("re_1", "30")), now_us=NOW_US)  # late
    assert register.balance(account.id) == 100_000_000_000


def test_a_deposit_that_did_not_arrive_after_all_is_taken_back_until_it_does(
    payments, register, account
):
    def reversal(missing):
        return (Refund("reversal", Decimal(100), failed=not missing, may_return=True),)

    here = paid(account.id, number="toss:k", refunds=reversal(missing=False))
    gone = Notice(
        id="toss:k", provider="toss", paid=False, currency="USD", refunds=reversal(missing=True)
    )
    seen = []
    for notice in (gone, here, gone, here, gone):
        payments.receive(notice, now_us=NOW_US)
        seen.append(register.balance(account.id))
    assert seen == [0, 100_000_000_000, 0, 100_000_000_000, 0]


def test_a_changed_rate_leaves_what_was_credited_and_its_refunds_alone(payments, register, account):
    payments.receive(paid(account.id, "13915", "KRW"), now_us=NOW_US)
    payments.rates = {}
    payments.receive(refunded(("", "6957.5"), currency="KRW"), now_us=NOW_US)
    assert register.balance(account.id) == 5_000_000_000


def test_a_refund_at_the_provider_is_a_fact_also_when_the_credit_is_used_up(
    payments, register, account
):
    payments.receive(paid(account.id), now_us=NOW_US)
    used = Posting(kind="correction", nusd=-80_000_000_000, actor="home")
    register.post(account.id, used, now_s=NOW_US / 1e6)
    payments.receive(refunded(("", "100")), now_us=NOW_US)
    assert register.balance(account.id) == -80_000_000_000


@pytest.mark.parametrize("amount", ["0", "-5", "1e14", "0.0000001", "NaN", "Infinity", "1e-400"])
def test_an_absurd_amount_is_refused(payments, account, amount):
    with pytest.raises(InvalidRequest):
        payments.receive(paid(account.id, amount), now_us=NOW_US)


def test_the_store_itself_refuses_to_change_or_delete_an_entry(payments, store, account):
    payments.receive(paid(account.id), now_us=NOW_US)
    for statement in ("UPDATE credit_entries SET nusd = 1", "DELETE FROM credit_entries"):
        with pytest.raises(Refused), store.transaction() as transaction:
            transaction.write(statement)


def test_dollars_need_no_rate():
    assert rate_of("USD", {}) == DOLLARS
    assert rate_of("KRW", {}) is None
