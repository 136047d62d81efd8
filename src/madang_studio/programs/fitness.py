"""Whether the ffmpeg of this machine can do what films need: found out before anything is paid for one.

Distributions leave out encoders and libraries; a film would fail at its last steps.
"""

import subprocess
from functools import cache
from typing import Final

from madang_studio.errors import MissingTool
from madang_studio.programs import ffmpeg

ENCODERS: Final = frozenset({"aac", "flac", "libx264", "mjpeg", "pcm_f32le", "pcm_s16le"})
"""What films, mixes, stems and thumbnails are written with."""

FILTERS: Final = frozenset(
    {"alimiter", "ass", "blackdetect", "boxblur", "ebur128", "freezedetect", "sidechaincompress"}
)
"""Those of the filters in use that builds may lack; `ass`, which draws captions, needs libass."""

_ANSWER_S: Final = 30.0


def check_ffmpeg() -> None:
    """Raise MissingTool where ffmpeg is not there, does not run, or lacks something."""
    _check(ffmpeg.executable())


@cache
def _check(program: str) -> None:
    lacks = [
        *sorted(ENCODERS - _named(program, "-encoders")),
        *sorted(FILTERS - _named(program, "-filters")),
    ]
    if lacks:
        raise MissingTool(
            f"{program} cannot do what films need: it has no {', '.join(lacks)}. Install the Python "
            f"package imageio-ffmpeg or Debian's ffmpeg, or name another in {ffmpeg.SETTING}"
        )


def _named(program: str, what: str) -> frozenset[str]:
    """The names in a list of ffmpeg's: second words of its lines."""
    try:
        listed = subprocess.run(  # noqa: S603 (a list, no shell; the program is ours or configured)
            [program, "-hide_banner", what],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_ANSWER_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise MissingTool(
            f"{program} does not run as ffmpeg should ({type(error).__name__}): install Debian's "
            f"ffmpeg, or name another in {ffmpeg.SETTING}"
        ) from error
    lines = (line.split() for line in listed.stdout.decode("utf-8", "replace").splitlines())
    return frozenset(words[1] for words in lines if len(words) > 1)
