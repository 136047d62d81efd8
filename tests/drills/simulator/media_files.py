"""What is in a file, as ffmpeg sees it: the judge of every clip and sound that the simulator gives."""

import re
import subprocess
import tempfile
from typing import NamedTuple

from imageio_ffmpeg import get_ffmpeg_exe


class Contents(NamedTuple):
    """Width and height are 0 where there is no picture."""

    seconds: float
    width: int
    height: int
    codecs: tuple[str, ...]


def contents(data: bytes) -> Contents:
    """Decode a file to its end and say what it holds."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        command = [get_ffmpeg_exe(), "-hide_banner", "-nostdin", "-i", file.name, "-f", "null", "-"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    streams = re.findall(r"Input.*?(?=Stream mapping|$)", done.stderr, re.DOTALL)[0]
    codecs = tuple(re.findall(r"Stream #\S+: (?:Video|Audio): (\w+)", streams))
    size = re.search(r"Video:.*?, (\d+)x(\d+)", streams)
    hours, minutes, seconds = re.findall(r"time=(\d+):(\d+):([\d.]+)", done.stderr)[-1]
    length = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    return Contents(length, *(map(int, size.groups()) if size else (0, 0)), codecs)
