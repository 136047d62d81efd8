"""Models that speak, as far as choosing among them needs it: a data file, and its reader."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from msgspec import Struct

from madang.catalog.files import read, text_of
from madang.catalog.index import Catalog
from madang.catalog.rows import CatalogError

_FILE: Final = "voices.yaml"


class VoiceRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one model speaks.

    `characters`: the longest text of one call. `timed`: it says when characters are heard. `languages`
    are primary subtags of BCP 47, none: not bounded. `voices` are names that every account has;
    `any`: ids of one's own, too. `quality` is 0 to 1, None: not known. `tokens_per_s`: of a second of
    speech, where it is sold by tokens.
    """

    model: str
    characters: int
    source: str
    as_of: date
    timed: bool = False
    any: bool = False
    voices: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    quality: float | None = None
    tokens_per_s: float | None = None


def load_voices(catalog: Catalog) -> Mapping[str, VoiceRow]:
    """The table that comes with Madang, by the catalogue's names. Raises CatalogError."""
    found = read(_FILE, text_of(_FILE), list[VoiceRow])
    rows = {row.model: row for row in found}
    speakers = {name for name, row in catalog.models.items() if row.makes == "speech"}
    if len(rows) < len(found) or not rows.keys() <= speakers:
        raise CatalogError(f"{_FILE}: a model is there twice, or does not speak")
    return rows
