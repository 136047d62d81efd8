"""One mix per film: voices, and music that makes way for them, as loud as platforms want it.

Rule: what is measured is the encoded file, decoded again. Encoders change peaks and loudness a
little; a figure from before encoding is a hope.
"""

from pathlib import Path
from typing import Final

from msgspec import Struct

from madang_studio.model.timeline import RATE_HZ
from madang_studio.programs import ffmpeg, loudness
from madang_studio.programs.loudness import MOST_PEAK_DB, TARGET_LUFS, Loudness
from madang_studio.sound.voices import SIDES

NEAR_LU: Final = 0.5
"""So near to the target is good enough for the encoded sound; before encoding it has to be nearer."""

LOST_LU: Final = 0.4
"""What the limiter takes away from speech that is made loud, about: the first gain is so much higher."""

FIRST_CEILING_DB: Final = -1.8
"""Where the limiter starts: an encoder adds some tenths of a decibel, sometimes more."""

MOST_GAIN_DB: Final = 30.0
"""Silence is not amplified to noise."""

TRIES: Final = 4

KBIT: Final = 160

MUSIC_DB: Final = -11.0
"""The bed before ducking, against voices at -20 dB: heard in pauses, not noticed under speech."""

FADE_IN_S: Final = 0.8
FADE_OUT_S: Final = 1.6

PLACES: Final = {"left": (0.82, 0.57), "middle": (0.707, 0.707), "right": (0.57, 0.82)}
"""How much of a voice is in the left and the right channel: a little apart, of equal power."""


class Mixed(Struct, frozen=True):
    """What the encoded mix measures."""

    lufs: float
    true_peak_db: float


def mix(folder: Path, loop: Path, duration_ms: int, target_lufs: float = TARGET_LUFS) -> Mixed:
    """Mix the tracks of a folder with a loop of music.

    Writes `mix.m4a`, `voices.flac`, `bed.flac` there, all `duration_ms` long. Raises StudioError, NoRoom.
    """
    gain = _gain(_sum(folder, loop, duration_ms), target_lufs) + LOST_LU
    ceiling = FIRST_CEILING_DB
    for _ in range(TRIES):
        gain = _held(folder, gain, ceiling, target_lufs)
        coded = ("-c:a", "aac", "-aac_coder", "fast", "-b:a", f"{KBIT}k", *ffmpeg.REPEATABLE)
        ffmpeg.run(["-i", "held.wav", *coded, "mix.m4a"], folder)
        heard = loudness.measure(folder / "mix.m4a")
        if not _off(heard, target_lufs):
            break
        ceiling -= max(0.0, heard.true_peak_db - MOST_PEAK_DB) + 0.1
        gain = min(MOST_GAIN_DB, gain + _gain(heard.lufs, target_lufs))
    (folder / "sum.wav").unlink()
    (folder / "held.wav").unlink()
    return Mixed(heard.lufs, heard.true_peak_db)


def _held(folder: Path, gain_db: float, ceiling_db: float, target_lufs: float) -> float:
    """Write `held.wav`, louder and held under a ceiling, so loud as is wanted; the gain it took.

    The limiter takes away what it holds down, so a first gain falls short. The ceiling holds at twice
    the rate, where peaks between samples show.
    """
    for _ in range(TRIES):
        limit = 10 ** (ceiling_db / 20)
        chain = (
            f"volume={gain_db:.2f}dB,aresample={2 * RATE_HZ},alimiter=limit={limit:.5f}:"
            f"level=disabled:attack=4:release=60,aresample={RATE_HZ},ebur128=framelog=quiet"
        )
        coded = ("-c:a", "pcm_f32le", *ffmpeg.REPEATABLE)
        report = ffmpeg.run(["-i", "sum.wav", "-af", chain, *coded, "held.wav"], folder)
        short = _gain(loudness.read(report).lufs, target_lufs)
        if abs(short) <= NEAR_LU / 2 or gain_db >= MOST_GAIN_DB:
            break
        gain_db = min(MOST_GAIN_DB, gain_db + (short if short < 0 else 1.4 * short))
    return gain_db


def _off(heard: Loudness, target_lufs: float) -> bool:
    if heard.lufs <= loudness.SILENCE_LUFS:
        return False
    return abs(heard.lufs - target_lufs) > NEAR_LU or heard.true_peak_db > MOST_PEAK_DB


def _gain(lufs: float, target_lufs: float) -> float:
    if lufs <= loudness.SILENCE_LUFS:
        return 0.0
    return min(MOST_GAIN_DB, target_lufs - lufs)


def _sum(folder: Path, loop: Path, duration_ms: int) -> float:
    """Write `sum.wav` and the stems: voices in their places, music that sinks while they speak.

    Returns the sum's loudness (LUFS).
    """
    raw = ("-f", "s16le", "-ac", "1", "-ar", str(RATE_HZ))
    voices = [option for side in SIDES for option in (*raw, "-i", f"{side}.raw")]
    seconds = f"{duration_ms / 1000:.3f}"
    stem = ("-t", seconds, "-c:a", "flac", *ffmpeg.REPEATABLE)
    report = ffmpeg.run(
        [
            *voices,
            *("-stream_loop", "-1", "-i", str(loop)),
            *("-filter_complex", _graph(duration_ms)),
            *("-map", "[voices]", *stem, "voices.flac"),
            *("-map", "[bed]", *stem, "bed.flac"),
            *("-map", "[sum]", "-t", seconds, "-c:a", "pcm_f32le", *ffmpeg.REPEATABLE, "sum.wav"),
        ],
        folder,
    )
    return loudness.read(report).lufs


def _graph(duration_ms: int) -> str:
    """The filters. What steers the compressor is longer than the film, and the bed is cut to length.

    When one of its inputs ends the compressor loses some of its last samples, not always as many.
    """
    placed = ";".join(
        f"[{at}:a]pan=stereo|c0={left}*c0|c1={right}*c0[{side}]"
        for at, side in enumerate(SIDES)
        for left, right in (PLACES[side],)
    )
    fade = f"afade=t=in:d={FADE_IN_S}"
    out_at = duration_ms / 1000 - FADE_OUT_S
    if out_at > FADE_IN_S:
        fade += f",afade=t=out:st={out_at:.3f}:d={FADE_OUT_S}"
    return (
        f"{placed};[left][middle][right]amix=inputs=3:normalize=0,asplit=3[voices][said][above];"
        "[said]apad=pad_dur=2[key];"
        f"[{len(SIDES)}:a]aresample={RATE_HZ},volume={MUSIC_DB}dB,{fade}[music];"
        "[music][key]sidechaincompress=threshold=0.012:ratio=6:attack=60:release=600,"
        f"atrim=end_sample={duration_ms * RATE_HZ // 1000},asplit=2[bed][below];"
        "[above][below]amix=inputs=2:normalize=0:duration=first,ebur128=framelog=quiet[sum]"
    )
