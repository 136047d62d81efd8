"""How a scratch voice is to sound: from a voice's name, words about the manner, and the text, to figures.

Any name is a voice. Names of OpenAI's voices sound about as theirs do; words such as `female`, `old`
or `child` in a name mean what they say; of any other name the voice is chosen by its letters.
"""

import re
from typing import Literal, NamedTuple

from madang.drills.animatic import words
from madang.drills.animatic.looks import number

Gender = Literal["female", "male"]
Age = Literal["child", "young", "adult", "old"]

KNOWN: dict[str, tuple[Gender, Age]] = {
    "alloy": ("female", "adult"),
    "ash": ("male", "adult"),
    "ballad": ("male", "young"),
    "coral": ("female", "young"),
    "echo": ("male", "young"),
    "fable": ("male", "old"),
    "onyx": ("male", "adult"),
    "nova": ("female", "young"),
    "sage": ("female", "old"),
    "shimmer": ("female", "young"),
    "verse": ("male", "young"),
    "marin": ("female", "adult"),
    "cedar": ("male", "old"),
    "narrator": ("female", "adult"),
}
"""OpenAI's voices, and a narrator's."""


class Manner(NamedTuple):
    """What a feeling does: factors of pace and loudness, semitones of pitch; `breath`: without a tone."""

    pace: float = 1.0
    pitch: float = 0.0
    loud: float = 1.0
    breath: bool = False


MANNERS = {
    "neutral": Manner(),
    "happy": Manner(1.08, 2.0, 1.1),
    "sad": Manner(0.82, -2.0, 0.8),
    "angry": Manner(1.12, 1.0, 1.35),
    "afraid": Manner(1.18, 3.0, 0.9),
    "surprised": Manner(1.1, 4.0, 1.15),
    "tender": Manner(0.88, 0.5, 0.8),
    "tense": Manner(0.95, -1.0, 1.0),
    "whispering": Manner(0.9, 0.0, 0.6, breath=True),
}
"""Every feeling of the table `emotions`."""


class Voice(NamedTuple):
    """A voice for one text. `shade` 0 to 99 tells voices of the same sort apart; `pace` is a factor."""

    language: str
    gender: Gender
    age: Age
    shade: int
    pace: float
    manner: Manner


_LETTERS = (
    ("ko", re.compile(r"[\uac00-\ud7a3\u1100-\u11ff]")),
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
)


def voice_for(
    name: str, text: str, *, language: str | None, instructions: str | None, speed: float = 1.0
) -> Voice:
    """The voice of that name for a text, in the manner that the instructions ask for."""
    told = re.sub(r"[_\-./]+", " ", name.lower())
    mark = number(name)
    gender, age = KNOWN.get(told, (None, None))
    asked = instructions or ""
    shown = words.meaning("genders", told) or words.meaning("genders", asked)
    if shown == "female" or "female" in told or "female" in asked.lower():
        gender = "female"
    elif shown == "male" or re.search(r"\bmale\b", told) or re.search(r"\bmale\b", asked.lower()):
        gender = "male"
    years = words.meaning("ages", told) or words.meaning("ages", asked)
    feeling = words.meaning("emotions", asked) or "neutral"
    return Voice(
        language=(language or language_of(text)).lower().partition("-")[0],
        gender=gender or ("female" if mark % 2 else "male"),
        age="child" if years == "child" else "old" if years == "old" else age or "adult",
        shade=mark // 2 % 100,
        pace=speed,
        manner=MANNERS[feeling],
    )


def language_of(text: str) -> str:
    """The language by its letters; English where they are Latin."""
    return next((name for name, letters in _LETTERS if letters.search(text)), "en")
