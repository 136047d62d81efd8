"""Lines that somebody wants polished or translated: a JSON list in the prompt, each with an id and a text.

Translations are those of the stories' own lines, whoever plays in them; of anything else a stand-in that says so.
"""

import re
from functools import cache
from json import JSONDecoder
from typing import Any

from madang.drills.simulator.brain.drama.library import (
    LANGUAGES,
    Language,
    StockLine,
    company,
    stock,
)
from madang.drills.simulator.brain.drama.order import letters_of, sayable, tongue

_LIST = re.compile(r"\[\s*\{")
_TRANSLATES = re.compile(r"(?i)\btranslat|번역|翻译|翻訳")
_INTO = re.compile(r"(?i)\b(?:in)?to\s+(?P<name>[A-Za-z]{2,20}(?:\s*\([\w-]{2,12}\))?)")
_TAG = re.compile(r"\(([\w-]{2,12})\)")
_SLOT = re.compile(r"\\\{(\w+)\\\}")
_READER = JSONDecoder()
_HEAD_CHARS = 4_000
_STAND_IN: dict[Language, str] = {
    "en": "These words stand in for a translation.",
    "ko": "번역을 대신하는 말입니다.",
    "zh": "这句话代替译文。",
    "ja": "これは翻訳の代わりです。",
}
"""For words of which no translation is known: who judges the language should find the one that was asked for."""


def lines_in(text: str) -> list[dict[str, Any]] | None:
    """The lines that a prompt lists; None where it lists none."""
    for start in _LIST.finditer(text):
        try:
            found, _ = _READER.raw_decode(text, start.start())
        except (ValueError, RecursionError):
            continue
        if all(map(_is_line, found)):
            return list(found)
    return None


def _is_line(one: Any) -> bool:  # noqa: ANN401 - any JSON
    return isinstance(one, dict) and "id" in one and isinstance(one.get("text"), str)


def gone_over(text: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
    """The lines as the prompt wants them: translated, or, as they were good already, the same."""
    head = text[:_HEAD_CHARS]
    if not _TRANSLATES.search(head):
        return {"lines": lines}
    into = _INTO.search(head)
    named = into["name"] if into else head
    language, tag = tongue(named), _TAG.search(named)
    mark = tag[1] if tag else named.strip()[:20]
    return {
        "lines": [{**line, "text": _translated(line["text"], language, mark)} for line in lines]
    }


def _translated(text: str, language: Language | None, mark: str) -> str:
    if language is not None:
        for pattern, line in _patterns():
            if found := pattern.fullmatch(text.strip()):
                words = {
                    name: (sayable if name == "theme" else _respelled)(word, language)
                    for name, word in found.groupdict().items()
                }
                return line.said(language, words)
        if letters_of(text) != language:
            return f"[{mark}] {_STAND_IN[language]}"
    return f"[{mark}] {text}"


@cache
def _patterns() -> list[tuple[re.Pattern[str], StockLine]]:
    return [(_pattern(line.text(language)), line) for line in stock() for language in LANGUAGES]


def _pattern(text: str) -> re.Pattern[str]:
    spelled = _SLOT.sub(r"(?P<\1>.{1,80}?)", re.escape(text))
    return re.compile(re.sub(r"(\\\.|。)$", r"(?:\1)?", spelled))


def _respelled(word: str, language: Language) -> str:
    """A name of the company as one writes it there; anything else as it is."""
    for named in (name for names in company().names.values() for name in names):
        if word in (named.en, named.ko, named.zh, named.ja):
            return named.spelled(language)
    return word
