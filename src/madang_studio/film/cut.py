"""A shot as it is seen: its clip brought to the film's size and pace, as long as the shot, captions in it.

Rule: what is done to a clip is said in the facts, and one pass of ffmpeg does all of it: the cut, its
signature (each frame as 16 x 16 greys, by which the film is checked later), a thumbnail, and the
search for black and frozen stretches. So a changed shot costs one pass over one shot.
"""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

from msgspec import Struct

from madang_studio.errors import StudioError
from madang_studio.model.timeline import FPS, FRAME_MS
from madang_studio.programs import ffmpeg, packets
from madang_studio.programs.disk import writing
from madang_studio.programs.fonts import Choice
from madang_studio.programs.probe import Media, probe

Fit = Literal["whole", "cropped", "blurred"]

SIGNATURE_SIDE: Final = 16

MOST_CROP: Final = 0.15
"""Of the picture; where more would be lost it is shown whole on a blurred copy of itself."""

MOST_SLOW: Final = 1.5
"""A clip that is too short is slowed down so much at most; then its last picture is held."""

HOLD_MS: Final = 200
"""So much is held without slowing anything: nobody sees it."""

KEY_FRAMES: Final = 50
"""Every second second: cuts are joined without decoding, and a film is checked by these alone."""

TIMEBASE: Final = FPS * 512

BLACK: Final = re.compile(r"black_start:([\d.]+) black_end:([\d.]+)")
FROZEN: Final = re.compile(r"freeze_(start|end): ([\d.]+)")
FOUND_BLACK_S: Final = 0.5
FOUND_FROZEN_S: Final = 1.0

CODED: Final = (
    *("-c:v", "libx264", "-preset", "veryfast", "-crf", "21", "-profile:v", "high"),
    *("-pix_fmt", "yuv420p", "-g", str(KEY_FRAMES), "-sc_threshold", "0", "-threads", "1"),
    *("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"),
    *("-video_track_timescale", str(TIMEBASE), *ffmpeg.REPEATABLE),
)
"""The same for all cuts, or they could not be joined.

One thread, as bytes depend on how many: shots are cut side by side, and beside the mix, which takes longer
and waits for no more than its share of the processor.
"""


class Wanted(Struct, frozen=True, kw_only=True):
    """What a cut shall be: pixels, and milliseconds (a whole number of frames)."""

    shot: str
    width_px: int
    height_px: int
    duration_ms: int


class Cut(Struct, frozen=True):
    """What was done to a clip, and seen in it. Spans are milliseconds of the shot.

    `slowed`: how much longer it takes than the clip, 1.0 for not at all. `held_ms`: how long the last
    picture stands. `packets` tells its pictures as they are encoded from any others.
    """

    frames: int
    fit: Fit
    slowed: float
    held_ms: int
    black: tuple[tuple[int, int], ...]
    frozen: tuple[tuple[int, int], ...]
    packets: str


def cut(clip: Path, wanted: Wanted, folder: Path, captions: tuple[str, Choice] | None) -> Cut:
    """Write `cut.mp4`, `signature.gray` and `thumbnail.jpg`; `captions` are an ASS file and its fonts.

    Raises StudioError for a clip without a picture, NoRoom, MissingTool.
    """
    media = probe(clip)
    if not media.videos or not media.width or not media.height:
        raise StudioError(f"the clip of shot {wanted.shot} has no picture")
    long = media.duration_ms or wanted.duration_ms
    slowed, held = _stretched(long, wanted.duration_ms)
    fit = _fit(media, wanted)
    frames = wanted.duration_ms // FRAME_MS
    with writing(folder), TemporaryDirectory(dir=folder) as place:
        scratch = Path(place)
        burned = captions is not None
        if captions is not None:
            _lay_ready(captions, scratch)
        report = ffmpeg.run(
            [
                *(*ffmpeg.STRANGER, "-threads", "1", "-i", str(clip.resolve())),
                *("-filter_complex", _graph(fit, wanted, slowed, burned=burned)),
                *("-map", "[film]", "-frames:v", str(frames), *CODED, "cut.mp4"),
                *("-map", "[small]", "-frames:v", str(frames), "-f", "rawvideo", "signature.gray"),
                *("-map", "[still]", "-frames:v", "1", "-q:v", "4", "-update", "1"),
                *(*ffmpeg.REPEATABLE, "thumbnail.jpg"),
            ],
            scratch,
        )
        _take(scratch, folder, wanted, frames)
        pictures = packets.read(folder / "cut.mp4", scratch, h264=True).pictures
    return Cut(
        frames=frames,
        fit=fit,
        slowed=round(slowed, 3),
        held_ms=held,
        black=_black(report),
        frozen=_frozen(report, wanted.duration_ms),
        packets=packets.digest(pictures),
    )


def _stretched(clip_ms: int, wanted_ms: int) -> tuple[float, int]:
    """How much a clip is slowed down, and how long its last picture is then held."""
    if wanted_ms - clip_ms <= HOLD_MS:
        return 1.0, max(0, wanted_ms - clip_ms)
    slowed = min(MOST_SLOW, wanted_ms / max(1, clip_ms))
    return slowed, max(0, wanted_ms - round(clip_ms * slowed))


def _fit(media: Media, wanted: Wanted) -> Fit:
    have = (media.width or 1) / (media.height or 1)
    want = wanted.width_px / wanted.height_px
    lost = 1 - min(have, want) / max(have, want)
    if lost < 0.01:
        return "whole"
    return "cropped" if lost <= MOST_CROP else "blurred"


def _graph(fit: Fit, wanted: Wanted, slowed: float, *, burned: bool) -> str:
    size = f"{wanted.width_px}:{wanted.height_px}"
    colours = "out_color_matrix=bt709:out_range=tv"
    filled = (
        f"scale={size}:force_original_aspect_ratio=increase:{colours},crop={size},"
        "setsar=1,format=yuv420p"
    )
    if fit == "blurred":
        small = f"{wanted.width_px // 8 * 2}:{wanted.height_px // 8 * 2}"
        picture = (
            f"split=2[sharp][soft];[soft]scale={small}:force_original_aspect_ratio=increase,"
            f"crop={small},boxblur=8:2,eq=brightness=-0.08,scale={size}:{colours},setsar=1[ground];"
            f"[sharp]scale={size}:force_original_aspect_ratio=decrease:{colours},setsar=1[whole];"
            "[ground][whole]overlay=(W-w)/2:(H-h)/2,format=yuv420p"
        )
    else:
        picture = filled
    middle = wanted.duration_ms // FRAME_MS // 2
    drawn = "ass=f=captions.ass:fontsdir=fonts," if burned else ""
    return (
        f"[0:v:0]setpts={slowed:.6f}*(PTS-STARTPTS),fps={FPS},{picture},"
        f"tpad=stop=-1:stop_mode=clone,trim=end_frame={wanted.duration_ms // FRAME_MS},"
        f"blackdetect=d={FOUND_BLACK_S}:pix_th=0.06,freezedetect=n=-60dB:d={FOUND_FROZEN_S},"
        f"split=2[bare][look];[bare]{drawn}split=2[film][sign];"
        f"[sign]scale={SIGNATURE_SIDE}:{SIGNATURE_SIDE}:flags=area,format=gray[small];"
        f"[look]select=eq(n\\,{middle})[still]"
    )


def _lay_ready(captions: tuple[str, Choice], scratch: Path) -> None:
    """Captions and their fonts under names that need no quoting in a filter."""
    text, choice = captions
    (scratch / "captions.ass").write_text(text, encoding="utf-8")
    (scratch / "fonts").mkdir()
    for number, font in enumerate(choice.fonts):
        shutil.copyfile(font.path, scratch / "fonts" / f"{number}{font.path.suffix}")


def _take(scratch: Path, folder: Path, wanted: Wanted, frames: int) -> None:
    """Move what was made to its place, if it is all there."""
    if (scratch / "signature.gray").stat().st_size != frames * SIGNATURE_SIDE**2:
        raise StudioError(f"the clip of shot {wanted.shot} could not be read to its end")
    for name in ("cut.mp4", "signature.gray", "thumbnail.jpg"):
        (scratch / name).rename(folder / name)


def _black(report: str) -> tuple[tuple[int, int], ...]:
    return tuple((_ms(start), _ms(end)) for start, end in BLACK.findall(report))


def _frozen(report: str, duration_ms: int) -> tuple[tuple[int, int], ...]:
    """Spans without movement; one that lasts until the end has no end in the report."""
    spans: list[tuple[int, int]] = []
    start: int | None = None
    for which, seconds in FROZEN.findall(report):
        if which == "start":
            start = _ms(seconds)
        elif start is not None:
            spans.append((start, _ms(seconds)))
            start = None
    return (*spans, (start, duration_ms)) if start is not None else tuple(spans)


def _ms(seconds: str) -> int:
    return round(float(seconds) * 1000)


def signature(path: Path) -> Sequence[bytes]:
    """The frames of a signature, one after the other."""
    data = path.read_bytes()
    size = SIGNATURE_SIDE**2
    return [data[at : at + size] for at in range(0, len(data), size)]
