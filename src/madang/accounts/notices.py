"""What a payment provider says of one payment, in words that all of them share.

The readers (`stripe`, `toss`) do no I/O; whoever calls them has seen to it that the notice is
genuine.
"""

from decimal import Decimal

from msgspec import Struct

MOST = Decimal(10) ** 13
"""No amount of any currency is larger; what says more is wrong."""

FINEST = Decimal("0.000001")


class Refund(Struct, frozen=True):
    """Money given back: the provider's id for it and how much, in the major unit.

    An empty id: all that was given back so far. `failed`: it did not arrive and is with us again,
    for good unless `may_return`.
    """

    id: str
    amount: Decimal
    failed: bool = False
    may_return: bool = False


class Notice(Struct, frozen=True, kw_only=True):
    """One payment. `id` is `stripe:…` or `toss:…`, `amount` in the major unit of `currency` (ISO 4217).

    `paid` False: it only tells of refunds. `named`: the account that it names, empty for none.
    """

    id: str
    provider: str
    paid: bool
    currency: str
    amount: Decimal = Decimal(0)
    named: str = ""
    refunds: tuple[Refund, ...] = ()


def is_sound(amount: Decimal) -> bool:
    """Whether a sum of money can be meant: above zero, not absurd, no finer than a millionth."""
    return amount.is_finite() and 0 < amount <= MOST and amount % FINEST == 0
