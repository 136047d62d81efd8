"""Neutral parts as parts of a message's `content`.

One rule: a part is written only in a form that Chat Completions has; what it has none for is named
as a loss.
"""

from typing import Any, Final

from madang.model import (
    Audio,
    CacheMark,
    Document,
    Image,
    Media,
    Opaque,
    Part,
    Request,
    Text,
    Video,
)
from madang.wire.attachments import SAME_FILES, audio_format, document_text, file_name, url_of
from madang.wire.losses import Losses

Block = dict[str, Any]

_BYTES: Final = "application/octet-stream"


class ContentWriter:
    """Writes the parts of one request. `own`: the request came in this dialect, so its extensions may stay."""

    def __init__(self, request: Request, losses: Losses) -> None:
        self._losses = losses
        self._dialect = request.dialect
        self.own = request.dialect == "chat"

    def content(self, parts: list[Part]) -> str | list[Block]:
        """A string for one plain text (what every provider takes), else a list of parts."""
        if not parts:
            return ""
        if len(parts) == 1 and isinstance(parts[0], Text) and not self._marked(parts[0].cache):
            return parts[0].text
        return [block for part in parts if (block := self.block(part)) is not None]

    def plain(self, parts: list[Part]) -> str | list[Block]:
        """Texts as one string, for places where many providers take nothing else; a list only for cache marks."""
        texts = [part for part in parts if isinstance(part, Text)]
        if any(self._marked(text.cache) for text in texts):
            return [self._text(text) for text in texts]
        return "\n".join(text.text for text in texts)

    def block(self, part: Part) -> Block | None:
        """One part; None (and a loss) where this dialect has no form for it."""
        match part:
            case Text():
                return self._text(part)
            case Image():
                return self._image(part)
            case Audio():
                return self._audio(part)
            case Video():
                return self._video(part)
            case Document():
                return self._document(part)
            case Opaque(origin="chat", value=value):
                block: Block = value
                return block
            case Opaque():
                self._losses.add("server_tools")
            case _:
                self._losses.add(type(part).__name__.lower())
        return None

    def cached(self, block: Block, mark: CacheMark | None) -> Block:
        """The block with its cache mark, where the caller's own provider may know it."""
        if mark is None or not self.own:
            return block
        control = (
            {"type": "ephemeral"} if mark.ttl is None else {"type": "ephemeral", "ttl": mark.ttl}
        )
        return {**block, "cache_control": control}

    def _marked(self, mark: CacheMark | None) -> bool:
        return mark is not None and self.own

    def _text(self, part: Text) -> Block:
        return self.cached({"type": "text", "text": part.text}, part.cache)

    def _image(self, part: Image) -> Block | None:
        url = url_of(part.media, _BYTES)
        if url is None:
            self._losses.add("image_file_id")
            return None
        holder = {"url": url} if part.detail is None else {"url": url, "detail": part.detail}
        return self.cached({"type": "image_url", "image_url": holder}, part.cache)

    def _audio(self, part: Audio) -> Block | None:
        media = part.media
        if media.data is None and not (self.own and media.url):
            self._losses.add("audio_url" if media.url else "audio_file_id")
            return None
        if media.data is None or (media.mime is None and self.own):
            # Mistral's form: a bare URL or base64
            return {"type": "input_audio", "input_audio": media.data or media.url}
        heard = {"data": media.data, "format": audio_format(media.mime)}
        return {"type": "input_audio", "input_audio": heard}

    def _video(self, part: Video) -> Block | None:
        url = url_of(part.media, _BYTES)
        if url is None:
            self._losses.add("video_file_id")
            return None
        return {"type": "video_url", "video_url": {"url": url}}

    def _document(self, part: Document) -> Block | None:
        if part.citations:
            self._losses.add("citations")
        if part.media is None:
            return self.cached({"type": "text", "text": document_text(part)}, part.cache)
        if part.context:
            self._losses.add("document_context")
        holder = self._file(part.media, part.title)
        return None if holder is None else self.cached({"type": "file", "file": holder}, part.cache)

    def _file(self, media: Media, title: str | None) -> Block | None:
        if media.data is not None:
            return {"filename": title or file_name(media.mime), "file_data": url_of(media, _BYTES)}
        if media.file_id is not None and self._dialect in SAME_FILES:
            return {"file_id": media.file_id}
        if media.url is not None and self.own:
            return {"filename": title or file_name(media.mime), "file_data": media.url}
        self._losses.add("document_url" if media.url else "document_file_id")
        return None
