"""Toss Payments: nothing in a notice is believed, and what Toss itself answers is read as it means it."""

import contextlib
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang.accounts import toss
from madang.accounts.notices import Refund
from madang.errors import InvalidRequest, Unauthenticated
from stand.payments import toss_changed

DEPOSIT = {
    "createdAt": "2026-11-20T10:00:00.000000",
    "secret": "ps_secret",
    "status": "DONE",
    "transactionKey": "9FF15E1A29D0E77C218F57262BFA4986",
    "orderId": "order-1",
}


def payment(**given):
    """Toss's answer about a payment (https://docs.tosspayments.com/reference, Payment)."""
    return json.dumps(
        {
            "paymentKey": "pay_1",
            "orderId": "order-1",
            "status": "DONE",
            "currency": "KRW",
            "totalAmount": 15000,
            "balanceAmount": 15000,
            "secret": "ps_secret",
            "cancels": None,
            "metadata": None,
        }
        | given
    ).encode()


def told(**given):
    return toss.told(payment(**given), toss.read(toss_changed("pay_1")))


def test_a_notice_only_says_which_payment_to_ask_for():
    question = toss.read(toss_changed("pay_1", totalAmount=10**12))
    assert question.path == "/v1/payments/pay_1"
    assert told().amount == Decimal(15000)


def test_a_deposit_is_asked_for_by_its_order_and_must_hold_the_secret_of_its_payment():
    question = toss.read(json.dumps(DEPOSIT).encode())
    assert question.path == "/v1/payments/orders/order-1"
    assert toss.told(payment(), question).id == "toss:pay_1"
    for other in ("ps_other", "", None):
        with pytest.raises(Unauthenticated):
            toss.told(payment(secret=other), question)


@pytest.mark.parametrize(
    "kind", ["payout.changed", "seller.changed", "METHOD_UPDATED", "BILLING_DELETED"]
)
def test_notices_of_other_things_are_none_of_ours(kind):
    assert toss.read(json.dumps({"eventType": kind, "data": {}}).encode()) is None


@pytest.mark.parametrize(
    ("status", "paid"),
    [
        ("DONE", True),
        ("PARTIAL_CANCELED", True),
        ("CANCELED", True),
        ("WAITING_FOR_DEPOSIT", False),
    ],
)
def test_money_was_received_where_the_status_says_so(status, paid):
    assert told(status=status).paid is paid


@pytest.mark.parametrize("status", ["READY", "IN_PROGRESS", "ABORTED", "EXPIRED", "new one"])
def test_other_statuses_move_no_money(status):
    assert told(status=status) is None


def test_cancels_are_refunds_once_they_are_done():
    cancels = [
        {"transactionKey": "A1", "cancelAmount": 5000, "cancelStatus": "DONE"},
        {"transactionKey": "B2", "cancelAmount": 181.56, "cancelStatus": "DONE"},
        {"transactionKey": "C3", "cancelAmount": 1, "cancelStatus": "IN_PROGRESS"},
    ]
    refunds = told(status="PARTIAL_CANCELED", cancels=cancels).refunds
    assert refunds[:2] == (Refund("A1", Decimal(5000)), Refund("B2", Decimal("181.56")))
    assert [one.id for one in refunds] == ["A1", "B2", "reversal"]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"metadata": {"account_id": "acc_00000000000000aa"}}, "acc_00000000000000aa"),
        ({"orderId": "acc_00000000000000aa-17"}, "acc_00000000000000aa"),
        ({"orderId": "acc_00000000000000aa"}, "acc_00000000000000aa"),
        ({"orderId": "acc_00000000000000aab-17"}, ""),
        ({"orderId": "x-acc_00000000000000aa"}, ""),
        ({"metadata": {"account_id": 5}}, ""),
    ],
)
def test_the_account_is_in_the_metadata_or_begins_the_orders_id(given, named):
    assert told(**given).named == named


def test_an_answer_about_another_payment_is_refused():
    with pytest.raises(InvalidRequest):
        told(paymentKey="pay_2")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        toss_changed("../../v1/keys"),
        toss_changed("a b"),
        toss_changed("x" * 201),
        toss_changed("a?b=c"),
        toss_changed(5),
        json.dumps(DEPOSIT | {"orderId": "a/../b"}).encode(),
        json.dumps(DEPOSIT | {"secret": None}).encode(),
    ],
)
def test_what_would_ask_for_something_else_is_refused(body):
    with pytest.raises(InvalidRequest):
        toss.read(body)


@given(st.binary())
def test_no_body_breaks_the_reader(body):
    with contextlib.suppress(InvalidRequest):
        toss.read(body)
    with pytest.raises(InvalidRequest):
        toss.told(body, toss.Question("/x"))
