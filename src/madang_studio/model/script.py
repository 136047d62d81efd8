"""A drama on paper: who is in it, where, and what is said; then the shots it breaks into.

Ids are short and stay when something else changes: scenes `1`, `2`, …, lines `1.3` (third line of
the first scene), shots `1.2`.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Text = Annotated[str, Meta(min_length=1, max_length=2_000)]
Name = Annotated[str, Meta(min_length=1, max_length=80)]
Emotion = Literal[
    "neutral", "happy", "sad", "angry", "afraid", "surprised", "tender", "tense", "whispering"
]


class Voice(Struct, frozen=True, forbid_unknown_fields=True):
    """How somebody sounds. `name` is the speech provider's voice; None: chosen by the other fields."""

    name: str | None = None
    gender: Literal["female", "male", "neutral"] = "neutral"
    age: Literal["child", "young", "adult", "old"] = "adult"
    speed: Annotated[float, Meta(ge=0.5, le=2.0)] = 1.0


class Character(Struct, frozen=True, forbid_unknown_fields=True):
    """An entry of the character bible: goes word for word into the prompt of every shot with them."""

    name: Name
    appearance: Text
    clothing: Text
    voice: Voice = Voice()


class Place(Struct, frozen=True, forbid_unknown_fields=True):
    """Where scenes happen, described once."""

    name: Name
    description: Text


class Line(Struct, frozen=True, forbid_unknown_fields=True):
    """Something that is said. `character` is a name of the bible, or `NARRATOR`."""

    id: str
    character: Name
    text: Text
    emotion: Emotion = "neutral"


NARRATOR = "narrator"


class Scene(Struct, frozen=True, forbid_unknown_fields=True):
    """One place, one stretch of time. `camera` and `setting` are words for the picture."""

    id: str
    description: Text
    place: Name
    characters: tuple[Name, ...]
    lines: tuple[Line, ...]
    camera: Annotated[str, Meta(max_length=300)] = ""
    setting: Annotated[str, Meta(max_length=600)] = ""


class Music(Struct, frozen=True, forbid_unknown_fields=True):
    """What is heard under the scenes."""

    mood: Literal["calm", "warm", "sad", "tense", "bright", "heroic"] = "calm"
    tempo_bpm: Annotated[int, Meta(ge=40, le=200)] = 80
    description: Annotated[str, Meta(max_length=300)] = ""


class Script(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole drama on paper."""

    title: Annotated[str, Meta(min_length=1, max_length=200)]
    genre: str
    language: str
    logline: Text
    characters: tuple[Character, ...]
    places: tuple[Place, ...]
    scenes: tuple[Scene, ...]
    music: Music = Music()


class Shot(Struct, frozen=True, forbid_unknown_fields=True):
    """What one clip shows, no longer than a video model can make. `lines` are ids of what is heard in it."""

    id: str
    scene: str
    action: Text
    camera: str
    characters: tuple[Name, ...]
    place: Name
    lines: tuple[str, ...]
    duration_ms: Annotated[int, Meta(ge=1_000, le=60_000)]
