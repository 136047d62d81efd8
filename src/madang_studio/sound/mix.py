"""One mix per film: voices, and music that makes way for them, as loud as platforms want it.

Rule: what is measured is the encoded file, decoded again. Encoders change peaks and loudness a
little; a figure from before encoding is a hope.
"""

from pathlib import Path
from typing import Final

from msgspec import Struct

from madang_studio.model.timeline import RATE_HZ
from madang_studio.programs import ffmpeg, loudness, packets
from madang_studio.programs.loudness import MOST_PEAK_DB, TARGET_LUFS, Loudness
from madang_studio.sound.voices import SIDES

NEAR_LU: Final = 0.5
"""So near to the target is good enough."""

LOST_LU: Final = 0.8
"""What the limiter takes away from speech that is made loud, about: the first gain is so much higher.

Of ten mixes (scratch voices, and the same with other crests) it took 0.1 to 1.4, of most 0.8 to 1.
"""

AGAIN: Final = 1.4
"""How much more gain is given than is lacking, as the limiter takes away from that, too."""

FIRST_CEILING_DB: Final = -1.8
"""Where the limiter starts: an encoder adds some tenths of a decibel, sometimes more."""

MOST_GAIN_DB: Final = 30.0
"""Silence is not amplified to noise."""

TRIES: Final = 6

KBIT: Final = 160

MUSIC_DB: Final = -11.0
"""The bed before ducking, against voices at -20 dB: heard in pauses, not noticed under speech."""

FADE_IN_S: Final = 0.8
FADE_OUT_S: Final = 1.6

PLACES: Final = {"left": (0.82, 0.57), "middle": (0.707, 0.707), "right": (0.57, 0.82)}
"""How much of a voice is in the left and the right channel: a little apart, of equal power."""


class Mixed(Struct, frozen=True):
    """What the encoded mix measures; `packets` tells it from any other (`programs.packets.digest`).

    `quiet`: when nothing is heard for longer than it may, in milliseconds, None for the film's end.
    """

    lufs: float
    true_peak_db: float
    quiet: tuple[tuple[int, int | None], ...]
    packets: str


def mix(folder: Path, loop: Path, duration_ms: int, target_lufs: float = TARGET_LUFS) -> Mixed:
    """Mix the tracks of a folder with a loop of music.

    Writes `mix.m4a`, `voices.flac`, `bed.flac` there, all `duration_ms` long. Raises StudioError, NoRoom.
    """
    gain = _gain(_sum(folder, loop, duration_ms), target_lufs) + LOST_LU
    ceiling = FIRST_CEILING_DB
    for _ in range(TRIES):
        _encode(folder, gain, ceiling)
        heard = loudness.measure(folder / "mix.m4a")
        if not _off(heard, target_lufs):
            break
        short = _gain(heard.lufs, target_lufs)
        gain = min(MOST_GAIN_DB, gain + (short if short < 0 else AGAIN * short))
        if heard.true_peak_db > MOST_PEAK_DB:
            ceiling -= heard.true_peak_db - MOST_PEAK_DB + 0.1
    (folder / "sum.wav").unlink()
    sound = packets.read(folder / "mix.m4a", folder, h264=False).sounds
    return Mixed(heard.lufs, heard.true_peak_db, heard.silent, packets.digest(sound))


def _encode(folder: Path, gain_db: float, ceiling_db: float) -> None:
    """Write `mix.m4a`: the sum, louder and held under a ceiling.

    The ceiling holds at twice the rate, where peaks between samples show.
    """
    limit = 10 ** (ceiling_db / 20)
    chain = (
        f"volume={gain_db:.2f}dB,aresample={2 * RATE_HZ},alimiter=limit={limit:.5f}:"
        f"level=disabled:attack=4:release=60,aresample={RATE_HZ}"
    )
    coded = ("-c:a", "aac", "-aac_coder", "fast", "-b:a", f"{KBIT}k", *ffmpeg.REPEATABLE)
    ffmpeg.run(["-i", "sum.wav", "-af", chain, *coded, "mix.m4a"], folder)


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
