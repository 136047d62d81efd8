"""What words of a prompt mean for the picture: looked up in the tables of `words.yaml`."""

import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import yaml

Colour = tuple[int, int, int]

COLOURS: dict[str, Colour] = {
    "navy": (38, 52, 92),
    "sky": (122, 178, 222),
    "red": (196, 52, 50),
    "wine": (120, 36, 58),
    "pink": (232, 150, 172),
    "orange": (226, 128, 54),
    "yellow": (236, 196, 76),
    "olive": (112, 116, 68),
    "green": (62, 128, 92),
    "teal": (44, 128, 136),
    "blue": (60, 100, 176),
    "purple": (118, 78, 156),
    "beige": (212, 188, 152),
    "brown": (124, 84, 58),
    "charcoal": (64, 66, 74),
    "grey": (142, 146, 154),
    "white": (240, 238, 232),
    "black": (38, 38, 46),
    "blond": (222, 186, 112),
}
"""What the colours of the table look like."""


class Found(NamedTuple):
    """A meaning, and where its word stands."""

    meaning: str
    start: int
    end: int


@cache
def tables() -> dict[str, dict[str, str]]:
    """All tables: their rows are meanings, with words between spaces."""
    text = (files("madang.drills.animatic") / "words.yaml").read_text(encoding="utf-8")
    read: dict[str, dict[str, str]] = yaml.load(text, yaml.BaseLoader)  # noqa: S506 - our own, texts only
    return read


def found(table: str, text: str) -> list[Found]:
    """Every meaning of a table that stands in `text`, in order of place; of words that overlap the longer one."""
    pattern, meanings = _pattern(table)
    return [
        Found(meanings[re.sub(r"[\s-]+", "-", hit.group())], hit.start(), hit.end())
        for hit in pattern.finditer(text.lower())
    ]


def meaning(table: str, text: str) -> str | None:
    """The meaning that is named most, and of equals the earliest row."""
    counts = dict.fromkeys(tables()[table], 0)
    for hit in found(table, text):
        counts[hit.meaning] += 1
    best = max(counts, key=counts.__getitem__)
    return best if counts[best] else None


@cache
def _pattern(table: str) -> tuple[re.Pattern[str], dict[str, str]]:
    meanings: dict[str, str] = {}
    for name, words in tables()[table].items():
        for word in words.split():
            meanings.setdefault(word, name)
    longest_first = sorted(meanings, key=lambda word: (-len(word), word))
    return re.compile("|".join(map(_matching, longest_first))), meanings


def _matching(word: str) -> str:
    spelled = re.escape(word).replace(r"\-", r"[\s-]+")
    return rf"(?<![a-z]){spelled}(?![a-z])" if word.isascii() else spelled
