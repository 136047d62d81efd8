"""Which target a session stays with: the same for everybody who computes it, and the last one where that is remembered.

Rendezvous hashing: every target draws a number from the session's name, and the highest wins. When
a target is lost only its own sessions move, and they come back when it does.
"""

import math
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

from madang.model import Target

KEPT_S: Final = 300.0
"""How long a provider keeps a prompt's cache at least, as Anthropic and OpenAI both say of theirs (November 2026)."""

_MAX_SESSIONS: Final = 20_000
_SPAN: Final = 2.0**64
_LEAST_WEIGHT: Final = 1e-9


def digest(key_id: str, session: str) -> bytes:
    """The name of a session of a key."""
    return blake2b(f"{key_id}\0{session}".encode("utf-8", "replace"), digest_size=16).digest()


def fraction(session: bytes) -> float:
    """A number in [0, 1) that a session always has, in the place of chance."""
    return int.from_bytes(session[:6]) / 2.0**48


def home(session: bytes, targets: Sequence[Target]) -> int:
    """The index of the target that a session belongs to, by weight."""
    return max(range(len(targets)), key=lambda index: _draw(session, targets[index]))


def _draw(session: bytes, target: Target) -> float:
    """The target's number: of two with weights 1 and 3 the second is the higher in three of four sessions."""
    name = f"{target.provider}/{target.model}".encode()
    drawn = int.from_bytes(blake2b(name, key=session, digest_size=8).digest())
    return math.log((drawn + 1) / (_SPAN + 1)) / max(target.weight, _LEAST_WEIGHT)


class Sessions:
    """Who was asked last for each session, while its cache may still be warm."""

    def __init__(self) -> None:
        self._last: OrderedDict[bytes, tuple[tuple[str, str], float]] = OrderedDict()

    def asked(self, session: bytes, target: Target, now: float) -> None:
        """A target is asked for a session."""
        self._last[session] = ((target.provider, target.model), now)
        self._last.move_to_end(session)
        if len(self._last) > _MAX_SESSIONS:
            self._last.popitem(last=False)

    def last(self, session: bytes, now: float) -> tuple[str, str] | None:
        """Provider and model that were asked last, not longer ago than a cache is kept; None: nobody was."""
        found = self._last.get(session)
        return found[0] if found is not None and now - found[1] <= KEPT_S else None
