"""Cuts put one after the other, and the mix put to them: nothing is decoded, nothing drifts."""

from collections.abc import Sequence
from pathlib import Path

from madang_studio.errors import StudioError
from madang_studio.film.cut import TIMEBASE
from madang_studio.model.timeline import FRAME_MS, Timeline
from madang_studio.programs import ffmpeg, probe
from madang_studio.programs.disk import writing


def join(cuts: Sequence[Path], timeline: Timeline, target: Path) -> None:
    """Write all cuts, in the timeline's order, as one picture without sound.

    Raises StudioError where a cut is missing, or the result is not as long as the timeline: a film that
    ends after its first clip is found out here.
    """
    if len(cuts) != len(timeline.shots):
        raise StudioError(f"there are {len(cuts)} cuts for {len(timeline.shots)} shots")
    listing = target.with_suffix(".txt")
    with writing(listing):
        listing.write_text(
            "".join(
                f"file '{_quoted(cut)}'\nduration {shot.duration_ms / 1000:.3f}\n"
                for cut, shot in zip(cuts, timeline.shots, strict=True)
            ),
            encoding="utf-8",
        )
    copied = ("-map", "0:v:0", "-c", "copy", "-video_track_timescale", str(TIMEBASE))
    ffmpeg.run(
        [
            "-f",
            "concat",
            "-safe",
            "0",
            "-i",
            listing.name,
            *copied,
            *ffmpeg.REPEATABLE,
            target.name,
        ],
        target.parent,
    )
    listing.unlink()
    counted = probe.frames(target)
    if counted * FRAME_MS != timeline.duration_ms:
        raise StudioError(
            f"the joined picture has {counted} frames, {timeline.duration_ms // FRAME_MS} were expected"
        )


def put_together(picture: Path, mix: Path, title: str, target: Path) -> None:
    """Write the film: picture and mix as they are, ready to be played while it loads."""
    ffmpeg.run(
        [
            *("-i", str(picture), "-i", str(mix), "-map", "0:v:0", "-map", "1:a:0", "-c", "copy"),
            *("-video_track_timescale", str(TIMEBASE), *ffmpeg.REPEATABLE),
            *("-metadata", f"title={title}", "-movflags", "+faststart", target.name),
        ],
        target.parent,
    )


def _quoted(path: Path) -> str:
    return str(path.resolve()).replace("'", "'\\''")
