# ruff: noqa: RUF001 - punctuation of many writings
"""Languages as rows, and how long it takes to say something.

Source of the figures: syllables a second of read speech from Pellegrino, Coupé and Marsico, "A
cross-language perspective on speech information rate" (Language 87:3, 2011): English 6.19, Japanese
7.84, Mandarin 5.18; a tenth slower, as actors do not hurry. A Han character is one syllable in
Chinese and about two in Japanese; a Hangul block is one. Alphabets: 160 words a minute at the usual
length of written words. Estimates only: what a voice really takes is measured when it has spoken.
"""

import unicodedata
from collections import Counter
from functools import lru_cache
from typing import Final

from msgspec import Struct

LETTERS_PER_S: Final = {
    "LATIN": 13.0,
    "CYRILLIC": 12.5,
    "GREEK": 12.5,
    "ARABIC": 10.0,  # short vowels are not written
    "HEBREW": 9.5,
    "DEVANAGARI": 10.0,
    "THAI": 9.0,
    "HANGUL": 5.5,
    "CJK": 4.6,
    "HIRAGANA": 7.0,
    "KATAKANA": 7.0,
    "DIGIT": 3.0,
}
_OTHER_LETTERS_PER_S: Final = 8.0
_JAPANESE_HAN_PER_S: Final = 3.5

_ENDS: Final = ".!?…。！？؟।"
_COMMAS: Final = ",;:—，、；：،"
_END_MS: Final = 300
_COMMA_MS: Final = 150


class Language(Struct, frozen=True):
    """A language that scripts are written in: what it is called, and what it is written with.

    `frequent`: words that no text does without, for telling languages of one alphabet apart.
    """

    name: str
    writing: frozenset[str] = frozenset({"LATIN"})
    frequent: str = ""


_JAPANESE: Final = frozenset({"HIRAGANA", "KATAKANA", "CJK"})
_CYRILLIC: Final = frozenset({"CYRILLIC"})
_ARABIC: Final = frozenset({"ARABIC"})

LANGUAGES: Final[dict[str, Language]] = {
    "en": Language("English", frequent="the and you is that was not are this have of with"),
    "es": Language("Spanish", frequent="el los que una por con para está pero más las muy"),
    "fr": Language("French", frequent="les est vous que une pas dans pour avec je il ce"),
    "de": Language("German", frequent="der die das ist nicht ich und ein du wir mit auf"),
    "it": Language("Italian", frequent="il che non una sono per è di con gli ma ti"),
    "pt": Language("Portuguese", frequent="não você uma que para com está mais os eu do"),
    "nl": Language("Dutch", frequent="het een niet ik dat je zijn van maar wij met"),
    "vi": Language("Vietnamese", frequent="không tôi là của và anh em đã có một"),
    "id": Language("Indonesian", frequent="yang tidak aku kamu dan ini itu dengan untuk"),
    "tr": Language("Turkish", frequent="bir ve bu ben sen için değil ne çok var"),
    "pl": Language("Polish", frequent="nie się jest to na że jak ale co mnie"),
    "ko": Language("Korean", frozenset({"HANGUL"})),
    "ja": Language("Japanese", _JAPANESE),
    "zh": Language("Chinese", frozenset({"CJK"})),
    "yue": Language("Cantonese", frozenset({"CJK"})),
    "ru": Language("Russian", _CYRILLIC),
    "uk": Language("Ukrainian", _CYRILLIC),
    "bg": Language("Bulgarian", _CYRILLIC),
    "el": Language("Greek", frozenset({"GREEK"})),
    "ar": Language("Arabic", _ARABIC),
    "fa": Language("Persian", _ARABIC),
    "ur": Language("Urdu", _ARABIC),
    "he": Language("Hebrew", frozenset({"HEBREW"})),
    "hi": Language("Hindi", frozenset({"DEVANAGARI"})),
    "th": Language("Thai", frozenset({"THAI"})),
}


_LETTERS: Final[dict[str, str]] = {
    "CYRILLIC": "АБВабвжщэюяіїє",
    "GREEK": "ΑΒΓΔΕαβγδεάέώς",
    "ARABIC": "ابتثجحخدرسشصضطعغفقكلمنهوية",
    "HEBREW": "אבגדהוזחטילמנסעפצקרשת",
    "DEVANAGARI": "अआइउएककखगतदनपमयरलवसह",
    "THAI": "กขคงจชตทนปพมยรลวสหอ",
    "HANGUL": "가나다라마바사아말습니까했뭐",
    "CJK": "的是不我人有在他上大",
    "HIRAGANA": "あいうのはがをです",
    "KATAKANA": "アイウノンー",
}
"""Letters that no text of a writing does without."""

_SIMPLIFIED: Final = "这们说来时个对后"
_TRADITIONAL: Final = "這們說來時個對後"
_TRADITIONAL_TAGS: Final = frozenset({"hant", "tw", "hk", "mo"})


def letters_of(tag: str) -> str:
    """Letters that a text in a language will have, whatever it says; none for one that has no row."""
    row = language_of(tag)
    if row is None:
        return ""
    known = "".join(_LETTERS.get(writing, "") for writing in sorted(row.writing))
    if row.writing == frozenset({"CJK"}):
        traditional = row.name == "Cantonese" or set(tag.lower().split("-")) & _TRADITIONAL_TAGS
        known += _TRADITIONAL if traditional else _SIMPLIFIED
    return known + row.frequent.replace(" ", "")


def language_of(tag: str) -> Language | None:
    """The row of a tag such as `zh-Hant`; None for a language that has none here."""
    return LANGUAGES.get(tag.partition("-")[0].lower())


def language_name(tag: str) -> str:
    """What to call a language in a prompt: `Korean (ko)`, or the tag alone."""
    row = language_of(tag)
    return f"{row.name} ({tag})" if row else tag


def speech_ms(text: str, language: str) -> int:
    """About how many milliseconds it takes to say `text`, pauses inside it included."""
    counts = Counter(map(writing_of, text))
    rates = dict(LETTERS_PER_S)
    if language.partition("-")[0] == "ja":
        rates["CJK"] = _JAPANESE_HAN_PER_S
    spoken = sum(
        count / rates.get(writing, _OTHER_LETTERS_PER_S)
        for writing, count in counts.items()
        if writing
    )
    inside = text.rstrip()[:-1]
    pauses = sum(_END_MS * (char in _ENDS) + _COMMA_MS * (char in _COMMAS) for char in inside)
    return round(spoken * 1000) + pauses


def can_be_spoken(text: str) -> bool:
    """Whether there is a letter or a digit to say."""
    return any(map(writing_of, text))


def why_not_in(language: str, text: str) -> str | None:
    """Why a text is hardly in a language, judged by what it is written with; None: it may well be.

    Names and quotations in another writing are common, so half of the letters will do. Short texts
    are not judged, nor languages without a row.
    """
    row = language_of(language)
    counts = Counter(map(writing_of, text))
    letters = sum(counts.values()) - counts[""] - counts["DIGIT"]
    if row is None or letters < 12:
        return None
    fitting = sum(counts[writing] for writing in row.writing)
    if fitting * 2 < letters:
        most = max((w for w in counts if w not in ("", "DIGIT")), key=lambda w: counts[w])
        return f"is written in {most.capitalize()} letters, which {row.name} is not"
    kana = counts["HIRAGANA"] + counts["KATAKANA"]
    if row.writing == _JAPANESE and letters >= 40 and kana * 10 < letters:
        return "has hardly any kana, so it is no Japanese"
    if row.writing == frozenset({"CJK"}) and kana * 8 > letters:
        return f"has kana in it, so it is no {row.name}"
    return _why_another_of_its_alphabet(row, text)


def _why_another_of_its_alphabet(row: Language, text: str) -> str | None:
    """Told only where it is plain: another language's frequent words, and hardly any of its own."""
    words = Counter(word.strip(".,!?…\"'»«()").lower() for word in text.split())
    hits = {
        other.name: sum(words[word] for word in other.frequent.split())
        for other in LANGUAGES.values()
        if other.frequent
    }
    best = max(hits, key=lambda name: hits[name])
    if row.frequent and hits[best] >= 8 and hits[best] > 4 * hits[row.name]:
        return f"looks like {best}, not {row.name}"
    return None


@lru_cache(maxsize=4096)
def writing_of(char: str) -> str:
    """What a letter belongs to (`LATIN`, `HANGUL`, `CJK`), `DIGIT`, or "" for what is not spoken."""
    if char.isdigit():
        return "DIGIT"
    if not char.isalpha() and unicodedata.category(char) != "Mc":
        return ""
    return unicodedata.name(char, "OTHER").split(" ", 1)[0].split("-", 1)[0]
