"""Media as OpenAI's two dialects say them: data URLs, the names of formats and files."""

from typing import Final

from madang.model import Document, Media

SAME_FILES: Final = frozenset(("chat", "responses"))
"""Dialects of one vendor, whose file ids mean the same."""

_FORMATS: Final = {"audio/mpeg": "mp3", "audio/x-wav": "wav", "audio/wave": "wav"}
"""Audio types whose name there is not what follows the slash."""


def url_of(media: Media, mime: str) -> str | None:
    """Bytes as a data: URL, of type `mime` where none is said; else the URL itself."""
    if media.data is not None:
        return f"data:{media.mime or mime};base64,{media.data}"
    return media.url


def audio_format(mime: str | None) -> str:
    """What OpenAI calls a type of audio; `wav` where none is said."""
    mime = mime or "audio/wav"
    return _FORMATS.get(mime) or mime.partition("/")[2].partition(";")[0]


def file_name(mime: str | None) -> str:
    """A name with the ending that tells OpenAI what it is."""
    ending = (mime or "").partition("/")[2].partition(";")[0]
    return f"file.{ending}" if ending.isalnum() else "file"


def document_text(document: Document) -> str:
    """A document of text as a text: its title and context stand above it."""
    head = [f"{line}\n\n" for line in (document.title, document.context) if line]
    return "".join(head) + (document.text or "")
