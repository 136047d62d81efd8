"""Where one text goes on from another: how much of the old the new one says again.

A model that is asked to go on often begins with the last words that are there. Short repetitions
are left alone, because languages repeat themselves; so are long ones that are made of the same few
characters again and again (rulers, indentation, laughter), of which nobody can tell how many were
meant.
"""

from typing import Final

LEAST_OVERLAP: Final = 16
"""Characters: less may well be meant."""

MOST_OVERLAP: Final = 200
"""Characters: so much of the old text is looked at, and so much of the new is held back at most."""


def repeated(tail: str, text: str, *, is_all: bool) -> int | None:
    """How many characters at the beginning of `text` repeat the end of `tail`; None: more text has to tell.

    The longest repetition counts. `is_all`: no more text will come.
    """
    longest = 0
    for length in range(LEAST_OVERLAP, min(len(tail), MOST_OVERLAP) + 1):
        end = tail[-length:]
        if length > len(text):
            if not is_all and end.startswith(text):
                return None
        elif text.startswith(end) and not _is_monotonous(end):
            longest = length
    return longest


def _is_monotonous(text: str) -> bool:
    """Whether the text is something short, said at least twice."""
    return any(text[period:] == text[:-period] for period in range(1, len(text) // 2 + 1))
