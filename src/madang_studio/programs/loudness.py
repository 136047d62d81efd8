"""How loud something is, by EBU R 128 (ITU-R BS.1770), as ffmpeg's `ebur128` measures it, and when silent."""

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

SILENCE_DB = -60.0
LONGEST_SILENCE_S = 4.0
"""Films have pauses; one that is longer, and quieter than that, is a fault."""

SILENT = re.compile(r"silence_start: (-?[\d.]+)(?:.*?silence_end: ([\d.]+))?", re.DOTALL)
INTEGRATED = re.compile(r"Integrated loudness:\s+I:\s+(-?[\d.]+|-inf|nan) LUFS")
PEAK = re.compile(r"True peak:\s+Peak:\s+(-?[\d.]+|-inf|nan) dBFS")


class Loudness(Struct, frozen=True):
    """`lufs` over the whole, `true_peak_db` relative to full scale.

    `silent`: when nothing is heard for longer than it may, in milliseconds; None for an end that is the
    sound's own.
    """

    lufs: float
    true_peak_db: float
    silent: tuple[tuple[int, int | None], ...] = ()


def measure(path: Path) -> Loudness:
    """Measure a file, decoded as players decode it. Raises StudioError."""
    chain = f"silencedetect=n={SILENCE_DB}dB:d={LONGEST_SILENCE_S},ebur128=peak=true:framelog=quiet"
    heard = ("-map", "0:a:0", "-af", chain, "-f", "null", "-")
    return read(ffmpeg.run(["-i", str(path), *heard], path.parent))


def read(report: str) -> Loudness:
    """The summary at the end of a report of `ebur128`, and what `silencedetect` found."""
    silent = tuple(
        (max(0, round(float(start) * 1000)), round(float(end) * 1000) if end else None)
        for start, end in SILENT.findall(report)
    )
    return Loudness(_level(INTEGRATED, report), _level(PEAK, report), silent)


def _level(pattern: re.Pattern[str], report: str) -> float:
    found = pattern.findall(report)
    if not found or found[-1] in ("-inf", "nan"):
        return SILENCE_LUFS
    return max(float(found[-1]), SILENCE_LUFS)
