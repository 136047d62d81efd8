"""Whether what a drama needs is there: asked before anything is paid for it, and again when more is known.

Rule: nothing that costs money happens while something is missing that a person has to provide; and a
gateway that does not answer just now is no reason to stand still: the work itself will wait for it.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, TypeVar

from madang_studio.errors import MissingTool, NotOffered, Unavailable
from madang_studio.gateway import Door, SpeechAsk, VideoAsk
from madang_studio.programs import fonts
from madang_studio.programs.disk import check_room
from madang_studio.programs.fitness import check_ffmpeg
from madang_studio.runner.needs import Needs

_REMEMBERED_S: Final = 60.0
"""Who could do something a minute ago still can: hundreds of dramas need the same."""

_WRITE: Final = "Configure a provider of text that has such a model."
_FILM: Final = (
    "Configure a provider of video, name another model (--video), "
    "or accept drawn frames in its place (--video animatic)."
)
_SPEAK: Final = (
    "Configure a provider of speech, name another model (--speech), "
    "or accept a machine's reading in its place (--speech scratch-voice)."
)

Question = TypeVar("Question", str, SpeechAsk, VideoAsk)


class Preflight:
    """Looks for a project at `root`, with a gateway behind `door` (None: only at this machine)."""

    def __init__(self, root: Path, door: Door | None) -> None:
        self._root, self._door = root, door
        self._there: dict[object, float] = {}
        self._drawn: dict[frozenset[str], frozenset[str]] = {}

    def check(self, needs: Needs) -> tuple[str, ...]:
        """What will have to do without something, in words. Raises MissingTool, NoRoom, NotOffered."""
        check_ffmpeg()
        check_room(self._root, needs.room_bytes)
        left_out = self._left_out(needs.letters)
        missing = tuple(self._missing(needs))
        if missing:
            raise NotOffered(" ".join(missing))
        if not left_out:
            return ()
        return (
            f"No font has {' '.join(sorted(left_out))}: left out of the captions in the picture.",
        )

    def _left_out(self, letters: str) -> frozenset[str]:
        """What captions will lack. Raises MissingTool for a letter that cannot be drawn."""
        needed = frozenset(letters)
        if needed and needed not in self._drawn:
            try:
                self._drawn[needed] = fonts.choose("".join(sorted(needed))).left_out
            except MissingTool as error:
                raise MissingTool(
                    f"{error}; or have no captions in the picture (--burned none)"
                ) from error
        return self._drawn.get(needed, frozenset())

    def _missing(self, needs: Needs) -> Iterator[str]:
        """What nobody does, each with what to do about it."""
        if self._door is not None:
            yield from self._lacking("write", needs.models, self._door.can_write, _WRITE)
            yield from self._lacking("speak", needs.voices, self._door.can_speak, _SPEAK)
            yield from self._lacking("film", needs.clips, self._door.can_film, _FILM)

    def _lacking(
        self, what: str, questions: Sequence[Question], ask: Callable[[Question], None], advice: str
    ) -> Iterator[str]:
        refusals = dict.fromkeys(filter(None, (self._refusal(it, ask) for it in questions)))
        if refusals:
            yield f"Nobody can {what} it: {' '.join(refusals)} {advice}"

    def _refusal(self, question: Question, ask: Callable[[Question], None]) -> str | None:
        if self._there.get(question, 0.0) > time.monotonic():
            return None
        try:
            ask(question)
        except NotOffered as error:
            return str(error)
        except Unavailable:
            return None
        self._there[question] = time.monotonic() + _REMEMBERED_S
        return None
