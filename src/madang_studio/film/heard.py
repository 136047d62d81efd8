"""What is heard in a film: loudness, peaks, silence.

Rule: what was measured of the encoded mix is true of a film that has it packet for packet, each due at the
same time. Any other sound is measured.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from madang_studio.film.findings import Finding
from madang_studio.film.known import Known
from madang_studio.model.timeline import Timeline
from madang_studio.programs import ffmpeg, loudness
from madang_studio.programs.loudness import MOST_PEAK_DB, TARGET_LUFS
from madang_studio.programs.packets import Packet, digest

NEAR_LU: Final = 1.0

LOUD: Final = re.compile(r"t: ([\d.]+).*?FTPK:\s+(-?[\d.inf]+)\s+(-?[\d.inf]+) dBFS")


def sound(film: Path, sounds: Sequence[Packet], known: Known) -> list[Finding]:
    """What is wrong with the sound of a film, of which `sounds` are the packets. Raises StudioError."""
    same = digest(sounds) == known.mix.packets
    loud = known.mix.heard if same else loudness.measure(film)
    found = []
    if loud.lufs <= loudness.SILENCE_LUFS + 1:
        return [Finding(what="silence", words="nothing is heard in the whole film")]
    if abs(loud.lufs - TARGET_LUFS) > NEAR_LU:
        words = f"its loudness is {loud.lufs} LUFS, not {TARGET_LUFS:g} within {NEAR_LU:g}"
        found.append(Finding(what="loudness", words=words))
    if loud.true_peak_db > MOST_PEAK_DB:
        found.append(_peak(film, loud.true_peak_db, known.timeline))
    for at, end in loud.silent:
        until = known.timeline.duration_ms if end is None else end
        words = f"nothing is heard for {(until - at) / 1000:.1f} s"
        shot = known.timeline.shot_at(at)
        found.append(Finding(what="silence", shot=shot, at_ms=at, words=words))
    return found


def _peak(film: Path, highest_db: float, timeline: Timeline) -> Finding:
    """Where it is loudest, by the meter's reading every tenth of a second."""
    metered = ("-map", "0:a:0", "-af", "ebur128=peak=true", "-f", "null", "-")
    report = ffmpeg.run(["-i", str(film), *metered], film.parent)
    readings = [
        (max(_level(left), _level(right)), float(time))
        for time, left, right in LOUD.findall(report)
    ]
    _, seconds = max(readings, default=(0.0, 0.0))
    at = round(seconds * 1000)
    words = (
        f"its sound is clipped or nearly so: a peak of {highest_db} dB (at most {MOST_PEAK_DB:g})"
    )
    return Finding(what="peaks", shot=timeline.shot_at(at), at_ms=at, words=words)


def _level(text: str) -> float:
    return -100.0 if "inf" in text else float(text)
