"""May a body need what a target lacks? Told from its bytes, fast enough to ask of every request.

One rule: No is certain (but for a body that hides its words behind escapes, which the provider will
judge), Maybe is cheap to get and is settled by reading the request. Members of the body are looked
up by name; only media, which stand deep inside, are searched for, and first what every one of them
must have beside it: text cannot contain it, because quotation marks in it are escaped.
"""

from collections.abc import Mapping
from typing import Final

from madang.model import Dialect, Feature

_MEMBERS: Final[dict[str, dict[Feature, tuple[str, ...]]]] = {
    "chat": {
        "tools": ("tools", "functions"),
        "audio_output": ("modalities", "audio"),
        "logprobs": ("logprobs", "top_logprobs"),
        "n": ("n",),
        "json_schema": ("response_format",),
        "json_mode": ("response_format",),
    },
    "responses": {
        "tools": ("tools",),
        "logprobs": ("top_logprobs", "include"),
        "json_schema": ("text",),
        "json_mode": ("text",),
        "system": ("instructions",),
    },
    "messages": {
        "tools": ("tools",),
        "json_schema": ("output_config", "output_format"),
        "system": ("system",),
    },
    "gemini": {
        "tools": ("tools",),
        "audio_output": ("generationConfig", "generation_config"),
        "logprobs": ("generationConfig", "generation_config"),
        "n": ("generationConfig", "generation_config"),
        "json_schema": ("generationConfig", "generation_config"),
        "json_mode": ("generationConfig", "generation_config"),
        "system": ("systemInstruction", "system_instruction"),
    },
}
"""Members of a body that ask for a feature."""

_PART = (b"_", b'"type"')
_BLOCK = (b'"type"',)
_FILE = (b'ata"',)
_ANY_FILE = ((_FILE, b'Data"'), (_FILE, b'_data"'))
_TURN = (b'"role"',)

_INSIDE: Final[
    dict[str, tuple[str, dict[Feature, tuple[tuple[tuple[bytes, ...], bytes], ...]]]]
] = {
    "chat": (
        "messages",
        {
            "images": ((_PART, b'"image_url"'),),
            "audio_input": ((_PART, b'"input_audio"'),),
            "video_input": ((_PART, b'"video_url"'),),
            "documents": ((_PART, b'"file_'),),
            "system": ((_TURN, b'"system"'), (_TURN, b'"developer"')),
        },
    ),
    "responses": (
        "input",
        {
            "images": ((_PART, b'"input_image"'),),
            "audio_input": ((_PART, b'"input_audio"'),),
            "documents": ((_PART, b'"input_file"'),),
            "system": ((_TURN, b'"system"'), (_TURN, b'"developer"')),
        },
    ),
    "messages": (
        "messages",
        {
            "images": ((_BLOCK, b'"image"'),),
            "documents": ((_BLOCK, b'"document"'),),
            "system": ((_TURN, b'"system"'),),
        },
    ),
    "gemini": (
        "contents",
        {
            "images": _ANY_FILE,
            "audio_input": _ANY_FILE,
            "video_input": _ANY_FILE,
            "documents": _ANY_FILE,
        },
    ),
}
"""The member that holds the turns, and in it: what must be there, and the word to look for then."""


class Screen:
    """The quick question for one dialect and what one target lacks."""

    __slots__ = ("_holder", "_members", "_unknown", "_words")

    def __init__(self, dialect: Dialect, lacks: frozenset[Feature]) -> None:
        members = _MEMBERS.get(dialect, {})
        self._holder, inside = _INSIDE.get(dialect, ("", {}))
        self._unknown = dialect not in _MEMBERS
        self._members = frozenset(name for feature in lacks for name in members.get(feature, ()))
        words: dict[tuple[bytes, ...], list[bytes]] = {}
        for feature in sorted(lacks):
            for beside, word in inside.get(feature, ()):
                if word not in words.setdefault(beside, []):
                    words[beside].append(word)
        self._words = tuple(words.items())

    def suspects(self, fields: Mapping[str, bytes]) -> bool:
        """Whether a body of these members (see `Envelope.fields`) may need something that is lacking."""
        if self._unknown or not self._members.isdisjoint(fields):
            return True
        if not self._words or self._holder not in fields:
            return False
        held = fields[self._holder]
        turns = held if type(held) is bytes else bytes(held)
        for beside, words in self._words:
            for needed in beside:
                if needed not in turns:
                    break
            else:
                for word in words:
                    if word in turns:
                        return True
        return False
