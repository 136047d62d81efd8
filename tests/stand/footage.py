"""Judges of files: what ffmpeg says of them, and their pictures as Pillow sees them."""

import re
import subprocess
from io import BytesIO

from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image

_DURATION = re.compile(r"Duration: (\d+):(\d+):([\d.]+)")
_VIDEO = re.compile(r"Video: (\w+).*?(yuv\w+).*?(\d+)x(\d+).*?([\d.]+) fps")


def probe(path):
    """`duration_s`, and of a clip `codec`, `pixels`, `size`, `fps`, as ffmpeg reads them; `streams` counts them."""
    command = [get_ffmpeg_exe(), "-hide_banner", "-i", str(path)]
    # it ends with a failure, as no output is named
    told = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    hours, minutes, seconds = _DURATION.search(told).groups()
    facts = {"duration_s": int(hours) * 3600 + int(minutes) * 60 + float(seconds)}
    facts["streams"] = told.count("Stream #0:")
    if found := _VIDEO.search(told):
        codec, pixels, width, height, fps = found.groups()
        facts |= {"codec": codec, "pixels": pixels, "size": (int(width), int(height))}
        facts["fps"] = float(fps)
    return facts


def frame(path, at_s):
    """One picture of a clip."""
    command = [get_ffmpeg_exe(), "-v", "error", "-ss", str(at_s), "-i", str(path)]
    command += ["-frames:v", "1", "-f", "image2pipe", "-c:v", "png", "-"]
    made = subprocess.run(command, capture_output=True, check=True).stdout
    return Image.open(BytesIO(made)).convert("RGB")
