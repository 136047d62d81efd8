"""What a whole message and a streamed delta share: content, pictures, sound, sources, call ids."""

import re
from typing import Any, Final

import msgspec

from madang.model import Audio, Citation, Image, Json, Media, Opaque, Part, Refusal, Text, Thinking
from madang.wire import json
from madang.wire.chat.read_content import media_from_url, thinking_text

EXECUTED_TOOL: Final = "executed_tool"
"""The kind of an Opaque that holds one of Groq's `executed_tools`."""

_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9_-]+")
_ID_TAIL: Final = 24
"""Characters of an answer's id that go into a made-up call id: OpenAI takes call ids of up to 40."""


def dicts(value: Json) -> list[dict[str, Any]]:
    """The objects in a list; none when it is no list. Providers put anything anywhere."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def content_parts(content: Json) -> list[Part]:
    """An answer's `content`: a string, a list of parts (Mistral), or an object (Cloudflare's JSON mode)."""
    if isinstance(content, str):
        return [Text(content)] if content else []
    if isinstance(content, dict):
        return [Text(msgspec.json.format(json.text(content), indent=0))]
    if not isinstance(content, list):
        return []
    parts = [_content_part(part) for part in content]
    return [part for part in parts if part is not None]


def _content_part(part: Json) -> Part | None:
    if isinstance(part, str):
        return Text(part) if part else None
    if not isinstance(part, dict):
        return None
    kind = part.get("type", "text")
    if kind == "text":
        text = part.get("text")
        return Text(text) if isinstance(text, str) and text else None
    if kind == "thinking":
        signature = part.get("signature")
        kept = json.text({"type": "reasoning.text", "signature": signature}) if signature else None
        return Thinking(thinking_text(part.get("thinking")), signature=kept, origin="chat")
    if kind == "refusal" and isinstance(part.get("refusal"), str):
        return Refusal(part["refusal"])
    if kind == "image_url":
        return image_part(part)
    return None


def image_part(entry: dict[str, Any]) -> Image | None:
    """An entry of `images`, as OpenRouter has it."""
    holder = entry.get("image_url")
    url = holder.get("url") if isinstance(holder, dict) else holder
    return Image(media_from_url(url)) if isinstance(url, str) and url else None


def image_parts(message: dict[str, Any]) -> list[Part]:
    """All of `images`."""
    return [
        part for entry in dicts(message.get("images")) if (part := image_part(entry)) is not None
    ]


def audio_part(data: str, audio: dict[str, Any]) -> Audio:
    """Sound with its transcript and its id. Its type is what the request asked for: unknown here."""
    transcript, identity = audio.get("transcript"), audio.get("id")
    return Audio(
        Media(data=data),
        transcript=transcript if isinstance(transcript, str) else None,
        id=identity if isinstance(identity, str) else None,
    )


def legacy_call(message: dict[str, Any]) -> dict[str, Any] | None:
    """The `function_call` of a message or a delta; an empty one (written by programs in Go) is none."""
    call = message.get("function_call")
    return call if isinstance(call, dict) and (call.get("name") or call.get("arguments")) else None


def executed_tools(message: dict[str, Any]) -> list[Part]:
    """Tools that the provider itself ran (Groq)."""
    return [Opaque("chat", EXECUTED_TOOL, entry) for entry in dicts(message.get("executed_tools"))]


def annotation(entry: dict[str, Any]) -> Citation:
    """An entry of `annotations`."""
    holder = entry.get("url_citation")
    source = holder if isinstance(holder, dict) else entry
    start, end = source.get("start_index"), source.get("end_index")
    return Citation(
        url=_string(source.get("url")),
        title=_string(source.get("title")),
        quote=_string(source.get("content")),
        start=start if isinstance(start, int) else None,
        end=end if isinstance(end, int) else None,
        origin="chat",
        raw=entry,
    )


def listed_citations(answer: dict[str, Any]) -> list[Citation]:
    """Perplexity's `citations`: URLs for the whole answer, with titles in `search_results`."""
    titles = {
        result.get("url"): _string(result.get("title"))
        for result in dicts(answer.get("search_results"))
        if isinstance(result.get("url"), str)
    }
    urls = answer.get("citations")
    if not isinstance(urls, list):
        return []
    return [Citation(url=url, title=titles.get(url)) for url in urls if isinstance(url, str)]


def write_annotation(citation: Citation, start: int, end: int) -> dict[str, Any]:
    """An entry of `annotations`; a source without offsets stands for the text from `start` to `end`."""
    if citation.origin == "chat" and isinstance(citation.raw, dict):
        return citation.raw
    source = {
        "url": citation.url or "",
        "title": citation.title or "",
        "start_index": start if citation.start is None else start + citation.start,
        "end_index": end if citation.end is None else start + citation.end,
    }
    return {"type": "url_citation", "url_citation": source}


class CallIds:
    """Gives every tool call of one answer an id that no other has. `answer_id` makes them unique across answers."""

    def __init__(self, answer_id: Json) -> None:
        text = answer_id if isinstance(answer_id, str) else ""
        self._base = _NOT_IN_IDS.sub("", text)[-_ID_TAIL:]
        self._given: set[str] = set()

    def unique(self, identity: Json) -> str:
        """The provider's id; a new one where it is missing or was used before."""
        count = len(self._given)
        chosen = identity if isinstance(identity, str) else ""
        if not chosen:
            chosen = f"call_{self._base}_{count}" if self._base else f"call_{count}"
        if chosen in self._given:
            chosen = f"{chosen[:_ID_TAIL]}_{count}"
        while chosen in self._given:
            chosen += "_"
        self._given.add(chosen)
        return chosen


def _string(value: Json) -> str | None:
    return value if isinstance(value, str) else None
