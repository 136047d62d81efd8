"""Why a request is not admitted, and when it will be: told by the meter that is longest in the way."""

from typing import Final

from madang.errors import CallerError, OutOfCredit, RateLimited
from madang.routing.limits.meters import Meters

_SHORTLY_S: Final = 1.0
"""When to ask again for what others hold: nobody knows when they will be done."""


def refusal(
    meters: Meters, tokens: int, expected_nusd: int, now_us: int, at_us: int
) -> CallerError:
    """The error for a request of so many tokens that would cost about `expected_nusd`."""
    for budget in meters.budgets:
        spent, _ = budget.used(at_us)
        if spent + expected_nusd > budget.cap:
            return OutOfCredit(
                f"{budget.terms.label} is used up, or too small for this request.",
                code="budget_exceeded",
            )
    if tokens > meters.most_tokens:
        return RateLimited(
            f"This request needs about {tokens:,} tokens, and the limit is {meters.most_tokens:,}."
            " Shorten it.",
            code="request_too_large",
        )
    waits = [
        (
            meter.wait_us(amount, now_us),
            f"{rule.label} limit of {rule.limit} {unit} per {rule.span}",
        )
        for unit, amount, chosen in (
            ("requests", 1, meters.requests),
            ("tokens", tokens, meters.tokens),
        )
        for meter, rule in chosen
    ]
    wait_us, what = max(waits, default=(0, ""))
    if wait_us > 0:
        wait_s = wait_us / 1_000_000
        return RateLimited(
            f"{what} is reached. Try again in {wait_s:.1f} s.",
            code="rate_limit_exceeded",
            retry_after_s=wait_s,
        )
    for gauge, rule in meters.slots:
        if gauge.room() < 1:
            return RateLimited(
                f"{rule.label} limit of {rule.limit} requests at once is reached.",
                code="concurrency_exceeded",
                retry_after_s=_SHORTLY_S,
            )
    return RateLimited(
        f"{_narrowest(meters, at_us)} is reserved for requests under way; some of it will come back.",
        code="budget_reserved",
        retry_after_s=_SHORTLY_S,
    )


def _narrowest(meters: Meters, at_us: int) -> str:
    return min(meters.budgets, key=lambda one: one.room(at_us)).terms.label
