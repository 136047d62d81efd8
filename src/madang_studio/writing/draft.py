"""What models are asked to write: the script without ids, which are given by us and stay.

The names of the fields are those of `model.script`; every field is asked for, so that one schema
suits the structured outputs of all providers.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from madang_studio.model.script import Emotion, Music, Place, Text


class DraftVoice(Struct, frozen=True):
    """How somebody sounds."""

    gender: Literal["female", "male", "neutral"] = "neutral"
    age: Literal["child", "young", "adult", "old"] = "adult"


Name = Annotated[str, Meta(min_length=1, max_length=80)]


class DraftCharacter(Struct, frozen=True):
    """Somebody who is seen; described so that anybody would draw the same person."""

    name: Annotated[Name, Meta(description="short, and unique in this script")]
    appearance: Annotated[
        Text, Meta(description="age, face, hair, build; in English; never what changes")
    ]
    clothing: Annotated[Text, Meta(description="what they wear all through; in English")]
    voice: DraftVoice = DraftVoice()


class DraftLine(Struct, frozen=True):
    """Something that is said aloud."""

    character: Annotated[
        Name,
        Meta(description="a name of `characters`, or `narrator` for a voice nobody is seen with"),
    ]
    text: Annotated[
        str,
        Meta(
            max_length=2_000,
            description="only what is spoken: no stage directions, no name before it",
        ),
    ]
    emotion: Emotion = "neutral"


class DraftScene(Struct, frozen=True):
    """One place, one stretch of time."""

    description: Annotated[Text, Meta(description="what is seen to happen; in English")]
    place: Annotated[Name, Meta(description="a name of `places`")]
    characters: Annotated[tuple[Name, ...], Meta(description="who is seen; names of `characters`")]
    lines: tuple[DraftLine, ...]
    camera: Annotated[str, Meta(max_length=300, description="angle and movement; in English")] = ""
    setting: Annotated[
        str, Meta(max_length=600, description="light, weather, hour, objects; in English")
    ] = ""


class Draft(Struct, frozen=True):
    """A whole drama on paper."""

    title: Annotated[str, Meta(min_length=1, max_length=200)]
    logline: Annotated[Text, Meta(description="the story in one sentence")]
    characters: tuple[DraftCharacter, ...]
    places: tuple[Place, ...]
    scenes: tuple[DraftScene, ...]
    music: Music = Music()


class NewLine(Struct, frozen=True):
    """A line as a pass wants it, under the id that it has."""

    id: str
    text: Text
    emotion: Emotion


class NewLines(Struct, frozen=True):
    """All lines of a call, each once."""

    lines: tuple[NewLine, ...]


class Translation(Struct, frozen=True):
    """A line in another language, under the id that it has."""

    id: str
    text: Text


class Translations(Struct, frozen=True):
    """All lines of a call, each once."""

    lines: tuple[Translation, ...]
