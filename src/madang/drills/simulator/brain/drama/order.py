"""What a prompt for a script asks for: labelled lines ("Theme: …", "Genre: …"), else the text as a whole."""

import re
from typing import NamedTuple

from madang.drills.simulator.brain.drama.library import Gender, Language, company

_SCANNED_CHARS = 20_000
_LABEL = r"(?im)^\W{0,4}(?:"
_VALUE = r")[^:\n\uff1a]{0,60}[:\uff1a][ \t]*(?P<value>[^\n]+)$"
_THEME = re.compile(_LABEL + "theme|topic|premise|주제|테마|主题|テーマ" + _VALUE)
_GENRE = re.compile(_LABEL + "genre|장르|类型|题材|ジャンル" + _VALUE)
_LANGUAGE = re.compile(_LABEL + "language|언어|语言|言語" + _VALUE)
_HERO = re.compile(_LABEL + "main character|protagonist|character|주인공|主角|主人公" + _VALUE)
_SETTING = re.compile(_LABEL + "setting|배경|背景|舞台" + _VALUE)
_VARIATION = re.compile(_LABEL + "variation|seed" + _VALUE)
_SCENES = re.compile(
    r"(?i)(\d{1,3})[ -](?:scenes?|beats?)|(\d{1,3})\s*(?:개의? ?장면|个场景|シーン)"
)
_SPEECH = re.compile(r"(?i)about (\d{1,5}) ?s(?:econds?)? of speech")
_NAME = re.compile(r"(?i:named|called)\s+([^\W\d_][\w-]{0,24})")
_FIRST = re.compile(
    r"^[^\W\d_][\w' -]{0,24}?(?=\s*(?:$|[,\uff0c、;:(\u2014\u2013]|\s-\s|\s(?:is|a|an|the)\b))"
)
_ARTICLES = frozenset({"a", "an", "the", "one", "some", "two"})
_FEMALE = re.compile(
    r"(?i)\b(?:woman|girl|she|her|mother|daughter|sister|queen)\b|여자|여성|소녀|어머니|女|娘|母"
)
_MALE = re.compile(
    r"(?i)\b(?:man|boy|he|his|father|son|brother|king)\b|남자|남성|소년|아버지|男|父|彼は"
)
_LETTERS: tuple[tuple[Language, re.Pattern[str]], ...] = (
    ("ko", re.compile(r"[\uac00-\ud7a3]")),
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
)
_TONGUES: tuple[tuple[Language, re.Pattern[str]], ...] = (
    ("ko", re.compile(r"(?i)\bko(?:rean|-kr)?\b|한국어|韩语|韩文|韓国語")),
    ("zh", re.compile(r"(?i)\bzh\b|\bchinese\b|\bmandarin\b|중국어|中文|汉语|中国語")),
    ("ja", re.compile(r"(?i)\bja(?:panese|-jp)?\b|일본어|日语|日文|日本語")),
    ("en", re.compile(r"(?i)\ben(?:glish|-us|-gb)?\b|영어|英语|英文|英語")),
)
_THEME_LATIN, _THEME_OTHER = 44, 18
_PROMISE: dict[Language, str] = {
    "en": "an old promise",
    "ko": "오래된 약속",
    "zh": "一个旧约定",
    "ja": "古い約束",
}


class Order(NamedTuple):
    """A script that is wanted. None: it is not said. `about`: what the prompt says of the main character."""

    theme: str
    genre: str
    language: Language
    hero: str | None
    about: str
    gender: Gender | None
    setting: str
    scenes: int | None
    speech_s: float | None
    variation: int


def read_order(text: str) -> Order:
    """The order in a prompt."""
    text = text[:_SCANNED_CHARS]
    theme = _value(_THEME, text) or " ".join(text.split())[:200]
    told = _value(_HERO, text)
    hero = _hero(told)
    about = told if hero is None else told.partition(hero)[2].strip(" ,\uff0c、;:()-\u2014\u2013")
    scenes, speech = _SCENES.search(text), _SPEECH.search(text)
    variation = _value(_VARIATION, text)
    return Order(
        theme=_short(theme),
        genre=_genre(_value(_GENRE, text), text),
        language=tongue(_value(_LANGUAGE, text)) or letters_of(theme),
        hero=hero,
        about=about,
        gender="female" if _FEMALE.search(told) else "male" if _MALE.search(told) else None,
        setting=_value(_SETTING, text),
        scenes=int(scenes[1] or scenes[2]) if scenes else None,
        speech_s=float(speech[1]) if speech else None,
        variation=int(variation) if variation.isdecimal() and len(variation) < 16 else 0,
    )


def tongue(text: str) -> Language | None:
    """The language that a text names."""
    return next((language for language, names in _TONGUES if names.search(text)), None)


def letters_of(text: str) -> Language:
    """The language that a text is written in, by its letters."""
    return next((language for language, letters in _LETTERS if letters.search(text)), "en")


def sayable(words: str, language: Language) -> str:
    """Words as they are where they are written in this language's letters, else words that suit any story."""
    return words if letters_of(words) == language else _PROMISE[language]


def _value(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found["value"].strip() if found else ""


def _genre(named: str, text: str) -> str:
    for where in (named.partition(":")[0], named, text):
        lowered = where.lower()
        for genre, words in company().genres.items():
            if any(word in lowered for word in words):
                return genre
    return "drama"


def _hero(told: str) -> str | None:
    """The name in what is said of the main character; None where there is only a description."""
    if named := _NAME.search(told):
        return named[1]
    first = _FIRST.match(told)
    name = first.group().strip() if first else ""
    known = name and name.split()[0].lower() not in _ARTICLES and len(name.split()) <= 3
    return name if known else None


def _short(theme: str) -> str:
    """A theme that can be said in a line."""
    theme = " ".join(theme.split()).strip(" .。!?\u2026\"'")
    most = _THEME_LATIN if letters_of(theme) == "en" else _THEME_OTHER
    if len(theme) <= most:
        return theme
    cut = theme[:most]
    whole = cut.rsplit(" ", 1)[0] if " " in cut[most // 2 :] else cut
    return whole.rstrip(" ,、\uff0c") + "\u2026"
