"""Stripe's calls: only those that one of our secrets signed just now, and one payment once."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang.accounts import stripe
from madang.accounts.notices import Refund
from madang.errors import InvalidRequest, Unauthenticated
from stand.payments import checkout, stripe_event, stripe_signature

NOW_S = 1_795_132_800.0


def passes(header, body=b"{}", secrets=("whsec_a",), now_s=NOW_S):
    try:
        stripe.check(header, body, secrets, now_s, 300)
    except Unauthenticated:
        return False
    return True


def test_a_signature_made_elsewhere_is_known():
    """Made with OpenSSL: printf '1795132800.{}' | openssl dgst -sha256 -hmac whsec_a"""
    code = "b74d9064b2ddc64bf149abfdaad329c445f74b03ce8089961ecbf1c5a0e291da"
    assert passes(f"t=1795132800,v1={code}")


def test_what_was_signed_with_our_secret_now_is_genuine():
    assert passes(stripe_signature(b"{}", "whsec_a", NOW_S))


def test_while_secrets_are_rolled_over_either_one_on_either_side_will_do():
    old, new = (stripe_signature(b"{}", secret, NOW_S) for secret in ("whsec_a", "whsec_b"))
    both = f"{old},{new.partition(',')[2]}"
    assert passes(both, secrets=("whsec_b",))
    assert passes(both, secrets=("whsec_a",))
    assert passes(old, secrets=("whsec_b", "whsec_a"))
    assert not passes(both, secrets=("whsec_c",))


@pytest.mark.parametrize("off_s", [-301, 301, 10**6, -(10**6)])
def test_a_signature_of_another_time_is_refused_in_both_directions(off_s):
    assert not passes(stripe_signature(b"{}", "whsec_a", NOW_S + off_s))


@pytest.mark.parametrize("off_s", [-300, 0, 300])
def test_a_signature_within_the_tolerance_is_taken(off_s):
    assert passes(stripe_signature(b"{}", "whsec_a", NOW_S + off_s))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=",
        "v1=abc",
        "t=1795132800",
        "t=1795132800,v1=",
        "t=1795132800,v0={code}",
        "t=1795132800,t=1795132800,v1={code}",
        "t=-1795132800,v1={code}",
        "t=1_795_132_800,v1={code}",
        "t=99999999999999999999,v1={code}",
        "t=1795132800,v1={code}" + ",v1=x" * 30,
    ],
)
def test_a_header_that_stripe_would_not_send_is_refused(header):
    code = stripe_signature(b"{}", "whsec_a", NOW_S).rpartition("=")[2]
    assert not passes(header.replace("{code}", code))


def test_without_a_secret_nothing_is_genuine():
    assert not passes(stripe_signature(b"{}", "", NOW_S), secrets=())


@given(st.text(), st.binary())
def test_no_header_and_no_body_breaks_the_check(header, body):
    assert not passes(header, body)


@pytest.mark.parametrize(
    ("currency", "minor", "major"),
    [
        ("usd", 2500, "25.00"),
        ("krw", 15000, "15000"),
        ("jpy", 500, "500"),
        ("kwd", 1234, "1.234"),
        ("isk", 500, "5.00"),
        ("ugx", 500, "5.00"),
        ("huf", 500, "5.00"),
    ],
)
def test_amounts_are_read_in_the_units_in_which_stripe_writes_each_currency(currency, minor, major):
    """https://docs.stripe.com/currencies, with its special cases for ISK, UGX and HUF."""
    notice = stripe.read(checkout("acc_1", minor, currency))
    assert (notice.amount, notice.currency) == (Decimal(major), currency.upper())


def test_a_checkout_and_its_intent_are_one_payment():
    session = stripe.read(checkout("acc_1", intent="pi_7"))
    intent = stripe.read(
        stripe_event(
            "payment_intent.succeeded",
            id="pi_7",
            amount_received=2500,
            currency="usd",
            metadata={"account_id": "acc_1"},
        )
    )
    assert session == intent
    assert session.id == "stripe:pi_7"


def test_metadata_says_more_than_the_client_reference():
    notice = stripe.read(checkout("acc_1", metadata={"account_id": "acc_2"}))
    assert notice.named == "acc_2"


@pytest.mark.parametrize(
    "event",
    [
        checkout("acc_1", payment_status="unpaid"),
        checkout("acc_1", payment_status="no_payment_required", amount_total=0),
        checkout("acc_1", mode="subscription", payment_intent=None),
        checkout("acc_1", amount_total=0),
        stripe_event("payment_intent.created", id="pi_1"),
        stripe_event("customer.created"),
    ],
)
def test_what_brings_no_money_is_no_payment(event):
    assert stripe.read(event) is None


@pytest.mark.parametrize(
    ("event", "refund"),
    [
        (
            stripe_event(
                "charge.refunded",
                id="ch_1",
                payment_intent="pi_1",
                amount_refunded=700,
                currency="usd",
            ),
            Refund("", Decimal("7.00")),
        ),
        (
            stripe_event(
                "refund.created",
                id="re_1",
                amount=700,
                currency="usd",
                status="pending",
                payment_intent="pi_1",
                charge="ch_1",
            ),
            Refund("re_1", Decimal("7.00")),
        ),
        (
            stripe_event(
                "refund.failed",
                id="re_1",
                amount=700,
                currency="usd",
                status="failed",
                payment_intent="pi_1",
            ),
            Refund("re_1", Decimal("7.00"), failed=True),
        ),
    ],
)
def test_refunds_are_told_of_the_payment(event, refund):
    notice = stripe.read(event)
    assert (notice.id, notice.paid, notice.refunds) == ("stripe:pi_1", False, (refund,))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"\xff",
        b'{"type": "charge.refunded"}',
        checkout("acc_1", cents=-2500),
        checkout("acc_1", cents=2.5),
        checkout("acc_1", cents="2500"),
        checkout("acc_1", cents=10**16),
        checkout("acc_1", currency="dollars"),
        checkout("acc_1", intent="../pi_1"),
        checkout("acc_1", metadata={"account_id": 5}),
    ],
)
def test_an_event_that_makes_no_sense_is_refused(body):
    with pytest.raises(InvalidRequest):
        stripe.read(body)
