"""What a person changed in a script, as edits that lie over it: only what depends on them is made again.

Rule: a change that edits cannot say is refused by name, never dropped.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from madang_studio.errors import BadScript
from madang_studio.model.edits import Edits, LineEdit
from madang_studio.model.script import Line, Scene, Script

_FIXED: Final = ("title", "genre", "language", "logline", "music")
_FIXED_IN_SCENES: Final = ("description", "place", "characters", "camera", "setting")


def changes_between(written: Script, edited: Script) -> Edits:
    """Edits that make `edited` of `written`: words and emotions of lines, people, places.

    Raises BadScript where anything else differs.
    """
    if others := [*_others(written, edited)]:
        raise BadScript(
            f"{', '.join(others)}: that cannot be changed in a script that is being filmed. Lines, their "
            "emotions, people and places can; for anything else begin another drama."
        )
    said = {line.id: line for line in _lines(written)}
    return Edits(
        lines={
            line.id: _edit(said[line.id], line) for line in _lines(edited) if line != said[line.id]
        },
        characters={one.name: one for one in edited.characters if one not in written.characters},
        places={one.name: one for one in edited.places if one not in written.places},
    )


def _others(written: Script, edited: Script) -> Iterator[str]:
    """What differs and is no edit."""
    yield from (name for name in _FIXED if getattr(written, name) != getattr(edited, name))
    for what in ("characters", "places", "scenes"):
        if _names(getattr(written, what)) != _names(getattr(edited, what)):
            yield f"the list of {what}"
    for before, after in zip(written.scenes, edited.scenes, strict=False):
        yield from _others_in(before, after)


def _others_in(before: Scene, after: Scene) -> Iterator[str]:
    for name in _FIXED_IN_SCENES:
        if getattr(before, name) != getattr(after, name):
            yield f"{name} of scene {before.id}"
    if [(line.id, line.character) for line in before.lines] != [
        (line.id, line.character) for line in after.lines
    ]:
        yield f"who speaks when in scene {before.id}"


def _names(some: Sequence[Any]) -> list[str]:
    return [getattr(one, "name", None) or one.id for one in some]


def _lines(script: Script) -> Iterator[Line]:
    return (line for scene in script.scenes for line in scene.lines)


def _edit(before: Line, after: Line) -> LineEdit:
    return LineEdit(
        text=after.text if after.text != before.text else None,
        emotion=after.emotion if after.emotion != before.emotion else None,
    )
