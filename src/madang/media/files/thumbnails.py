"""A picture of a clip whose provider made none: by ffmpeg, where this machine has it.

Rule: ffmpeg is a program of its own; it is looked for when it is needed, and reads nothing but the file:
a playlist that calls itself a clip could otherwise have it read others. A picture bears its name only when
all of it is there.
"""

import asyncio
import importlib.util
import shutil
from pathlib import Path
from typing import Final

_LONGEST_S: Final = 20.0
_MOST_PIXELS: Final = "35389440"
"""8192 x 4320: decoding a larger picture would take all memory."""

_STRANGER: Final = (
    *("-protocol_whitelist", "file", "-format_whitelist", "mov,matroska"),
    *("-max_pixels", _MOST_PIXELS),
)
"""Options before an input that was not made here."""


def find_ffmpeg() -> str | None:
    """The program: the system's, else the one that the package `imageio-ffmpeg` carries, which is not imported."""
    found = shutil.which("ffmpeg")
    if found is not None:
        return found
    spec = importlib.util.find_spec("imageio_ffmpeg")
    places = spec.submodule_search_locations if spec is not None else None
    for place in places or ():
        for path in sorted((Path(place) / "binaries").glob("ffmpeg-*")):
            return str(path)
    return None


async def make_thumbnail(program: str, clip: Path, picture: Path) -> None:
    """Make a JPEG of a moment early in a clip; where that fails there is none."""
    coming = picture.with_name(f".{picture.stem}.part.jpg")
    process = await asyncio.create_subprocess_exec(
        *(program, "-nostdin", "-loglevel", "error", "-y", *_STRANGER, "-ss", "0.3"),
        *("-i", str(clip), "-frames:v", "1", "-vf", "scale='min(640,iw)':-2"),
        *("-update", "1", str(coming)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(_LONGEST_S):
            if await process.wait() == 0 and coming.exists():
                coming.replace(picture)
    except (TimeoutError, asyncio.CancelledError) as stopped:
        process.kill()
        await process.wait()
        if isinstance(stopped, asyncio.CancelledError):
            raise
    finally:
        coming.unlink(missing_ok=True)
