"""Amounts of money as settings write them."""

from decimal import Decimal


def nusd(usd: float) -> int:
    """Nano-dollars of an amount as it was written, cut after nine decimals.

    Exact up to 15 digits: the shortest decimal that reads back as this float is what was written.
    """
    return int(Decimal(repr(usd)) * 1_000_000_000)
