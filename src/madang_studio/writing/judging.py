"""What is wrong with a tree of JSON, all of it at once and each with its place.

msgspec stops at the first fault; a model that is told all of them needs one repair instead of five.
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

from msgspec import Struct

from madang_studio.writing.mending import Place, spelled

_TYPES: Final[Mapping[str, type | tuple[type, ...]]] = {
    "object": dict,
    "array": (list, tuple),
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}

_BOUNDS: Final[Mapping[str, tuple[str, Callable[[float, float], bool]]]] = {
    "minimum": ("at least", operator.ge),
    "exclusiveMinimum": ("more than", operator.gt),
    "maximum": ("at most", operator.le),
    "exclusiveMaximum": ("less than", operator.lt),
}
"""What a number has to be, in words and as a comparison; nan is never."""


class Fault(Struct, frozen=True):
    """Something that has to be different. `words` says what, without the place."""

    place: Place
    words: str

    def __str__(self) -> str:
        return f"{spelled(self.place)} {self.words}"


def faults_of(value: Any, schema: Mapping[str, Any], place: Place = ()) -> Iterator[Fault]:  # noqa: ANN401 - JSON
    """Where `value` is not what `schema` (as of `schema.schema_of`) says."""
    if not schema.keys() & {"anyOf", "enum", "type"}:
        return  # anything will do
    if "anyOf" in schema:
        judged = [list(faults_of(value, option, place)) for option in schema["anyOf"]]
        yield from min(judged, key=len)
    elif "enum" in schema:
        if value not in schema["enum"]:
            yield Fault(place, f"is {_short(value)}, not one of {', '.join(schema['enum'])}")
    elif not _is(value, schema["type"]):
        yield Fault(place, f"is {_short(value)}, not of type {schema['type']}")
    elif isinstance(value, dict):
        yield from _of_object(value, schema, place)
    elif isinstance(value, list | tuple):
        yield from _of_length(value, schema, place)
        for index, item in enumerate(value):
            yield from faults_of(item, schema.get("items", {}), (*place, index))
    else:
        yield from _of_bounds(value, schema, place)


def _is(value: object, kind: str) -> bool:
    """Whether a value is of a type of JSON; in Python True is a number, too."""
    return isinstance(value, _TYPES[kind]) and isinstance(value, bool) == (kind == "boolean")


def _of_object(value: Any, schema: Mapping[str, Any], place: Place) -> Iterator[Fault]:  # noqa: ANN401 - JSON
    fields = schema.get("properties")
    if fields is None:
        return
    for name in schema["required"]:
        if name not in value:
            yield Fault((*place, name), "is missing")
    for name, item in value.items():
        if name in fields:
            yield from faults_of(item, fields[name], (*place, name))
        else:
            near = get_close_matches(str(name), fields, 1, 0.7)
            hint = f"; did you mean {near[0]}?" if near else ""
            yield Fault((*place, name), f"is not known; there are {', '.join(fields)}{hint}")


def _of_length(value: Sequence[Any], schema: Mapping[str, Any], place: Place) -> Iterator[Fault]:
    if len(value) < schema.get("minItems", 0):
        yield Fault(place, "is empty")
    elif len(value) > (most := schema.get("maxItems", len(value))):
        yield Fault(place, f"has {len(value):,} entries; at most {most:,} are possible")


def _of_bounds(value: Any, schema: Mapping[str, Any], place: Place) -> Iterator[Fault]:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        longest = schema.get("maxLength", len(value))
        if len(value) > longest:
            yield Fault(place, f"has {len(value)} characters; at most {longest} are possible")
        elif len(value) < schema.get("minLength", 0):
            yield Fault(place, "is empty")
        elif not re.search(schema.get("pattern", ""), value):
            yield Fault(
                place, f"is {_short(value)}, not {schema.get('description', 'of that form')}"
            )
    elif not all(
        within(value, schema[name]) for name, (_, within) in _BOUNDS.items() if name in schema
    ):
        yield Fault(place, f"is {value}, {_range(schema)}")


def _range(schema: Mapping[str, Any]) -> str:
    """What a number has to be, in words."""
    if "minimum" in schema and "maximum" in schema:
        return f"outside {schema['minimum']:,} to {schema['maximum']:,}"
    told = [f"{words} {schema[name]:,}" for name, (words, _) in _BOUNDS.items() if name in schema]
    return f"not {' and '.join(told)}"


def _short(value: Any) -> str:  # noqa: ANN401 - JSON
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}…"
