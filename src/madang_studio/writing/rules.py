"""What a script has to keep so that it can become a film, whoever wrote it. No I/O.

The shape (types, lengths, known words) is judged before, by `judging`.
"""

import math
import re
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from madang_studio.model.script import NARRATOR, Scene, Script
from madang_studio.writing.judging import Fault
from madang_studio.writing.languages import can_be_spoken, speech_ms, why_not_in
from madang_studio.writing.mending import Place

LONGEST_LINE_MS: Final = 6_100
"""Of what models write: with a fifth and 600 ms of slack it fits into a shot of 8 s."""

LONGEST_EDITED_MS: Final = 7_800
"""Of what people write: it fits into a clip of 10 s, the most that common video models make."""

_MOST_SPOKEN: Final = 0.9  # of the wanted time: voices need some slack, and films pauses
_SCENES_PER_MINUTE: Final = 3  # twelve scenes for a drama of four minutes

_ID: Final = re.compile(r"[0-9A-Za-z]{1,8}(\.[0-9A-Za-z]{1,8}){0,3}")
"""Ids are part of names of files."""


class Limits(Struct, frozen=True):
    """How much there may be. `minutes` None: as long as it is."""

    minutes: float | None = None
    longest_line_ms: int = LONGEST_EDITED_MS

    @property
    def scenes(self) -> int:
        """How many scenes suit the wanted time."""
        return max(1, round((self.minutes or 1) * _SCENES_PER_MINUTE))

    @property
    def most_scenes(self) -> int:
        """How many scenes are possible."""
        return 400 if self.minutes is None else max(3, math.ceil(self.minutes * 8))


def faults_in(script: Script, limits: Limits) -> list[Fault]:
    """Everything that has to be different, in the order of the script."""
    return [
        *_in_names([one.name for one in script.characters], "characters"),
        *_in_names([one.name for one in script.places], "places"),
        *_in_ids(script),
        *(
            fault
            for index, scene in enumerate(script.scenes)
            for fault in _in_scene(scene, script, ("scenes", index), limits)
        ),
        *_in_whole(script, limits),
    ]


def _in_names(names: Sequence[str], where: str) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name.casefold() in seen:
            yield Fault((where, index, "name"), f"{name!r} is there twice: every name is one's own")
        if where == "characters" and name.casefold() == NARRATOR:
            yield Fault((where, index, "name"), f"is {NARRATOR!r}, the voice that is never seen")
        seen.add(name.casefold())


def _in_ids(script: Script) -> Iterator[Fault]:
    seen: set[str] = set()
    for number, scene in enumerate(script.scenes):
        places: list[tuple[Place, str]] = [(("scenes", number, "id"), scene.id)]
        for at, line in enumerate(scene.lines):
            places.append((("scenes", number, "lines", at, "id"), line.id))
        for place, one in places:
            if not _ID.fullmatch(one):
                yield Fault(
                    place, f"is {one[:40]!r}; an id is a few letters and digits: 3, 3.1, 3.1b"
                )
            elif one in seen:
                yield Fault(place, f"{one!r} is there twice; leave it out and a new one is given")
            seen.add(one)


def _in_scene(scene: Scene, script: Script, place: Place, limits: Limits) -> Iterator[Fault]:
    people = [one.name for one in script.characters]
    places = [one.name for one in script.places]
    if scene.place not in places:
        yield Fault((*place, "place"), f"{scene.place!r} is not among {_among(places)}")
    for index, name in enumerate(scene.characters):
        if name not in people:
            yield Fault((*place, "characters", index), f"{name!r} is not among {_among(people)}")
        elif name in scene.characters[:index]:
            yield Fault((*place, "characters", index), f"{name!r} is there twice")
    for index, line in enumerate(scene.lines):
        at = (*place, "lines", index)
        if line.character != NARRATOR and line.character not in people:
            known = _among([*people, NARRATOR])
            yield Fault((*at, "character"), f"{line.character!r} is not among {known}")
        elif line.character not in (NARRATOR, *scene.characters):
            yield Fault((*at, "character"), f"{line.character!r} speaks, but is not in this scene")
        yield from faults_of_text(line.text, script.language, (*at, "text"), limits)


def faults_of_text(text: str, language: str, place: Place, limits: Limits) -> Iterator[Fault]:
    """What keeps a line from being spoken in one shot."""
    if not can_be_spoken(text):
        yield Fault(place, f"{text[:20]!r} has nothing that can be spoken")
    spoken = speech_ms(text, language)
    if spoken > limits.longest_line_ms:
        yield Fault(
            place,
            f"takes about {spoken / 1000:.1f} s to say; at most {limits.longest_line_ms / 1000:.1f} s "
            "fit into a shot: make two lines of it, or a shorter one",
        )


def _in_whole(script: Script, limits: Limits) -> Iterator[Fault]:
    texts = [line.text for scene in script.scenes for line in scene.lines]
    count = len(script.scenes)
    if not 1 <= count <= limits.most_scenes:
        yield Fault(("scenes",), f"are {count}; between 1 and {limits.most_scenes} are possible")
    elif not texts:
        yield Fault(("scenes",), "have no lines: nobody says anything")
    if why := why_not_in(script.language, " ".join(texts)):
        yield Fault(
            ("scenes",), f"have lines whose text {why}; write all lines in {script.language}"
        )
    spoken_s = sum(speech_ms(text, script.language) for text in texts) / 1000
    if limits.minutes and spoken_s > limits.minutes * 60 * _MOST_SPOKEN:
        yield Fault(
            ("scenes",),
            f"take about {spoken_s:.0f} s to say for a film of {limits.minutes * 60:.0f} s: "
            "say less",
        )


def _among(names: Sequence[str]) -> str:
    return ", ".join(names[:12]) + (" …" if len(names) > 12 else "") if names else "no names at all"
