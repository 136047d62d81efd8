"""What captions are made of: letters, their width, their direction, and how fast they can be read.

Figures are Netflix's Timed Text Style Guides (partnerhelp.netflixstudios.com): characters per line and per
second for adults, by language. No I/O.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from msgspec import Struct


class Reading(Struct, frozen=True):
    """How much of a script is read: columns of a row (a Hangul syllable takes 2), letters a second."""

    columns: int
    per_second: float


READING: Final[Mapping[str, Reading]] = {
    "latin": Reading(columns=42, per_second=17),
    "hangul": Reading(columns=32, per_second=12),
    "kana": Reading(columns=26, per_second=7),
    "han": Reading(columns=32, per_second=9),
}
"""Japanese: the guide's 4 a second holds for translations; speech in Japanese is faster than that."""

SHORTEST_MS: Final = 833
"""A caption stands so long where there is room (20 frames of 24)."""

LONGEST_MS: Final = 7_000

STEERING: Final = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f]")
"""Marks of direction from elsewhere: one that is never closed turns the rest of a file around."""

RIGHT_TO_LEFT: Final = "\u200f"
JOINERS: Final = "\u200d"


def plain(text: str) -> str:
    """A text as one line, without control characters and steering marks."""
    text = unicodedata.normalize("NFC", STEERING.sub("", text))
    return " ".join(
        "".join(" " if _control(character) else character for character in text).split()
    )


def script(text: str) -> str:
    """The row of READING for a text: by what most of its letters are; any kana makes it Japanese."""
    counts = dict.fromkeys(READING, 0)
    for character in text:
        counts[_script(ord(character))] += character.isalpha()
    if counts["kana"] and counts["kana"] + counts["han"] >= counts["hangul"]:
        counts["kana"] += counts["han"]
    return max(counts, key=lambda name: counts[name])


def columns(text: str) -> int:
    """How wide a text is, in widths of a Latin letter."""
    return sum(
        0 if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Mn")
        else 2 if unicodedata.east_asian_width(character) in "WF"
        else 1
        for character in text
    )  # fmt: skip


def marked(line: str) -> str:
    """A line that players draw in the right direction, its last full stop included."""
    return f"{RIGHT_TO_LEFT}{line}{RIGHT_TO_LEFT}" if runs_left(line) else line


def runs_left(line: str) -> bool:
    """Whether the first letter is of a script that is written from right to left."""
    for character in line:
        direction = unicodedata.bidirectional(character)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False


def units(text: str) -> list[str]:
    """The smallest parts between which a line may break, spaces kept at their ends.

    Words, and single characters where a script writes no spaces; never inside an emoji or before a closing
    mark.
    """
    found: list[str] = []
    for character in text:
        if found and not _may_break(found[-1], character):
            found[-1] += character
        else:
            found.append(character)
    return found


CLOSING: Final = frozenset(
    "\u3001\u3002\uff0c\uff0e\uff01\uff1f\uff1a\uff1b\u300d\u300f\u3011\u3015\uff09\u2019\u201d\u2026\u30fc"
    "!?.,:;)]}%"
)
"""What no line begins with: closing marks of East Asian and Latin scripts, the sign for a long vowel."""

OPENING: Final = frozenset("\u300c\u300e\u3010\u3014\uff08\u2018\u201c([{")


def _may_break(before: str, character: str) -> bool:
    if character.isspace() or character in CLOSING or _joins(character) or before[-1] in JOINERS:
        return False
    if before[-1] in OPENING:
        return False
    return before[-1].isspace() or _unspaced(before[-1]) or _unspaced(character)


def _joins(character: str) -> bool:
    """Whether it belongs to the character before it: marks, joiners, tones of skin, selectors."""
    modifier = "\U0001f3fb" <= character <= "\U0001f3ff"
    return modifier or unicodedata.category(character) in ("Mn", "Mc", "Me", "Cf")


def _unspaced(character: str) -> bool:
    return _script(ord(character)) in ("kana", "han")


def _script(code: int) -> str:
    if 0xAC00 <= code <= 0xD7A3 or 0x1100 <= code <= 0x11FF or 0x3130 <= code <= 0x318F:
        return "hangul"
    if 0x3040 <= code <= 0x30FF or 0x31F0 <= code <= 0x31FF:
        return "kana"
    if 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or 0x20000 <= code <= 0x3FFFF:
        return "han"
    return "latin"


def _control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Co", "Zl", "Zp")
