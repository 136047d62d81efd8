"""When what is seen and heard: lines inside a shot, shots inside a film. Times are milliseconds.

Rule: a shot is a whole number of frames long, and a line never leaves its shot. So sound and picture
of a shot can be made alone, and put one after the other nothing drifts.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from msgspec import Struct

from madang_studio.errors import StudioError

FPS: Final = 25
"""Frames per second of every film."""

FRAME_MS: Final = 40
"""A frame: a whole number of milliseconds, and of samples (1,920) too."""

RATE_HZ: Final = 48_000
"""Samples per second of all sound."""

LEAD_MS: Final = 160
"""A shot is seen at least so long before somebody speaks."""

GAP_MS: Final = 160
"""Between two lines of a shot, at least."""

TAIL_MS: Final = 240
"""A shot is seen at least so long after the last word."""

LONGEST_LEAD_MS: Final = 600
LONGEST_GAP_MS: Final = 500

Piece = tuple[str, int, int]
"""A word or character with its start and end."""


class ShotTime(Struct, frozen=True):
    """When a shot is seen."""

    shot: str
    start_ms: int
    duration_ms: int

    @property
    def end_ms(self) -> int:
        """Where the next shot starts."""
        return self.start_ms + self.duration_ms


class LineTime(Struct, frozen=True):
    """When a line is heard, and the pieces of it as far as the voice's maker tells."""

    line: str
    shot: str
    start_ms: int
    end_ms: int
    words: tuple[Piece, ...] = ()


class Timeline(Struct, frozen=True):
    """All shots of a film in order, without gaps, and all that is said."""

    duration_ms: int
    shots: tuple[ShotTime, ...]
    lines: tuple[LineTime, ...]

    def shot_at(self, time_ms: float) -> str:
        """The shot that is seen at a time; the last one after the end, none in an empty film."""
        for shot in self.shots:
            if time_ms < shot.end_ms:
                return shot.shot
        return self.shots[-1].shot if self.shots else ""


class Speech(Struct, frozen=True):
    """A voice as it was made: how long it is, and its pieces from its own start."""

    line: str
    duration_ms: int
    words: tuple[Piece, ...] = ()


def speech(line: str, facts: Mapping[str, Any]) -> Speech:
    """A voice by its facts: `duration_ms`, and `timing` [[text start_ms end_ms]] where it is known."""
    pieces = facts.get("timing") or ()
    words = tuple((str(text), int(start), int(end)) for text, start, end in pieces)
    return Speech(line, int(facts["duration_ms"]), words)


def needed_ms(durations_ms: Sequence[int]) -> int:
    """How long a shot is at least in which voices of these durations are heard; 0 for none."""
    if not durations_ms:
        return 0
    return LEAD_MS + sum(durations_ms) + GAP_MS * (len(durations_ms) - 1) + TAIL_MS


def starts_ms(shot_ms: int, durations_ms: Sequence[int]) -> Iterator[int]:
    """When each line of a shot begins, from the shot's start.

    What is left over goes to the beginning (3 of 10 parts) and between the lines (4), each up to a
    length at which one would wonder, and the rest to the end. A shot that is too short for all pauses
    loses them evenly; one too short for its speech is a mistake of whoever made the timeline.
    """
    if not durations_ms:
        return
    spare = shot_ms - needed_ms(durations_ms)
    gaps = len(durations_ms) - 1
    lead, gap = LEAD_MS, GAP_MS
    if spare < 0:
        lead = gap = max(0, shot_ms - sum(durations_ms)) // (gaps + 2)
    else:
        lead += min(LONGEST_LEAD_MS - LEAD_MS, spare * 3 // 10)
        gap += min(LONGEST_GAP_MS - GAP_MS, spare * 4 // 10 // max(1, gaps))
    now = lead
    for duration in durations_ms:
        yield now
        now += duration + gap


def place(shot: str, shot_ms: int, speech: Sequence[Speech]) -> tuple[LineTime, ...]:
    """The lines of a shot in time, from the shot's start. Raises StudioError where they do not fit."""
    durations = [voice.duration_ms for voice in speech]
    if sum(durations) > shot_ms:
        raise StudioError(
            f"the lines of shot {shot} take {sum(durations)} ms, the shot {shot_ms} ms"
        )
    placed = zip(speech, starts_ms(shot_ms, durations), strict=True)
    return tuple(
        LineTime(voice.line, shot, start, start + voice.duration_ms, _moved(voice.words, start))
        for voice, start in placed
    )


def lay_out(shots: Sequence[tuple[str, int]], lines: Mapping[str, Sequence[Speech]]) -> Timeline:
    """One shot after the other: ids with lengths, and what is said in each.

    Raises StudioError for a shot that is not a whole number of frames, or too short for its lines.
    """
    times: list[ShotTime] = []
    heard: list[LineTime] = []
    now = 0
    for shot, length in shots:
        if length <= 0 or length % FRAME_MS:
            raise StudioError(f"shot {shot} takes {length} ms, which is no number of frames")
        times.append(ShotTime(shot, now, length))
        heard += (shifted(line, now) for line in place(shot, length, lines.get(shot, ())))
        now += length
    return Timeline(now, tuple(times), tuple(heard))


def shifted(line: LineTime, by_ms: int) -> LineTime:
    """The same line, later by some time (earlier by a negative one)."""
    start, end = line.start_ms + by_ms, line.end_ms + by_ms
    return LineTime(line.line, line.shot, start, end, _moved(line.words, by_ms))


def in_order(timeline: Timeline) -> bool:
    """Whether shots follow each other without gaps, and lines without overlap."""
    shots = all(one.end_ms == other.start_ms for one, other in pairwise(timeline.shots))
    return shots and all(one.end_ms <= other.start_ms for one, other in pairwise(timeline.lines))


def _moved(words: Sequence[Piece], by_ms: int) -> tuple[Piece, ...]:
    return tuple((text, start + by_ms, end + by_ms) for text, start, end in words)
