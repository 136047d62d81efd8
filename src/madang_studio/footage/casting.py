"""Who speaks with which voice, and how a feeling sounds: rows.

The names are those of OpenAI's speech models, which gateways map to other makers' voices.
"""

import hashlib
from collections.abc import Mapping
from typing import Final

from madang_studio.model.script import NARRATOR, Emotion, Voice

_VOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "female": ("nova", "coral", "shimmer", "sage"),
    "male": ("onyx", "echo", "ash", "verse"),
    "neutral": ("alloy", "ballad", "sage", "verse"),
}
_NARRATOR: Final = "fable"

_AGES: Final[Mapping[str, str]] = {
    "child": "a child's voice",
    "young": "a young voice",
    "adult": "",
    "old": "an old voice",
}

FEELINGS: Final[Mapping[Emotion, tuple[str, float]]] = {
    "neutral": ("", 1.0),
    "happy": ("happy, with a smile", 1.05),
    "sad": ("sad, with heavy pauses", 0.92),
    "angry": ("angry, hard and pressed", 1.06),
    "afraid": ("afraid, short of breath", 1.08),
    "surprised": ("surprised, rising", 1.04),
    "tender": ("tender and close", 0.95),
    "tense": ("tense, held back", 1.03),
    "whispering": ("whispering, almost without voice", 0.94),
}
"""How each emotion is asked for, and the factor on the speed."""


def cast(character: str, voice: Voice) -> str:
    """A voice's name: the one that the bible names, else one that stays the same for this character."""
    if voice.name:
        return voice.name
    if character == NARRATOR:
        return _NARRATOR
    choice = _VOICES[voice.gender]
    return choice[hashlib.sha256(character.encode()).digest()[0] % len(choice)]


def manner(emotion: Emotion, voice: Voice) -> tuple[str | None, float]:
    """What to tell the speaker (None: nothing), and the speed as a factor between 0.5 and 2."""
    feeling, factor = FEELINGS[emotion]
    words = ", ".join(part for part in (_AGES[voice.age], feeling) if part)
    speed = min(2.0, max(0.5, round(voice.speed * factor, 2)))
    return (
        f"Speak as {words}." if _AGES[voice.age] else f"Sound {words}."
    ) if words else None, speed
