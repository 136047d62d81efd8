"""A picture of a clip whose provider made none: by ffmpeg, where this machine has it.

Rule: ffmpeg is a program of its own; it is looked for when it is needed, and reads nothing but the file.
"""

import asyncio
import importlib.util
import shutil
from pathlib import Path
from typing import Final

_LONGEST_S: Final = 20.0


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
    process = await asyncio.create_subprocess_exec(
        *(program, "-nostdin", "-loglevel", "error", "-y", "-protocol_whitelist", "file"),
        *(
            "-ss",
            "0.3",
            "-i",
            str(clip),
            "-frames:v",
            "1",
            "-vf",
            "scale='min(640,iw)':-2",
            str(picture),
        ),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(_LONGEST_S):
            await process.wait()
    except (TimeoutError, asyncio.CancelledError) as stopped:
        process.kill()
        await process.wait()
        if isinstance(stopped, asyncio.CancelledError):
            raise
