"""Puts plain data into a schema's shape: what it knows by this or a kindred name stays, what is missing is filled."""

from typing import Any

from madang.drills.simulator.brain.cues import Cues
from madang.drills.simulator.brain.filling import Form, Schema, kind_of
from madang.drills.simulator.records import Json

_KINDRED = {
    "dialogue": "lines",
    "dialogues": "lines",
    "dialogue_lines": "lines",
    "line": "text",
    "content": "text",
    "speaker": "character",
    "character_name": "character",
    "camera_angle": "camera",
    "camera_direction": "camera",
    "setting_details": "setting",
    "background_music": "music",
    "music_suggestion": "music",
    "bgm": "music",
    "synopsis": "logline",
    "summary": "logline",
    "location": "place",
    "locations": "places",
    "cast": "characters",
    "scene_id": "id",
    "scene_number": "id",
    "duration": "minutes",
}
_NAMES = ("name", "description", "text", "title")
_MAX_DEPTH = 24


def fit(schema: Schema, value: Json, cues: Cues) -> Json:
    """`value` in the shape of `schema`; what is missing is filled from the cues."""
    return _Fitting(schema, cues).fitted(schema, value, "", 0)


class _Fitting:
    def __init__(self, root: Schema, cues: Cues) -> None:
        self._form = Form(root, cues, optional=True)

    def fitted(self, schema: Json, value: Json, name: str, depth: int) -> Json:
        if not isinstance(schema, dict) or depth > _MAX_DEPTH:
            return value
        plain = self._form.plain(schema)
        choices = plain.get("enum")
        if "const" in plain or (isinstance(choices, list) and value not in choices):
            return self._form.value(plain, name, depth)
        match kind_of(plain):
            case "object":
                return self._object(plain, value, name, depth)
            case "array":
                return self._array(plain, value, name, depth)
            case "string":
                return self._string(plain, value, name, depth)
            case "integer" | "number":
                return self._number(plain, value, name, depth)
            case _:
                return self._form.value(plain, name, depth) if value is None else value

    def _object(self, schema: Schema, value: Json, name: str, depth: int) -> Json:
        members = schema.get("properties")
        if not isinstance(value, dict) or not isinstance(members, dict):
            return self._form.value(schema, name, depth)
        out = {}
        for key, member in members.items():
            known = key if key in value else _KINDRED.get(key.lower(), "")
            if known in value:
                out[key] = self.fitted(member, value[known], key, depth + 1)
            else:
                out[key] = self._form.value(member, key, depth + 1)
        return out

    def _array(self, schema: Schema, value: Json, name: str, depth: int) -> Json:
        if not isinstance(value, list):
            return self._form.value(schema, name, depth)
        most = schema.get("maxItems", schema.get("max_items"))
        kept = value[: int(most)] if isinstance(most, int | float) else value
        items = schema.get("items", {})
        return [self.fitted(items, one, name, depth + 1) for one in kept]

    def _string(self, schema: Schema, value: Json, name: str, depth: int) -> Json:
        if isinstance(value, dict):
            value = next((value[key] for key in _NAMES if isinstance(value.get(key), str)), None)
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            return self._form.value(schema, name, depth)
        most = schema.get("maxLength")
        return value[: int(most)] if isinstance(most, int | float) else value

    def _number(self, schema: Schema, value: Json, name: str, depth: int) -> Json:
        if isinstance(value, str) and value.isdecimal():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return self._form.value(schema, name, depth)
        low: Any = schema.get("minimum", value)
        high: Any = schema.get("maximum", value)
        return min(max(value, low), high)
