"""Plans: what an account may use at once, what it is given at its start, what it costs.

Rule: an amount in dollars is exactly what was written; it never goes through binary arithmetic.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct, structs

from madang.config.problems import Fault
from madang.config.sections.providers import NAME

Limit = Annotated[int, Meta(ge=1, le=1_000_000_000)]
Usd = Annotated[float, Meta(gt=0, le=1_000_000)]


class Plan(Struct, frozen=True, forbid_unknown_fields=True):
    """The limits of an account on this plan, over all its keys; None: no such limit.

    rps, rpm, rpd: requests per second, minute and day. tpm, tpd: tokens per minute and day, input
    and output together. concurrency: requests at once. credit_usd: given once, when an account is
    made. price_usd per `per`: what the plan costs; told, not collected. prepaid: answers stop when
    the credit is used up (None: they do, unless the plan says nothing at all).
    """

    rps: Limit | None = None
    rpm: Limit | None = None
    rpd: Limit | None = None
    tpm: Limit | None = None
    tpd: Limit | None = None
    concurrency: Limit | None = None
    credit_usd: Usd | None = None
    price_usd: Usd | None = None
    per: Literal["month", "year"] | None = None
    prepaid: bool | None = None

    @property
    def is_prepaid(self) -> bool:
        """Whether an account on this plan can spend no more than its credit."""
        return self != _SAYS_NOTHING if self.prepaid is None else self.prepaid

    @property
    def limits(self) -> dict[str, int]:
        """The limits that it has, by name."""
        named = structs.asdict(self)
        return {name: named[name] for name in LIMITS if named[name] is not None}


LIMITS = ("rps", "rpm", "rpd", "tpm", "tpd", "concurrency")

_SAYS_NOTHING = Plan()

DEFAULT_PLANS = {
    "starter": Plan(rpm=10, credit_usd=5.0),
    "pro": Plan(rpm=500, price_usd=99.0, per="month"),
    "enterprise": _SAYS_NOTHING,
}
"""The plans that are there unless a configuration gives others of these names (product.md, G23)."""


def in_force(configured: Mapping[str, Plan]) -> dict[str, Plan]:
    """All plans: those that are configured, before those of the same names that are built in."""
    return {**DEFAULT_PLANS, **configured}


def plan_faults(plans: Mapping[str, Plan]) -> Iterator[Fault]:
    """What is wrong with plans of the right shape."""
    for name, plan in plans.items():
        path = ("plans", name)
        if not NAME.fullmatch(name):
            yield path, "a plan's name is up to 64 letters, digits, `.`, `_`, `-`"
        if (plan.price_usd is None) != (plan.per is None):
            yield path, "`price_usd` and `per` belong together; give both or neither"
