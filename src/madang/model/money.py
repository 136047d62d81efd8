"""Money: whole nano-dollars everywhere; dollars only where people write and read them, exactly."""

from decimal import Decimal
from typing import Final

NUSD: Final = 1_000_000_000
"""Nano-dollars in a dollar."""


def nusd_of(usd: float) -> int:
    """Nano-dollars of an amount as it was written, cut after nine decimals.

    Exact up to 15 digits: the shortest decimal that reads back as this float is what was written.
    """
    return int(Decimal(repr(usd)) * NUSD)


def dollars(nusd: int) -> str:
    """Dollars with nine decimals: `-0.000000005`."""
    whole, rest = divmod(abs(nusd), NUSD)
    return f"{'-' if nusd < 0 else ''}{whole}.{rest:09d}"


def short_dollars(nusd: int) -> str:
    """Dollars without needless zeros, of an amount that is not negative: `$0.0125`, `$3.00`."""
    whole, _, decimals = dollars(nusd).partition(".")
    return f"${whole}.{decimals.rstrip('0'):0<2}"
