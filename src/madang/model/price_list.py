"""A price as people write it, in the catalogue and in a configuration: dollars, as vendors print them.

One rule: every figure becomes an exact integer or is refused. No price passes through a float.
"""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal

from msgspec import Struct, field, structs

from madang.model.money import NUSD
from madang.model.price import (
    DAY_MINUTES,
    EVERY_DAY,
    Hours,
    PriceRow,
    Rates,
    Sheet,
    Tier,
    UnitPrice,
)

_MILLION = 1_000_000
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_ZONE = re.compile(r"([+-])(0\d|1[0-4]):([0-5]\d)")
_VARIANT = re.compile(r"(\.[A-Za-z0-9_:-]{1,32}){0,4}")

BASES: Final[Mapping[str, tuple[str, int]]] = {
    "image": ("images", 1),
    "video": ("videos", 1),
    "video_second": ("video_ms", 1000),
    "audio_minute": ("audio_ms", 60_000),
    "thousand_characters": ("characters", 1000),
    "million_characters": ("characters", 1_000_000),
    "request": ("requests", 1),
    "thousand_requests": ("requests", 1000),
    "thousand_searches": ("searches", 1000),
    "million_image_tokens": ("image_tokens", 1_000_000),
    "credit": ("credits", 1),
}
"""What a price can be per, besides tokens: the name of the count in usage, and how many of it are meant."""


class PriceError(ValueError):
    """What was written is no price; the message says why."""


class RateLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Dollars per million tokens; `per`: dollars per something else, see `BASES`."""

    input: Decimal | None = field(name="in", default=None)
    output: Decimal | None = field(name="out", default=None)
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None
    cache_write_1h: Decimal | None = None
    audio_input: Decimal | None = field(name="audio_in", default=None)
    audio_output: Decimal | None = field(name="audio_out", default=None)
    per: dict[str, Decimal] = {}


class TierLine(RateLine, frozen=True, kw_only=True):
    """Prices of a whole request whose prompt is longer than `tokens`."""

    tokens: int


class SheetLine(RateLine, frozen=True, kw_only=True):
    """Prices with those for longer prompts."""

    over: TierLine | tuple[TierLine, ...] = ()


class HoursLine(SheetLine, frozen=True, kw_only=True):
    """Prices at some hours, `at: 16:30-00:30`, in UTC or where the clock shows `zone` (`+08:00`).

    Given as figures of their own, or as a `factor` of the row's.
    """

    at: str
    zone: str = "UTC"
    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = ()
    factor: Decimal | None = None


class PriceLine(SheetLine, frozen=True, kw_only=True):
    """A row. `service`: for each service tier figures of its own, or a factor of the row's."""

    model: str
    valid_from: date = field(name="from")
    valid_to: date | None = field(default=None, name="until")
    service: dict[str, Decimal | SheetLine] | None = None
    hours: tuple[HoursLine, ...] = ()
    note: str | None = None


_FIGURES: Final = tuple(name for name in RateLine.__struct_fields__ if name != "per")


def priced(line: PriceLine, **facts: Any) -> PriceRow:  # noqa: ANN401 - fields of PriceRow
    """The row that a line describes; `facts` are the fields that it does not. Raises PriceError."""
    if line.valid_to is not None and line.valid_to <= line.valid_from:
        raise PriceError("`until` must be later than `from`")
    base = _sheet(line)
    service: dict[str, Sheet] = {}
    for tier, given in (line.service or {}).items():
        sheet = _sheet(given) if isinstance(given, SheetLine) else _times(base, given)
        service[tier.lower()] = sheet
    row: dict[str, Any] = structs.asdict(base) | {
        "model": line.model,
        "valid_from": line.valid_from,
        "valid_to": line.valid_to,
        "service": service,
        "hours": tuple(_hours(one, base) for one in line.hours),
        "note": line.note,
    }
    return PriceRow(**(row | facts))


def _sheet(line: SheetLine) -> Sheet:
    tiers = (line.over,) if isinstance(line.over, TierLine) else line.over
    bounds = [tier.tokens for tier in tiers]
    if bounds != sorted(set(bounds)) or any(bound < 0 for bound in bounds):
        raise PriceError("`over`: the tiers must stand in ascending order of `tokens`")
    over = tuple(Tier(tokens=tier.tokens, **_rates(tier)) for tier in tiers)
    return Sheet(over=over, **_rates(line))


def _rates(line: RateLine) -> dict[str, Any]:
    """The fields of `Rates`, in nano-dollars."""
    if (line.input is None) is not (line.output is None):
        raise PriceError("`in` and `out` are given together; what makes no tokens costs `out: 0`")
    if line.input is None and not line.per:
        raise PriceError("it prices nothing: give `in` and `out`, or `per`")
    figures: dict[str, Any] = {name: _nano_dollars(getattr(line, name)) for name in _FIGURES}
    return figures | {"units": dict(_unit(name, price) for name, price in line.per.items())}


def _unit(name: str, dollars: Decimal) -> tuple[str, UnitPrice]:
    """The name in usage and the price of something such as `image.1024x1024.high`."""
    what, dot, variant = name.partition(".")
    if what not in BASES or not _VARIANT.fullmatch(dot + variant):
        raise PriceError(f"`per` knows {', '.join(BASES)} (and parts after a dot); not `{name}`")
    count, per = BASES[what]
    return count + dot + variant, UnitPrice(_exact(dollars), per)


def _hours(line: HoursLine, base: Sheet) -> Hours:
    start, end = _span(line)
    if line.factor is not None:
        if line.input is not None or line.per or line.over:
            raise PriceError("`hours`: give a `factor` or figures, not both")
        sheet = _times(base, line.factor)
    else:
        sheet = _sheet(line)
    shift, start_of_day = divmod(start, DAY_MINUTES)
    days = frozenset((_DAYS.index(day) + shift) % 7 for day in line.days) or EVERY_DAY
    length = (end - start) % DAY_MINUTES or DAY_MINUTES
    return Hours(start=start_of_day, end=start_of_day + length, days=days, **structs.asdict(sheet))


def _span(line: HoursLine) -> tuple[int, int]:
    """Beginning and end in minutes of the UTC day, which may lie before or after it."""
    span = _SPAN.fullmatch(line.at)
    zone = _ZONE.fullmatch(line.zone)
    if span is None:
        raise PriceError("`at` is a span of time such as 16:30-00:30")
    if zone is None and line.zone != "UTC":
        raise PriceError("`zone` is UTC, or an offset from it such as +08:00")
    hours, minutes, until_hours, until_minutes = map(int, span.groups())
    ahead = 0
    if zone is not None:
        ahead = int(zone[2]) * 60 + int(zone[3])
        ahead = -ahead if zone[1] == "-" else ahead
    return hours * 60 + minutes - ahead, until_hours * 60 + until_minutes - ahead


def _times(sheet: Sheet, factor: Decimal) -> Sheet:
    """The same with tokens at a factor of their price; what is sold otherwise stays. Exact, or a PriceError."""
    over = tuple(Tier(tokens=tier.tokens, **_scaled(tier, factor)) for tier in sheet.over)
    return Sheet(over=over, **_scaled(sheet, factor))


def _scaled(rates: Rates, factor: Decimal) -> dict[str, Any]:
    """The fields of `Rates`, with the prices of tokens times a factor."""
    figures: dict[str, Any] = {name: _product(getattr(rates, name), factor) for name in _FIGURES}
    return figures | {"units": rates.units}


def _product(nusd: int | None, factor: Decimal) -> int | None:
    if nusd is None:
        return None
    if not factor.is_finite() or not 0 <= factor <= 100:
        raise PriceError(f"`{factor}` is no factor of a price")
    return _whole(Decimal(nusd) * factor, f"{factor} times a price")


def _nano_dollars(dollars: Decimal | None) -> int | None:
    return None if dollars is None else _exact(dollars)


def _exact(dollars: Decimal) -> int:
    if dollars.is_finite() and 0 <= dollars < _MILLION:
        return _whole(dollars * NUSD, f"`{dollars}`")
    raise PriceError(f"`{dollars}` is not a price in dollars with at most nine decimals")


def _whole(nano: Decimal, what: str) -> int:
    if nano != nano.to_integral_value():
        raise PriceError(f"{what} is not a price in dollars with at most nine decimals")
    return int(nano)
