"""What a person changed in a script, as edits that lie over it: only what depends on them is made again.

Rule: what a person wrote is what is filmed. Words and emotions of lines, people and places are edits by
themselves; anything else makes the scenes that differ anew, and leaves the others as they were cut.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeVar

from msgspec.structs import replace

from madang_studio.errors import BadScript
from madang_studio.model.edits import Edits, LineEdit
from madang_studio.model.script import Character, Line, Place, Scene, Script

_OF_THE_BRIEF: Final = ("genre", "language")
_ON_ITS_OWN: Final = ("title", "logline", "music")

Named = TypeVar("Named", Character, Place)


def changes_between(written: Script, edited: Script, now: Script | None = None) -> Edits:
    """Edits that make `edited` of `written`; `now`: what people made of it before, as scenes are cut.

    Raises BadScript where the brief says otherwise.
    """
    if others := [it for it in _OF_THE_BRIEF if getattr(written, it) != getattr(edited, it)]:
        raise BadScript(
            f"{' and '.join(others)}: that is said by the brief, and everything depends on it; for another "
            "one begin another drama."
        )
    base = _base(edited, (written, now or written))
    said = {line.id: line for line in _lines(base)}
    return Edits(
        whole=base if base != written else None,
        lines={
            line.id: _edit(said[line.id], line) for line in _lines(edited) if line != said[line.id]
        },
        characters={one.name: one for one in edited.characters if one not in base.characters},
        places={one.name: one for one in edited.places if one not in base.places},
    )


def differences(before: Script, after: Script) -> Iterator[str]:
    """What differs beside lines, people and places, in words."""
    yield from (it for it in _ON_ITS_OWN if getattr(before, it) != getattr(after, it))
    old, new = ({one.id: _outline(one) for one in it.scenes} for it in (before, after))
    yield from (f"scene {it}" for it in dict.fromkeys((*old, *new)) if old.get(it) != new.get(it))
    if old.keys() == new.keys() and list(old) != list(new):
        yield "the order of scenes"


def _base(edited: Script, known: Sequence[Script]) -> Script:
    """`edited`, with scenes, people and places as they are known where edits can say what is different."""
    return replace(
        edited,
        characters=tuple(_known(one, (it.characters for it in known)) for one in edited.characters),
        places=tuple(_known(one, (it.places for it in known)) for one in edited.places),
        scenes=tuple(_cut(one, known) for one in edited.scenes),
    )


def _known(one: Named, lists: Iterable[Sequence[Named]]) -> Named:
    return next((it for some in lists for it in some if it.name == one.name), one)


def _cut(scene: Scene, known: Iterable[Script]) -> Scene:
    """The scene as it was cut into shots, if only words and emotions differ."""
    outline = _outline(scene)
    return next((it for script in known for it in script.scenes if _outline(it) == outline), scene)


def _outline(scene: Scene) -> Scene:
    """A scene without what is said, and how."""
    return replace(scene, lines=tuple(Line(line.id, line.character, "") for line in scene.lines))


def _lines(script: Script) -> Iterator[Line]:
    return (line for scene in script.scenes for line in scene.lines)


def _edit(before: Line, after: Line) -> LineEdit:
    return LineEdit(
        text=after.text if after.text != before.text else None,
        emotion=after.emotion if after.emotion != before.emotion else None,
    )
