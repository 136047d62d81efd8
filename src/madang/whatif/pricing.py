"""What an attempt costs under the new prices: where it was, or somewhere else."""

from typing import Final

from msgspec.structs import replace

from madang.ledger.days import DAY_US
from madang.ledger.prices import cost_nusd
from madang.model import PriceRow, Target, Usage
from madang.whatif.past import Past
from madang.whatif.world import World

_MOST: Final = 50_000


class Pricing:
    """Costs in nano-dollars; None: no price is known."""

    __slots__ = ("_prices", "_world")

    def __init__(self, world: World) -> None:
        self._world = world
        self._prices: dict[tuple[int, str, str, str | None], PriceRow | None] = {}

    def stayed(self, past: Past) -> int | None:
        """An attempt where it was made, as re-rating has it: what was not paid by usage costs what it did."""
        if not past.was_paid:
            return past.cost_nusd
        key = (past.at_us // DAY_US, past.provider, past.model, past.price)
        try:
            price = self._prices[key]
        except KeyError:
            price = self._world.price_known_as(past.provider, past.model, past.at_us, past.price)
            if len(self._prices) >= _MOST:
                self._prices.clear()
            self._prices[key] = price
        return None if price is None else cost_nusd(price, past.usage, past.at_us + past.latency_us)

    def moved(self, target: Target, usage: Usage, past: Past) -> int | None:
        """The answer of an attempt, made at another target; at its standard tier where it has no such one."""
        price = self._world.price(target, past.at_us)
        if price is None:
            return None
        if usage.tier is not None and usage.tier.lower() not in price.service:
            usage = replace(usage, tier=None)
        return cost_nusd(price, usage, past.at_us + past.latency_us)

    def list_price(self, target: Target, at_us: int) -> int:
        """Input plus output price, for choosing by cost; unknown sorts last."""
        price = self._world.price(target, at_us)
        return (price.input or 0) + (price.output or 0) if price else _LAST


_LAST: Final = 1 << 62
