"""A drama's script as a file for people, and what they changed in it as edits.

Rule: the file that comes back says all: an edit that it does not repeat is taken back.
"""

from collections.abc import Mapping
from typing import TypeVar

from msgspec import Struct

from madang_studio.errors import StudioError
from madang_studio.graph.revision import revised
from madang_studio.graph.survey import Survey, survey
from madang_studio.model.edits import LineEdit
from madang_studio.model.script import Script
from madang_studio.store import Project
from madang_studio.writing.changes import changes_between
from madang_studio.writing.script_file import script_from

T = TypeVar("T")


class Taken(Struct, frozen=True):
    """What was changed: lines by id, people and places by name."""

    lines: tuple[str, ...]
    characters: tuple[str, ...]
    places: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.lines or self.characters or self.places)


def script_now(project: Project, drama: str) -> Script:
    """The script with people's edits. Raises StudioError: it is not written yet."""
    seen = survey(project, drama)
    return revised(_written(seen), seen.edits)


def take_in(project: Project, drama: str, text: str, name: str) -> Taken:
    """Take in a changed script. Raises BadScript with every fault and its line; then nothing is changed."""
    seen = survey(project, drama)
    written, content = _written(seen), seen.script_content or ""
    old, wanted = seen.edits, changes_between(written, script_from(text, name))
    lines = _put(old.lines, wanted.lines, dict.fromkeys(old.lines, LineEdit()))
    people = _put(old.characters, wanted.characters, {it.name: it for it in written.characters})
    places = _put(old.places, wanted.places, {it.name: it for it in written.places})
    for line, edit in lines.items():
        project.wishes.edit_line(drama, content, line, edit)
    for character in people.values():
        project.wishes.edit_character(drama, content, character)
    for place in places.values():
        project.wishes.edit_place(drama, content, place)
    taken = Taken(tuple(lines), tuple(people), tuple(places))
    if taken:
        project.dramas.go_on(drama)
    return taken


def _put(old: Mapping[str, T], wanted: Mapping[str, T], written: Mapping[str, T]) -> dict[str, T]:
    """What to lay over what lies there: new edits, and what was written where one is taken back."""
    now = {**{name: written[name] for name in old if name in written}, **wanted}
    return {name: it for name, it in now.items() if old.get(name) != it}


def _written(seen: Survey) -> Script:
    if seen.script is None:
        raise StudioError(f"The script of drama {seen.drama} is not written yet.")
    return seen.script
