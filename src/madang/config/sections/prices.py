"""The section `prices`: what providers ask of this installation alone, by contract or on its own machines."""

from collections.abc import Collection, Iterator
from datetime import date

from msgspec import field

from madang.config.problems import Fault, Path, show
from madang.model import PriceRow
from madang.model.price_list import PriceError, PriceLine, priced

_ALWAYS = date(1970, 1, 1)


class OwnPrice(PriceLine, frozen=True, kw_only=True):
    """A price as the catalogue has it (see docs/catalogue.md), of one provider, by default for all time.

    It comes before the catalogue's. `source` says where it stands.
    """

    provider: str
    valid_from: date = field(name="from", default=_ALWAYS)
    source: str = "madang.yaml"


def own_rows(lines: Collection[OwnPrice]) -> tuple[PriceRow, ...]:
    """The rows that the lines describe. Raises PriceError."""
    return tuple(_row(line) for line in lines)


def price_faults(lines: Collection[OwnPrice]) -> Iterator[Fault]:
    """What is wrong with prices of the right shape."""
    seen: set[tuple[str, str, date]] = set()
    for index, line in enumerate(lines):
        path: Path = ("prices", index)
        try:
            _row(line)
        except PriceError as error:
            yield path, str(error)
        key = (line.provider, line.model, line.valid_from)
        if key in seen:
            yield path, f"another price of `{show(line.model)}` there begins on the same day"
        seen.add(key)


def _row(line: OwnPrice) -> PriceRow:
    return priced(
        line,
        provider=line.provider,
        source=line.source,
        retrieved=line.valid_from,
        own=True,
    )
