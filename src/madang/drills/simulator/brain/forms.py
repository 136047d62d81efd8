"""What is written into a schema: a drama where it is that of a script, lines where some were given, else what fits.

scenes with lines and characters       → a little drama, as the text orders it
lines with id and text, and some given → the same lines, translated where that is asked for
anything else                          → values from the text, or plausible ones
"""

from madang.drills.simulator.brain.cues import Cues
from madang.drills.simulator.brain.drama.order import read_order
from madang.drills.simulator.brain.drama.passes import gone_over, lines_in
from madang.drills.simulator.brain.drama.telling import MOST_SCENES, tell
from madang.drills.simulator.brain.filling import Form, Schema, fill
from madang.drills.simulator.brain.fitting import fit
from madang.drills.simulator.records import Json

_SPOKEN = ("lines", "dialogue", "dialogues", "dialogue_lines")
_WRAPPERS = 2


def write_form(schema: Schema, cues: Cues, seed: int = 0, *, optional: bool = True) -> Json:
    """A value for `schema`, as the prompt behind the cues wants it. `optional`: as for `fill`."""
    form = Form(schema, cues, optional=True)
    if script := _script(schema, form):
        path, scenes = script
        value: Json = tell(read_order(cues.text), seed, scenes)
        for name in reversed(path):
            value = {name: value}
        return fit(schema, value, cues)
    if _takes_lines(schema, form) and (lines := lines_in(cues.text)):
        return fit(schema, gone_over(cues.text, lines), cues)
    return fill(schema, cues, optional=optional)


def _script(schema: Schema, form: Form) -> tuple[list[str], range] | None:
    """Where the schema of a script stands (the names that lead to it), and how many scenes it allows."""
    path: list[str] = []
    for _ in range(_WRAPPERS):
        members = _members(schema, form)
        if "scenes" in members and "characters" in members:
            scenes = form.plain(members["scenes"])
            if set(_SPOKEN) & set(_members(scenes.get("items"), form)):
                return path, range(
                    _bound(scenes, "minItems", 1), _bound(scenes, "maxItems", MOST_SCENES) + 1
                )
        if len(members) != 1:
            return None
        name, schema = next(iter(members.items()))
        path.append(name)
    return None


def _bound(schema: Schema, name: str, usual: int) -> int:
    value = schema.get(name)
    return min(max(1, value), MOST_SCENES) if isinstance(value, int) else usual


def _takes_lines(schema: Schema, form: Form) -> bool:
    lines = _members(schema, form).get("lines")
    if not isinstance(lines, dict):
        return False
    members = _members(form.plain(lines).get("items"), form)
    return "id" in members and "text" in members


def _members(schema: Json, form: Form) -> dict[str, Json]:
    members = form.plain(schema).get("properties") if isinstance(schema, dict) else None
    return members if isinstance(members, dict) else {}
