"""ffmpeg, as a program of its own: found once, run within bounds, never a stack trace.

The bundled build is under the GPL; it is started as a process and not linked. What clips and voices
come from elsewhere is read by a few demuxers only, from files only: a playlist that calls itself
a clip could otherwise make ffmpeg read other files or addresses.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

import imageio_ffmpeg

from madang_studio.errors import MissingTool, StudioError
from madang_studio.programs.disk import FULL, no_room

SETTING = "MADANG_FFMPEG"
"""The environment variable that names another ffmpeg."""

TIMEOUT_S = 900.0
"""A cut of a minute takes ten seconds on a slow machine; more than this is a program that hangs."""

MOST_PIXELS = 8192 * 4320
"""A larger picture is refused: decoding it would take all memory."""

STRANGER = (
    *("-protocol_whitelist", "file"),
    *("-format_whitelist", "mov,matroska,avi,mpegts,wav,mp3,aac,flac,ogg"),
    *("-max_pixels", str(MOST_PIXELS)),
)
"""Options before an input that was not made here."""

QUIET = ("-hide_banner", "-nostdin", "-nostats", "-y")
REPEATABLE = ("-fflags", "+bitexact", "-flags", "+bitexact", "-map_metadata", "-1")
"""Options of an output, so that the same inputs give the same bytes."""


def executable() -> str:
    """Where ffmpeg is. Raises MissingTool."""
    named = os.environ.get(SETTING)
    if named:
        found = shutil.which(named)
        if found is None:
            raise MissingTool(f"{SETTING} names {named}, which is no program")
        return found
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise MissingTool(
            "there is no ffmpeg: install the Python package imageio-ffmpeg or Debian's ffmpeg, "
            f"or set {SETTING}"
        ) from error


def run(arguments: Sequence[str], folder: Path, *, timeout_s: float = TIMEOUT_S) -> str:
    """Run ffmpeg in a folder, where relative names are looked for; what it reported (stderr).

    Raises NoRoom on a full disk, MissingTool where the program cannot be started, StudioError with
    ffmpeg's own last words for everything else.
    """
    done = _start([*QUIET, *arguments], folder, timeout_s)
    report = done.stderr.decode("utf-8", "replace")
    if done.returncode < 0:
        raise _killed(-done.returncode, folder)
    if done.returncode != 0:
        raise _failure(report, folder)
    return report


def look(path: Path, *, timeout_s: float = 60.0) -> str:
    """What ffmpeg says of a file from elsewhere; it always ends with an error of having no output."""
    done = _start([*QUIET, *STRANGER, "-i", str(path)], path.parent, timeout_s)
    return done.stderr.decode("utf-8", "replace")


def _start(
    arguments: list[str], folder: Path, timeout_s: float
) -> subprocess.CompletedProcess[bytes]:
    program = executable()
    try:
        return subprocess.run(  # noqa: S603 (a list, no shell; the program is ours or configured)
            [program, *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise StudioError(f"ffmpeg was stopped after {timeout_s:.0f} seconds") from error
    except OSError as error:
        raise MissingTool(f"ffmpeg cannot be started: {error.strerror or error}") from error


def _killed(by: int, folder: Path) -> StudioError:
    """Why ffmpeg was ended by the system, which lets it say nothing."""
    if by == signal.SIGXFSZ:
        return no_room(folder)
    hint = ": the machine may be out of memory" if by == signal.SIGKILL else ""
    return StudioError(f"ffmpeg was ended by signal {by}{hint}")


def _failure(report: str, folder: Path) -> StudioError:
    """Why ffmpeg failed. Its exit codes do not tell; a full disk is known by the system's own words."""
    if any(os.strerror(code) in report for code in FULL):
        return no_room(folder)
    lines = [line.strip() for line in report.splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith(("Conversion failed", "Input #"))]
    last = told[-2:] if told else ["it gave no reason"]
    return StudioError("ffmpeg failed: " + "; ".join(last)[:400])
