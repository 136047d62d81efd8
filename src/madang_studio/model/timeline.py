"""When what is seen and heard: lines inside a shot, shots inside a film. Times are milliseconds.

Rule: a shot is a whole number of frames long, and a line never leaves its shot. So sound and picture
of a shot can be made alone, and put one after the other nothing drifts.
"""

from msgspec import Struct

FPS = 25
"""Frames per second of every film."""

FRAME_MS = 40
"""A frame: a whole number of milliseconds, and of samples (1,920) too."""

RATE_HZ = 48_000
"""Samples per second of all sound."""


class Word(Struct, frozen=True):
    """A word of a line, from the line's start."""

    text: str
    start_ms: int
    end_ms: int


class Heard(Struct, frozen=True):
    """A line that is spoken: from the shot's start in a stretch, from the film's in a timeline."""

    id: str
    character: str
    text: str
    start_ms: int
    end_ms: int
    words: tuple[Word, ...] = ()


class Stretch(Struct, frozen=True):
    """A shot in time. `start_ms` counts from the film's start; 0 for a shot that stands alone."""

    shot: str
    duration_ms: int
    lines: tuple[Heard, ...] = ()
    start_ms: int = 0

    @property
    def end_ms(self) -> int:
        """Where the next shot starts."""
        return self.start_ms + self.duration_ms

    @property
    def frames(self) -> int:
        """How many frames it shows."""
        return self.duration_ms // FRAME_MS


class Timeline(Struct, frozen=True):
    """All shots of a film in order, without gaps."""

    stretches: tuple[Stretch, ...]

    @property
    def duration_ms(self) -> int:
        """How long the film is."""
        return self.stretches[-1].end_ms if self.stretches else 0

    @property
    def lines(self) -> tuple[Heard, ...]:
        """Everything that is said, in order."""
        return tuple(line for stretch in self.stretches for line in stretch.lines)

    def shot_at(self, time_ms: int) -> str:
        """The shot that is seen at a time; the last one after the end."""
        for stretch in self.stretches:
            if time_ms < stretch.end_ms:
                return stretch.shot
        return self.stretches[-1].shot if self.stretches else ""
