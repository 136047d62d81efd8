"""What people changed in a drama after it was written. Plain words; nothing is rewritten behind them."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct

from madang_studio.model.script import Character, Emotion, Place, Script, Text


class LineEdit(Struct, frozen=True, forbid_unknown_fields=True):
    """Other words for a line, or another emotion. None: as it was written."""

    text: Text | None = None
    emotion: Emotion | None = None


class Edits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All changes to one drama.

    `whole`: the script as people rewrote it, where more differs than the rest can say, which lies over it.
    `lines` by id, `characters` and `places` by name, whole. `retakes`: how often a place of the graph
    (`clip/1.2`, `voice/1.3`) was asked for again. `models`: another model for one place.
    """

    whole: Script | None = None
    lines: Mapping[str, LineEdit] = {}
    characters: Mapping[str, Character] = {}
    places: Mapping[str, Place] = {}
    retakes: Mapping[str, Annotated[int, Meta(ge=0)]] = {}
    models: Mapping[str, str] = {}


NONE = Edits()
