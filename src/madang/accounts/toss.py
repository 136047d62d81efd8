"""Toss Payments' webhooks: what to ask Toss because of one, and what its answer says.

Formats: https://docs.tosspayments.com/reference/using-api/webhook-events and its Payment object.
Webhooks about payments are not signed (only those about payouts and sellers are), so nothing in one
is believed: it only says which payment to ask for. Amounts are in the currency's major unit.
"""

import hmac
import re
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from madang.accounts.notices import Notice, Refund
from madang.errors import InvalidRequest, Unauthenticated

Key = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,200}$")]
OrderId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_=-]{1,64}$")]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3,4}$")]

_RECEIVED = frozenset(("DONE", "PARTIAL_CANCELED", "CANCELED"))
_ACCOUNT = re.compile(r"(acc_[0-9a-f]{16})(?:[_-]|$)")


class _Named(Struct):
    paymentKey: Key  # noqa: N815 - Toss's own names, here and below


class _Changed(Struct):
    data: _Named


class _Deposit(Struct):
    orderId: OrderId  # noqa: N815
    secret: str


class _Cancel(Struct):
    transactionKey: Key  # noqa: N815
    cancelAmount: Decimal  # noqa: N815
    cancelStatus: str = "DONE"  # noqa: N815


class _Payment(Struct):
    paymentKey: Key  # noqa: N815
    orderId: str  # noqa: N815
    status: str
    totalAmount: Decimal  # noqa: N815
    currency: Currency = "KRW"
    secret: str | None = None
    cancels: list[_Cancel] | None = None
    metadata: dict[str, Any] | None = None


class Question(Struct, frozen=True):
    """What to ask Toss: a path. `payment_key` must come back; `secret` must be the payment's own."""

    path: str
    payment_key: str | None = None
    secret: str | None = None


def read(body: bytes) -> Question | None:
    """What to ask because of a webhook; None: it does not concern payments. Raises InvalidRequest."""
    try:
        kind = msgspec.json.decode(body, type=dict[str, Any])
        if kind.get("eventType") == "PAYMENT_STATUS_CHANGED":
            key = msgspec.convert(kind, _Changed).data.paymentKey
            return Question(f"/v1/payments/{key}", payment_key=key)
        if "eventType" not in kind and "secret" in kind:  # DEPOSIT_CALLBACK does not say its name
            deposit = msgspec.convert(kind, _Deposit)
            return Question(f"/v1/payments/orders/{deposit.orderId}", secret=deposit.secret)
    except msgspec.DecodeError as error:
        raise InvalidRequest(f"This is not a webhook of Toss Payments: {error}") from error
    return None


def told(answer: bytes, question: Question) -> Notice | None:
    """What Toss says of the payment; None: no money has moved. Raises Unauthenticated or InvalidRequest."""
    try:
        payment = msgspec.json.decode(answer, type=_Payment)
    except msgspec.DecodeError as error:
        raise InvalidRequest("Toss Payments did not answer with a payment.") from error
    if question.payment_key not in (None, payment.paymentKey):
        raise InvalidRequest("Toss Payments answered with another payment.")
    if question.secret is not None and not _is_same(question.secret, payment.secret):
        raise Unauthenticated("This call does not hold the payment's secret.", code="bad_secret")
    received = payment.status in _RECEIVED
    if not received and payment.status != "WAITING_FOR_DEPOSIT":
        return None
    return Notice(
        id=f"toss:{payment.paymentKey}",
        provider="toss",
        paid=received,
        currency=payment.currency,
        amount=payment.totalAmount,
        named=_account(payment),
        refunds=(*_cancels(payment), _reversal(payment, received)),
    )


def _is_same(given: str, known: str | None) -> bool:
    return known is not None and hmac.compare_digest(given.encode(), known.encode())


def _cancels(payment: _Payment) -> list[Refund]:
    return [
        Refund(cancel.transactionKey, cancel.cancelAmount)
        for cancel in payment.cancels or ()
        if cancel.cancelStatus == "DONE"
    ]


def _reversal(payment: _Payment, received: bool) -> Refund:  # noqa: FBT001 - one of two states
    """A deposit that turned out not to have arrived: rare, and put right by a later DONE."""
    return Refund("reversal", payment.totalAmount, failed=received, may_return=True)


def _account(payment: _Payment) -> str:
    """The account that a payment names: `account_id` of its metadata, or the beginning of its order's id."""
    named = (payment.metadata or {}).get("account_id")
    if isinstance(named, str) and named:
        return named
    begins = _ACCOUNT.match(payment.orderId)
    return begins[1] if begins else ""
