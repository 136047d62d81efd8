"""How payments reach accounts: the secrets of payment providers, and what their currencies are worth."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, ClassVar

from msgspec import Meta, Struct, field

from madang.config.addresses import base_url_fault
from madang.config.problems import Fault, Path
from madang.config.secretive import Secretive

Rate = Annotated[float, Meta(gt=0, le=1_000_000_000)]
Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Source = Annotated[str, Meta(min_length=1, max_length=200)]

_CURRENCY = re.compile(r"[A-Z]{3,4}")
_SECRET = re.compile(r"[!-~]+")

TOSS = "https://api.tosspayments.com"


class StripeHook(Secretive, frozen=True, forbid_unknown_fields=True):
    """Webhooks of Stripe. `secrets`: the endpoint's signing secrets, several while one replaces another.

    tolerance_s: how far a signature's time may be from ours.
    """

    secret_names: ClassVar[frozenset[str]] = frozenset({"secrets"})

    secrets: tuple[str, ...] = ()
    tolerance_s: Seconds = 300.0


class TossHook(Secretive, frozen=True, forbid_unknown_fields=True):
    """Webhooks of Toss Payments, which are not signed: each is checked by asking Toss with `secret_key`."""

    secret_names: ClassVar[frozenset[str]] = frozenset({"secret_key"})

    secret_key: str | None = None
    base_url: str = TOSS
    timeout_s: Seconds = 8.0


class ExchangeRate(Struct, frozen=True, forbid_unknown_fields=True):
    """What a currency is worth: so many of it make a dollar. `source`: where the figure is from, for statements."""

    per_usd: Rate
    source: Source


class Payments(Struct, frozen=True, forbid_unknown_fields=True):
    """Payment providers, and exchange rates by currency. A payment in a currency without a rate waits for an admin."""

    stripe: StripeHook = StripeHook()
    toss: TossHook = TossHook()
    rates: dict[str, ExchangeRate] = field(default_factory=dict)


def per_usd(rate: float) -> Decimal:
    """A rate as it was written, exactly (up to 15 digits)."""
    return Decimal(repr(rate))


def payment_faults(payments: Payments) -> Iterator[Fault]:
    """What is wrong with payments of the right shape."""
    path: Path = ("payments",)
    secrets = [
        ((*path, "stripe", "secrets", index), secret)
        for index, secret in enumerate(payments.stripe.secrets)
    ]
    if payments.toss.secret_key is not None:
        secrets.append(((*path, "toss", "secret_key"), payments.toss.secret_key))
    for place, secret in secrets:
        if not _SECRET.fullmatch(secret):
            yield place, "the secret is empty, or holds a space or a line break; copy it again"
    fault = base_url_fault(payments.toss.base_url)
    if fault:
        yield (*path, "toss", "base_url"), fault
    for currency in payments.rates:
        if not _CURRENCY.fullmatch(currency):
            yield (*path, "rates", currency), "a currency is written as `KRW`"
        elif currency == "USD":
            yield (*path, "rates", currency), "a dollar is a dollar; remove the row"
