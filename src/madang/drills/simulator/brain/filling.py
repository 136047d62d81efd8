"""Fills a JSON schema: a value that validates, taken from the prompt where it offers something, else plausible.

Knows types and lists of types, enum, const, required, nested arrays and objects, bounds of arrays,
strings and numbers, formats, patterns (by trying), $ref/$defs, allOf, anyOf, oneOf, and Gemini's
upper-case types. Hostile schemas are bounded in depth and in size: beyond the bounds the value
stays small, and may then not validate.
"""

from collections.abc import Callable

from madang.drills.simulator.brain import bank
from madang.drills.simulator.brain.cues import Cues
from madang.drills.simulator.brain.texts import PLACE_WORDS, string_for
from madang.drills.simulator.records import Json

Schema = dict[str, Json]

_MAX_DEPTH = 24
_RECURSION_DEPTH = 3
_MAX_VALUES = 5_000
_MAX_ITEMS = 200
_USUAL_ITEMS = 2
_UNBOUNDED = 1e15


def fill(schema: Schema, cues: Cues, *, name: str = "", optional: bool = True) -> Json:
    """A value for `schema`. Unless `optional`, only required members and those that the text names."""
    return Form(schema, cues, optional=optional).value(schema, name, 0)


class Form:
    """One filling; references point into `root`. `_index` is the place in the array that is filled: items vary."""

    def __init__(self, root: Schema, cues: Cues, *, optional: bool) -> None:
        self._root = root
        self._cues = cues
        self._optional = optional
        self._index = 0
        self._all_differ = False
        self._values = 0
        self._refs: list[str] = []

    def value(self, schema: Json, name: str, depth: int) -> Json:
        """A value for any schema; `name` is that of the member it is for."""
        self._values += 1
        if not isinstance(schema, dict) or depth > _MAX_DEPTH or self._values > _MAX_VALUES:
            return None if isinstance(schema, dict) else name
        mark = len(self._refs)
        schema = self._followed(schema)
        value = self._plain_value(schema, name, depth)
        del self._refs[mark:]
        return value

    def _plain_value(self, schema: Schema, name: str, depth: int) -> Json:
        if "const" in schema:
            return schema["const"]
        choices = schema.get("enum")
        if isinstance(choices, list) and choices:
            return self._choice(choices)
        writers: dict[str, Callable[[Schema, str, int], Json]] = {
            "object": self._object,
            "array": self._array,
            "string": self._string,
            "integer": self._whole,
            "number": self._number,
            "boolean": lambda *_: True,
            "null": lambda *_: None,
        }
        return writers.get(kind_of(schema), self._string)(schema, name, depth)

    def plain(self, schema: Schema) -> Schema:
        """The schema with references followed, alternatives chosen and `allOf` merged."""
        mark = len(self._refs)
        found = self._followed(schema)
        del self._refs[mark:]
        return found

    def _followed(self, schema: Schema) -> Schema:
        for _ in range(_MAX_DEPTH):
            if isinstance(ref := schema.get("$ref"), str):
                self._refs.append(ref)
                schema = {
                    **self._target(ref),
                    **{key: value for key, value in schema.items() if key != "$ref"},
                }
            elif options := _options(schema):
                base = {
                    key: value
                    for key, value in schema.items()
                    if key not in {"anyOf", "oneOf", "any_of"}
                }
                schema = {**base, **self._best(options)}
            elif isinstance(parts := schema.get("allOf"), list):
                schema = _merged(
                    {key: value for key, value in schema.items() if key != "allOf"}, parts
                )
            else:
                break
        return schema

    def _target(self, ref: str) -> Schema:
        node: Json = self._root
        for step in ref.removeprefix("#").strip("/").split("/"):
            if step:
                name = step.replace("~1", "/").replace("~0", "~")
                node = node.get(name) if isinstance(node, dict) else None
        return node if isinstance(node, dict) else {}

    def _best(self, options: list[Schema]) -> Schema:
        """The first alternative that is not null, and that ends a recursion which has gone on long enough."""
        if self._recursing:
            for option in options:
                if kind_of(option) == "null" or (
                    "$ref" not in option and kind_of(option) not in {"object", "array"}
                ):
                    return option
        return next((option for option in options if kind_of(option) != "null"), options[0])

    @property
    def _recursing(self) -> bool:
        return len(self._refs) - len(set(self._refs)) >= _RECURSION_DEPTH

    def _choice(self, choices: list[Json]) -> Json:
        named = [choice for choice in choices if self._cues.mentions(choice)]
        if self._all_differ:
            named += [choice for choice in choices if choice not in named]
        return (named or choices)[self._index % len(named or choices)]

    def _object(self, schema: Schema, _name: str, depth: int) -> Json:
        members = schema.get("properties")
        members = members if isinstance(members, dict) else {}
        required = schema.get("required")
        required = (
            [item for item in required if isinstance(item, str)]
            if isinstance(required, list)
            else []
        )
        # a tool whose members are all optional still wants something to work on
        skip_optional = self._recursing or (not self._optional and bool(required))
        filled = {
            key: self.value(member, key, depth + 1)
            for key, member in members.items()
            if key in required or not skip_optional or self._is_named(key, member)
        }
        for key in required:
            filled.setdefault(key, key)
        extra = schema.get("additionalProperties")
        if not filled and isinstance(extra, dict) and extra and not self._recursing:
            filled["key"] = self.value(extra, "key", depth + 1)
        return filled

    def _is_named(self, key: str, member: Json) -> bool:
        """Whether the text speaks of an optional member: a value of its enum, or a place for it, stands there."""
        if self._recursing or not isinstance(member, dict):
            return False
        if set(bank.words_of(key)) & PLACE_WORDS and self._cues.places:
            return True
        choices = member.get("enum")
        return isinstance(choices, list) and any(map(self._cues.mentions, choices))

    def _array(self, schema: Schema, name: str, depth: int) -> Json:
        prefix = schema.get("prefixItems")
        if isinstance(prefix, list):
            return [self.value(item, name, depth + 1) for item in prefix[:_MAX_ITEMS]]
        low = _whole_number(schema.get("minItems", schema.get("min_items")), 0)
        high = _whole_number(schema.get("maxItems", schema.get("max_items")), _MAX_ITEMS)
        usual = 0 if self._recursing else (self._cues.how_many(name) or _USUAL_ITEMS)
        items = schema.get("items", {"type": "string"})
        unique = schema.get("uniqueItems") is True
        outer, out = (self._index, self._all_differ), []
        self._all_differ = unique
        for index in range(min(max(low, min(usual, high)), _MAX_ITEMS)):
            self._index = index
            out.append(self.value(items, name, depth + 1))
        self._index, self._all_differ = outer
        return _distinct(out) if unique else out

    def _string(self, schema: Schema, name: str, _depth: int) -> str:
        return string_for(schema, name, self._index, self._cues)

    def _whole(self, schema: Schema, name: str, _depth: int) -> int:
        return int(self._figure(schema, name, whole=True))

    def _number(self, schema: Schema, name: str, _depth: int) -> float:
        return self._figure(schema, name, whole=False)

    def _figure(self, schema: Schema, name: str, *, whole: bool) -> float:
        low, high = _bounds(schema, whole=whole)
        step = schema.get("multipleOf")
        step = float(step) if isinstance(step, int | float) and step > 0 else 0.0
        value = float(self._index + 1) if name.lower().endswith("id") else None
        value = value if value is not None else self._cues.number(low, high, whole=whole)
        if value is None:
            known = bank.number(name)
            value = known if known is not None else float(self._index + 1)
        value = min(max(value, low), high)
        if step:
            value = -(-value // step) * step
            value = value - step if value > high else value
        return float(int(value)) if whole else value


def kind_of(schema: Schema) -> str:
    """The type in lower case: of several the first that is not null, where missing a guess."""
    kind = schema.get("type")
    if isinstance(kind, list):
        kinds = [item for item in kind if isinstance(item, str)]
        kind = next((item for item in kinds if item.lower() != "null"), "null")
    if isinstance(kind, str):
        return kind.lower()
    for member, guess in (
        ("properties", "object"),
        ("items", "array"),
        ("prefixItems", "array"),
        ("minimum", "number"),
    ):
        if member in schema:
            return guess
    return "string"


def _options(schema: Schema) -> list[Schema]:
    for key in ("anyOf", "oneOf", "any_of"):
        options = schema.get(key)
        if isinstance(options, list):
            return [option for option in options if isinstance(option, dict)]
    return []


def _merged(base: Schema, parts: list[Json]) -> Schema:
    """`allOf` as one schema: members and requirements join, other keywords of later parts win."""
    out = dict(base)
    for part in parts:
        if not isinstance(part, dict):
            continue
        for key, value in part.items():
            before = out.get(key)
            if key == "properties" and isinstance(value, dict) and isinstance(before, dict):
                out[key] = {**before, **value}
            elif key == "required" and isinstance(value, list) and isinstance(before, list):
                out[key] = [*before, *value]
            else:
                out[key] = value
    return out


def _whole_number(value: Json, default: int) -> int:
    """A size as a whole number; Gemini's are strings."""
    if isinstance(value, str) and value.isdecimal():
        return int(value[:9])
    return int(value) if isinstance(value, int | float) and 0 <= value < _UNBOUNDED else default


def _bounds(schema: Schema, *, whole: bool) -> tuple[float, float]:
    """The closed interval that a number has to lie in."""
    nudge = 1.0 if whole else 0.001
    low, high = -_UNBOUNDED, _UNBOUNDED
    for key, open_by in (("minimum", 0.0), ("exclusiveMinimum", nudge)):
        value = schema.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            low = max(low, float(value) + open_by)
    for key, open_by in (("maximum", 0.0), ("exclusiveMaximum", nudge)):
        value = schema.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            high = min(high, float(value) - open_by)
    return low, high


def _distinct(values: list[Json]) -> list[Json]:
    out: list[Json] = []
    for value in values:
        if value not in out:
            out.append(value)
        elif isinstance(value, str):
            out.append(f"{value} {len(out) + 1}")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            out.append(max(item for item in out if isinstance(item, int | float)) + 1)
    return out
