"""SubRip and WebVTT read back, as a player would: the check judges the file, not what we meant. No I/O."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from madang_studio.film.cues import Cue
from madang_studio.film.findings import Finding
from madang_studio.model.timeline import Timeline

TIMES: Final = re.compile(
    r"(?:(\d+):)?(\d\d):(\d\d)[.,](\d{3})[ \t]+-->[ \t]+(?:(\d+):)?(\d\d):(\d\d)[.,](\d{3})"
)
EDGE_MS: Final = 20
"""So much a caption may stand over the end of its film."""


def read(text: str) -> list[Cue]:
    """The captions of a file of either format; what is no caption is passed over."""
    found = []
    for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n")):
        lines = block.strip("\n").split("\n")
        for at, line in enumerate(lines):
            times = TIMES.match(line)
            if times:
                parts = [int(part or 0) for part in times.groups()]
                found.append(Cue(_ms(parts[:4]), _ms(parts[4:]), tuple(lines[at + 1 :])))
                break
    return found


def judge(name: str, cues: Sequence[Cue], timeline: Timeline) -> list[Finding]:
    """What is wrong with a file of captions: times that are zero, overlap, or lie outside the film."""

    def finding(cue: Cue, words: str) -> Finding:
        shot = timeline.shot_at(cue.start_ms)
        return Finding(what="captions", shot=shot, at_ms=cue.start_ms, words=f"{name}: {words}")

    found = []
    before: Cue | None = None
    for cue in cues:
        if cue.end_ms <= cue.start_ms:
            found.append(finding(cue, "a caption has no length"))
        elif cue.end_ms > timeline.duration_ms + EDGE_MS:
            found.append(finding(cue, "a caption stands after the film's end"))
        elif not any(row.strip() for row in cue.lines):
            found.append(finding(cue, "a caption is empty"))
        if before is not None and cue.start_ms < before.end_ms:
            found.append(finding(cue, "two captions overlap"))
        before = cue
    return found


def unseen(
    name: str, cues: Sequence[Cue], timeline: Timeline, texts: Mapping[str, str] | None = None
) -> list[Finding]:
    """Lines that are heard while no caption stands. `texts`: only lines that have one are missed."""
    return [
        Finding(
            what="captions",
            shot=line.shot,
            at_ms=line.start_ms,
            words=f"{name}: nothing stands while line {line.line} is heard",
        )
        for line in timeline.lines
        if (texts is None or texts.get(line.line))
        and not any(
            cue.start_ms < max(line.end_ms, line.start_ms + 1) and cue.end_ms > line.start_ms
            for cue in cues
        )
    ]


def hasty(name: str, paces: Mapping[str, str], timeline: Timeline) -> list[Finding]:
    """A remark for each line whose captions are too fast to read; `paces` say how fast."""
    return [
        Finding(
            what="pace",
            shot=line.shot,
            at_ms=line.start_ms,
            words=f"{name}: line {line.line} has {paces[line.line]}",
        )
        for line in timeline.lines
        if line.line in paces
    ]


def _ms(parts: Sequence[int]) -> int:
    hours, minutes, seconds, rest = parts
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + rest
