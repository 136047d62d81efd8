"""Parts of a request as content blocks. What a block cannot hold is named in `losses`."""

import base64
import hashlib
import re
from collections.abc import Callable
from typing import Any, Final

from madang.model import (
    Audio,
    CacheMark,
    Document,
    Image,
    Media,
    Opaque,
    Part,
    Refusal,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Video,
)
from madang.wire.losses import Losses
from madang.wire.messages.arguments import as_object

Block = dict[str, Any]

_VALID_ID: Final = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_MIME_BY_START: Final = {
    "iVBORw0KGgo": "image/png",
    "/9j/": "image/jpeg",
    "R0lGOD": "image/gif",
    "UklGR": "image/webp",
}
"""How the base64 of each picture format that Anthropic takes begins."""


class ToolIds:
    """Ids as Anthropic takes them: letters, digits, `_` and `-`, and each used by one call only.

    A valid id stays as it is; another gets the same substitute in the call and in its result. A
    result belongs to the latest call that had its id.
    """

    def __init__(self) -> None:
        self._written: dict[str, str] = {}
        self._taken: set[str] = set()

    def of_call(self, original: str) -> str:
        """Return the id to write for a new call."""
        written = plain = _valid_id(original)
        again = 1
        while written in self._taken:
            again += 1
            written = f"{plain}_{again}"
        self._taken.add(written)
        self._written[original] = written
        return written

    def of_result(self, original: str) -> str:
        """Return the id that its call was given."""
        return self._written.get(original) or _valid_id(original)


def _valid_id(original: str) -> str:
    if _VALID_ID.fullmatch(original):
        return original
    return "toolu_" + hashlib.blake2s(original.encode(), digest_size=12).hexdigest()


class BlockWriter:
    """Writes one request's parts.

    `own` says that the request came in this dialect: its file ids mean something here.
    """

    def __init__(self, losses: Losses, *, own: bool) -> None:
        self._losses = losses
        self._own = own
        self._ids = ToolIds()
        self._writers: Final[dict[type, Callable[[Any], Block | None]]] = {
            Text: self._text,
            Image: self._image,
            Document: self._document,
            Audio: self._audio,
            Video: self._video,
            Thinking: self._thinking,
            ToolCall: self._tool_call,
            ToolResult: self._tool_result,
            Refusal: self._refusal,
            Opaque: self._opaque,
        }

    def blocks(self, parts: tuple[Part, ...]) -> list[Block]:
        """Return the blocks of a turn; parts that cannot be said are left out."""
        written = (self._writers[type(part)](part) for part in parts)
        return [block for block in written if block is not None]

    def _text(self, part: Text) -> Block | None:
        if part.signature is not None:
            self._losses.add("signature")
        if not part.text.strip():
            return None  # a 400 there, and nothing to read
        block: Block = {"type": "text", "text": part.text}
        cited = [citation.raw for citation in part.citations if citation.origin == "messages"]
        if cited:
            block["citations"] = cited
        if len(cited) < len(part.citations):
            self._losses.add("citations")
        return _marked(block, part.cache)

    def _image(self, part: Image) -> Block | None:
        if part.detail not in {None, "auto"}:
            self._losses.add("image_detail")
        source = self._source(part.media, part.media.mime or _picture_type(part.media.data))
        if source is None:
            return None
        return _marked({"type": "image", "source": source}, part.cache)

    def _document(self, part: Document) -> Block | None:
        source = self._document_source(part)
        if source is None:
            return None
        block: Block = {"type": "document", "source": source}
        if part.title is not None:
            block["title"] = part.title
        if part.context is not None:
            block["context"] = part.context
        if part.citations:
            block["citations"] = {"enabled": True}
        return _marked(block, part.cache)

    def _document_source(self, part: Document) -> Block | None:
        text = part.text
        media = part.media
        if text is None and media is not None and (media.mime or "").startswith("text/"):
            text = _decoded(media.data)
        if text is not None:
            return {"type": "text", "media_type": "text/plain", "data": text}
        if media is None:
            return None
        return self._source(media, media.mime or "application/pdf")

    def _source(self, media: Media, mime: str) -> Block | None:
        if media.data is not None:
            mime = "image/jpeg" if mime == "image/jpg" else mime
            return {"type": "base64", "media_type": mime, "data": media.data}
        if media.url is not None and media.url.startswith(("https:", "http:")):
            return {"type": "url", "url": media.url}
        if media.file_id is not None and self._own:
            return {"type": "file", "file_id": media.file_id}
        self._losses.add("file_id" if media.file_id is not None else "url")
        return None

    def _audio(self, part: Audio) -> Block | None:
        self._losses.add("audio")
        return {"type": "text", "text": part.transcript} if part.transcript else None

    def _video(self, _part: Video) -> None:
        self._losses.add("video")

    def _thinking(self, part: Thinking) -> Block | None:
        if part.signature is None or part.origin != "messages":
            self._losses.add("thinking_history")
            return None
        if part.redacted:
            return {"type": "redacted_thinking", "data": part.signature}
        return {"type": "thinking", "thinking": part.text, "signature": part.signature}

    def _tool_call(self, part: ToolCall) -> Block:
        arguments, exact = as_object(part)
        if not exact:
            self._losses.add("tool_arguments")
        if part.signature is not None:
            self._losses.add("signature")
        written = self._ids.of_call(part.id)
        block = {"type": "tool_use", "id": written, "name": part.name, "input": arguments}
        return _marked(block, part.cache)

    def _tool_result(self, part: ToolResult) -> Block:
        block: Block = {"type": "tool_result", "tool_use_id": self._ids.of_result(part.id)}
        content = self.blocks(part.parts)
        if len(content) == 1 and content[0].keys() == {"type", "text"}:
            block["content"] = content[0]["text"]
        elif content:
            block["content"] = content
        if part.is_error:
            block["is_error"] = True
        return _marked(block, part.cache)

    def _refusal(self, part: Refusal) -> Block | None:
        return self._text(Text(part.text))

    def _opaque(self, part: Opaque) -> Block | None:
        if part.origin == "messages" and isinstance(part.value, dict):
            return part.value
        self._losses.add(part.kind)
        return None


def cache_control(mark: CacheMark) -> dict[str, str]:
    """Return a prompt-cache breakpoint as Anthropic writes it."""
    return {"type": "ephemeral"} if mark.ttl is None else {"type": "ephemeral", "ttl": mark.ttl}


def _marked(block: Block, mark: CacheMark | None) -> Block:
    if mark is not None:
        block["cache_control"] = cache_control(mark)
    return block


def _picture_type(data: str | None) -> str:
    """Tell a picture's type by its first bytes; `image/png` where they are unknown."""
    for start, mime in _MIME_BY_START.items():
        if data is not None and data.startswith(start):
            return mime
    return "image/png"


def _decoded(data: str | None) -> str | None:
    """Decode the base64 of a UTF-8 text; None where it is not that."""
    try:
        return base64.b64decode(data or "", validate=True).decode()
    except ValueError:  # no base64, no ASCII, or no UTF-8 in it
        return None
