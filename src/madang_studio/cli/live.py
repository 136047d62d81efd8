"""What is seen while dramas are made: a bar on a terminal, plain lines elsewhere. On standard error.

Rule: results go to standard output, so that a program reads nothing but them.
"""

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import click
from msgspec import Struct
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from madang_studio.batch.work import Watch
from madang_studio.store.events import Event

_EVERY_S: Final = 2.0
_PLAIN_EVERY_S: Final = 10.0

_WORDS: Final[Mapping[str, str]] = {
    "script/draft": "the script is drafted",
    "script/dialogue": "the dialogue is read again",
    "script/polish": "the script is polished",
    "shots": "scene {} is broken into shots",
    "translation": "translated: {}",
    "voice": "voice of line {}",
    "clip": "clip of shot {}",
    "music": "the music is there",
    "mix": "the sound is mixed",
    "captions": "captions: {}",
    "cut": "cut {}",
    "film": "the film is put together ({})",
    "check": "the film passed its technical check ({})",
    "package": "the package is packed",
}
"""What to say when something was made, by place, else by sort of place. Not told: what takes no time."""


_SILENT: Final = frozenset({"going", "done"})
_SAID_AT_THE_END: Final = frozenset({"blocked", "failed", "waiting"})
"""How a single drama stands is what its command ends with."""


class Far(Struct, frozen=True):
    """How far it is: so many of so many, and what else there is to say in a few words."""

    done: int
    whole: int
    words: str


@contextmanager
def live(look: Callable[[], Far], *, names: bool) -> Iterator[Watch]:
    """Show what happens while the block lasts. `look` is asked now and then; `names`: say which drama."""
    if sys.stderr.isatty():
        with _bar() as bar:
            yield _Screen(bar, look, names=names).hear
    else:
        yield _Lines(look, names=names).hear


def told(event: Event) -> str | None:
    """An event in words; None for what is not worth a line."""
    if event.what == "failed" and event.place:
        return f"{event.place} failed: {event.words or 'no reason was given'}"
    if event.what == "held" and event.place and event.words:
        return f"{event.place} is tried again: {event.words}"
    if event.place is None:
        return f"{event.what}: {event.words or ''}" if event.what not in _SILENT else None
    if event.what != "made":
        return None
    sort, _, rest = event.place.partition("/")
    words = _WORDS.get(event.place) or _WORDS.get(sort)
    return words.format(rest) if words else None


def _told(event: Event, *, names: bool) -> str | None:
    """The same where one drama is watched (`names` False) or many are."""
    ends = event.place is None and event.what in _SAID_AT_THE_END
    return None if ends and not names else told(event)


def _bar() -> Progress:
    return Progress(
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TextColumn("{task.description}", markup=False),
        console=Console(stderr=True, highlight=False),
        transient=True,
    )


class _Screen:
    """A bar that stays at the bottom, and lines above it."""

    def __init__(self, bar: Progress, look: Callable[[], Far], *, names: bool) -> None:
        self._bar, self._look, self._names = bar, look, names
        self._task = bar.add_task("", total=None)
        self._looked = 0.0

    def hear(self, events: Sequence[Event]) -> None:
        """Show what has happened, and how far it is."""
        for event in events:
            if (words := _told(event, names=self._names)) is not None:
                self._bar.console.print(_line(event, words, names=self._names), markup=False)
        if time.monotonic() - self._looked >= _EVERY_S:
            far = self._look()
            self._looked = time.monotonic()
            self._bar.update(self._task, completed=far.done, total=far.whole, description=far.words)


class _Lines:
    """Lines one after the other."""

    def __init__(self, look: Callable[[], Far], *, names: bool) -> None:
        self._look, self._names = look, names
        self._looked = time.monotonic()

    def hear(self, events: Sequence[Event]) -> None:
        """Say what has happened, and now and then how far it is."""
        for event in events:
            if (words := _told(event, names=self._names)) is not None:
                click.echo(_line(event, words, names=self._names), err=True)
        if time.monotonic() - self._looked >= _PLAIN_EVERY_S:
            far = self._look()
            self._looked = time.monotonic()
            click.echo(f"  {far.words}", err=True)


def _line(event: Event, words: str, *, names: bool) -> str:
    return f"{event.drama}  {words}" if names else words
