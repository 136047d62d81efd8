"""Neutral parts as parts of a message's or a result's content.

One rule: a part is written only in a form that this dialect has; what it has none for is a loss.
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
    Refusal,
    Request,
    Text,
    Thinking,
)
from madang.wire.attachments import SAME_FILES, audio_format, document_text, file_name, url_of
from madang.wire.losses import Losses
from madang.wire.responses.read_content import IN_MESSAGE, TTLS

Block = dict[str, Any]

_PDF: Final = "application/pdf"

_TTLS: Final = {ttl: own for own, ttl in TTLS.items()}


class ContentWriter:
    """Writes the parts of one request. `own`: it came in this dialect, so its cache marks may stay."""

    def __init__(self, request: Request, losses: Losses) -> None:
        self._losses = losses
        self._dialect = request.dialect
        self.own = request.dialect == "responses"

    def asked(self, parts: list[Part]) -> str | list[Block]:
        """Content of a system or user message: a string for one plain text, else a list."""
        if len(parts) == 1 and self._is_plain(parts[0]):
            return _text_of(parts[0])
        return [block for part in parts if (block := self._block(part)) is not None]

    def said(self, parts: list[Part]) -> str | list[Block]:
        """Content of an assistant's message."""
        if len(parts) == 1 and self._is_plain(parts[0]) and not isinstance(parts[0], Refusal):
            return _text_of(parts[0])
        return [block for part in parts if (block := self._said(part)) is not None]

    def output(self, parts: tuple[Part, ...], mark: CacheMark | None) -> str | list[Block]:
        """A tool's output: a string where it is all text, else a list; `mark` stands behind it."""
        marked = mark is not None and self.own
        texts = [part.text for part in parts if isinstance(part, Text)]
        if len(texts) == len(parts) and not marked and not (self.own and len(texts) > 1):
            return "\n".join(texts)
        blocks = [block for part in parts if (block := self._block(part)) is not None]
        if marked and blocks:
            blocks[-1] = self._cached(blocks[-1], mark)
        return blocks

    def plain(self, parts: tuple[Part, ...]) -> str | None:
        """A system prompt as one string; None where it holds more than text."""
        if not all(self._is_plain(part) for part in parts):
            return None
        return "\n".join(_text_of(part) for part in parts)

    def _is_plain(self, part: Part) -> bool:
        if isinstance(part, Text):
            return not (self.own and (part.cache or part.citations))
        return isinstance(part, Refusal)

    def _said(self, part: Part) -> Block | None:
        match part:
            case Text():
                own = [one.raw for one in part.citations if one.origin == "responses"]
                return {"type": "output_text", "text": part.text, "annotations": own}
            case Refusal():
                return {"type": "refusal", "refusal": part.text}
            case Opaque():
                return self._block(part)
        # pictures and the like have no place in an assistant's message
        self._losses.add(f"assistant_{type(part).__name__.lower()}")
        return None

    def _block(self, part: Part) -> Block | None:
        """One part of an input; None (and a loss) where this dialect has no form for it."""
        match part:
            case Text():
                return self._cached({"type": "input_text", "text": part.text}, part.cache)
            case Refusal():
                return {"type": "input_text", "text": part.text}
            case Image():
                return self._image(part)
            case Audio():
                return self._audio(part)
            case Document():
                return self._document(part)
            case Opaque(origin="responses", kind=kind, value=dict() as value):
                if kind.startswith(IN_MESSAGE):
                    return value
            case Thinking():
                self._losses.add("thinking_history")
                return None
        self._losses.add(part.kind if isinstance(part, Opaque) else type(part).__name__.lower())
        return None

    def _cached(self, block: Block, mark: CacheMark | None) -> Block:
        """The block with its breakpoint. OpenAI caches the prompts of other callers unasked."""
        if mark is None or not self.own:
            return block
        breakpoint_ = {"mode": "explicit"}
        if mark.ttl is not None:
            breakpoint_["ttl"] = _TTLS.get(mark.ttl, "30m")
        return {**block, "prompt_cache_breakpoint": breakpoint_}

    def _image(self, part: Image) -> Block | None:
        block: Block = {"type": "input_image"}
        url = url_of(part.media, "image/png")
        if url is not None:
            block["image_url"] = url
        elif self._dialect in SAME_FILES:
            block["file_id"] = part.media.file_id
        else:
            self._losses.add("image_file_id")
            return None
        if part.detail is not None:
            block["detail"] = part.detail
        return self._cached(block, part.cache)

    def _audio(self, part: Audio) -> Block | None:
        media = part.media
        if media.data is None:
            self._losses.add("audio_url" if media.url else "audio_file_id")
            return None
        heard = {"data": media.data, "format": audio_format(media.mime)}
        return {"type": "input_audio", "input_audio": heard}

    def _document(self, part: Document) -> Block | None:
        if part.citations:
            self._losses.add("citations")
        if part.media is None:
            return self._cached({"type": "input_text", "text": document_text(part)}, part.cache)
        if part.context:
            self._losses.add("document_context")
        block = self._file(part.media, part.title)
        return None if block is None else self._cached(block, part.cache)

    def _file(self, media: Media, title: str | None) -> Block | None:
        block: Block = {"type": "input_file"}
        if title is not None and self.own:
            block["filename"] = title
        elif title is not None and media.data is None:
            self._losses.add("document_title")  # a name beside a URL or an id is refused by some
        if media.data is not None:
            data = media.data if self.own and media.mime is None else url_of(media, _PDF)
            block["file_data"] = data
            if not self.own:
                block["filename"] = title or file_name(media.mime or _PDF)
        elif media.url is not None:
            block["file_url"] = media.url
        elif self._dialect in SAME_FILES:
            block["file_id"] = media.file_id
        else:
            self._losses.add("document_file_id")
            return None
        return block


def _text_of(part: Part) -> str:
    return part.text if isinstance(part, Text | Refusal) else ""
