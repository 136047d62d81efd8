"""The script with people's edits in it. What was written stays as it is; an edit lies over it.

Rule: edits reach only what they are about. Scenes are broken into shots as they were written, so
that other words for a line, or another coat, leave every shot where it was.
"""

import msgspec

from madang_studio.errors import BadScript
from madang_studio.model.edits import Edits
from madang_studio.model.script import NARRATOR, Line, Scene, Script
from madang_studio.model.work import Made, Task

FILE = "script.json"


def revised(script: Script, edits: Edits) -> Script:
    """A script with edits. Those about lines or people that it does not have change nothing."""
    script = edits.whole or script
    return msgspec.structs.replace(
        script,
        characters=tuple(edits.characters.get(each.name, each) for each in script.characters),
        places=tuple(edits.places.get(each.name, each) for each in script.places),
        scenes=tuple(_scene(each, edits) for each in script.scenes),
    )


def script_from(data: bytes) -> Script:
    """The script that a file holds. Raises BadScript."""
    try:
        script = msgspec.json.decode(data, type=Script)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise BadScript(f"{FILE} is no script: {error}.") from error
    known = {each.name for each in script.characters} | {NARRATOR}
    strangers = {line.character for scene in script.scenes for line in scene.lines} - known
    if strangers:
        raise BadScript(f"The script has lines of {', '.join(sorted(strangers))}, who is nobody.")
    return script


def revise(task: Task) -> Made:
    """The step: write the script down with edits in it."""
    script = script_from(task.inputs["script/polish"].path(FILE).read_bytes())
    whole = revised(script, msgspec.convert(task.node.params, Edits))
    (task.folder / FILE).write_bytes(msgspec.json.format(msgspec.json.encode(whole)))
    return Made(folder=task.folder, files={FILE: FILE}, facts={"title": whole.title})


def _scene(scene: Scene, edits: Edits) -> Scene:
    return msgspec.structs.replace(scene, lines=tuple(_line(each, edits) for each in scene.lines))


def _line(line: Line, edits: Edits) -> Line:
    edit = edits.lines.get(line.id)
    if edit is None:
        return line
    return msgspec.structs.replace(
        line, text=edit.text or line.text, emotion=edit.emotion or line.emotion
    )
