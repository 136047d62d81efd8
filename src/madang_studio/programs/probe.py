"""What a media file holds, read from what ffmpeg says of it (the bundled build brings no ffprobe)."""

import re
from pathlib import Path

from msgspec import Struct

from madang_studio.errors import StudioError
from madang_studio.programs import ffmpeg

DURATION = re.compile(r"Duration: (\d+):(\d\d):(\d\d\.\d+)")
VIDEO = re.compile(r"Stream #\d+:\d+.*?: Video: (\w+).*?, (\d{2,5})x(\d{2,5})")
FPS = re.compile(r"([\d.]+)(k?) fps")
AUDIO = re.compile(r"Stream #\d+:\d+.*?: Audio: (\w+).*?, (\d+) Hz, ([\w.()]+)")
PACKETS = re.compile(r"frame=\s*(\d+)")
CHANNELS = {"mono": 1, "stereo": 2, "5.1": 6, "7.1": 8}


class Media(Struct, frozen=True):
    """A media file. Sizes in pixels; a field is None where there is no such stream.

    `duration_ms` is precise to 10 ms; `videos` and `audios` count streams.
    """

    duration_ms: int | None = None
    videos: int = 0
    audios: int = 0
    video_codec: str | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    audio_codec: str | None = None
    rate_hz: int | None = None
    channels: int | None = None


def probe(path: Path) -> Media:
    """Look at a file from anywhere. Raises StudioError where it is no media file, MissingTool."""
    report = ffmpeg.look(path)
    if "Input #0" not in report:
        lines = [line for line in report.splitlines() if line.strip()]
        raise StudioError(f"{path.name} is no media file: {lines[-1] if lines else 'it is empty'}")
    return read(report)


def read(report: str) -> Media:
    """What ffmpeg's description of an input says."""
    long = DURATION.search(report)
    video, audio = VIDEO.search(report), AUDIO.search(report)
    pace = FPS.search(report) if video else None
    return Media(
        duration_ms=_ms(long) if long else None,
        videos=len(VIDEO.findall(report)),
        audios=len(AUDIO.findall(report)),
        video_codec=video[1] if video else None,
        width=int(video[2]) if video else None,
        height=int(video[3]) if video else None,
        fps=float(pace[1]) * (1000 if pace[2] else 1) if pace else None,
        audio_codec=audio[1] if audio else None,
        rate_hz=int(audio[2]) if audio else None,
        channels=CHANNELS.get(audio[3].partition("(")[0]) if audio else None,
    )


def frames(path: Path) -> int:
    """How many pictures a file holds, counted without decoding them."""
    report = ffmpeg.run(
        ["-stats", "-i", str(path), "-map", "0:v:0", "-c", "copy", "-f", "null", "-"], path.parent
    )
    counted = PACKETS.findall(report)
    return int(counted[-1]) if counted else 0


def _ms(found: re.Match[str]) -> int:
    hours, minutes, seconds = found.groups()
    return round((int(hours) * 3600 + int(minutes) * 60 + float(seconds)) * 1000)
