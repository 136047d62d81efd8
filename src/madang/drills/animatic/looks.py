"""What a drawn shot consists of: frozen records, read from a prompt and drawn by the other files. No I/O."""

from hashlib import blake2b
from typing import Literal, NamedTuple

from madang.drills.animatic.words import Colour

Framing = Literal["wide", "medium", "close"]


class Look(NamedTuple):
    """How somebody looks, the same in every shot. `tall` is a factor of an adult's height."""

    name: str
    skin: Colour
    hair: Colour
    style: str
    garment: str
    top: Colour
    under: Colour
    bottom: Colour
    skirt: bool
    female: bool
    tall: float = 1.0
    old: bool = False
    extras: frozenset[str] = frozenset()
    accent: Colour = (180, 60, 60)


class Acting(NamedTuple):
    """What somebody does in a shot. `facing`: -1 to the left, 1 to the right."""

    emotion: str = "neutral"
    pose: str = "stand"
    facing: int = 1
    speaks: bool = False


class Figure(NamedTuple):
    """Somebody in a shot."""

    look: Look
    acting: Acting


class Shot(NamedTuple):
    """A shot to draw. `land` is the same wherever the same place is named; `seed` varies the rest that is left open."""

    place: str
    hour: str
    weather: str
    framing: Framing
    move: str
    shaky: bool
    figures: tuple[Figure, ...]
    land: int
    seed: int


def number(text: str) -> int:
    """A number of 48 bits that is always the same for the same text."""
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=6).digest())
