"""Thinking signatures of other providers, carried through a Responses client and back.

A Responses client returns `encrypted_content` untouched. A foreign signature therefore travels in
it under a mark that says whose it is: it comes home to its own provider, and OpenAI never sees
reasoning that it did not encrypt. Gemini also signs tool calls, for which this dialect has no
place: such a signature travels as a reasoning item of its own that names the call.
"""

from typing import Final, get_args
from urllib.parse import quote, unquote

from madang.model import Dialect, Thinking
from madang.wire.responses.ids import MARK

_SEALED: Final = f"sealed{MARK}"
_REDACTED: Final = f"redacted{MARK}"

_ORIGINS: Final[dict[str, Dialect]] = {name: name for name in get_args(Dialect)}


def is_sealed(encrypted: object) -> bool:
    """Tell whether an `encrypted_content` is a foreign signature under our mark."""
    return isinstance(encrypted, str) and encrypted.startswith((_SEALED, _REDACTED))


def seal(thinking: Thinking, signature: str) -> str:
    """Return a signature of another dialect as an `encrypted_content`; empty where nobody owns it."""
    if thinking.origin is None:
        return ""
    mark = _REDACTED if thinking.redacted else _SEALED
    return ":".join((mark, thinking.origin, quote(thinking.id or "", safe=""), signature))


def unseal(text: str, encrypted: str) -> Thinking:
    """Return the thinking that a client sent back, under its true origin; unsigned when it was altered."""
    mark, _, rest = encrypted.partition(":")
    origin, _, rest = rest.partition(":")
    item, _, signature = rest.partition(":")
    if origin not in _ORIGINS or not signature:
        return Thinking(text)
    return Thinking(
        text,
        signature,
        redacted=mark == _REDACTED,
        id=unquote(item) or None,
        origin=_ORIGINS[origin],
    )
