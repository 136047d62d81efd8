"""The programs that are run: ffmpeg, bundled by imageio-ffmpeg or another build, and espeak-ng where there is one."""

import os
from shutil import which

from imageio_ffmpeg import get_ffmpeg_exe

EXACT = ("-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact", "-map_metadata", "-1")  # fmt: skip
"""Options for ffmpeg with which the same input gives the same bytes."""


def ffmpeg() -> str:
    """The path of ffmpeg: `$MADANG_FFMPEG`, else the bundled one."""
    return os.environ.get("MADANG_FFMPEG") or get_ffmpeg_exe()


def espeak() -> str | None:
    """The path of espeak-ng; None where it is missing."""
    return which("espeak-ng")
