"""Voices laid into silence: decoded, made equally loud, put down at their times to the sample.

Rule: a track is as long as the film to the sample, and nothing is stretched: sound cannot drift.
"""

import math
import sys
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Final, Literal

from msgspec import Struct

from madang_studio.errors import NoRoom, StudioError
from madang_studio.model.timeline import RATE_HZ, LineTime, Timeline
from madang_studio.programs import ffmpeg
from madang_studio.programs.disk import writing
from madang_studio.programs.probe import probe

Side = Literal["left", "middle", "right"]
SIDES: Final[tuple[Side, ...]] = ("left", "middle", "right")

VOICE_DB: Final = -20.0
"""How loud voices are made (root mean square over what is not silence), before the mix."""

MOST_GAIN_DB: Final = 15.0
SILENT_DB: Final = -55.0
"""Under this nothing is heard: a voice that failed without saying so."""

STRIDE: Final = 7
"""Loudness is estimated from every seventh sample."""

LOUDEST: Final = 32_768
HIGHEST: Final = 32_000
"""Of a 16-bit sample: what it can be, and what a voice is made at most."""

AT_ONCE: Final = 40
"""Voices decoded by one ffmpeg: starting it takes longer than decoding one."""

EMOTION_DB: Final[Mapping[str, float]] = {
    "whispering": -4.0,
    "sad": -1.5,
    "tender": -1.5,
    "angry": 1.5,
    "surprised": 1.0,
}
"""How much louder than others a line of an emotion is."""


class Manner(Struct, frozen=True):
    """How a line is put down: by whom it is said decides the side, the emotion how loud."""

    side: Side = "middle"
    emotion: str = "neutral"


def manners(lines: Sequence[Mapping[str, str]]) -> dict[str, Manner]:
    """The manner of each line (`id`, `character`, `emotion`): people stand a little apart.

    The narrator and whoever speaks most stand in the middle, the others right and left in turn.
    """
    said: dict[str, int] = {}
    for line in lines:
        said[line["character"]] = said.get(line["character"], 0) + 1
    people = sorted((who for who in said if who != "narrator"), key=lambda who: (-said[who], who))
    sides = {who: SIDES[(1, 2, 0)[at % 3]] for at, who in enumerate(people)}
    return {
        line["id"]: Manner(sides.get(line["character"], "middle"), line.get("emotion", "neutral"))
        for line in lines
    }


def lay_voices(
    timeline: Timeline, voices: Mapping[str, Path], how: Mapping[str, Manner], folder: Path
) -> list[str]:
    """Write `left.raw`, `middle.raw`, `right.raw` (16 bit, mono, 48 kHz) into a folder.

    Returns the lines in which nothing is heard. Raises StudioError for a line without a voice, or one
    that cannot be decoded, NoRoom.
    """
    missing = [line.line for line in timeline.lines if line.line not in voices]
    if missing:
        raise StudioError(f"there is no voice for line {', '.join(missing)}")
    silent: list[str] = []
    with writing(folder):
        tracks = {side: (folder / f"{side}.raw").open("wb") for side in SIDES}
        for first in range(0, len(timeline.lines), AT_ONCE):
            some = timeline.lines[first : first + AT_ONCE]
            rooms = [
                _free_until(timeline, first + at) - line.start_ms for at, line in enumerate(some)
            ]
            files = [voices[line.line] for line in some]
            try:
                _decode(files, rooms, folder)
            except NoRoom:
                raise
            except StudioError as error:
                raise _spoilt(some, files) or error from error
            for at, line in enumerate(some):
                manner = how.get(line.line, Manner())
                sound = _read(folder / f"voice{at}.raw")
                if not _put(tracks[manner.side], line.start_ms, sound, manner):
                    silent.append(line.line)
        for track in tracks.values():
            track.truncate(2 * _samples(timeline.duration_ms))
            track.close()
    return silent


def _decode(files: Sequence[Path], rooms_ms: Sequence[int], folder: Path) -> None:
    """All into `voice0.raw`, `voice1.raw`, … by one program, none longer than there is room for."""
    inputs = [option for file in files for option in (*ffmpeg.STRANGER, "-i", str(file))]
    heard = ("-ac", "1", "-ar", str(RATE_HZ), "-af", "highpass=f=60", "-f", "s16le")
    outputs = [
        option
        for at, room in enumerate(rooms_ms)
        for option in ("-map", f"{at}:a:0", "-t", f"{room}ms", *heard, f"voice{at}.raw")
    ]
    ffmpeg.run([*inputs, *outputs], folder)


def _spoilt(lines: Sequence[LineTime], files: Sequence[Path]) -> StudioError | None:
    """Which line has a voice that cannot be read."""
    for line, file in zip(lines, files, strict=True):
        try:
            heard = probe(file).audios
        except StudioError as error:
            return StudioError(f"the voice of line {line.line} cannot be read: {error}")
        if not heard:
            return StudioError(f"the voice of line {line.line} has no sound in it")
    return None


def _read(path: Path) -> "array[int]":
    sound = array("h", path.read_bytes())
    if sys.byteorder == "big":
        sound.byteswap()
    return sound


def _put(track: BinaryIO, start_ms: int, sound: "array[int]", manner: Manner) -> bool:
    """Put a voice down at its time; False if nothing is heard in it."""
    level = loudness_db(sound)
    if level < SILENT_DB:
        return False
    gain_db = max(-MOST_GAIN_DB, min(MOST_GAIN_DB, VOICE_DB - level))
    gain = 10 ** ((gain_db + EMOTION_DB.get(manner.emotion, 0.0)) / 20)
    if gain * LOUDEST > HIGHEST:  # looking for the highest peak takes as long as all the rest
        highest, lowest = max(sound), min(sound)
        gain = min(gain, HIGHEST / max(highest, -lowest))
    louder = array("h", [int(gain * value) for value in sound])
    if sys.byteorder == "big":
        louder.byteswap()
    track.seek(2 * _samples(start_ms))
    track.write(louder.tobytes())
    return True


def loudness_db(sound: "array[int]") -> float:
    """The root mean square of what is not silence, relative to full scale; -100 for nothing."""
    squares = [value * value for value in sound[::STRIDE] if value * value > 10_000]
    if not squares:
        return -100.0
    return 10 * math.log10(sum(squares) / len(squares) / 32768**2)


def _free_until(timeline: Timeline, at: int) -> int:
    """Until when a voice may sound on that is longer than was said: the next line, or the end."""
    if at + 1 < len(timeline.lines):
        return timeline.lines[at + 1].start_ms
    return timeline.duration_ms


def _samples(time_ms: int) -> int:
    return time_ms * RATE_HZ // 1000
