"""Where work stops until a person approves: each gate is a rule about single places.

Rule: what is approved is a content. If it changes, it waits again, and nothing else does.
"""

from collections.abc import Sequence

from madang_studio.model.brief import Gate
from madang_studio.model.work import Node


def guards(node: Node, gates: Sequence[Gate]) -> tuple[tuple[Gate, str], ...]:
    """The places that have to be approved before a node is made, with the gate that asks for it.

    script: what was written, before anything is made of it (people's own edits need no approval).
    storyboard: a shot's prompt, before its clip. clips: a clip, before it is cut.
    """
    sort, _, rest = node.key.partition("/")
    found: list[tuple[Gate, str]] = []
    if "script" in gates and not node.key.startswith("script/"):
        found.append(("script", "script/polish"))
    if "storyboard" in gates and sort == "clip":
        found.append(("storyboard", f"prompt/{rest}"))
    if "clips" in gates and sort == "cut":
        found.append(("clips", f"clip/{rest.rpartition('/')[2]}"))
    return tuple(found)


def shown_at(gate: Gate, nodes: Sequence[Node]) -> tuple[str, ...]:
    """The places that a gate asks people to look at."""
    marks = {"script": "script/polish", "storyboard": "prompt/", "clips": "clip/"}
    return tuple(node.key for node in nodes if node.key.startswith(marks[gate]))
