"""What is to be different: the question, as people write it, and what chance would decide."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from itertools import accumulate
from typing import Final

from msgspec import Struct

from madang.errors import InvalidRequest

_ENDLESS: Final = 1 << 64


class Change(Struct, frozen=True, kw_only=True):
    """What is replayed differently, beside the configuration itself.

    `mix`: names of models with their shares, over which all that generates is spread. `moves`: from
    the name of a model (asked for, or that answered) to the one in its place; it counts before the
    mix. `cache_hit_rate`: the share of requests, beside those that a cache answered, that one is
    taken to answer. `by_family`: tokens are scaled by what families of tokenizers make of a text.
    """

    mix: tuple[tuple[str, Decimal], ...] = ()
    moves: Mapping[str, str] = {}
    cache_hit_rate: Decimal = Decimal()
    by_family: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Every model that something may move to."""
        return tuple(dict.fromkeys((*(name for name, _ in self.mix), *self.moves.values())))


class Period(Struct, frozen=True):
    """UTC days, both included."""

    first: date
    last: date


class Lot:
    """A choice among weighted things, by a request's id: the same one every time, in proportion over many."""

    __slots__ = ("_bounds", "_salt", "_things")

    def __init__(self, salt: str, weighted: Iterable[tuple[str, Decimal]]) -> None:
        """`salt` tells choices apart that are not to go together."""
        pairs = tuple(weighted)
        total = sum((weight for _, weight in pairs), Decimal())
        self._salt = salt.encode()
        self._things = [thing for thing, _ in pairs]
        sums = accumulate(weight for _, weight in pairs)
        self._bounds = [int(_ENDLESS * bound / total) for bound in sums]

    def draw(self, request_id: str) -> str:
        """The thing that falls to a request."""
        point = point_of(request_id, self._salt)
        for thing, bound in zip(self._things, self._bounds, strict=True):
            if point < bound:
                return thing
        return self._things[-1]


def point_of(request_id: str, salt: bytes) -> int:
    """A number below 2**64 that looks like chance and follows from the request's id."""
    digest = blake2b(request_id.encode("utf-8", "replace"), digest_size=8, person=salt).digest()
    return int.from_bytes(digest)


def read_mix(text: str) -> tuple[tuple[str, Decimal], ...]:
    """`gpt-4.1=50,gemini-2.5-flash=50`: models and their shares, of whatever sum. Raises InvalidRequest."""
    mix: dict[str, Decimal] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, weight = (piece.strip() for piece in part.rpartition("="))
        share = _decimal(weight) if equals else None
        if not name or share is None or not 0 < share <= 1_000_000:
            raise InvalidRequest(
                f"A mix is such as gpt-4.1=50,gemini-2.5-flash=50, with shares above 0; not {part[:100]!r}."
            )
        if name in mix:
            raise InvalidRequest(f"The mix names {name[:100]!r} twice.")
        mix[name] = share
    if not mix:
        raise InvalidRequest("The mix names no model.")
    return tuple(mix.items())


def read_moves(texts: Iterable[str]) -> dict[str, str]:
    """`gpt-4.1=deepseek-v3.2`: the model on the right in the place of the one on the left. Raises InvalidRequest."""
    moves: dict[str, str] = {}
    for text in texts:
        before, _, after = (piece.strip() for piece in text.partition("="))
        if not before or not after:
            raise InvalidRequest(f"A move is such as gpt-4.1=deepseek-v3.2; not {text[:100]!r}.")
        if moves.setdefault(before, after) != after:
            raise InvalidRequest(f"{before[:100]!r} is to move to two models.")
    return moves


def read_share(text: str) -> Decimal:
    """A share from 0 to 1. Raises InvalidRequest."""
    share = _decimal(text)
    if share is None or not 0 <= share <= 1:
        raise InvalidRequest(f"A share is a number from 0 to 1, such as 0.2; not {text[:100]!r}.")
    return share


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
