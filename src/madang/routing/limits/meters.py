"""The meters that count one kind of request, and what a request holds of them."""

from typing import Final

from madang.routing.limits.bucket import Bucket
from madang.routing.limits.budget import Budget
from madang.routing.limits.gauge import Gauge
from madang.routing.limits.rules import RateRule, SlotsRule
from madang.routing.limits.window import Window
from madang.wire.quota import Level, Quota

_ENDLESS: Final = 1 << 62


class Meters:
    """Everything that counts the requests of a key with certain tags; made once and kept.

    `most_tokens` is what a single request may need at most, if it is ever to be admitted.
    """

    __slots__ = (
        "budgets",
        "gauges",
        "has_rates",
        "has_soft",
        "most_tokens",
        "request_meters",
        "requests",
        "slots",
        "token_meters",
        "tokens",
    )

    def __init__(self) -> None:
        self.requests: list[tuple[Window | Bucket, RateRule]] = []
        self.tokens: list[tuple[Window | Bucket, RateRule]] = []
        self.slots: list[tuple[Gauge, SlotsRule]] = []
        self.budgets: list[Budget] = []
        self.finish()

    def finish(self) -> None:
        """All are there: make ready what every request asks for."""
        self.request_meters = [meter for meter, _ in self.requests]
        self.token_meters = [meter for meter, _ in self.tokens]
        self.gauges = [gauge for gauge, _ in self.slots]
        self.most_tokens = min((meter.limit for meter in self.token_meters), default=_ENDLESS)
        self.has_rates = bool(self.requests or self.tokens)
        self.has_soft = any(budget.terms.soft_from is not None for budget in self.budgets)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is counted."""
        return not (self.requests or self.tokens or self.slots or self.budgets)

    def is_soft(self, at_us: int) -> bool:
        """Whether a budget wants the cheapest candidates first."""
        return self.has_soft and any(budget.is_soft(at_us) for budget in self.budgets)

    def quota(self, now_us: int) -> Quota:
        """What is left, as callers are told: of several meters the one with the least."""
        return Quota(_tightest(self.request_meters, now_us), _tightest(self.token_meters, now_us))


class Reservation:
    """What `Gate.admit` set aside for one request; `marks` and `periods` say where.

    `is_soft`: a budget wants the cheapest candidates first.
    """

    __slots__ = ("began_us", "is_open", "is_soft", "marks", "meters", "nusd", "periods", "tokens")

    def __init__(self, meters: Meters, tokens: int, nusd: int, began_us: int) -> None:
        self.meters = meters
        self.tokens = tokens
        self.nusd = nusd
        self.began_us = began_us
        self.marks: list[int] = []
        self.periods: list[int] = []
        self.is_open = True
        self.is_soft = False


def _tightest(meters: list[Window | Bucket], now_us: int) -> Level | None:
    if not meters:
        return None
    meter = meters[0] if len(meters) == 1 else min(meters, key=lambda one: one.room(now_us))
    return Level(meter.limit, max(0, meter.room(now_us)), meter.reset_us(now_us))
