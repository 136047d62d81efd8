"""Stories, people and places as data: the files of `stories/`, read once, when first asked for."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import msgspec
import yaml
from msgspec import Struct

Language = Literal["en", "ko", "zh", "ja"]
LANGUAGES: tuple[Language, ...] = ("en", "ko", "zh", "ja")
Gender = Literal["female", "male"]


class StockLine(Struct, frozen=True, forbid_unknown_fields=True):
    """Something that is said: `by` a, b, c or narrator, in every language."""

    by: str
    emotion: str
    en: str
    ko: str
    zh: str
    ja: str

    def text(self, language: Language) -> str:
        """The words, with `{a}`, `{b}`, `{c}` and `{theme}` where they belong."""
        return str(getattr(self, language))

    def said(self, language: Language, words: Mapping[str, str]) -> str:
        """The words with what belongs into them; a theme that was cut short ends the sentence."""
        text = self.text(language).format(**words)
        return text.replace("\u2026.", "\u2026").replace("\u2026。", "\u2026")


class Beat(Struct, frozen=True, forbid_unknown_fields=True):
    """A scene to be. Beats of low `rank` are told first; `last`: the story ends with it."""

    place: str
    who: tuple[str, ...]
    description: str
    setting: str
    camera: str
    lines: tuple[StockLine, ...]
    rank: int = 9
    last: bool = False


class Story(Struct, frozen=True, forbid_unknown_fields=True):
    """A story. `cast`: the parts of a, b and c; `opposites`: a and b are a woman and a man."""

    titles: Mapping[str, tuple[str, ...]]
    logline: str
    cast: tuple[str, str, str]
    music: Mapping[str, Any]
    beats: tuple[Beat, ...]
    opposites: bool = False


class Named(Struct, frozen=True, forbid_unknown_fields=True):
    """A name in four spellings."""

    gender: Gender
    en: str
    ko: str
    zh: str
    ja: str

    def spelled(self, language: Language) -> str:
        """The name as one writes it in a language."""
        return str(getattr(self, language))


class PartLook(Struct, frozen=True, forbid_unknown_fields=True):
    """How somebody looks who plays a part."""

    age: str
    appearance: str
    clothing: str


class Company(Struct, frozen=True, forbid_unknown_fields=True):
    """Who can play, where, and the words by which genres are known."""

    names: Mapping[Language, tuple[Named, ...]]
    looks: Mapping[str, Mapping[Gender, tuple[PartLook, ...]]]
    places: Mapping[str, Mapping[str, str]]
    genres: Mapping[str, tuple[str, ...]]


class _Interludes(Struct, frozen=True, forbid_unknown_fields=True):
    beats: tuple[Beat, ...]


@cache
def company() -> Company:
    """People, places and genres."""
    return msgspec.convert(_read("people"), Company)


@cache
def story(genre: str) -> Story:
    """The story of a genre of `company().genres`."""
    return msgspec.convert(_read(genre), Story)


@cache
def interludes() -> tuple[Beat, ...]:
    """Scenes that any story has room for."""
    return msgspec.convert(_read("interludes"), _Interludes).beats


def stock() -> list[StockLine]:
    """Every line of every story."""
    beats = [*interludes(), *(beat for genre in company().genres for beat in story(genre).beats)]
    return [line for beat in beats for line in beat.lines]


def _read(name: str) -> Any:  # noqa: ANN401 - any YAML
    text = (files("madang.drills.simulator.brain.drama") / "stories" / f"{name}.yaml").read_text(
        "utf-8"
    )
    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
