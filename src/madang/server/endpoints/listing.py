"""Model lists as each dialect's SDK expects them."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from madang.catalog import ModelRow
from madang.model import Dialect

Json = dict[str, Any]
_GENERATES = ["generateContent", "streamGenerateContent", "countTokens"]
_EMBEDS = ["embedContent", "batchEmbedContents"]


class Listed(NamedTuple):
    """One entry: the name to ask for, and what the catalogue knows of it."""

    name: str
    vendor: str
    released: date | None
    context_window: int | None
    max_output: int | None
    embeds: bool = False

    @classmethod
    def of(cls, name: str, row: ModelRow | None, *, embeds: bool = False) -> "Listed":
        """An entry for a name with its row of the catalogue, if any."""
        if row is None:
            return cls(name, "madang", None, None, None, embeds)
        return cls(name, row.vendor, row.released, row.context_window, row.max_output, embeds)

    @property
    def created_s(self) -> int:
        """The release as Unix seconds; 0 when unknown."""
        day = self.released
        return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) if day else 0


class ListShape(NamedTuple):
    """How a dialect writes one model and many."""

    one: Callable[[Listed], Json]
    many: Callable[[Sequence[Listed]], Json]


def _openai(entry: Listed) -> Json:
    shape: Json = {
        "id": entry.name,
        "object": "model",
        "created": entry.created_s,
        "owned_by": entry.vendor,
    }
    if entry.context_window:
        shape["context_window"] = entry.context_window
    return shape


def _openai_many(entries: Sequence[Listed]) -> Json:
    return {"object": "list", "data": [_openai(entry) for entry in entries]}


def _anthropic(entry: Listed) -> Json:
    created = datetime.fromtimestamp(entry.created_s, UTC).isoformat().replace("+00:00", "Z")
    return {"type": "model", "id": entry.name, "display_name": entry.name, "created_at": created}


def _anthropic_many(entries: Sequence[Listed]) -> Json:
    data = [_anthropic(entry) for entry in entries]
    return {
        "data": data,
        "has_more": False,
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
    }


def _gemini(entry: Listed) -> Json:
    shape: Json = {
        "name": f"models/{entry.name}",
        "displayName": entry.name,
        "supportedGenerationMethods": _EMBEDS if entry.embeds else _GENERATES,
    }
    if entry.context_window:
        shape["inputTokenLimit"] = entry.context_window
    if entry.max_output:
        shape["outputTokenLimit"] = entry.max_output
    return shape


def _gemini_many(entries: Sequence[Listed]) -> Json:
    return {"models": [_gemini(entry) for entry in entries]}


LISTS: dict[Dialect, ListShape] = {
    "chat": ListShape(_openai, _openai_many),
    "responses": ListShape(_openai, _openai_many),
    "messages": ListShape(_anthropic, _anthropic_many),
    "gemini": ListShape(_gemini, _gemini_many),
}
