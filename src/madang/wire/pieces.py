"""A long text in pieces: as few as hold it, each cut where a reader would cut.

Rule: the pieces joined are the text, to the character. A cut is made after a paragraph, else after
a sentence or a line, else after a word, else between characters as a reader sees them; within a
block of code only where the block alone is too long.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from madang.wire.families import Family
from madang.wire.scripts import weigh

Share = Callable[[str], float]
"""Which part of a piece's room a text takes; 1.0 is all of it."""

Span = tuple[int, int]

_PARAGRAPH: Final = re.compile(r"\n[ \t\r]*\n\s*")
_SENTENCE: Final = re.compile(
    r"[.!?…]+[\"'”’»)\]]*\s+"  # noqa: RUF001 - quotation marks as they are printed
    r"|[。！？．]+[\"'”’」』）]*\s*"  # noqa: RUF001 - full width, which needs no blank
    r"|(?:니다|니까|어요|아요|에요|예요|여요|네요|군요|지요|까요|세요|해요)\s+"  # no full stop is needed
    r"|\n\s*"
)
_WORD: Final = re.compile(r"\s+|[、，；：,;]+")  # noqa: RUF001 - full width
_FENCE: Final = re.compile(r"^ {0,3}(`{3,}|~{3,})([^\n]*)(?:\n|\Z)", re.MULTILINE)

_LONGEST_CHARACTER: Final = 1024
"""What has more code points than this is no character to anybody, and may be cut."""

_FINE: Final = 64
"""How far the fullest piece is searched for: to this part of its length."""

_JOINER: Final = "\u200d"
_LEAD_JAMO: Final = range(0x1100, 0x1160)
_VOWEL_JAMO: Final = range(0x1160, 0x11A8)
_TAIL_JAMO: Final = range(0x11A8, 0x1200)
_SYLLABLES: Final = range(0xAC00, 0xD7A4)
_TAILS: Final = 28
_FLAGS: Final = range(0x1F1E6, 0x1F200)
_SKIN_TONES: Final = range(0x1F3FB, 0x1F400)
_TAGS: Final = range(0xE0020, 0xE0080)
_EXTENDING: Final = frozenset(("Mn", "Me", "Mc"))


class Ruler(Struct, frozen=True):
    """Measures texts for several models at once: `rooms` has the tokens of each one's room, by its family."""

    rooms: tuple[tuple[Family, float], ...]

    def share(self, text: str) -> float:
        """The part of its room that a text takes where it takes most."""
        weight = weigh(text.encode("utf-8", "replace"))
        return max(
            (weight.latin * family.latin + weight.other * family.other) / room
            for family, room in self.rooms
        )


def split(text: str, share: Share) -> list[str]:
    """The text in pieces, none of which takes more than its room (but for a character that does alone)."""
    blocks = code_blocks(text)
    pieces: list[str] = []
    at, guess = 0, len(text)
    while at < len(text):
        end = _end(text, at, guess, share, blocks)
        pieces.append(text[at:end])
        guess = max(end - at, 1)
        at = end
    return pieces


def code_blocks(text: str) -> list[Span]:
    """Where fenced blocks of code stand; one that nobody closes goes on to the end."""
    blocks: list[Span] = []
    opened: tuple[int, str] | None = None
    for fence in _FENCE.finditer(text):
        mark, info = fence[1], fence[2]
        if opened is None:
            opened = fence.start(), mark
        elif mark[0] == opened[1][0] and len(mark) >= len(opened[1]) and not info.strip():
            blocks.append((opened[0], fence.end()))
            opened = None
    if opened is not None:
        blocks.append((opened[0], len(text)))
    return blocks


def cuts_character(text: str, at: int) -> bool:
    """Whether a cut before `text[at]` goes through what a reader sees as one character.

    The rules of Unicode's extended grapheme clusters (UAX 29) but for prepended marks.
    """
    if not 0 < at < len(text):
        return False
    before, after = text[at - 1], text[at]
    if after == "\n":
        return before == "\r"
    left, right = ord(before), ord(after)
    if after in (_JOINER, "\u200c") or before == _JOINER or right in _SKIN_TONES or right in _TAGS:
        return True
    if unicodedata.category(after) in _EXTENDING:
        return True
    if 0xD800 <= left < 0xDC00 <= right < 0xE000:
        return True
    if right in _FLAGS and left in _FLAGS:
        return _flags_before(text, at) % 2 == 1
    return _is_one_syllable(left, right)


def whole_character(text: str, limit: int, at: int = 0) -> int:
    """The last place between two characters from `at` up to `limit`; `limit` itself where there is none near."""
    limit = max(limit, 0)
    for place in range(limit, max(at, limit - _LONGEST_CHARACTER), -1):
        if not cuts_character(text, place):
            return place
    return limit


def _flags_before(text: str, at: int) -> int:
    """How many halves of flags stand right before a place."""
    first = at
    while first > 0 and ord(text[first - 1]) in _FLAGS:
        first -= 1
    return at - first


def _is_one_syllable(left: int, right: int) -> bool:
    """Whether two letters of Hangul belong to one syllable."""
    open_syllable = left in _SYLLABLES and (left - _SYLLABLES.start) % _TAILS == 0
    if right in _TAIL_JAMO:
        return left in _VOWEL_JAMO or left in _TAIL_JAMO or left in _SYLLABLES
    if right in _VOWEL_JAMO:
        return left in _LEAD_JAMO or left in _VOWEL_JAMO or open_syllable
    return left in _LEAD_JAMO and (right in _LEAD_JAMO or right in _SYLLABLES)


def _end(text: str, at: int, guess: int, share: Share, blocks: Sequence[Span]) -> int:
    """Where the piece ends that begins at `at`."""
    limit = at + _longest(text, at, guess, share)
    while True:
        end = limit if limit == len(text) else _boundary(text, at, limit, blocks)
        # what is shorter may weigh more, as what looks like chance is weighed otherwise
        if share(text[at:end]) <= 1 or end - at <= 1:
            return end
        limit = max(at + 1, at + (end - at) * 3 // 4)


def _longest(text: str, at: int, guess: int, share: Share) -> int:
    """About how many characters fit, at least 1."""
    left = len(text) - at
    fits, high = 0, min(left, guess)
    while share(text[at : at + high]) <= 1:
        fits = high
        if high == left:
            return left
        high = min(left, high * 2)
    while high - fits > max(1, high // _FINE):
        middle = (fits + high) // 2
        if share(text[at : at + middle]) <= 1:
            fits = middle
        else:
            high = middle
    return max(fits, 1)


def _boundary(text: str, at: int, limit: int, blocks: Sequence[Span]) -> int:
    """The best place for a cut in the second half before `limit`, else the last possible one."""
    block = _block_at(blocks, limit)
    if block is not None and block[0] > at + (limit - at) // 4:
        return block[0]
    for pattern in (_PARAGRAPH, _SENTENCE, _WORD):
        found = _last(text, pattern, at + (limit - at) // 2, limit, blocks)
        if found is not None:
            return found
    return whole_character(text, limit, at)


def _last(
    text: str, pattern: re.Pattern[str], start: int, limit: int, blocks: Sequence[Span]
) -> int | None:
    """The last cut after a match, outside code where there is one; None: there is no match."""
    within: int | None = None
    for end in reversed([found.end() for found in pattern.finditer(text, start, limit)]):
        if cuts_character(text, end):
            continue
        if _block_at(blocks, end) is None:
            return end
        within = within or end
    return within


def _block_at(blocks: Sequence[Span], at: int) -> Span | None:
    """The block of code that a cut at this place goes through."""
    index = bisect_right(blocks, (at, 0)) - 1
    if index < 0:
        return None
    begin, end = blocks[index]
    return blocks[index] if begin < at < end else None
