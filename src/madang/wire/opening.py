"""What a stream says before it says anything: a role, an empty part, a sign of life.

Providers send such events before the model has begun. A stream that has sent nothing else can still
be taken over by another target without the caller seeing it. Thoughts are a beginning, even where
they are not shown: the model is at work then, and may be for minutes.
"""

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from msgspec import DecodeError, Raw, Struct, ValidationError, field
from msgspec.json import Decoder

from madang.model import Dialect

_DATA: Final = re.compile(rb"^(?:\xef\xbb\xbf)?data: ?(.*)$", re.MULTILINE)
_EMPTY: Final = frozenset((b'""', b"null", b"[]", b"{}"))
_SILENT_MESSAGES: Final = frozenset(("message_start", "ping"))
_SILENT_RESPONSES: Final = frozenset(
    ("response.created", "response.in_progress", "response.queued")
)

Members = dict[str, Raw]


class _Choice(Struct):
    delta: Members = field(default_factory=dict)
    text: Raw = Raw(b"null")
    finish_reason: str | None = None


class _Chunk(Struct):
    choices: list[_Choice] = field(default_factory=list)


class _Block(Struct):
    type: str = ""
    text: str | None = None
    citations: Raw = Raw(b"null")


class _Message(Struct):
    type: str = ""
    content_block: _Block | None = None


class _Response(Struct):
    type: str = ""
    item: _Block | None = None
    part: _Block | None = None


class _Content(Struct):
    parts: list[Members] = field(default_factory=list)


class _Candidate(Struct):
    content: _Content = field(default_factory=_Content)
    finishReason: str | None = None  # noqa: N815 - the format's own name


class _Piece(Struct):
    candidates: list[_Candidate] = field(default_factory=list)
    promptFeedback: Raw | None = None  # noqa: N815


def is_opening(dialect: Dialect, events: bytes) -> bool:
    """Whether none of these whole events of a stream has anything of an answer in it.

    What is not understood is none.
    """
    marks = _MARKS.get(dialect)
    if marks is None or marks.answer.search(events) is not None:
        return False
    try:
        return all(map(marks.is_silent, _DATA.findall(events)))
    except (DecodeError, ValidationError, UnicodeDecodeError, RecursionError):
        return False


def _is_empty_chunk(data: bytes) -> bool:
    """OpenAI's chunks, of chats and of completions."""
    for choice in _CHUNK.decode(data).choices:
        if choice.finish_reason is not None or bytes(choice.text) not in _EMPTY:
            return False
        if any(
            name != "role" and bytes(value) not in _EMPTY for name, value in choice.delta.items()
        ):
            return False
    return True


def _is_silent_message(data: bytes) -> bool:
    event = _MESSAGE.decode(data)
    if event.type == "content_block_start":
        block = event.content_block
        return block is not None and block.type == "text" and not block.text
    return event.type in _SILENT_MESSAGES


def _is_silent_response(data: bytes) -> bool:
    event = _RESPONSE.decode(data)
    if event.type == "response.output_item.added":
        return event.item is not None and event.item.type == "message"
    if event.type == "response.content_part.added":
        part = event.part
        return part is not None and part.type == "output_text" and not part.text
    return event.type in _SILENT_RESPONSES


def _is_empty_piece(data: bytes) -> bool:
    """Gemini's answers in pieces."""
    piece = _PIECE.decode(data)
    if piece.promptFeedback is not None:
        return False
    for candidate in piece.candidates:
        if candidate.finishReason is not None:
            return False
        for part in candidate.content.parts:
            if any(bytes(value) not in _EMPTY for value in part.values()):
                return False
    return True


_CHUNK: Final = Decoder(_Chunk)
_MESSAGE: Final = Decoder(_Message)
_RESPONSE: Final = Decoder(_Response)
_PIECE: Final = Decoder(_Piece)


class _Marks(NamedTuple):
    """`answer` is found in most events of an answer, and in no other; `is_silent` looks at the data of one."""

    answer: re.Pattern[bytes]
    is_silent: Callable[[bytes], bool]


_CHUNKS: Final = _Marks(re.compile(rb'"(?:content|text)": ?"[^"]'), _is_empty_chunk)
_MARKS: Final[dict[Dialect, _Marks]] = {
    "chat": _CHUNKS,
    "completions": _CHUNKS,
    "messages": _Marks(re.compile(rb'"content_block_delta"'), _is_silent_message),
    "responses": _Marks(re.compile(rb'"response\.[a-z_.]+\.delta"'), _is_silent_response),
    "gemini": _Marks(re.compile(rb'"text": ?"[^"]'), _is_empty_piece),
}
