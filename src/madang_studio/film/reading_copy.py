"""A script for people to read, as text."""

from collections.abc import Iterator

from madang_studio.model.script import NARRATOR, Scene, Script

WIDE = 72


def reading_copy(script: Script) -> str:
    """Title, people and places, then scene by scene what happens and who says what."""
    return "\n".join([*_front(script), *(row for scene in script.scenes for row in _scene(scene))])


def _front(script: Script) -> Iterator[str]:
    yield script.title
    yield "=" * min(WIDE, max(4, len(script.title)))
    yield f"{script.genre}, {script.language}"
    yield ""
    yield script.logline
    yield ""
    for person in script.characters:
        yield f"- {person.name}: {person.appearance}; {person.clothing}"
    for place in script.places:
        yield f"- {place.name} (place): {place.description}"
    yield ""


def _scene(scene: Scene) -> Iterator[str]:
    yield f"SCENE {scene.id}: {scene.place}"
    yield scene.description
    yield from filter(None, (scene.setting, scene.camera and f"Camera: {scene.camera}"))
    yield ""
    for line in scene.lines:
        who = "NARRATOR" if line.character == NARRATOR else line.character
        how = "" if line.emotion == "neutral" else f" ({line.emotion})"
        yield f"{who}{how}:"
        yield f"    {line.text}"
    yield ""
