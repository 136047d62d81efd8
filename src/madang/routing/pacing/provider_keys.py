"""The keys of a provider: how each stands, what the provider has said of it, and what bounds it for one model."""

from madang.routing.pacing.learned import Learned
from madang.routing.pacing.rates import Rates
from madang.routing.pacing.rest import Rest
from madang.routing.pacing.slots import Slots


class KeyState:
    """One key of a provider. `prefix`: its first characters, which may be shown ("": there is no key)."""

    __slots__ = ("in_flight", "prefix", "rest", "turns")

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.in_flight = 0
        self.turns = 0
        self.rest = Rest()


class Remembered:
    """What the provider has said of one key and one model: its limits, and whether it is barred from it."""

    __slots__ = ("barred", "learned")

    def __init__(self) -> None:
        self.learned = Learned()
        self.barred = Rest()


class KeyLane:
    """One key for one model. `rates` are those of the model and of the key together."""

    __slots__ = ("barred", "has_rates", "index", "key", "learned", "prefix", "rates", "slots")

    def __init__(
        self, index: int, key: KeyState, remembered: Remembered, rates: Rates, slots: Slots | None
    ) -> None:
        self.index = index
        self.key = key
        self.prefix = key.prefix or None
        self.learned = remembered.learned
        self.barred = remembered.barred
        self.rates = rates
        self.has_rates = bool(rates.requests or rates.tokens)
        self.slots = slots

    @property
    def is_plain(self) -> bool:
        """Whether nothing bounds it, and nothing was said against it."""
        is_doubted = self.key.rest.cause is not None or self.barred.cause is not None
        return not self.has_rates and self.slots is None and not is_doubted

    def allows(self, now: float) -> bool:
        """Whether the key may be used for this model."""
        return self.key.rest.allows(now) and self.barred.allows(now)
