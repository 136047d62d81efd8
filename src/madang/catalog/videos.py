"""What makers of film can do: a data file, and its reader.

One rule: a figure is a fact with its page and day, or it is left out.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct, field

from madang.catalog.files import read, text_of
from madang.catalog.index import Catalog
from madang.catalog.rows import CatalogError
from madang.model.money import NUSD

_FILE: Final = "videos.yaml"
_SPAN = re.compile(r"(\d{1,3})(?:-(\d{1,3}))?")
_LONGEST_S: Final = 600


class _Facts(Struct, frozen=True, kw_only=True):
    """What is written as it is kept."""

    model: str
    make_s: float
    source: str
    as_of: date
    quality: float | None = None
    aspects: tuple[str, ...] = ()
    still_aspects: tuple[str, ...] = ()
    reference_aspects: tuple[str, ...] = ()
    first: bool = False
    last: bool = False
    needs_first: bool = False
    references: int = 0
    audio: bool = False
    tokens_per_s: int | None = None
    sunset: date | None = None


class VideoRow(_Facts, frozen=True, kw_only=True):
    """What one model makes.

    `quality` is 0 to 1, None: not known. `make_s`: seconds that a clip takes to make. `seconds`: the
    lengths of clips, ascending; `aspects`: their ratios (`16:9`), none: that of the first picture.
    `still_aspects` are those with a first picture, `reference_aspects` and `reference_seconds` those
    with references (empty: the same). `first`, `last`: it takes a picture to begin, to end with;
    `needs_first`: it makes nothing without. `references`: how many pictures of people and things it
    keeps to. `audio`: it can make sound. `nusd_per_s`: nano-dollars per second, of tables that stand
    for themselves; `tokens_per_s`: of what is sold by tokens. `sunset`: the first day without it.
    """

    seconds: tuple[int, ...]
    reference_seconds: tuple[int, ...] = ()
    nusd_per_s: int | None = None


class _Line(_Facts, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row as it is written: lengths are choices (`5`) or spans (`2-10`), a price is in dollars."""

    seconds: tuple[str, ...]
    reference_seconds: tuple[str, ...] = ()
    usd_per_s: Decimal | None = None


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    models: list[_Line]
    profiles: dict[str, list[_Line]] = field(default_factory=dict)


class Videos(Struct, frozen=True):
    """The models of the catalogue by their names in it, and tables that stand for themselves."""

    models: Mapping[str, VideoRow]
    profiles: Mapping[str, tuple[VideoRow, ...]]


def load_videos(catalog: Catalog) -> Videos:
    """The table that comes with Madang, with the catalogue's days of ending. Raises CatalogError."""
    return parse_videos(text_of(_FILE), catalog)


def parse_videos(text: str, catalog: Catalog) -> Videos:
    """A table from the text of its file. Raises CatalogError that names the row."""
    found = read(_FILE, text, _File)
    models: dict[str, VideoRow] = {}
    for line in found.models:
        known = catalog.models.get(line.model)
        if known is None or known.makes != "videos" or line.model in models:
            raise CatalogError(f"{_FILE}: `{line.model}` makes no videos, or is there twice")
        models[line.model] = _row(line, known.sunset)
    return Videos(
        models,
        {
            name: tuple(_row(line, line.sunset) for line in rows)
            for name, rows in found.profiles.items()
        },
    )


def _row(line: _Line, sunset: date | None) -> VideoRow:
    if line.quality is not None and not 0 <= line.quality <= 1:
        raise CatalogError(f"{_FILE}: {line.model}: `quality` is between 0 and 1")
    if line.make_s <= 0 or not line.seconds:
        raise CatalogError(f"{_FILE}: {line.model}: `make_s` and `seconds` are more than nothing")
    facts: dict[str, Any] = {name: getattr(line, name) for name in _Facts.__struct_fields__}
    facts["sunset"] = sunset
    return VideoRow(
        **facts,
        seconds=_lengths(line.model, line.seconds),
        reference_seconds=_lengths(line.model, line.reference_seconds),
        nusd_per_s=None if line.usd_per_s is None else _exact(line.model, line.usd_per_s),
    )


def _lengths(model: str, written: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(sorted({length for one in written for length in _span(model, one)}))


def _span(model: str, written: str) -> Iterator[int]:
    """`5` or `2-10`, both ends included."""
    found = _SPAN.fullmatch(written)
    if found is None:
        raise CatalogError(f"{_FILE}: {model}: `{written}` is no length of clips")
    first, last = int(found[1]), int(found[2] or found[1])
    if not 1 <= first <= last <= _LONGEST_S:
        raise CatalogError(f"{_FILE}: {model}: `{written}` is no length of clips")
    yield from range(first, last + 1)


def _exact(model: str, dollars: Decimal) -> int:
    nano = dollars * NUSD
    if not dollars.is_finite() or dollars < 0 or nano != nano.to_integral_value():
        raise CatalogError(f"{_FILE}: {model}: `{dollars}` is no price with at most nine decimals")
    return int(nano)
