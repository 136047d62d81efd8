"""The technical check of a film: what a person would notice, measured, and the shot named.

Rule: the finished file is judged. Only what cannot have changed since is taken from the cuts, which are
in the film as they are: black and frozen stretches.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from madang_studio.film.cut import SIGNATURE_SIDE, Cut, signature
from madang_studio.film.findings import Finding
from madang_studio.model.timeline import FPS, FRAME_MS, RATE_HZ, Timeline
from madang_studio.programs import ffmpeg, loudness, probe
from madang_studio.programs.loudness import MOST_PEAK_DB, TARGET_LUFS
from madang_studio.programs.probe import Media

NEAR_LU: Final = 1.0

LONGEST_BLACK_MS: Final = 800
LONGEST_FROZEN_MS: Final = 2_000
LONGEST_SILENCE_S: Final = 4.0
SILENCE_DB: Final = -60.0

ALIKE: Final = 12.0
"""Greys of 255 by which a frame may differ from its cut's, in the middle; other pictures differ by 20 and more."""

MOST_LOOKED_FOR: Final = 20
"""Of so many wrong shots it is said which other one is seen: looking through all takes time."""

SHOWN: Final = re.compile(r"\bn:\s*\d+ pts:\s*-?\d+ pts_time:([\d.]+)")
SILENT: Final = re.compile(r"silence_start: (-?[\d.]+)(?:.*?silence_end: ([\d.]+))?", re.DOTALL)
LOUD: Final = re.compile(r"t: ([\d.]+).*?FTPK:\s+(-?[\d.inf]+)\s+(-?[\d.inf]+) dBFS")


class Known(Struct, frozen=True, kw_only=True):
    """What a film is judged by: its timeline, its size, and of each shot, in order, what was cut."""

    timeline: Timeline
    width_px: int
    height_px: int
    cuts: tuple[Cut, ...]
    signatures: tuple[Path, ...]
    silent_lines: tuple[str, ...] = ()


def check(film: Path, known: Known, scratch: Path) -> list[Finding]:
    """Everything that is wrong with a film; captions apart. `scratch` is a folder to work in.

    Raises StudioError if it is no film, NoRoom.
    """
    media = probe.probe(film)
    return [
        *_streams(media, known),
        *_duration(film, media, known.timeline),
        *_seen(known),
        *(_order(film, known, scratch) if media.videos else []),
        *(_sound(film, known) if media.audios else []),
        *_lines(known),
    ]


def _streams(media: Media, known: Known) -> list[Finding]:
    want = {
        "streams of picture": (media.videos, 1),
        "streams of sound": (media.audios, 1),
        "size": ((media.width, media.height), (known.width_px, known.height_px)),
        "frames a second": (media.fps, float(FPS)),
        "samples a second": (media.rate_hz, RATE_HZ),
        "channels": (media.channels, 2),
    }
    return [
        Finding(what="streams", words=f"{name}: {have}, not {wanted}")
        for name, (have, wanted) in want.items()
        if have != wanted
    ]


def _duration(film: Path, media: Media, timeline: Timeline) -> list[Finding]:
    found = []
    if abs((media.duration_ms or 0) - timeline.duration_ms) > FRAME_MS:
        words = f"it lasts {media.duration_ms} ms, not {timeline.duration_ms}"
        found.append(Finding(what="duration", words=words))
    frames = probe.frames(film) if media.videos else 0
    if frames != timeline.duration_ms // FRAME_MS:
        shot = timeline.shot_at(frames * FRAME_MS)
        words = f"it has {frames} frames, not {timeline.duration_ms // FRAME_MS}"
        found.append(Finding(what="duration", shot=shot, at_ms=frames * FRAME_MS, words=words))
    return found


def _seen(known: Known) -> list[Finding]:
    """Black and frozen stretches of the cuts, and what was done to clips that did not fit."""
    found: list[Finding] = []
    for shot, one in zip(known.timeline.shots, known.cuts, strict=True):
        for what, spans, most in (
            ("black", one.black, LONGEST_BLACK_MS),
            ("frozen", one.frozen, LONGEST_FROZEN_MS),
        ):
            found += (
                Finding(
                    what="black" if what == "black" else "frozen",
                    shot=shot.shot,
                    at_ms=shot.start_ms + start,
                    words=f"the picture is {what} for {(end - start) / 1000:.1f} s",
                )
                for start, end in spans
                if end - start > min(most, shot.duration_ms - FRAME_MS)
            )
        done = _done(one)
        if done:
            found.append(
                Finding(what="changed", shot=shot.shot, at_ms=shot.start_ms, words="; ".join(done))
            )
    return found


def _done(one: Cut) -> list[str]:
    """What was done to a clip that did not fit, in words."""
    done = []
    if one.fit == "cropped":
        done.append("its clip has another shape and lost its edges")
    if one.fit == "blurred":
        done.append("its clip has another shape and stands on a blurred ground")
    if one.slowed > 1:
        done.append(
            f"its clip is too short and was slowed down to {one.slowed:.2f} times its length"
        )
    if one.held_ms > FRAME_MS:
        done.append(f"its clip is too short; the last picture stands for {one.held_ms} ms")
    return done


def _order(film: Path, known: Known, scratch: Path) -> list[Finding]:
    """Whether at each time the shot is seen that should be, by the frames that need no other."""
    pictures = [signature(path) for path in known.signatures]
    wrong: dict[int, str] = {}
    seen: set[int] = set()
    for time_ms, frame in _key_frames(film, scratch):
        at = _index(known.timeline, time_ms)
        own = (time_ms - known.timeline.shots[at].start_ms) // FRAME_MS
        seen.add(at)
        near = pictures[at][max(0, own - 1) : own + 2]
        if near and min(_differ(frame, picture) for picture in near) <= ALIKE:
            continue
        if at not in wrong:
            other = _recognised(frame, own, pictures) if len(wrong) < MOST_LOOKED_FOR else None
            name = None if other in (None, at) else known.timeline.shots[other or 0].shot
            wrong[at] = f"shot {name} is seen instead" if name else "its cut is not seen"
    for at in range(len(pictures)):
        if at not in seen:
            wrong.setdefault(at, "it is not in the film")
    shots = known.timeline.shots
    return [
        Finding(what="order", shot=shots[at].shot, at_ms=shots[at].start_ms, words=words)
        for at, words in sorted(wrong.items())
    ]


def _key_frames(film: Path, scratch: Path) -> list[tuple[int, bytes]]:
    small = f"scale={SIGNATURE_SIDE}:{SIGNATURE_SIDE}:flags=area,format=gray,showinfo"
    raw = ("-fps_mode", "passthrough", "-f", "rawvideo", "frames.gray")
    report = ffmpeg.run(
        ["-skip_frame", "nokey", "-i", str(film.resolve()), "-map", "0:v:0", "-vf", small, *raw],
        scratch,
    )
    frames = signature(scratch / "frames.gray")
    (scratch / "frames.gray").unlink()
    times = [round(float(time) * 1000) for time in SHOWN.findall(report)]
    return list(zip(times, frames, strict=False))


def _index(timeline: Timeline, time_ms: int) -> int:
    ends = (at for at, shot in enumerate(timeline.shots) if time_ms < shot.end_ms)
    return next(ends, len(timeline.shots) - 1)


def _recognised(frame: bytes, own: int, pictures: Sequence[Sequence[bytes]]) -> int | None:
    """The cut that a frame is of, if it is like one: at the same place in it, or at a few others."""

    def distance(which: int) -> float:
        some = pictures[which]
        near = (*some[max(0, own - 1) : own + 2], *some[:: max(1, len(some) // 5)])
        return min(_differ(frame, picture) for picture in near)

    best = min(range(len(pictures)), key=distance)
    return best if distance(best) <= ALIKE else None


def _differ(one: bytes, other: bytes) -> float:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True)) / len(one)


def _sound(film: Path, known: Known) -> list[Finding]:
    heard = ("-map", "0:a:0", "-f", "null", "-")
    chain = f"silencedetect=n={SILENCE_DB}dB:d={LONGEST_SILENCE_S},ebur128=peak=true"
    report = ffmpeg.run(["-i", str(film), "-af", chain, *heard], film.parent)
    loud = loudness.read(report)
    found = []
    if loud.lufs <= loudness.SILENCE_LUFS + 1:
        return [Finding(what="silence", words="nothing is heard in the whole film")]
    if abs(loud.lufs - TARGET_LUFS) > NEAR_LU:
        words = f"its loudness is {loud.lufs} LUFS, not {TARGET_LUFS:g} within {NEAR_LU:g}"
        found.append(Finding(what="loudness", words=words))
    if loud.true_peak_db > MOST_PEAK_DB:
        found.append(_peak(report, loud.true_peak_db, known.timeline))
    for start, end in SILENT.findall(report):
        at = max(0, round(float(start) * 1000))
        until = round(float(end) * 1000) if end else known.timeline.duration_ms
        words = f"nothing is heard for {(until - at) / 1000:.1f} s"
        shot = known.timeline.shot_at(at)
        found.append(Finding(what="silence", shot=shot, at_ms=at, words=words))
    return found


def _peak(report: str, highest_db: float, timeline: Timeline) -> Finding:
    """Where it is loudest, by the meter's reading every tenth of a second."""
    readings = [
        (max(_level(left), _level(right)), float(time))
        for time, left, right in LOUD.findall(report)
    ]
    _, seconds = max(readings, default=(0.0, 0.0))
    at = round(seconds * 1000)
    words = (
        f"its sound is clipped or nearly so: a peak of {highest_db} dB (at most {MOST_PEAK_DB:g})"
    )
    return Finding(what="peaks", shot=timeline.shot_at(at), at_ms=at, words=words)


def _level(text: str) -> float:
    return -100.0 if "inf" in text else float(text)


def _lines(known: Known) -> list[Finding]:
    times: Mapping[str, tuple[str, int]] = {
        line.line: (line.shot, line.start_ms) for line in known.timeline.lines
    }
    return [
        Finding(
            what="silent_line",
            shot=times[line][0],
            at_ms=times[line][1],
            words=f"nothing is heard in line {line}",
        )
        for line in known.silent_lines
        if line in times
    ]
