"""The technical check of a film: what a person would notice, measured, and the shot named.

Rule: the finished file is judged. Only what cannot have changed since is taken from what it is made of: black
and frozen stretches of the cuts, and what was measured of packets that are in the film as they were.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from madang_studio.film.cut import Cut
from madang_studio.film.findings import Finding
from madang_studio.film.heard import sound
from madang_studio.film.known import Known
from madang_studio.film.order import order
from madang_studio.model.timeline import FPS, FRAME_MS, RATE_HZ, Timeline
from madang_studio.programs import packets
from madang_studio.programs.packets import Packet
from madang_studio.programs.probe import Media

LONGEST_BLACK_MS: Final = 800
LONGEST_FROZEN_MS: Final = 2_000


def check(film: Path, known: Known, scratch: Path) -> list[Finding]:
    """Everything that is wrong with a film; captions apart. `scratch` is a folder to work in.

    Raises StudioError if it is no film, NoRoom.
    """
    held = packets.read(film, scratch, h264=True)
    media = held.media
    return [
        *_streams(media, known),
        *_duration(media, held.pictures, known.timeline),
        *_seen(known),
        *(order(film, held.pictures, known, scratch) if media.videos else []),
        *(sound(film, held.sounds, known) if media.audios else []),
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


def _duration(media: Media, pictures: Sequence[Packet], timeline: Timeline) -> list[Finding]:
    """Whether it is as long as it should be, to the frame, and no picture comes too late."""
    found = []
    if abs((media.duration_ms or 0) - timeline.duration_ms) > FRAME_MS:
        words = f"it lasts {media.duration_ms} ms, not {timeline.duration_ms}"
        found.append(Finding(what="duration", words=words))
    frames = len(pictures)
    if frames != timeline.duration_ms // FRAME_MS:
        shot = timeline.shot_at(frames * FRAME_MS)
        words = f"it has {frames} frames, not {timeline.duration_ms // FRAME_MS}"
        found.append(Finding(what="duration", shot=shot, at_ms=frames * FRAME_MS, words=words))
    late = _late(pictures)
    if late is not None:
        words = f"a picture comes at {late} ms, which is not a {FPS}th of a second after the last"
        found.append(Finding(what="duration", shot=timeline.shot_at(late), at_ms=late, words=words))
    return found


def _late(pictures: Sequence[Packet]) -> int | None:
    """When the first picture comes that does not stand where it should be."""
    due = sorted(picture.at_ms for picture in pictures)
    return next((at_ms for at, at_ms in enumerate(due) if at_ms != at * FRAME_MS), None)


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
