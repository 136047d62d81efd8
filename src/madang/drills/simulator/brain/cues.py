"""What a text offers to fill a form with: numbers, dates, addresses, people and places, in order."""

import re
from functools import cached_property

from madang.drills.simulator.brain.places import places
from madang.drills.simulator.records import Json

_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.]{0,30}\d)")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_URL = re.compile(r"https?://[^\s\"'<>)]{1,500}")
_QUOTED = re.compile(r"[\"“「『]([^\"”」』\n]{1,200})[\"”」』]")
_CODE = re.compile(r"`([^`\n]{1,500})`")
_PERSON = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][a-z]+\b|\b[A-Z][a-z]+(?=,? and [A-Z][a-z]+)")
_CAPITALISED = """
    Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May June
    July August September October November December English Korean Python Please Return Give
    Extract The What Json Today Tomorrow
"""
_NOT_A_PERSON = frozenset(_CAPITALISED.split())
_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_CUES = {"date": _DATE, "email": _EMAIL, "url": _URL, "quoted": _QUOTED, "code": _CODE}
_SCANNED_CHARS = 20_000


class Cues:
    """Reads `text` lazily. Numbers are taken in turn: each is handed out once, then the rest of the form makes do."""

    def __init__(self, text: str, place: str | None = None) -> None:
        self.text = text[:_SCANNED_CHARS]
        self._place = place
        self._taken = 0

    @cached_property
    def korean(self) -> bool:
        """Whether the text is written in Hangul."""
        return _HANGUL.search(self.text) is not None

    @cached_property
    def lowered(self) -> str:
        """The text in lower case, to look words up in."""
        return self.text.lower()

    @cached_property
    def _numbers(self) -> list[float]:
        return [float(found) for found in _NUMBER.findall(_DATE.sub(" ", self.text))[:100]]

    @cached_property
    def places(self) -> list[str]:
        """Named places; one alone where the form is about one of several."""
        return [self._place] if self._place else places(self.text)

    @cached_property
    def people(self) -> list[str]:
        """Capitalised words that are no place, day or month."""
        towns = " ".join(places(self.text))
        found = dict.fromkeys(_PERSON.findall(self.text))
        return [name for name in found if name not in _NOT_A_PERSON and name not in towns]

    def number(self, low: float, high: float, *, whole: bool) -> float | None:
        """The next number of the text if it fits, else None."""
        if self._taken >= len(self._numbers):
            return None
        value = self._numbers[self._taken]
        if not low <= value <= high or (whole and value != int(value)):
            return None
        self._taken += 1
        return value

    def mentions(self, word: Json) -> bool:
        """Whether a text stands in the prompt as a word of its own, in any case."""
        if not isinstance(word, str) or not word:
            return False
        return re.search(rf"\b{re.escape(word.lower())}\b", self.lowered) is not None

    def first(self, what: str) -> str | None:
        """The first date, email, url, quoted phrase, or piece of code (between backticks) of the text."""
        pattern = _CUES[what]
        found = pattern.search(self.text)
        return found.group(found.lastindex or 0) if found else None

    def how_many(self, name: str) -> int | None:
        """The number that stands before `name` or its singular: "three scenes" is not read, "3 scenes" is."""
        stem = re.escape(name.lower().rstrip("s"))
        found = re.search(
            rf"(\d{{1,3}})\s+(?:[\w-]+\s+)?{stem}|{stem}s?\s*[:=]?\s*(\d{{1,3}})\b", self.lowered
        )
        return int(found.group(1) or found.group(2)) if found and len(stem) > 2 else None
