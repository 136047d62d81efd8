"""The studio's runner as a process of its own, to be killed: `python films_worker.py PROJECT URL KEY [twelve]`.

Real: writing, clips, voices, lengths, the timeline, the store, the queues, the door to the gateway.
Stand-ins: what only runs ffmpeg on this machine and is paid by nobody; a drill of two cores would
measure ffmpeg alone. `twelve`: scripts are stand-ins of twelve scenes as well.
"""

import json
import sys
from pathlib import Path

import msgspec

from madang_studio.gateway import Door
from madang_studio.graph.wiring import steps_of
from madang_studio.model.script import Character, Line, Place, Scene, Script, Voice
from madang_studio.model.work import Made
from madang_studio.runner import Bench, Conductor
from madang_studio.store import Project
from madang_studio.store.objects import content_of

STAND_INS = ("music", "mix", "captions", "cut", "picture", "film", "check", "package")


def note(task):
    """What it was made of, as a file."""
    inputs = {place: str(content_of(made)) for place, made in task.inputs.items()}
    text = json.dumps([task.node.step, dict(task.node.params), inputs], sort_keys=True)
    (task.folder / "note.json").write_text(text)
    return Made(folder=task.folder, files={"note.json": "note.json"})


def twelve(task):
    """A script of twelve scenes, one line in each; later passes leave it as it is."""
    for made in task.inputs.values():
        text = made.path("script.json").read_bytes()
        (task.folder / "script.json").write_bytes(text)
        return Made(folder=task.folder, files={"script.json": "script.json"})
    people = (
        Character("Mina", "a woman of thirty, short black hair", "a red coat"),
        Character("Jun", "a man of forty, a beard", "a grey suit", Voice(gender="male")),
    )
    scenes = tuple(
        Scene(
            id=str(n),
            description=f"They talk about day {n}.",
            place="Kitchen",
            characters=("Mina", "Jun"),
            lines=(
                Line(
                    f"{n}.1",
                    ("Mina", "Jun")[n % 2],
                    f"It came {n} days late, {task.node.params['seed']}.",
                ),
            ),
        )
        for n in range(1, 13)
    )
    script = Script(
        title=task.node.params["theme"],
        genre="drama",
        language="en",
        logline="A letter comes late.",
        characters=people,
        places=(Place("Kitchen", f"kitchen {task.node.params['seed']}"),),
        scenes=scenes,
    )
    (task.folder / "script.json").write_bytes(msgspec.json.encode(script))
    return Made(folder=task.folder, files={"script.json": "script.json"})


def benches(url, key, written=()):
    """Benches at a gateway; `written`: steps of writing that are stand-ins."""

    def open_bench(tags, stop):
        door = Door(url, key, tags, stop)
        played = {**dict.fromkeys(STAND_INS, note), **dict.fromkeys(written, twelve)}
        return Bench({**steps_of(door), **played}, door.charges)

    return open_bench


def main(root, url, key, scripts=""):
    """Work until nothing is going any more."""
    written = ("draft", "dialogue", "polish") if scripts == "twelve" else ()
    runner = Conductor(Project(Path(root)), benches(url, key, written))
    runner.start()
    runner.wait()
    runner.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
