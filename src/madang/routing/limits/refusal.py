"""What a request asks of limits, why it is not admitted, and when it will be: told by the meter longest in the way."""

from typing import Final, NamedTuple

from madang.errors import CallerError, OutOfCredit, RateLimited
from madang.model.money import short_dollars
from madang.routing.limits.budget import Budget
from madang.routing.limits.meters import Meters

_SHORTLY_S: Final = 1.0
"""When to ask again for what others hold: nobody knows when they will be done."""


class Ask(NamedTuple):
    """What a request may need at most: tokens, and nano-dollars.

    `want_nusd` is the worst case, `expected_nusd` what an answer of the usual length costs at most
    (never more than the worst case). `is_stated`: the caller has bounded the answer itself, so
    that the worst case is its wish and no pessimism of ours.
    """

    tokens: int
    want_nusd: int = 0
    expected_nusd: int = 0
    is_stated: bool = True


def refusal(meters: Meters, ask: Ask, now_us: int, at_us: int) -> CallerError:
    """The error for a request that may need so much at most: what no waiting helps against comes first."""
    for budget in meters.budgets:
        spent, _ = budget.used(at_us)
        if spent + ask.expected_nusd > budget.cap:
            return OutOfCredit(_too_little(budget, spent, ask), code="budget_exceeded")
    if ask.tokens > meters.most_tokens:
        return RateLimited(
            f"This request needs about {ask.tokens:,} tokens, and the limit is {meters.most_tokens:,}."
            " Shorten it.",
            code="request_too_large",
        )
    return _of_rates(meters, ask.tokens, now_us) or _of_slots(meters) or _of_budgets(meters, at_us)


def _of_rates(meters: Meters, tokens: int, now_us: int) -> RateLimited | None:
    """Of the rates that have no room the one that is in the way longest."""
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
    if wait_us <= 0:
        return None
    wait_s = wait_us / 1_000_000
    return RateLimited(
        f"{what} is reached. Try again in {wait_s:.1f} s.",
        code="rate_limit_exceeded",
        retry_after_s=wait_s,
    )


def _of_slots(meters: Meters) -> RateLimited | None:
    for gauge, rule in meters.slots:
        if gauge.room() < 1:
            return RateLimited(
                f"{rule.label} limit of {rule.limit} requests at once is reached.",
                code="concurrency_exceeded",
                retry_after_s=_SHORTLY_S,
            )
    return None


def _of_budgets(meters: Meters, at_us: int) -> RateLimited:
    """Nothing else is in the way: the money is there, and others hold it."""
    return RateLimited(
        f"{_narrowest(meters, at_us)} is reserved for requests under way; some of it will come back.",
        code="budget_reserved",
        retry_after_s=_SHORTLY_S,
    )


def unpriced(model: str, tier: str | None = None) -> OutOfCredit:
    """The error for a request that a budget counts, and whose price nobody knows: the budget could not hold."""
    what = f"`{model}`" if tier is None else f"`{model}` at the service tier `{tier[:100]}`"
    return OutOfCredit(
        f"This request counts against a budget, and no price is known for {what}, so that the budget "
        "could not hold. Use a model whose price is known, or ask whoever runs this gateway to give it one.",
        code="price_unknown",
        param="model",
    )


def _too_little(budget: Budget, spent_nusd: int, ask: Ask) -> str:
    """Why a budget does not bear a request. What is left of one that others share is not told."""
    label, left = budget.terms.label, budget.cap - spent_nusd
    if left <= 0:
        return f"{label} is used up."
    costs = f"it may cost up to {short_dollars(ask.want_nusd)}"
    if ask.expected_nusd < ask.want_nusd:
        costs += f", about {short_dollars(ask.expected_nusd)} is expected"
    rest = f", and {short_dollars(left)} is left" if budget.terms.is_own else ""
    return (
        f"{label} is too small for this request: {costs}{rest}. "
        "A smaller bound on the answer (such as max_tokens) costs less."
    )


def _narrowest(meters: Meters, at_us: int) -> str:
    return min(meters.budgets, key=lambda one: one.room(at_us)).terms.label
