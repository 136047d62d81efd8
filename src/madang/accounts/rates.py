"""From an amount of a currency to nano-dollars, and the part of them that a refund takes back.

Rule: exact fractions, rounded once, half up, to a whole nano-dollar. A payment that is paid back in
full, in however many parts, takes back exactly what it gave.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from msgspec import Struct

from madang.config.sections.payments import ExchangeRate, per_usd
from madang.model.money import NUSD


class Rate(Struct, frozen=True):
    """So many of a currency make a dollar, says `source`."""

    per_usd: Decimal
    source: str

    def nusd(self, amount: Decimal) -> int:
        """The worth of an amount (major unit) in nano-dollars."""
        return _rounded(Fraction(amount) * NUSD / Fraction(self.per_usd))


DOLLARS = Rate(Decimal(1), "a dollar is a dollar")


def rate_of(currency: str, stated: Mapping[str, ExchangeRate]) -> Rate | None:
    """The rate in force for a currency; None: nobody has stated one, and none is guessed."""
    if currency == "USD":
        return DOLLARS
    found = stated.get(currency)
    return Rate(per_usd(found.per_usd), found.source) if found else None


def part(credited_nusd: int, refunded: Decimal, paid: Decimal) -> int:
    """What of a payment's credit is taken back once `refunded` of `paid` is."""
    return _rounded(credited_nusd * Fraction(min(refunded, paid)) / Fraction(paid))


def _rounded(value: Fraction) -> int:
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)
