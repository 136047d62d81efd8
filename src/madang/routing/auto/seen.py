"""What of a request its complexity is judged by: sizes, counts and a bounded stretch of its last question."""

import re
from typing import Final, NamedTuple

from madang.model import Document, Image, Part, Request, Text, Video

MOST_HEAD: Final = 3_000
MOST_TAIL: Final = 1_000
"""Characters of the last question that are looked at: its beginning and its end."""

_ASCII_PER_TOKEN: Final = 4
_OTHER_PER_TOKEN: Final = 1.25
_EFFORTS: Final = frozenset(("high", "xhigh", "max"))


_SCRIPTS: Final = (
    ("ko", re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")),
    ("ja", re.compile("[\u3040-\u30ff\uff66-\uff9f]")),
    ("zh", re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")),
)
"""Hangul, kana, Han: what a text is told by, in this order, as Japanese has Han, too."""

_ENOUGH: Final = 20
"""A script makes the language where at least one of so many characters is of it: names in another text do not."""


class Seen(NamedTuple):
    """`text` is the last question, cut. Sizes are rough tokens; `turns` are the caller's.

    `thinks`: it asks for much thought.
    """

    text: str
    tokens: float = 0.0
    system_tokens: float = 0.0
    turns: int = 1
    tools: int = 0
    pictures: int = 0
    has_schema: bool = False
    thinks: bool = False


def look_over(request: Request) -> Seen:
    """What a request shows."""
    asked = [one for one in request.messages if one.role == "user" and _texts(one.parts)]
    texts = _texts(asked[-1].parts) if asked else []
    length = sum(map(_tokens, texts))
    text = "\n".join(texts)
    if len(text) > MOST_HEAD + MOST_TAIL:
        text = f"{text[:MOST_HEAD]}\n{text[-MOST_TAIL:]}"
    pictures = sum(
        isinstance(part, Image | Document | Video)
        for message in request.messages
        for part in message.parts
    )
    wish, form = request.reasoning, request.format
    return Seen(
        text,
        length,
        sum(map(_tokens, _texts(request.system))),
        len(asked),
        len(request.tools),
        pictures,
        form is not None and form.kind == "json_schema",
        wish is not None and wish.effort in _EFFORTS,
    )


def language_of(text: str) -> str:
    """The language of a text by its script: `ko`, `ja`, `zh`, or `other`."""
    if text.isascii():
        return "other"
    few = len(text) / _ENOUGH
    return next((name for name, sign in _SCRIPTS if len(sign.findall(text)) > few), "other")


def _texts(parts: tuple[Part, ...]) -> list[str]:
    return [part.text for part in parts if isinstance(part, Text)]


def _tokens(text: str) -> float:
    """About so many tokens: letters of other scripts weigh more."""
    other = (len(text.encode("utf-8", "replace")) - len(text)) / 2
    return (len(text) - other) / _ASCII_PER_TOKEN + other / _OTHER_PER_TOKEN
