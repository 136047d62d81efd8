"""A drama's script as a file for people, and what they changed in it as edits.

Rule: the file that comes back says all: an edit that it does not repeat is taken back.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from madang_studio.errors import StudioError
from madang_studio.graph.revision import revised
from madang_studio.graph.survey import Survey, survey
from madang_studio.model.script import Character, Line, Place, Script
from madang_studio.store import Project
from madang_studio.writing.changes import changes_between, differences
from madang_studio.writing.script_file import script_from


class Taken(Struct, frozen=True):
    """What was changed: lines by id, people and places by name, and others in words (`title`, `scene 2`)."""

    lines: tuple[str, ...]
    characters: tuple[str, ...]
    places: tuple[str, ...]
    others: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.lines or self.characters or self.places or self.others)


def script_now(project: Project, drama: str) -> Script:
    """The script with people's edits. Raises StudioError: it is not written yet."""
    seen = survey(project, drama)
    return revised(_written(seen), seen.edits)


def take_in(project: Project, drama: str, text: str, name: str) -> Taken:
    """Take in a changed script. Raises BadScript with every fault and its line; then nothing is changed."""
    seen = survey(project, drama)
    written, after = _written(seen), script_from(text, name)
    wanted = changes_between(written, after, seen.script)
    before = revised(written, seen.edits)
    taken = Taken(
        lines=_changed(_by_id(before), _by_id(after)),
        characters=_changed(_by_name(before.characters), _by_name(after.characters)),
        places=_changed(_by_name(before.places), _by_name(after.places)),
        others=tuple(differences(before, after)),
    )
    if taken:
        project.wishes.revise(drama, seen.script_content or "", wanted)
        project.dramas.go_on(drama)
    return taken


def _changed(before: Mapping[str, object], after: Mapping[str, object]) -> tuple[str, ...]:
    """Names of what is another thing, is new, or is there no more."""
    return tuple(it for it in dict.fromkeys((*after, *before)) if before.get(it) != after.get(it))


def _by_id(script: Script) -> dict[str, Line]:
    return {line.id: line for scene in script.scenes for line in scene.lines}


def _by_name(some: Iterable[Character | Place]) -> dict[str, Character | Place]:
    return {one.name: one for one in some}


def _written(seen: Survey) -> Script:
    if seen.written is None:
        raise StudioError(f"The script of drama {seen.drama} is not written yet.")
    return seen.written
