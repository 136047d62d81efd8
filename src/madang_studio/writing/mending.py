# ruff: noqa: RUF001 - brackets of many writings
"""Harmless faults of an answer, put right without asking again; each is noted.

Rule: only what changes nothing that anybody wrote on purpose: white space, unknown fields, an
unknown word where a neutral one stands ready. Everything else is a fault, told to the model.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct, field

Place = tuple[str | int, ...]
"""Where something is in a tree: `("scenes", 0, "lines", 2, "text")`."""

EMOTIONS: Final = {
    "happy": "joyful excited cheerful amused playful proud hopeful",
    "sad": "melancholic heartbroken grieving regretful crying lonely",
    "angry": "furious annoyed frustrated bitter shouting",
    "afraid": "fearful scared terrified panicked",
    "surprised": "shocked amazed astonished stunned",
    "tender": "loving gentle warm affectionate soft caring",
    "tense": "anxious nervous worried urgent determined",
    "whispering": "whisper whispered hushed",
}
"""What models say for the emotions that we know. Anything else becomes neutral."""

_MOST_NOTES: Final = 50
_SPACE: Final = re.compile(r"\s+")
_JOINERS: Final = "\u200c\u200d"  # emoji and several writings need them
_DIRECTIONS: Final = re.compile(r"^[(\[（【*][^)\]）】*]{1,60}[)\]）】*]\s*")


class Notes(Struct):
    """What was mended, in words; the first fifty, and how many there were."""

    said: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, place: Place, what: str) -> None:
        """Note one."""
        self.count += 1
        if len(self.said) < _MOST_NOTES:
            self.said.append(f"{spelled(place)}: {what}")


def spelled(place: Place) -> str:
    """A place as people and models read it: `scenes[0].lines[2].text`."""
    words = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return words.lstrip(".") or "the answer"


def clean(text: str) -> str:
    """Composed (NFC), on one line, without what cannot be seen: controls, direction marks, halves of pairs."""
    spaced = _SPACE.sub(" ", text)
    seen = "".join(char for char in spaced if char in _JOINERS or _is_seen(char))
    return unicodedata.normalize("NFC", _SPACE.sub(" ", seen)).strip()


def without_directions(text: str) -> str:
    """A line without the stage direction before it, `(sighs) Well.`; whole if nothing else is there."""
    return _DIRECTIONS.sub("", text) or text


def mended(value: Any, schema: Mapping[str, Any], place: Place, notes: Notes) -> Any:  # noqa: ANN401 - JSON
    """`value` as `schema` wants it where that is harmless; else as it is. Never raises."""
    if "enum" in schema:
        return _mended_word(value, schema, place, notes)
    match schema.get("type"), value:
        case "object", dict():
            return _mended_object(value, schema, place, notes)
        case "array", list():
            items = schema["items"]
            return [mended(item, items, (*place, i), notes) for i, item in enumerate(value)]
        case "string", str():
            return clean(value)
        case "integer", int() | float() | str():
            return _mended_number(value, schema, place, notes)
    if value is None and "default" in schema:
        return schema["default"]
    return value


def _mended_object(
    value: dict[str, Any], schema: Mapping[str, Any], place: Place, notes: Notes
) -> dict[str, Any]:
    fields = schema["properties"]
    for name in value:
        if name not in fields:
            notes.add((*place, clean(name)[:40]), "is not asked for and was left out")
    for name, known in fields.items():
        if name not in value and "default" in known:
            notes.add((*place, name), "was missing and has its usual value")
    return {
        name: mended(value.get(name, known.get("default")), known, (*place, name), notes)
        for name, known in fields.items()
        if name in value or "default" in known
    }


def _mended_word(value: Any, schema: Mapping[str, Any], place: Place, notes: Notes) -> Any:  # noqa: ANN401 - JSON
    known = schema["enum"]
    word = clean(value).lower() if isinstance(value, str) else value
    if word in known or "default" not in schema:
        return word
    alike = (ours for ours, theirs in EMOTIONS.items() if ours in known and word in theirs.split())
    usual = next(alike, schema["default"])
    notes.add(place, f"{str(value)[:40]!r} is not known and became {usual!r}")
    return usual


def _mended_number(value: Any, schema: Mapping[str, Any], place: Place, notes: Notes) -> Any:  # noqa: ANN401 - JSON
    try:
        number = round(float(value))
    except (ValueError, OverflowError):
        return value
    bounded = max(schema.get("minimum", number), min(number, schema.get("maximum", number)))
    if bounded != value:
        notes.add(place, f"{str(value)[:20]} became {bounded}")
    return bounded


def _is_seen(char: str) -> bool:
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs")
