"""Long lines cut into captions of at most two rows: at sentences, at commas, at words. No I/O."""

from collections.abc import Callable, Sequence
from typing import Final

from madang_studio.film.letters import units

Measure = Callable[[str], float]
"""The width of a text."""

ROWS: Final = 2

ENDS: Final = frozenset(".!?\u3002\uff01\uff1f\u2026\u061f\u0964")
"""Where a sentence may end."""

PAUSES: Final = ENDS | frozenset(",;:\u2014\u3001\uff0c\uff1b\u060c")


def captions(text: str, width: float, measure: Measure) -> list[list[str]]:
    """A text in captions, each of one or two rows no wider than `width`; none for an empty text.

    What has no place to break is broken anywhere, between characters that may be parted.
    """
    pieces = [part for unit in units(text) for part in _bounded(unit, width, measure)]
    found: list[list[str]] = []
    while pieces:
        count = _fitting(pieces, width, measure)
        if count < len(pieces):
            count = _best_end(pieces, count)
        found.append(_rows(pieces[:count], width, measure))
        pieces = pieces[count:]
    return [rows for rows in found if any(rows)]


def _bounded(unit: str, width: float, measure: Measure) -> list[str]:
    """A unit as it is, or, where it is wider than a row, in parts that are not."""
    if measure(unit.rstrip()) <= width:
        return [unit]
    parts = [""]
    for character in unit:
        if parts[-1] and measure((parts[-1] + character).rstrip()) > width:
            parts.append("")
        parts[-1] += character
    return parts


def _fitting(pieces: Sequence[str], width: float, measure: Measure) -> int:
    """How many pieces fit into a caption, filled row by row."""
    count = 0
    for _ in range(ROWS):
        row = ""
        while count < len(pieces) and (not row or measure((row + pieces[count]).rstrip()) <= width):
            row += pieces[count]
            count += 1
    return count


def _best_end(pieces: Sequence[str], most: int) -> int:
    """Where a caption that is not the last ends: after a sentence, else a comma, else evenly."""
    for marks, least in ((ENDS, most // 3), (PAUSES, most // 2)):
        for count in range(most, max(0, least), -1):
            if pieces[count - 1].rstrip()[-1:] in marks:
                return count
    rest = len(pieces) - most
    return most if rest >= most // 2 else max(1, (most + rest + 1) // 2)


def _rows(pieces: Sequence[str], width: float, measure: Measure) -> list[str]:
    """One row, or two of about the same width; a break after a comma is worth a little."""
    whole = "".join(pieces).strip()
    if measure(whole) <= width:
        return [whole]
    options = []
    for at in range(1, len(pieces)):
        first, second = "".join(pieces[:at]).strip(), "".join(pieces[at:]).strip()
        one, other = measure(first), measure(second)
        if one <= width and other <= width:
            bonus = width / 8 if first[-1:] in PAUSES else 0
            options.append((abs(one - other) - bonus, first, second))
    if not options:
        return [whole]
    return list(min(options)[1:])
