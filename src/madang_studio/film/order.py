"""Whether each shot is seen in a film where it should be.

Rule: a shot that is in the film packet for packet as it was cut, each due when it should be, is seen as it
was cut. Where one is not so, all are looked at: the frames that need no other, by the cuts' signatures.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from madang_studio.film.cut import SIGNATURE_SIDE, signature
from madang_studio.film.findings import Finding
from madang_studio.film.known import Known
from madang_studio.model.timeline import FRAME_MS, Timeline
from madang_studio.programs import ffmpeg
from madang_studio.programs.packets import Packet, digest

ALIKE: Final = 12.0
"""Greys of 255 by which a frame may differ from its cut's, in the middle; other pictures differ by 20 and more."""

MOST_LOOKED_FOR: Final = 20
"""Of so many wrong shots it is said which other one is seen: looking through all takes time."""

SHOWN: Final = re.compile(r"\bn:\s*\d+ pts:\s*-?\d+ pts_time:([\d.]+)")


def order(film: Path, pictures: Sequence[Packet], known: Known, scratch: Path) -> list[Finding]:
    """The shots that are not seen where they should be; `pictures` are the film's. Raises StudioError, NoRoom."""
    return [] if _as_cut(pictures, known) else _looked_at(film, known, scratch)


def _as_cut(pictures: Sequence[Packet], known: Known) -> bool:
    """Whether the film is its cuts, one after the other."""
    at = 0
    for shot, cut in zip(known.timeline.shots, known.cuts, strict=True):
        if digest(pictures[at : at + cut.frames], shot.start_ms) != cut.packets:
            return False
        at += cut.frames
    return at == len(pictures)


def _looked_at(film: Path, known: Known, scratch: Path) -> list[Finding]:
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
