"""Models that speak, as far as choosing among them needs it: a data file, and its reader."""

from collections.abc import Mapping
from datetime import date
from importlib.resources import files
from typing import Any, Final

import msgspec
import yaml
from msgspec import Struct

from madang.catalog.index import Catalog
from madang.catalog.rows import CatalogError

_FILE: Final = "voices.yaml"
_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


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
    text = files("madang.catalog").joinpath(_FILE).read_text("utf-8")
    try:
        found = msgspec.convert(yaml.load(text, Loader=_Loader), list[VoiceRow], strict=False)  # noqa: S506 - text only
    except (msgspec.ValidationError, yaml.YAMLError) as error:
        raise CatalogError(f"{_FILE}: {error}") from error
    rows = {row.model: row for row in found}
    speakers = {name for name, row in catalog.models.items() if row.makes == "speech"}
    if len(rows) < len(found) or not rows.keys() <= speakers:
        raise CatalogError(f"{_FILE}: a model is there twice, or does not speak")
    return rows
