"""The steps of sound as the graph calls them: rows `timeline`, `music` and `mix` of its table."""

from collections.abc import Mapping
from typing import Final

import msgspec

from madang_studio.model.script import Music
from madang_studio.model.timeline import Timeline, lay_out, speech
from madang_studio.model.work import Made, Step, Task
from madang_studio.programs.disk import writing
from madang_studio.sound.mix import mix
from madang_studio.sound.music import make_loop
from madang_studio.sound.voices import lay_voices, manners


def make_timeline(task: Task) -> Made:
    """When each shot and line begins. Raises StudioError where lines do not fit."""
    shots = task.node.params["shots"]
    lengths = [(shot["id"], _length(task, shot["id"])) for shot in shots]
    lines = {
        shot["id"]: [speech(line, task.inputs[f"voice/{line}"].facts) for line in shot["lines"]]
        for shot in shots
    }
    facts = msgspec.to_builtins(lay_out(lengths, lines))
    with writing(task.folder):
        (task.folder / "timeline.json").write_bytes(msgspec.json.encode(facts))
    return Made(folder=task.folder, files={"timeline.json": "timeline.json"}, facts=facts)


def make_music(task: Task) -> Made:
    """A loop of music; the mix repeats it as often as the film is long."""
    music = msgspec.convert(task.node.params["music"], Music)
    length = make_loop(music, int(task.node.params["seed"]), task.folder / "music.wav")
    return Made(folder=task.folder, files={"music.wav": "music.wav"}, facts={"duration_ms": length})


def make_mix(task: Task) -> Made:
    """Voices and music as they go into the film, and both alone. Raises StudioError, NoRoom."""
    params = task.node.params
    timeline = msgspec.convert(task.inputs["timeline"].facts, Timeline)
    voices = {
        line.line: task.inputs[f"voice/{line.line}"].path("voice.wav") for line in timeline.lines
    }
    silent = lay_voices(timeline, voices, manners(params.get("lines", ())), task.folder)
    loop = task.inputs["music"].path("music.wav")
    heard = mix(task.folder, loop, timeline.duration_ms, float(params.get("lufs", -14)))
    for scratch in task.folder.glob("*.raw"):
        scratch.unlink()
    files = ("mix.m4a", "voices.flac", "bed.flac")
    return Made(
        folder=task.folder,
        files={name: name for name in files},
        facts={
            "duration_ms": timeline.duration_ms,
            "lufs": heard.lufs,
            "peak_db": heard.true_peak_db,
            "quiet": heard.quiet,
            "packets": heard.packets,
            "silent": silent,
        },
    )


def _length(task: Task, shot: str) -> int:
    return int(task.inputs[f"length/{shot}"].facts["shot_ms"])


STEPS: Final[Mapping[str, Step]] = {"timeline": make_timeline, "music": make_music, "mix": make_mix}
"""What makes each row."""
