"""Payment webhooks at a running gateway: what is genuine becomes credit once, and strangers are told nothing."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from server_gateway import Gateway, settings

from madang.accounts import Register
from madang.accounts.payments import Payments
from madang.state.store import Store
from stand.payments import Toss, checkout, stripe_event, stripe_signature, toss_changed

OLD, NEW = "whsec_PLANTED_old", "whsec_PLANTED_new"
SECRET_KEY = "live_sk_PLANTED"


@pytest.fixture(scope="module")
def toss():
    playing = Toss(SECRET_KEY)
    yield playing
    playing.close()


@pytest.fixture(scope="module")
def till(provider, toss, tmp_path_factory):
    """A gateway that takes payments."""
    payments = {
        "stripe": {"secrets": [OLD, NEW]},
        "toss": {"secret_key": SECRET_KEY, "base_url": toss.url, "timeout_s": 2},
        "rates": {"KRW": {"per_usd": 1391.5, "source": "a bank"}},
    }
    config = {**settings(provider.port), "payments": payments}
    with Gateway(tmp_path_factory.mktemp("till"), config) as running:
        yield running


@pytest.fixture(scope="module")
def store(till):
    """The store of that gateway, as another process sees it."""
    store = Store(till.home)
    yield store
    store.close()


@pytest.fixture
def account(store):
    return Register(store).create("Acme", "pro", now_s=time.time(), actor="home").id


def balance(store, account_id):
    return Register(store).balance(account_id)


def from_stripe(till, body, header=None):
    signature = stripe_signature(body, NEW) if header is None else header
    return till.call(
        "POST", "/hooks/stripe", "", content=body, headers={"stripe-signature": signature}
    )


def from_toss(till, body):
    return till.call("POST", "/hooks/toss", "", content=body)


def test_a_signed_payment_is_credited_once_however_often_it_is_told(till, store, account):
    body = checkout(account, 2500, intent=f"pi_{account}")
    answers = [from_stripe(till, body) for _ in range(3)]
    with ThreadPoolExecutor(8) as pool:
        answers += pool.map(lambda _: from_stripe(till, body), range(8))
    assert {(one.status_code, one.text) for one in answers} == {(200, '{"received":true}')}
    assert balance(store, account) == 25_000_000_000


def test_the_events_of_one_payment_credit_it_once_and_its_refund_takes_it_back(
    till, store, account
):
    intent = f"pi_{account}"
    paid = {"id": intent, "amount_received": 15000, "currency": "krw", "metadata": {}}
    refund = {"id": "re_1", "amount": 15000, "currency": "krw", "payment_intent": intent}
    charge = {"id": "ch_1", "amount_refunded": 15000, "currency": "krw", "payment_intent": intent}
    from_stripe(till, stripe_event("payment_intent.succeeded", **paid))
    from_stripe(till, checkout(account, 15000, "krw", intent))
    assert balance(store, account) == 10_779_734_100
    from_stripe(till, stripe_event("refund.created", **refund, status="succeeded"))
    from_stripe(till, stripe_event("charge.refunded", **charge))
    assert balance(store, account) == 0


@pytest.mark.parametrize(
    "forge",
    [
        lambda body: "",
        lambda body: "t=1,v1=00",
        lambda body: stripe_signature(body, "whsec_other"),
        lambda body: stripe_signature(body + b" ", NEW),
        lambda body: stripe_signature(body, NEW, time.time() - 400),
        lambda body: stripe_signature(body, NEW, time.time() + 400),
        lambda body: stripe_signature(body, NEW).replace("v1=", "v0="),
    ],
)
def test_a_forged_or_old_event_is_refused_without_detail(till, store, account, forge):
    body = checkout(account, intent=f"pi_{account}")
    answer = from_stripe(till, body, forge(body))
    assert answer.status_code == 401
    assert answer.json()["error"]["message"] == "This call is not signed as it must be."
    assert balance(store, account) == 0


def test_either_secret_of_a_roll_over_is_good(till, store, account):
    for number, secret in enumerate((OLD, NEW)):
        body = checkout(account, 100, intent=f"pi_{account}_{number}")
        assert from_stripe(till, body, stripe_signature(body, secret)).status_code == 200
    assert balance(store, account) == 2_000_000_000


def test_money_for_nobody_is_kept_and_listed(till, store):
    from_stripe(till, checkout("acc_nobody", 4200, intent="pi_lost"))
    waiting = {one.id: one for one in Payments(store, {}).waiting()}
    assert waiting["stripe:pi_lost"].amount == "42.00"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b'{"type": 1}', b"{}" * 1000])
def test_what_is_signed_and_makes_no_sense_is_a_bad_request(till, body):
    assert from_stripe(till, body).status_code == 400


def test_a_body_beyond_its_bound_is_refused(till):
    assert from_stripe(till, b"x" * (1024 * 1024 + 1)).status_code == 413
    assert from_toss(till, b"x" * (1024 * 1024 + 1)).status_code == 413


def test_only_posts_are_taken(till):
    assert till.call("GET", "/hooks/stripe", "").status_code == 405


def test_toss_is_asked_and_what_the_notice_claims_is_not_believed(till, toss, store, account):
    toss.has(f"k_{account}", metadata={"account_id": account})
    for _ in range(3):
        assert from_toss(till, toss_changed(f"k_{account}")).status_code == 200
    assert balance(store, account) == 10_779_734_100  # 15,000 won, not the claimed 999,999,999


def test_cancels_that_toss_confirms_are_taken_back(till, toss, store, account):
    key = f"k_{account}"
    toss.has(key, orderId=f"{account}-7")
    from_toss(till, toss_changed(key))
    cancels = [{"transactionKey": "T1", "cancelAmount": 15000, "cancelStatus": "DONE"}]
    toss.has(key, orderId=f"{account}-7", status="CANCELED", balanceAmount=0, cancels=cancels)
    for _ in range(2):
        from_toss(till, toss_changed(key, status="DONE"))
    assert balance(store, account) == 0


def test_a_deposit_needs_the_secret_of_its_payment(till, toss, store, account):
    toss.has(f"k_{account}", orderId=f"{account}-9", secret="ps_right")
    deposit = {"createdAt": "2026-11-20T10:00:00", "status": "DONE", "orderId": f"{account}-9"}
    wrong = from_toss(till, json.dumps({**deposit, "secret": "ps_wrong"}).encode())
    assert (wrong.status_code, balance(store, account)) == (401, 0)
    right = from_toss(till, json.dumps({**deposit, "secret": "ps_right"}).encode())
    assert (right.status_code, balance(store, account)) == (200, 10_779_734_100)


def test_a_payment_that_toss_does_not_know_is_a_forgery(till):
    assert from_toss(till, toss_changed("k_forged")).status_code == 400


@pytest.mark.parametrize("status", [401, 429, 500])
def test_while_toss_cannot_be_asked_it_is_to_call_again(till, toss, store, account, status):
    toss.has(f"k_{account}", orderId=account)
    toss.status = status
    try:
        answer = from_toss(till, toss_changed(f"k_{account}"))
    finally:
        toss.status = 200
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert from_toss(till, toss_changed(f"k_{account}")).status_code == 200
    assert balance(store, account) == 10_779_734_100


def test_a_notice_cannot_make_us_ask_for_another_path(till, toss):
    asked = len(toss.asked)
    for key in ("../keys", "a/b", "a%2fb", "a b", "x" * 300):
        assert from_toss(till, toss_changed(key)).status_code == 400
    assert len(toss.asked) == asked


def test_notices_of_other_things_are_acknowledged_and_ask_nothing(till, toss):
    asked = len(toss.asked)
    body = b'{"eventType": "payout.changed", "entityBody": {}}'
    assert from_toss(till, body).status_code == 200
    assert len(toss.asked) == asked


def test_without_a_secret_every_call_is_refused(gateway):
    body = checkout("acc_1")
    assert from_stripe(gateway, body).status_code == 401
    assert from_stripe(gateway, body, stripe_signature(body, "")).status_code == 401
    assert from_toss(gateway, toss_changed("k")).status_code == 401


def test_no_secret_is_in_the_log(till):
    assert "PLANTED" not in till.log
