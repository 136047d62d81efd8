"""When two requests ask the same, and whether the same answer may be given to both.

Rule: only members that are known not to change an answer are left out of the comparison, so that a
member nobody has heard of keeps two requests apart. What is compared is the meaning of the JSON:
neither the order of members, nor white space, nor how a string or a number is written, nor a null
where nothing might stand as well.
"""

from math import isfinite
from typing import Any, Final

import msgspec
from msgspec import Struct

from madang.model import EMBEDDING, Dialect

_OPENAI: Final = (
    *("stream", "stream_options", "user", "metadata", "store"),
    *("safety_identifier", "prompt_cache_key", "prompt_cache_retention"),
)
WITHOUT_EFFECT: Final[dict[Dialect, frozenset[str]]] = {
    "chat": frozenset(("model", *_OPENAI)),
    "responses": frozenset(("model", "stream", "stream_options")),
    "messages": frozenset(("model", "stream", "metadata")),
    "gemini": frozenset(("model", "labels")),
    "completions": frozenset(("model", "stream", "stream_options", "user")),
    "embeddings": frozenset(("model", "user")),
    "gemini_embed": frozenset(("model",)),
    "gemini_batch_embed": frozenset(("model",)),
}
"""Top-level members that say who asks, how the answer is sent, or what is stored, and so do not change it.

The model is compared by where its name leads, and how the answer is sent by whoever keeps it. A
response of OpenAI's repeats its `user`, `metadata` and so on, which therefore count there.
"""

_TOOLS: Final[dict[Dialect, tuple[str, ...]]] = {
    "chat": ("tools", "functions", "web_search_options"),
    "responses": ("tools", "prompt"),
    "messages": ("tools", "mcp_servers", "container"),
    "gemini": ("tools",),
}
"""Members that offer tools: whoever calls one acts on the answer, and a search finds other things tomorrow."""

_HELD: Final = ("previous_response_id", "conversation", "background")
_EXACT: Final = 1 << 53
_NOTHING: Final[tuple[Any, ...]] = (None, [], {}, "", False)


class Meaning(Struct, frozen=True):
    """What a request asks.

    `text`: the same for all requests that ask the same. `is_settled`: it offers no tools and leaves
    nothing to chance, so that the same answer is as good as another.
    """

    text: bytes
    is_settled: bool


def meaning_of(body: bytes, dialect: Dialect) -> Meaning | None:
    """What a body asks; None where its answer may never be given to another request.

    Those are bodies that nobody can read, and requests of a conversation that somebody holds.
    """
    try:
        data = _decoder.decode(body)
        if not isinstance(data, dict) or (dialect == "responses" and _is_held(data)):
            return None
        left_out = WITHOUT_EFFECT[dialect]
        told = {
            name: value
            for name, value in data.items()
            if value is not None and name not in left_out
        }
        return Meaning(_encoder.encode(told), _is_settled(data, dialect))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def spelled(body: bytes) -> bytes:
    """A whole body in one spelling; as it is where it cannot be read."""
    try:
        return _encoder.encode(_decoder.decode(body))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return body


def unambiguous(body: bytes) -> bytes:
    """The body written anew, so that every reader finds in it what we have found. It has to be readable.

    An object that names a member twice is read by some as the first, by others as the last.
    """
    return msgspec.json.encode(msgspec.json.decode(body))


def _is_held(data: dict[str, Any]) -> bool:
    """Whether somebody keeps the answer, or what came before it, under an id."""
    return data.get("store") is not False or any(data.get(name) for name in _HELD)


def _is_settled(data: dict[str, Any], dialect: Dialect) -> bool:
    if dialect in EMBEDDING:
        return True
    if any(data.get(name) not in _NOTHING for name in _TOOLS.get(dialect, ())):
        return False
    if dialect == "gemini":
        inner = data.get("generationConfig") or data.get("generation_config")
        data = inner if isinstance(inner, dict) else {}
    temperature, seed = data.get("temperature"), data.get("seed")
    return (_is_number(temperature) and temperature == 0) or _is_number(seed)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(text: str) -> int | float:
    """A number with a fraction or an exponent; 1.0 is 1. Raises ValueError beyond what a float holds."""
    value = float(text)
    if not isfinite(value):
        raise ValueError(text)
    return int(value) if value.is_integer() and abs(value) < _EXACT else value


_decoder = msgspec.json.Decoder(float_hook=_number)
_encoder = msgspec.json.Encoder(order="sorted")
