"""Captions in time: when each is read, for how long. No I/O.

Rules: a caption never leaves the shot of its line, two never overlap, none has length zero.
"""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Final

from msgspec import Struct

from madang_studio.film.letters import LONGEST_MS, READING, SHORTEST_MS, columns, plain, script
from madang_studio.film.wrapping import Measure, captions
from madang_studio.model.timeline import LineTime, ShotTime

BETWEEN_MS: Final = 80
"""Two frames between captions that would otherwise touch, so that the eye sees the change."""


class Cue(Struct, frozen=True):
    """A caption: one or two rows of text, and whose line it is. Times from the film's start."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]
    line: str = ""


class Layout(Struct, frozen=True):
    """How wide rows may be, and how width is measured; `width` None: as the script's rule says."""

    width: float | None = None
    measure: Measure = columns


def make_cues(
    lines: Sequence[LineTime],
    shots: Sequence[ShotTime],
    texts: Mapping[str, str],
    layout: Layout | None = None,
) -> list[Cue]:
    """The captions of lines in time; a line without a text, or with an empty one, has none."""
    ends = {shot.shot: shot.end_ms for shot in shots}
    found: list[Cue] = []
    for at, line in enumerate(lines):
        until = ends.get(line.shot, line.end_ms)
        if at + 1 < len(lines):
            until = min(until, lines[at + 1].start_ms)
        found += _cues(line, plain(texts.get(line.line, "")), until, layout or Layout())
    return found


def too_fast(cues: Sequence[Cue]) -> dict[str, str]:
    """The lines that are gone before most people have read them, each with its fastest caption's pace."""
    paces: dict[str, tuple[float, float]] = {}
    for cue in cues:
        text = " ".join(cue.lines)
        pace = len(text) * 1000 / (cue.end_ms - cue.start_ms)
        most = READING[script(text)].per_second
        if pace > most * 1.05:
            paces[cue.line] = max(paces.get(cue.line, (0.0, 0.0)), (pace, most))
    return {
        line: f"{pace:.0f} letters a second to read (at most {most:g})"
        for line, (pace, most) in paces.items()
    }


def _cues(line: LineTime, text: str, until: int, layout: Layout) -> list[Cue]:
    rule = READING[script(text)]
    width = rule.columns if layout.width is None else min(rule.columns, layout.width)
    parts = captions(text, width, layout.measure)
    if not parts:
        return []
    times = _times(line, parts, text)
    cues = []
    for at, rows in enumerate(parts):
        start, end = times[at], min(times[at + 1], until)
        if start >= until:
            break  # a voice that was much shorter than its text: seen by `too_fast`
        if at + 1 < len(parts):
            end -= BETWEEN_MS if end - start > 4 * BETWEEN_MS else 0
        else:
            wanted = max(SHORTEST_MS, round(len(" ".join(rows)) * 1000 / rule.per_second))
            last = until - BETWEEN_MS if until - BETWEEN_MS > end else until
            end = min(
                max(end, start + wanted), max(last, end), start + max(LONGEST_MS, end - start)
            )
        cues.append(Cue(start, end, tuple(rows), line.line))
    return cues


def _times(line: LineTime, parts: Sequence[Sequence[str]], text: str) -> list[int]:
    """When each part begins, and the end: by the voice's own times, else by how long the parts are."""
    sizes = [sum(len(_bare(row)) for row in rows) for rows in parts]
    marks = list(accumulate(sizes, initial=0))
    spoken = _by_voice(line, _bare(text), marks)
    length = max(line.end_ms - line.start_ms, len(parts))
    even = [line.start_ms + length * mark // max(1, marks[-1]) for mark in marks]
    times = spoken or even
    for at in range(1, len(times)):
        times[at] = max(times[at], times[at - 1] + 1)
    return times


def _by_voice(line: LineTime, bare: str, marks: Sequence[int]) -> list[int] | None:
    """Times from the voice's pieces; None where they do not spell this text (a translation)."""
    said = "".join(_bare(plain(text)) for text, _, _ in line.words)
    if not said or said.casefold() != bare.casefold():
        return None
    starts: list[int] = []
    for text, start, _ in line.words:
        starts += [start] * len(_bare(plain(text)))
    if starts != sorted(starts) or starts[0] < line.start_ms or starts[-1] > line.end_ms:
        return None
    return [line.start_ms, *(starts[mark] for mark in marks[1:-1]), line.end_ms]


def _bare(text: str) -> str:
    return "".join(text.split())
