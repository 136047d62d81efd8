"""How loud something is, by EBU R 128 (ITU-R BS.1770), as ffmpeg's `ebur128` measures it."""

import re
from pathlib import Path

from msgspec import Struct

from madang_studio.programs import ffmpeg

SILENCE_LUFS = -70.0
"""The meter's floor: nothing is heard."""

TARGET_LUFS = -14.0
"""What the large platforms play films at (EBU R 128 itself names -23, for broadcast)."""

MOST_PEAK_DB = -1.0
"""True peak of a film at most."""

INTEGRATED = re.compile(r"Integrated loudness:\s+I:\s+(-?[\d.]+|-inf|nan) LUFS")
PEAK = re.compile(r"True peak:\s+Peak:\s+(-?[\d.]+|-inf|nan) dBFS")


class Loudness(Struct, frozen=True):
    """`lufs` over the whole, `true_peak_db` relative to full scale."""

    lufs: float
    true_peak_db: float


def measure(path: Path) -> Loudness:
    """Measure a file, decoded as players decode it. Raises StudioError."""
    heard = ("-map", "0:a:0", "-af", "ebur128=peak=true:framelog=quiet", "-f", "null", "-")
    return read(ffmpeg.run(["-i", str(path), *heard], path.parent))


def read(report: str) -> Loudness:
    """The summary at the end of a report of `ebur128`."""
    return Loudness(_level(INTEGRATED, report), _level(PEAK, report))


def _level(pattern: re.Pattern[str], report: str) -> float:
    found = pattern.findall(report)
    if not found or found[-1] in ("-inf", "nan"):
        return SILENCE_LUFS
    return max(float(found[-1]), SILENCE_LUFS)
