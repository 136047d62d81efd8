"""Stripe's webhooks: is a call genuine, and what does it say.

Formats: https://docs.stripe.com/webhooks#verify-manually, https://docs.stripe.com/currencies and the
events of https://docs.stripe.com/api/events/types. A payment is known by its payment intent, so that
the several events that tell of one payment are one payment here.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta, Raw, Struct

from madang.accounts.notices import Notice, Refund
from madang.errors import InvalidRequest, Unauthenticated

Minor = Annotated[int, Meta(ge=0, le=10**15)]
Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_]{1,255}$")]
Currency = Annotated[str, Meta(pattern=r"^[A-Za-z]{3}$")]

WITHOUT_DECIMALS = frozenset(
    "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split()  # noqa: SIM905 - reads as a list
)
"""Amounts come in whole units. Not ISK and UGX, which have none either but come in hundredths."""

THREE_DECIMALS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})

_TIME = re.compile(r"[0-9]{1,12}")
_MOST_SIGNATURES = 20


class _Data(Struct):
    object: Raw


class _Event(Struct):
    type: str
    data: _Data


class _Session(Struct):
    mode: str
    payment_status: str
    amount_total: Minor | None = None
    currency: Currency | None = None
    payment_intent: Id | None = None
    client_reference_id: str | None = None
    metadata: dict[str, str] | None = None


class _Intent(Struct):
    id: Id
    amount_received: Minor
    currency: Currency
    metadata: dict[str, str] | None = None


class _Charge(Struct):
    id: Id
    amount_refunded: Minor
    currency: Currency
    payment_intent: Id | None = None


class _Refund(Struct):
    id: Id
    amount: Minor
    currency: Currency
    status: str | None = None
    charge: Id | None = None
    payment_intent: Id | None = None


def check(
    header: str, body: bytes, secrets: Sequence[str], now_s: float, tolerance_s: float
) -> None:
    """Raise Unauthenticated unless one of `secrets` signed this body, at a time near `now_s`.

    The header is `t=SECONDS,v1=HEX[,v1=HEX…]`; what is signed is the seconds, a dot and the body.
    """
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    signatures = [value.encode() for name, _, value in parts if name == "v1"]
    if len(times) != 1 or not _TIME.fullmatch(times[0]) or len(signatures) > _MOST_SIGNATURES:
        raise _forged()
    signed = times[0].encode() + b"." + body
    expected = [
        hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode() for secret in secrets
    ]
    # every pair is compared, whichever fits: the time it takes tells nothing
    fits = [hmac.compare_digest(ours, theirs) for ours in expected for theirs in signatures]
    if not any(fits) or abs(now_s - int(times[0])) > tolerance_s:
        raise _forged()


def read(body: bytes) -> Notice | None:
    """What an event says of a payment; None: nothing that concerns credit. Raises InvalidRequest."""
    try:
        event = msgspec.json.decode(body, type=_Event)
        reader = _READERS.get(event.type)
        return reader(event.data.object) if reader else None
    except msgspec.DecodeError as error:  # also what does not fit
        raise InvalidRequest(f"This is not an event of Stripe: {error}") from error


def _forged() -> Unauthenticated:
    return Unauthenticated("This call is not signed as it must be.", code="bad_signature")


def _session(given: Raw) -> Notice | None:
    """A checkout. One that is for a subscription is paid by invoices, each with an intent of its own."""
    session = msgspec.json.decode(given, type=_Session)
    if session.mode != "payment" or session.payment_status != "paid":
        return None  # a slow way to pay: `async_payment_succeeded` follows
    if not (session.payment_intent and session.amount_total and session.currency):
        return None  # nothing was paid
    named = (session.metadata or {}).get("account_id") or session.client_reference_id or ""
    return _paid(session.payment_intent, session.amount_total, session.currency, named)


def _intent(given: Raw) -> Notice | None:
    intent = msgspec.json.decode(given, type=_Intent)
    if not intent.amount_received:
        return None
    named = (intent.metadata or {}).get("account_id", "")
    return _paid(intent.id, intent.amount_received, intent.currency, named)


def _charge(given: Raw) -> Notice | None:
    charge = msgspec.json.decode(given, type=_Charge)
    total = Refund("", _major(charge.amount_refunded, charge.currency))
    return _refunded(charge.payment_intent or charge.id, charge.currency, total)


def _refund(given: Raw) -> Notice | None:
    refund = msgspec.json.decode(given, type=_Refund)
    payment = refund.payment_intent or refund.charge
    if payment is None:
        return None
    amount = _major(refund.amount, refund.currency)
    failed = refund.status in ("failed", "canceled")
    return _refunded(payment, refund.currency, Refund(refund.id, amount, failed))


def _paid(payment: str, amount: int, currency: str, named: str) -> Notice:
    return Notice(
        id=f"stripe:{payment}",
        provider="stripe",
        paid=True,
        currency=currency.upper(),
        amount=_major(amount, currency),
        named=named,
    )


def _refunded(payment: str, currency: str, refund: Refund) -> Notice:
    return Notice(
        id=f"stripe:{payment}",
        provider="stripe",
        paid=False,
        currency=currency.upper(),
        refunds=(refund,),
    )


def _major(amount: int, currency: str) -> Decimal:
    name = currency.upper()
    decimals = 0 if name in WITHOUT_DECIMALS else 3 if name in THREE_DECIMALS else 2
    return Decimal(amount).scaleb(-decimals)


_READERS = {
    "checkout.session.completed": _session,
    "checkout.session.async_payment_succeeded": _session,
    "payment_intent.succeeded": _intent,
    "charge.refunded": _charge,
    "refund.created": _refund,
    "refund.updated": _refund,
    "refund.failed": _refund,
    "charge.refund.updated": _refund,
}
