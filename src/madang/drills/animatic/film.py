"""From a prompt to a file: clips by ffmpeg, stills by Pillow. It takes seconds: call it from a process of its own.

ffmpeg is the program that imageio-ffmpeg bundles; it is run as a process of its own.
"""

import subprocess
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, cast

from PIL import Image

from madang.drills.animatic.programs import EXACT, ffmpeg
from madang.drills.animatic.reading import read
from madang.drills.animatic.stage import FPS, Stage

_WORKED_PX = 600
"""The shorter side at which frames are put together; what is larger is scaled up."""


def clip(
    prompt: str,
    *,
    width_px: int,
    height_px: int,
    duration_ms: int,
    seed: int = 0,
    audio: bool = False,
) -> bytes:
    """An MP4 at 25 frames a second (H.264, yuv420p; a silent AAC track where `audio`).

    The same arguments give the same bytes on one machine. Width and height are made even.
    """
    width, height = max(2, width_px // 2 * 2), max(2, height_px // 2 * 2)
    count = max(1, round(duration_ms * FPS / 1_000))
    worked = _worked(width, height)
    stage = Stage(read(prompt, seed), *worked)
    with TemporaryDirectory(prefix="madang-animatic-") as folder:
        target = Path(folder, "clip.mp4")
        command = _command(worked, (width, height), count / FPS, target, audio=audio)
        with Path(folder, "problems").open("wb+") as problems:
            encoder = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=problems)  # noqa: S603 - our own
            with encoder, cast("IO[bytes]", encoder.stdin) as pipe:
                for frame in stage.frames(count):
                    pipe.write(frame.tobytes())
            if encoder.returncode:
                problems.seek(0)
                raise RuntimeError(
                    f"ffmpeg failed: {problems.read(500).decode('utf-8', 'replace')}"
                )
        return target.read_bytes()


def still(
    prompt: str,
    *,
    width_px: int,
    height_px: int,
    seed: int = 0,
    kind: str = "png",
    share: float = 0.35,
) -> bytes:
    """One picture of a shot, `share` of its time in: `png`, `jpeg` or `webp`."""
    worked = _worked(width_px, height_px)
    frame = Stage(read(prompt, seed), *worked).frame(round(share * 95), 96)
    if frame.size != (width_px, height_px):
        frame = frame.resize((width_px, height_px), Image.Resampling.BICUBIC)
    out = BytesIO()
    frame.save(out, kind, **({} if kind == "png" else {"quality": 88}))
    return out.getvalue()


def _worked(width: int, height: int) -> tuple[int, int]:
    share = min(1.0, _WORKED_PX / min(width, height))
    return max(2, round(width * share)), max(2, round(height * share))


def _command(
    worked: tuple[int, int], size: tuple[int, int], seconds: float, target: Path, *, audio: bool
) -> list[str]:
    given = [
        "-f",
        "rawvideo",
        "-pix_fmt",
        "rgb24",
        "-s",
        f"{worked[0]}x{worked[1]}",
        "-r",
        str(FPS),
        "-i",
        "-",
    ]
    if audio:
        given += ["-f", "lavfi", "-i", "anullsrc=r=44100:cl=mono"]
    scaled = ["-vf", f"scale={size[0]}:{size[1]}:flags=bicubic"] if worked != size else []
    made = [
        "-c:v",
        "libx264",
        "-preset",
        "superfast",
        "-crf",
        "21",
        "-threads",
        "1",
        "-pix_fmt",
        "yuv420p",
    ]
    sound = ["-c:a", "aac", "-b:a", "64k", "-t", f"{seconds:.6f}"] if audio else ["-an"]
    head = [ffmpeg(), "-v", "error", "-nostdin", "-y"]
    return [*head, *given, *scaled, *made, *sound, *EXACT, "-movflags", "+faststart", str(target)]
