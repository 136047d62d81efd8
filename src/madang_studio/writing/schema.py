"""JSON schemas of records: one for judging, with every bound, and one to send to models.

What is sent uses only what the structured outputs of OpenAI, Anthropic and Gemini share: objects
with all fields required and no others, arrays, strings, numbers, enumerations, descriptions. None
of the three takes all of JSON schema (lengths, bounds, defaults and references are refused by one
or another), so bounds are judged after the answer.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

Schema = dict[str, Any]

_SENT = ("type", "enum", "description")


def schema_of(record: Any) -> Schema:  # noqa: ANN401 - a type
    """The schema of a record, or of another type, with references resolved; `default` and bounds are kept."""
    whole = msgspec.json.schema(record)
    return _inlined(whole, whole.get("$defs", {}))


def for_models(schema: Mapping[str, Any]) -> Schema:
    """The same, in what every provider's structured output takes."""
    sent: Schema = {word: schema[word] for word in _SENT if word in schema}
    if "enum" in schema:
        sent.setdefault("type", "string")
    if "properties" in schema:
        fields = schema["properties"]
        sent["properties"] = {name: for_models(field) for name, field in fields.items()}
        sent["required"] = list(fields)
        sent["additionalProperties"] = False
    if "items" in schema:
        sent["items"] = for_models(schema["items"])
    return sent


def _inlined(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Schema:
    if "$ref" in schema:
        target = definitions[schema["$ref"].removeprefix("#/$defs/")]
        schema = {**target, **{word: schema[word] for word in schema if word != "$ref"}}
    found = {word: value for word, value in schema.items() if word not in ("$defs", "title")}
    if "properties" in found:
        fields = found["properties"]
        found["properties"] = {name: _inlined(field, definitions) for name, field in fields.items()}
    if "items" in found:
        found["items"] = _inlined(found["items"], definitions)
    if "anyOf" in found:
        found["anyOf"] = [_inlined(option, definitions) for option in found["anyOf"]]
    return found
