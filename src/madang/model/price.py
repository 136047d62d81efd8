"""What something costs, in integers: the facts of one price.

One rule: None means that a part is not priced apart, or that its price is unknown; it is never
zero. Tokens are priced in nano-dollars per million.
"""

from datetime import date
from functools import cached_property
from typing import Final

from msgspec import Struct

DAY_MINUTES: Final = 24 * 60
EVERY_DAY: Final = frozenset(range(7))


STANDARD: Final = frozenset(("", "default", "standard", "auto", "on_demand"))
"""What providers call the tier that their price lists begin with; `auto` comes back from those who have no other."""


def special_tier(said: object) -> str | None:
    """The service tier that a provider says it answered at; None for the standard one."""
    return said if isinstance(said, str) and said.lower() not in STANDARD else None


class UnitPrice(Struct, frozen=True):
    """`nusd` nano-dollars for `per` of a unit, as vendors print it: for one image, for a million characters."""

    nusd: int
    per: int = 1


class Rates(Struct, frozen=True, kw_only=True):
    """The prices of the parts of one answer.

    Reads from and writes to the prompt cache cost what input costs where they are None, one-hour
    writes what other writes cost, audio what text costs. Without `input` and `output` tokens have
    no known price. `units` is what is priced and no token, by the name under which usage counts it
    (`images`, `video_ms`, `audio_ms`, `characters`, `searches`, `requests`, `videos`); a name may
    be narrower than the count's (`images`) or as narrow (`images.1024x1024.high`).
    """

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    cache_write_1h: int | None = None
    audio_input: int | None = None
    audio_output: int | None = None
    units: dict[str, UnitPrice] = {}


class Tier(Rates, frozen=True, kw_only=True):
    """The prices of a whole request whose prompt is longer than `tokens`."""

    tokens: int


class Sheet(Rates, frozen=True, kw_only=True):
    """Prices, and what they are for longer prompts: `over` in ascending order of `tokens`."""

    over: tuple[Tier, ...] = ()


class Hours(Sheet, frozen=True, kw_only=True, dict=True):
    """Prices at some hours: from `start` until before `end`, minutes of the UTC day; `end` may be the next day's.

    `days` are those on which the hours begin, 0 for Monday.
    """

    start: int
    end: int
    days: frozenset[int] = EVERY_DAY

    @cached_property
    def name(self) -> str:
        """Such as `16:30-00:30`, in UTC."""
        first, last = self.start, self.end % DAY_MINUTES
        return f"{first // 60:02}:{first % 60:02}-{last // 60:02}:{last % 60:02}"

    def hold_at(self, minute: int) -> bool:
        """Whether a minute since 1970-01-01T00:00Z is one of them."""
        day, of_day = divmod(minute, DAY_MINUTES)
        if self.start <= of_day < self.end:
            return (day + _THURSDAY) % 7 in self.days
        return of_day + DAY_MINUTES < self.end and (day - 1 + _THURSDAY) % 7 in self.days


_THURSDAY: Final = 3  # 1970-01-01 was one
_ENDLESS: Final = 1 << 62


class PriceRow(Sheet, frozen=True, kw_only=True, dict=True):
    """What one model costs at one provider.

    It holds from the day `valid_from` (UTC) until the day before `valid_to`, None: until changed.
    `model` is a canonical name or the provider's own id. `service` are the prices at other service
    tiers than the standard one, by the name that answers report; `hours` those at some hours, the
    first that fits counts. `retrieved` is the day on which the figure was read at `source`; `note`
    says what the row cannot express. `own`: it is from this installation's configuration.
    `served`: Madang can ask the provider for this model.
    """

    provider: str
    model: str
    valid_from: date
    source: str
    retrieved: date
    valid_to: date | None = None
    service: dict[str, Sheet] = {}
    hours: tuple[Hours, ...] = ()
    note: str | None = None
    own: bool = False
    served: bool = True

    @cached_property
    def id(self) -> str:
        """How the ledger names this row, such as `openai/gpt-4.1@2025-04-14`."""
        name = f"{self.provider}/{self.model}@{self.valid_from}"
        return f"{name}#own" if self.own else name

    @cached_property
    def plain_up_to(self) -> int:
        """How long a prompt may be for the row's plain prices to hold at any hour; -1: the hour matters."""
        if self.hours:
            return -1
        return self.over[0].tokens if self.over else _ENDLESS

    def in_force(self, day: date) -> bool:
        """Whether it holds on a UTC day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)
