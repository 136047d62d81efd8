"""A drama's script as a file for people, and what they changed in it as edits.

Rule: the file that comes back says all: an edit that it does not repeat is taken back.
"""

from collections.abc import Mapping
from typing import TypeVar

from msgspec import Struct

from madang_studio.errors import StudioError
from madang_studio.graph.revision import revised
from madang_studio.graph.survey import Survey, survey
from madang_studio.model.script import Script
from madang_studio.store import Project
from madang_studio.store.wishes import EditSort
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
    wishes = project.wishes
    lines = _new(old.lines, wanted.lines)
    people = _new(old.characters, wanted.characters)
    places = _new(old.places, wanted.places)
    for line, edit in lines.items():
        wishes.edit_line(drama, content, line, edit)
    for character in people.values():
        wishes.edit_character(drama, content, character)
    for place in places.values():
        wishes.edit_place(drama, content, place)
    taken = Taken(
        (*lines, *_let_go(project, seen, "lines", wanted.lines)),
        (*people, *_let_go(project, seen, "characters", wanted.characters)),
        (*places, *_let_go(project, seen, "places", wanted.places)),
    )
    if taken:
        project.dramas.go_on(drama)
    return taken


def _new(old: Mapping[str, T], wanted: Mapping[str, T]) -> dict[str, T]:
    return {name: it for name, it in wanted.items() if old.get(name) != it}


def _let_go(
    project: Project, seen: Survey, sort: EditSort, wanted: Mapping[str, object]
) -> list[str]:
    """Let edits go that are not wanted any more; the names of what they were about."""
    gone = [name for name in getattr(seen.edits, sort) if name not in wanted]
    for name in gone:
        project.wishes.take_back(seen.drama, seen.script_content or "", sort, name)
    return gone


def _written(seen: Survey) -> Script:
    if seen.script is None:
        raise StudioError(f"The script of drama {seen.drama} is not written yet.")
    return seen.script
