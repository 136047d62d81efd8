"""Which characters a font file can draw: its `cmap` table, read by the OpenType specification.

https://learn.microsoft.com/typography/opentype/spec/cmap: formats 4 and 12 of the Unicode platforms, which every
font of today has. Only the table is read, so that a font of twenty megabytes costs some kilobytes.
"""

import struct
from bisect import bisect_right
from pathlib import Path
from typing import BinaryIO, Final

MOST_BYTES: Final = 4_000_000
"""A longer table is no font's."""

UNICODE: Final = {(0, 3), (0, 4), (0, 6), (3, 1), (3, 10)}
"""Platforms and encodings whose codes are Unicode."""


class Glyphs:
    """The characters of a font: ranges of code points, first and last."""

    def __init__(self, ranges: list[tuple[int, int]]) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        for first, last in sorted(ranges):
            if self._lasts and first <= self._lasts[-1] + 1:
                self._lasts[-1] = max(last, self._lasts[-1])
            else:
                self._firsts.append(first)
                self._lasts.append(last)

    def __contains__(self, character: str) -> bool:
        at = bisect_right(self._firsts, ord(character)) - 1
        return at >= 0 and ord(character) <= self._lasts[at]


def glyphs(path: Path) -> Glyphs:
    """The characters of a font, of the first one of a collection; none where it cannot be read."""
    try:
        with path.open("rb") as file:
            table = _table(file, b"cmap")
        return Glyphs(_ranges(table))
    except (OSError, struct.error, ValueError):
        return Glyphs([])


def _table(file: BinaryIO, tag: bytes) -> bytes:
    start = 0
    if file.read(4) == b"ttcf":
        file.seek(12)
        (start,) = struct.unpack(">L", file.read(4))
    file.seek(start + 4)
    (count,) = struct.unpack(">H", file.read(2))
    file.seek(start + 12)
    for _ in range(count):
        name, _, offset, length = struct.unpack(">4sLLL", file.read(16))
        if name == tag:
            if length > MOST_BYTES:
                raise ValueError("a table of that size is no font's")
            file.seek(offset)
            return file.read(length)
    raise ValueError("no such table")


def _ranges(table: bytes) -> list[tuple[int, int]]:
    (count,) = struct.unpack_from(">H", table, 2)
    found: list[tuple[int, int]] = []
    seen: set[int] = set()
    for index in range(count):
        platform, encoding, offset = struct.unpack_from(">HHL", table, 4 + 8 * index)
        if (platform, encoding) in UNICODE and offset not in seen:
            seen.add(offset)
            (form,) = struct.unpack_from(">H", table, offset)
            if form == 4:
                found += _segments(table, offset)
            elif form == 12:
                found += _groups(table, offset)
    return found


def _segments(table: bytes, offset: int) -> list[tuple[int, int]]:
    """Format 4: segments of the first plane. Codes of a segment that lead to glyph 0 are left out."""
    (doubled,) = struct.unpack_from(">H", table, offset + 6)
    count = doubled // 2
    ends = struct.unpack_from(f">{count}H", table, offset + 14)
    begins = struct.unpack_from(f">{count}H", table, offset + 16 + doubled)
    places = offset + 16 + 3 * doubled
    found = []
    for index in range(count):
        first, last = begins[index], ends[index]
        (shift,) = struct.unpack_from(">H", table, places + 2 * index)
        if first > last or first == 0xFFFF:
            continue
        if shift == 0:
            found.append((first, last))
            continue
        base = places + 2 * index + shift
        drawn = struct.unpack_from(f">{last - first + 1}H", table, base)
        found += [(first + at, first + at) for at, glyph in enumerate(drawn) if glyph]
    return found


def _groups(table: bytes, offset: int) -> list[tuple[int, int]]:
    """Format 12: groups over all planes."""
    (count,) = struct.unpack_from(">L", table, offset + 12)
    if count * 12 > len(table):
        raise ValueError("more groups than the table has room for")
    groups = (struct.unpack_from(">LLL", table, offset + 16 + 12 * at) for at in range(count))
    return [(first, last) for first, last, _ in groups]
