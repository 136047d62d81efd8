"""The steps of footage: rows `voice`, `length` and `clip` of the graph's table."""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

import msgspec

from madang_studio.footage.casting import cast, manner
from madang_studio.footage.wav import as_wav
from madang_studio.gateway import Door, SpeechAsk, VideoAsk
from madang_studio.model.script import Voice
from madang_studio.model.timeline import needed_ms
from madang_studio.model.work import Made, Step, Task
from madang_studio.programs.disk import writing

LONGEST_CLIP_MS: Final = 10_000
_SECOND_MS: Final = 1_000


def footage_steps(door: Door) -> Mapping[str, Step]:
    """What this room makes."""
    return {
        "voice": partial(make_voice, door=door),
        "length": make_length,
        "clip": partial(make_clip, door=door),
    }


def make_voice(task: Task, door: Door) -> Made:
    """Have a line spoken. Raises StudioError."""
    params = task.node.params
    voice = msgspec.convert(params["voice"], Voice)
    name = cast(params["character"], voice)
    instructions, speed = manner(params["emotion"], voice)
    file = task.folder / "voice.wav"
    ask = SpeechAsk(
        name=task.name,
        model=params["model"],
        text=params["text"],
        voice=name,
        language=params["language"],
        instructions=instructions,
        speed=speed,
        seed=params["seed"] + params["retake"],
    )
    got = door.speech(ask, file)
    facts = {
        "duration_ms": as_wav(file),
        "timing": [list(piece) for piece in got.timing],
        "voice": name,
        "model": got.model,
    }
    return _made(task, ("voice.wav",), facts, got.cost_nusd, got.request)


def make_length(task: Task) -> Made:
    """Say how long a shot and its clip are."""
    params = task.node.params
    spoken = [int(task.inputs[f"voice/{line}"].facts["duration_ms"]) for line in params["lines"]]
    facts = length_of(int(params["budget_ms"]), spoken)
    with writing(task.folder):
        (task.folder / "length.json").write_bytes(msgspec.json.encode(facts))
    return _made(task, ("length.json",), facts)


def length_of(budget_ms: int, spoken_ms: Sequence[int]) -> dict[str, int]:
    """A shot's length: what was planned while the speech fits, else as many whole seconds as it needs.

    So other words for a line leave the clip as it is while they fit into the slack of the plan.
    """
    needed = needed_ms(spoken_ms)
    shot = budget_ms if needed <= budget_ms else math.ceil(needed / _SECOND_MS) * _SECOND_MS
    return {"shot_ms": shot, "clip_ms": min(shot, max(budget_ms, LONGEST_CLIP_MS))}


def make_clip(task: Task, door: Door) -> Made:
    """Have a shot filmed. Raises StudioError."""
    params = task.node.params
    shot = task.node.key.partition("/")[2]
    prompt = task.inputs[f"prompt/{shot}"].facts
    asked = int(task.inputs[f"length/{shot}"].facts["clip_ms"])
    ask = VideoAsk(
        name=task.name,
        model=params["model"],
        prompt=prompt["prompt"],
        negative=prompt.get("negative") or None,
        duration_ms=asked,
        aspect=params["aspect"],
        seed=params["seed"] + params["retake"],
        hurry=params["urgency"] == "high",
    )
    got = door.video(ask, task.folder / "clip.mp4")
    facts = {"model": got.model, "provider": got.provider, "asked_ms": asked}
    return _made(task, ("clip.mp4",), facts, got.cost_nusd, got.request)


def _made(
    task: Task,
    files: Sequence[str],
    facts: Mapping[str, Any],
    cost_nusd: int | None = 0,
    request: str = "",
) -> Made:
    return Made(
        folder=task.folder,
        files={name: name for name in files},
        facts=facts,
        cost_nusd=cost_nusd or 0,
        requests=(request,) if request else (),
    )
