"""What is wrong with a tree of JSON, all of it at once and each with its place.

msgspec stops at the first fault; a model that is told all of them needs one repair instead of five.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from madang_studio.writing.mending import Place, spelled

_TYPES: Final[Mapping[str, type | tuple[type, ...]]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}


class Fault(Struct, frozen=True):
    """Something that has to be different. `words` says what, without the place."""

    place: Place
    words: str

    def __str__(self) -> str:
        return f"{spelled(self.place)} {self.words}"


def faults_of(value: Any, schema: Mapping[str, Any], place: Place = ()) -> Iterator[Fault]:  # noqa: ANN401 - JSON
    """Where `value` is not what `schema` (as of `schema.schema_of`) says."""
    if "anyOf" in schema:
        judged = [list(faults_of(value, option, place)) for option in schema["anyOf"]]
        yield from min(judged, key=len)
    elif "enum" in schema:
        if value not in schema["enum"]:
            yield Fault(place, f"is {_short(value)}, not one of {', '.join(schema['enum'])}")
    elif isinstance(value, bool) or not isinstance(value, _TYPES[schema["type"]]):
        yield Fault(place, f"is {_short(value)}, not of type {schema['type']}")
    elif isinstance(value, dict):
        yield from _of_object(value, schema, place)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from faults_of(item, schema["items"], (*place, index))
    else:
        yield from _of_bounds(value, schema, place)


def _of_object(value: Any, schema: Mapping[str, Any], place: Place) -> Iterator[Fault]:  # noqa: ANN401 - JSON
    fields = schema["properties"]
    for name in schema["required"]:
        if name not in value:
            yield Fault((*place, name), "is missing")
    for name, item in value.items():
        if name in fields:
            yield from faults_of(item, fields[name], (*place, name))
        else:
            yield Fault((*place, name), f"is not known; there are {', '.join(fields)}")


def _of_bounds(value: Any, schema: Mapping[str, Any], place: Place) -> Iterator[Fault]:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        longest = schema.get("maxLength", len(value))
        if len(value) > longest:
            yield Fault(place, f"has {len(value)} characters; at most {longest} are possible")
        elif len(value) < schema.get("minLength", 0):
            yield Fault(place, "is empty")
    elif not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield Fault(place, f"is {value}, outside {schema['minimum']} to {schema['maximum']}")


def _short(value: Any) -> str:  # noqa: ANN401 - JSON
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}…"
