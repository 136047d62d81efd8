"""When two questions are alike: the last words of the user, compared by their vectors, with all else equal.

Rule: what is compared is the text of the user's last turn alone. Everything around it (model, system
prompt, earlier turns, settings) has to be the same, and so have the figures within it: vectors
hardly tell `17 + 23` from `17 + 24`.
"""

import re
from array import array
from collections.abc import Sequence
from math import sqrt
from operator import mul
from typing import Any, Final, NamedTuple

import msgspec

from madang.model import Dialect

LONGEST_QUESTION: Final = 8_000
"""Characters; nobody asks the same in so many words, and models of embeddings read no more."""

_FIGURE: Final = re.compile(r"\d+(?:[.,:/]\d+)*")
_TEXTS: Final = frozenset(("text", "input_text", None))
_SEQUENCES: Final = {
    "chat": "messages",
    "messages": "messages",
    "gemini": "contents",
    "responses": "input",
}
_encoder = msgspec.json.Encoder(order="sorted")


class Question(NamedTuple):
    """The text of the user's last turn, and all the rest of what is asked, in one spelling."""

    text: str
    rest: bytes


class Vector(NamedTuple):
    """A direction: numbers whose squares add up to 1, and their signs as the bits of one number."""

    numbers: "array[float]"
    signs: int


def question_of(meaning: bytes, dialect: Dialect) -> Question | None:
    """The question in the meaning of a request (see `sameness`).

    None where the last turn is not the user's, or is not one text, or there is too much of it.
    """
    data: Any = msgspec.json.decode(meaning)
    name = "prompt" if dialect == "completions" else _SEQUENCES.get(dialect)
    if name is None or not isinstance(data, dict):
        return None
    text, data[name] = _taken(data.get(name))
    if text is None or not text.strip() or len(text) > LONGEST_QUESTION:
        return None
    return Question(text, _encoder.encode(data))


def vector_of(numbers: Sequence[float]) -> Vector | None:
    """The direction of an embedding; None where it has none."""
    length = sqrt(sum(map(mul, numbers, numbers)))
    if not 0 < length < float("inf"):
        return None
    signs = int("".join("1" if one > 0 else "0" for one in numbers), 2)
    return Vector(array("f", [one / length for one in numbers]), signs)


def similarity(one: Vector, other: Vector) -> float:
    """The cosine of the angle between two vectors of the same model, from -1 to 1."""
    cosine: float = sum(map(mul, one.numbers, other.numbers))
    return min(1.0, max(-1.0, cosine))


def distance(one: Vector, other: Vector) -> int:
    """How many of their signs differ: quick to tell, and small where the angle is."""
    return (one.signs ^ other.signs).bit_count()


def figures_of(text: str) -> tuple[str, ...]:
    """The numbers in a text, in their order."""
    return tuple(_FIGURE.findall(text))


def _taken(turns: Any) -> tuple[str | None, Any]:  # noqa: ANN401 - whatever the caller sent
    """The user's last text, and the turns without it."""
    if isinstance(turns, str):
        return turns, None
    last = turns[-1] if isinstance(turns, list) and turns else None
    if not isinstance(last, dict) or last.get("role", "user") != "user":
        return None, turns
    name = "parts" if "parts" in last else "content"
    text, rest = _text(last.get(name))
    return text, [*turns[:-1], {**last, name: rest}]


def _text(content: Any) -> tuple[str | None, Any]:  # noqa: ANN401
    """The one text in the content of a turn, and the content without it."""
    if isinstance(content, str):
        return content, None
    if not isinstance(content, list):
        return None, content
    parts = [part if isinstance(part, dict) else {} for part in content]
    texts = [
        at
        for at, part in enumerate(parts)
        if isinstance(part.get("text"), str) and part.get("type") in _TEXTS
    ]
    if len(texts) != 1:
        return None, content
    [at] = texts
    rest = [*parts[:at], {**parts[at], "text": None}, *parts[at + 1 :]]
    return parts[at]["text"], rest
