"""A text for a string of a schema: by format, from the prompt, by pattern, or from the bank."""

import re

from madang.drills.simulator.brain import bank
from madang.drills.simulator.brain.cues import Cues
from madang.drills.simulator.records import Json

PLACE_WORDS = frozenset(
    {"city", "location", "place", "town", "destination", "where", "cities", "locations"}
)
_PEOPLE_WORDS = frozenset(
    {"participants", "people", "attendees", "guests", "names", "members", "friends"}
)
_QUESTION_WORDS = frozenset(
    {"query", "question", "text", "message", "prompt", "input", "content", "search", "topic"}
)
_SUM_WORDS = frozenset({"expression", "formula", "equation"})
_COMMAND_WORDS = frozenset({"command", "cmd", "script"})
_SUM = re.compile(r"[\d(][\d\s.+*/()^-]*[\d)]")
_REPEATED_GROUP = re.compile(r"\)[+*{]")
_SOME_PLACES = ("Seoul", "Paris", "Tokyo")
_MAX_STRING = 10_000
_MAX_PATTERN = 200
_MAX_TRIED, _MAX_TRIED_REPEATED = 40, 12
_QUESTION_CHARS = 200
_SUM_CHARS = 1_000


def string_for(schema: dict[str, Json], name: str, index: int, cues: Cues) -> str:
    """A text that fits format, pattern and length. `index` is its place in an array: items differ."""
    low = min(_length(schema.get("minLength"), 0), _MAX_STRING)
    high = min(_length(schema.get("maxLength"), _MAX_STRING), _MAX_STRING)
    text = _text(schema.get("format"), name, index, cues)
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and len(pattern) <= _MAX_PATTERN:
        text = _matching(pattern, text, low, high)
    if len(text) < low:
        text = ((text + " ") * (low // (len(text) + 1) + 1))[:low]
    return text[:high]


def _length(value: Json, default: int) -> int:
    """A length as a whole number; Gemini's are strings."""
    if isinstance(value, str) and value.isdecimal():
        return int(value[:9])
    return int(value) if isinstance(value, int | float) and 0 <= value < _MAX_STRING else default


def _text(form: Json, name: str, index: int, cues: Cues) -> str:
    words = set(bank.words_of(name))
    if isinstance(form, str) and form in bank.FORMATS:
        named = cues.first("date") if form == "date" else None
        return named or _turn(bank.FORMATS[form], index)
    found = _from_prompt(words, index, cues)
    if found is not None:
        return found
    if "date" in words:
        return _turn(bank.FORMATS["date"], index)
    if "id" in words:
        return f"{'-'.join(bank.words_of(name)[:-1]) or 'item'}-{index + 1}"
    return bank.string(name, index, korean=cues.korean) or f"{name or 'value'} {index + 1}"


def _from_prompt(words: set[str], index: int, cues: Cues) -> str | None:
    """What the prompt offers for a field of these words."""
    if words & PLACE_WORDS:
        return _turn(tuple(cues.places) or _SOME_PLACES, index)
    if words & _PEOPLE_WORDS and cues.people:
        return _turn(tuple(cues.people), index)
    for what in ("date", "email", "url"):
        if what in words and (found := cues.first(what)):
            return found
    if words & _COMMAND_WORDS and (found := cues.first("code")):
        return found
    if words & _SUM_WORDS and (written := _SUM.search(cues.text[:_SUM_CHARS])):
        return written.group().strip()
    if words & _QUESTION_WORDS and cues.text.strip():
        return cues.first("quoted") or cues.text.strip()[:_QUESTION_CHARS]
    return None


def _turn(values: tuple[str, ...], index: int) -> str:
    return values[index % len(values)]


def _matching(pattern: str, wanted: str, low: int, high: int) -> str:
    """The first text that fits. Patterns that may backtrack for ever are tried on short texts only."""
    longest = _MAX_TRIED_REPEATED if _REPEATED_GROUP.search(pattern) else _MAX_TRIED
    try:
        form = re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return wanted
    tries = [wanted, *bank.PATTERN_TRIES, "1" * min(low, longest), "a" * min(low, longest)]
    for text in tries:
        if low <= len(text) <= min(high, longest) and form.search(text):
            return text
    return wanted
