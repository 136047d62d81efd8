"""Genres: how a script of each is asked for and what its pictures look like.

Rows are files of `templates`: `NAME.yaml` is the genre NAME.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated

import msgspec
import yaml
from msgspec import Meta, Struct

from madang_studio.errors import BadScript
from madang_studio.model.script import Music

Words = Annotated[str, Meta(min_length=1, max_length=300)]
Several = Annotated[tuple[Words, ...], Meta(min_length=1, max_length=12)]
Tempo = Annotated[int, Meta(ge=40, le=200)]


class Camera(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The genre's words for the camera, by what a shot shows."""

    establishing: Several
    speaking: Several
    reaction: Several
    action: Several


class Genre(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A genre. `tempo_bpm` is slowest and fastest; `hints` are by language, in that language."""

    name: Words
    tone: Words
    beats: Several
    avoid: tuple[Words, ...] = ()
    picture: Words
    camera: Camera
    moods: Several
    tempo_bpm: tuple[Tempo, Tempo]
    hints: Mapping[str, Words] = {}

    @property
    def music(self) -> Music:
        """The bed that suits where a script says nothing of it."""
        low, high = self.tempo_bpm
        mood = msgspec.convert({"mood": self.moods[0]}, Music).mood
        return Music(mood=mood, tempo_bpm=(low + high) // 2)


def genres() -> list[str]:
    """The names of all genres, in order."""
    names = [one.name for one in _templates().iterdir()]
    return sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml"))


def genre_of(name: str) -> Genre:
    """A genre by name. Raises BadScript: unknown."""
    wanted, known = name.strip().casefold(), genres()
    if wanted in known:
        return _template(wanted)
    near = get_close_matches(wanted, known, 1, 0.6)
    hint = f"Did you mean {near[0]}? " if near else ""
    raise BadScript(f"There is no genre {name!r}. {hint}There are {', '.join(known)}.")


@cache
def _template(name: str) -> Genre:
    """Read once: each brief of a batch and each prompt of a film asks for its genre, which takes 5 ms to read."""
    return read_genre(_templates() / f"{name}.yaml")


def read_genre(file: Traversable) -> Genre:
    """The genre of a file. Raises BadScript: broken."""
    try:
        tree = yaml.load(file.read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506 - texts only
        genre = msgspec.convert(tree, Genre, strict=False)
        msgspec.convert([{"mood": mood} for mood in genre.moods], list[Music])
    except (yaml.YAMLError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise BadScript(f"The template {file.name} cannot be read: {error}") from error
    return genre


def _templates() -> Traversable:
    return files("madang_studio.writing") / "templates"
