"""Who can do it: offers sifted by one constraint after another, each of which says why an offer fails it."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Protocol, TypeVar

from madang.errors import UnsupportedFeature
from madang.model import LeftOut

_MOST_TOLD = 5


class Offered(Protocol):
    """A model at a provider that is configured."""

    @property
    def target(self) -> str:
        """`provider/model`."""

    @property
    def healthy(self) -> bool:
        """Whether the provider may be asked now."""


OfferT = TypeVar("OfferT", bound=Offered)
WishT = TypeVar("WishT")
Constraint = tuple[str, Callable[[OfferT, WishT, date], str | None]]
"""The name that requests have for it, and why an offer fails a wish on a day (None: it does not)."""


def sift(
    offers: Sequence[OfferT],
    wish: WishT,
    today: date,
    constraints: Sequence[Constraint[OfferT, WishT]],
    noun: str,
) -> tuple[list[OfferT], list[LeftOut]]:
    """Those that nothing speaks against, in their order, and the others with the first that does.

    Raises UnsupportedFeature that names the constraint after which no `noun` is left.
    """
    left, left_out = list(offers), list[LeftOut]()
    for name, fault_of in constraints:
        faults = [(offer, fault_of(offer, wish, today)) for offer in left]
        left_out += [LeftOut(offer.target, fault) for offer, fault in faults if fault]
        left = [offer for offer, fault in faults if not fault]
        if not left:
            told = "; ".join(f"{offer.target} {fault}" for offer, fault in faults[:_MOST_TOLD])
            raise UnsupportedFeature(f"No {noun} is left after `{name}`: {told}.", param=name)
    return left, left_out


def resting(offer: Offered, _wish: object, _today: date) -> str | None:
    """It must be healthy."""
    return None if offer.healthy else "rests after failures"


def ended(sunset: date | None, today: date) -> str | None:
    """It must not have had its last day; `sunset` is the first without it, None: not known."""
    return f"has ended on {sunset}" if sunset is not None and today >= sunset else None


def too_dear(cost_nusd: int | None, budget_nusd: int | None) -> str | None:
    """It must not cost more than a budget (None: there is none), and the cost must be known."""
    if budget_nusd is None:
        return None
    if cost_nusd is None:
        return "has no known price"
    return f"costs ${cost_nusd / 1e9:.4f}" if cost_nusd > budget_nusd else None
