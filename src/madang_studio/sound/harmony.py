"""Music as notes: chords, bass and a melody for a mood, by chance from a seed. No I/O.

Pitches are MIDI numbers (60 is middle C), times are beats. Rule: all of it is one loop, whose end
leads back to its beginning.
"""

from collections.abc import Iterator, Mapping
from random import Random
from typing import Final, Literal

from msgspec import Struct

Part = Literal["pad", "bass", "melody"]

BEATS: Final = 4
"""Of a bar."""


class Mood(Struct, frozen=True):
    """What music of a mood is made of.

    `chords` are degrees of the scale (0 is the root), one a bar; `busy` is how many beats out of ten have a
    note of the melody; `low` is the pitch around which the chords lie.
    """

    root: int
    scale: tuple[int, ...]
    chords: tuple[int, ...]
    busy: int
    low: int
    brightness: float


MAJOR: Final = (0, 2, 4, 5, 7, 9, 11)
MINOR: Final = (0, 2, 3, 5, 7, 8, 10)
DORIAN: Final = (0, 2, 3, 5, 7, 9, 10)
LYDIAN: Final = (0, 2, 4, 6, 7, 9, 11)

MOODS: Final[Mapping[str, Mood]] = {
    "calm": Mood(60, MAJOR, (0, 4, 5, 3), busy=3, low=55, brightness=0.35),
    "warm": Mood(65, MAJOR, (0, 5, 3, 4), busy=4, low=57, brightness=0.45),
    "sad": Mood(57, MINOR, (0, 5, 2, 6), busy=3, low=52, brightness=0.30),
    "tense": Mood(62, DORIAN, (0, 0, 3, 6), busy=2, low=50, brightness=0.40),
    "bright": Mood(67, LYDIAN, (0, 4, 1, 3), busy=6, low=60, brightness=0.65),
    "heroic": Mood(62, MAJOR, (0, 3, 5, 4), busy=5, low=53, brightness=0.60),
}


class Note(Struct, frozen=True):
    """A note: `start` and `length` in beats, `strength` from 0 to 1."""

    part: Part
    pitch: int
    start: float
    length: float
    strength: float


def bars(tempo_bpm: int) -> int:
    """How many bars a loop has: half a minute at least, in groups of 16."""
    bar_s = BEATS * 60 / tempo_bpm
    return 16 if 16 * bar_s >= 30 else 32


def compose(mood: Mood, count: int, seed: int) -> list[Note]:
    """The notes of a loop of so many bars; the same for the same seed."""
    chance = Random(seed)
    notes: list[Note] = []
    at = chance.randrange(3, 6)
    for bar in range(count):
        degree = mood.chords[bar % len(mood.chords)]
        start = float(bar * BEATS)
        chord = [_pitch(mood, degree + step) for step in (0, 2, 4)]
        notes += (Note("pad", _near(pitch, mood.low), start, BEATS, 0.5) for pitch in chord)
        notes += _bass(_near(chord[0], 38), start)
        for note in _melody(mood, degree, at, start, chance):
            notes.append(note[0])
            at = note[1]
    return notes


def _bass(pitch: int, start: float) -> Iterator[Note]:
    yield Note("bass", pitch, start, 2.5, 0.8)
    yield Note("bass", pitch, start + 2.5, 1.5, 0.5)


def _melody(
    mood: Mood, degree: int, at: int, start: float, chance: Random
) -> Iterator[tuple[Note, int]]:
    """A walk by small steps that rests on notes of the chord; with where it has come to."""
    for beat in range(BEATS):
        if chance.randrange(10) >= mood.busy:
            continue
        at = max(0, min(9, at + chance.choice((-2, -1, -1, 0, 1, 1, 2))))
        if beat == 0:
            at = min((degree % 7 + step for step in (0, 2, 4)), key=lambda tone: abs(tone - at))
        late = chance.choice((0.0, 0.0, 0.5))
        strength = 0.45 + 0.25 * chance.random()
        yield Note("melody", _pitch(mood, at) + 12, start + beat + late, 2.0, strength), at


def _pitch(mood: Mood, degree: int) -> int:
    octave, step = divmod(degree, len(mood.scale))
    return mood.root + 12 * octave + mood.scale[step]


def _near(pitch: int, centre: int) -> int:
    """The same note in the octave above a pitch."""
    return centre + (pitch - centre) % 12
