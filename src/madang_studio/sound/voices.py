"""Voices laid into silence: decoded, made equally loud, put down at their times to the sample.

Rule: a track is as long as the film to the sample, and nothing is stretched: sound cannot drift.
"""

import math
import wave
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

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

BYTES: Final = 2
"""Of a sample."""

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


class _Spoken(Struct, frozen=True):
    """A line with its voice; `room_ms`: how long it may sound."""

    line: LineTime
    file: Path
    manner: Manner
    room_ms: int


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
    spoken = [
        _Spoken(line, voices[line.line], how.get(line.line, Manner()), _room_ms(timeline, at))
        for at, line in enumerate(timeline.lines)
    ]
    silent: list[str] = []
    with writing(folder):
        tracks = {side: (folder / f"{side}.raw").open("wb") for side in SIDES}
        for first in range(0, len(spoken), AT_ONCE):
            some = spoken[first : first + AT_ONCE]
            for at, (one, gain) in enumerate(zip(some, _decode(some, folder), strict=True)):
                if gain is None:
                    silent.append(one.line.line)
                    continue
                tracks[one.manner.side].seek(BYTES * _samples(one.line.start_ms))
                tracks[one.manner.side].write((folder / f"voice{at}.raw").read_bytes())
        for track in tracks.values():
            track.truncate(BYTES * _samples(timeline.duration_ms))
            track.close()
    return silent


def _decode(spoken: Sequence[_Spoken], folder: Path) -> list[float | None]:
    """All into `voice0.raw`, `voice1.raw`, … by one program, equally loud; by how much each was multiplied.

    None: nothing is heard in it. Raises StudioError, NoRoom.
    """
    try:
        gains = [_gain(one, folder) for one in spoken]
        inputs = [option for one in spoken for option in (*ffmpeg.STRANGER, "-i", str(one.file))]
        outputs: list[str] = []
        for at, (one, gain) in enumerate(zip(spoken, gains, strict=True)):
            chain = f"highpass=f=60,volume={gain or 0:.5f}"
            heard = ("-ac", "1", "-ar", str(RATE_HZ), "-af", chain, "-f", "s16le")
            outputs += ("-map", f"{at}:a:0", "-t", f"{one.room_ms}ms", *heard, f"voice{at}.raw")
        ffmpeg.run([*inputs, *outputs], folder)
    except NoRoom:
        raise
    except StudioError as error:
        raise _spoilt(spoken) or error from error
    return gains


def _gain(spoken: _Spoken, folder: Path) -> float | None:
    """By how much a voice is multiplied to be as loud as others; None if nothing is heard in it."""
    sound = _read(spoken.file, folder)
    level = loudness_db(sound)
    if level < SILENT_DB:
        return None
    gain_db = max(-MOST_GAIN_DB, min(MOST_GAIN_DB, VOICE_DB - level))
    gain = 10 ** ((gain_db + EMOTION_DB.get(spoken.manner.emotion, 0.0)) / 20)
    if gain * LOUDEST <= HIGHEST:  # looking for the highest peak takes as long as all the rest
        return gain
    highest, lowest = max(sound), min(sound)
    return min(gain, HIGHEST / max(highest, -lowest))


def _read(file: Path, folder: Path) -> "array[int]":
    """The samples of a voice at its own rate. Most are WAV of 16 bits, and others become that."""
    try:
        sound = _samples_of(file)
    except (wave.Error, EOFError):
        ffmpeg.run([*ffmpeg.STRANGER, "-i", str(file), "-c:a", "pcm_s16le", "plain.wav"], folder)
        sound = _samples_of(folder / "plain.wav")
        (folder / "plain.wav").unlink()
    return sound


def _samples_of(file: Path) -> "array[int]":
    """Those of a WAV file of 16 bits. Raises wave.Error, EOFError."""
    with wave.open(str(file), "rb") as opened:
        if opened.getsampwidth() != BYTES:
            raise wave.Error("not of 16 bits")
        data = opened.readframes(opened.getnframes())
    return array("h", data[: len(data) // BYTES * BYTES])


def _spoilt(spoken: Sequence[_Spoken]) -> StudioError | None:
    """Which line has a voice that cannot be read."""
    for one in spoken:
        name = one.line.line
        try:
            heard = probe(one.file).audios
        except StudioError as error:
            return StudioError(f"the voice of line {name} cannot be read: {error}")
        if not heard:
            return StudioError(f"the voice of line {name} has no sound in it")
    return None


def loudness_db(sound: "array[int]") -> float:
    """The root mean square of what is not silence, relative to full scale; -100 for nothing."""
    squares = [value * value for value in sound[::STRIDE] if value * value > 10_000]
    if not squares:
        return -100.0
    return 10 * math.log10(sum(squares) / len(squares) / 32768**2)


def _room_ms(timeline: Timeline, at: int) -> int:
    """How long a voice may sound that is longer than was said: until the next line, or the end."""
    ends = [timeline.duration_ms, *(line.start_ms for line in timeline.lines[at + 1 : at + 2])]
    return ends[-1] - timeline.lines[at].start_ms


def _samples(time_ms: int) -> int:
    return time_ms * RATE_HZ // 1000
