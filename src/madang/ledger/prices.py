"""What an answer costs: the price row in force, and exact arithmetic on it.

One rule: money is an integer. Counts times prices are summed exactly and divided once, at the end,
rounded half up. What has no known price makes the whole unknown (None), never zero. Nothing here
reads a clock or a file; the moment is an argument.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Final

from madang.model import PriceRow, Rates, Sheet, UnitPrice, Usage

_MILLION: Final = 1_000_000
_MINUTE_US: Final = 60_000_000
_PER_REQUEST: Final = "requests"

FindPrice = Callable[[str, str, int, str | None], PriceRow | None]
"""(provider, model, Unix µs, name of the price that an attempt was entered with) → the price known now."""


class Prices:
    """Price rows by provider and model; finding one takes as long among many as among few.

    An installation's own rows come before the catalogue's.
    """

    __slots__ = ("_rows",)

    def __init__(self, rows: Iterable[PriceRow]) -> None:
        self._rows: dict[tuple[str, str], tuple[PriceRow, ...]] = {}
        for row in sorted(rows, key=lambda row: (row.own, row.valid_from)):
            key = (row.provider, row.model)
            self._rows[key] = (row, *self._rows.get(key, ()))

    def find(
        self, provider: str, model: str, canonical: str | None, at: date, like: str | None = None
    ) -> PriceRow | None:
        """The row in force on day `at` (UTC), or None: the price is unknown, which is never zero.

        `model` is the provider's own id and looked up first, then `canonical`, the catalogue's
        name. `like` names the provider whose list applies where `provider` has no row of its own,
        such as `openai` for one's own Azure resource.
        """
        found = self._valid(provider, model, canonical, at)
        if found is None and like is not None:
            return self._valid(like, model, canonical, at)
        return found

    def _valid(self, provider: str, model: str, canonical: str | None, at: date) -> PriceRow | None:
        for row in self._rows.get((provider, model), ()):
            if row.in_force(at):
                return row
        if canonical is None or canonical == model:
            return None
        return self._valid(provider, canonical, None, at)


def cost_nusd(price: PriceRow, usage: Usage, at_us: int | None = None) -> int | None:
    """The cost of `usage` in nano-dollars, rounded half up; never negative. None: unknown.

    `at_us` is when the answer ended (Unix µs), which matters where prices depend on the hour; None:
    at the dearest hour.
    """
    return charge(price, usage, at_us)[0]


def charge(price: PriceRow, usage: Usage, at_us: int | None = None) -> tuple[int | None, str]:
    """The cost as `cost_nusd` has it, and the name of the prices used.

    A name is the row's, such as `openai/gpt-6-sol@2026-09-22`, and behind a `#` what was chosen
    within the row, where it is not its plain prices: `#flex,over-272000`, `#16:30-00:30`.
    """
    if usage.tier is None and usage.input <= price.plain_up_to:
        return _sum(price, usage), price.id
    dearest: int | None = None
    name = price.id
    for sheet, chosen in _sheets(price, usage.tier, at_us):
        rates, length = _by_length(sheet, usage.input)
        cost = _sum(rates, usage)
        if cost is None:
            return None, price.id
        if dearest is None or cost > dearest:
            dearest, name = cost, _named(price, chosen, length)
    return dearest, name


def worst_nusd(price: PriceRow, usage: Usage) -> int | None:
    """The most that a request may cost which uses no more than this, rounded up; None: unknown.

    Every token is priced as the dearest kind that it may turn out to be (a cache write, audio), at
    the dearest hour. `usage.tier` is the service tier that was asked for; the provider may answer
    at the standard one instead.
    """
    sheets = [sheet for sheet, _ in _sheets(price, None, None)]
    if usage.tier is not None:
        asked = price.service.get(usage.tier.lower())
        if asked is None:
            return None
        sheets.append(asked)
    costs = [
        _sum(_dearest(rates), usage, up=True)
        for sheet in sheets
        for rates in (sheet, *(tier for tier in sheet.over if usage.input > tier.tokens))
    ]
    known = [cost for cost in costs if cost is not None]
    return max(known) if len(known) == len(costs) else None


def _sheets(
    price: PriceRow, tier: str | None, at_us: int | None
) -> Iterator[tuple[Sheet, str | None]]:
    """The prices that may hold, with what tells them from the row's plain ones; none: unknown."""
    if tier is not None:
        tier = tier.lower()
        if tier in price.service:
            yield price.service[tier], tier
        return
    minute = None if at_us is None else at_us // _MINUTE_US
    for hours in price.hours:
        if minute is None or hours.hold_at(minute):
            yield hours, hours.name
            if minute is not None:
                return
    yield price, None


def _by_length(sheet: Sheet, prompt: int) -> tuple[Rates, str | None]:
    """The prices for a prompt of so many tokens: of those it exceeds, the highest bound counts."""
    for tier in reversed(sheet.over):
        if prompt > tier.tokens:
            return tier, f"over-{tier.tokens}"
    return sheet, None


def _named(price: PriceRow, *chosen: str | None) -> str:
    told = ",".join(filter(None, chosen))
    if not told:
        return price.id
    return f"{price.id},{told}" if price.own else f"{price.id}#{told}"


def _dearest(rates: Rates) -> Rates:
    """Input and output at the highest price that a token of them may have."""
    cached = (rates.cache_read, rates.cache_write, rates.cache_write_1h)
    entered = (rates.input, rates.audio_input, *cached)
    made = (rates.output, rates.audio_output)
    return Rates(
        input=max((rate for rate in entered if rate is not None), default=None),
        output=max((rate for rate in made if rate is not None), default=None),
        units=rates.units,
    )


def _sum(rates: Rates, usage: Usage, *, up: bool = False) -> int | None:
    """What all parts cost together, rounded half up (or `up`); None: a part has no known price.

    Cache reads, cache writes and audio input are parts of `usage.input`, one-hour writes a part of
    the writes, audio output and reasoning parts of `usage.output`; what is left of each is priced
    as text. Where a report contradicts itself (more read from the cache than was sent), no more
    than the whole is charged.
    """
    prompt = max(0, usage.input)
    answer = max(0, usage.output)
    text, said = rates.input, rates.output
    if text is None or said is None:
        if prompt or answer:
            return None
        text = said = 0
    total = prompt * text + answer * said
    if usage.cache_read or usage.cache_write or usage.cache_write_1h or usage.audio_input:
        total += _input_difference(rates, text, usage, prompt)
    if usage.audio_output and rates.audio_output is not None:
        total += _part(usage.audio_output, answer) * (rates.audio_output - said)
    if usage.units or _PER_REQUEST in rates.units:
        return _with_units(total, rates.units, usage.units, up=up)
    return -(-total // _MILLION) if up else (total + _MILLION // 2) // _MILLION


def _with_units(
    total: int, prices: Mapping[str, UnitPrice], units: Mapping[str, int], *, up: bool
) -> int | None:
    """The sum with what is counted in other units; `total` is in millionths of a nano-dollar.

    Everything is brought to one denominator. What costs something per request costs it once where
    usage does not count requests.
    """
    if _PER_REQUEST in prices and not any(name.startswith(_PER_REQUEST) for name in units):
        units = {**units, _PER_REQUEST: 1}
    parts = _MILLION
    for name, count in units.items():
        if count <= 0:
            continue
        price = _unit_price(prices, name)
        if price is None:
            return None
        total = total * price.per + count * price.nusd * parts
        parts *= price.per
    return -(-total // parts) if up else (2 * total + parts) // (2 * parts)


def _unit_price(prices: Mapping[str, UnitPrice], name: str) -> UnitPrice | None:
    """The price of `images.1024x1024.high`, else of `images.1024x1024`, else of `images`."""
    while name:
        price = prices.get(name)
        if price is not None:
            return price
        name = name.rpartition(".")[0]
    return None


def _input_difference(rates: Rates, text: int, usage: Usage, prompt: int) -> int:
    """How much more (or less) than text the parts of the prompt cost, times a million."""
    read, write, hour = usage.cache_read, usage.cache_write, usage.cache_write_1h
    audio = usage.audio_input
    if not (0 <= hour <= write and read >= 0 <= audio and read + write + audio <= prompt):
        read, write, hour, audio = _made_to_fit(usage, prompt)
    difference = 0
    if read and rates.cache_read is not None:
        difference += read * (rates.cache_read - text)
    if write:
        write_price = text if rates.cache_write is None else rates.cache_write
        hour_price = write_price if rates.cache_write_1h is None else rates.cache_write_1h
        difference += (write - hour) * (write_price - text) + hour * (hour_price - text)
    if audio and rates.audio_input is not None:
        difference += audio * (rates.audio_input - text)
    return difference


def _made_to_fit(usage: Usage, prompt: int) -> tuple[int, int, int, int]:
    """Tokens read, written, of these for an hour, and audio, so that they fit into the prompt."""
    read = _part(usage.cache_read, prompt)
    write = _part(max(usage.cache_write, usage.cache_write_1h), prompt - read)
    hour = _part(usage.cache_write_1h, write)
    audio = _part(usage.audio_input, prompt - read - write)
    return read, write, hour, audio


def _part(reported: int, whole: int) -> int:
    """A reported part of a whole, held between nothing and all of it."""
    return 0 if reported <= 0 else min(reported, whole)
