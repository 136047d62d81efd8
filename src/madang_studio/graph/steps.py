"""Every step that makes something, as rows: the contract between the graph and those who make.

Rule: a step is told everything by `task.node.params` and `task.inputs`, and says everything by the
files and facts that it leaves. Whoever makes a step's result differently raises its `version` here:
then what the old one made is stale, and nothing else.

How to read `inputs`: places in the graph, `*` for one of each. In `task.inputs` they have their full
names (`voice/1.2`). Any step may have a parameter `retake`: how often people asked for it again. All
parameters and facts are plain JSON; times are integer milliseconds. Records of `model.script` are
given as the JSON objects that msgspec makes of them (`Scene`, `Shot`, …). A step that asks the
gateway several times names its requests `<task.name>-<what for>`.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from madang_studio.model.work import Kind

LONGEST_CLIP_MS: Final = 10_000
"""What a clip may grow to when an edited line needs it; most video models can do that."""

BUDGET_MS: Final = 8_000
"""What a scene break may give a shot at most, so that a line can grow and the shot with it."""


CAPS: Final[Mapping[Kind, int]] = {"script": 8, "scenes": 4, "render": 5, "audio": 5, "export": 2}
"""How many jobs of each kind run at once."""


class StepRow(Struct, frozen=True, kw_only=True):
    """A step. `place` is where its results stand in the graph, `made` the files and facts it leaves.

    `paid`: it asks the gateway. `quick`: it takes a millisecond or so, and is made at once instead of
    queueing for it.
    """

    place: str
    version: int = 1
    kind: Kind
    paid: bool = False
    quick: bool = False
    inputs: str = ""
    params: str = ""
    made: str


STEPS: Final[Mapping[str, StepRow]] = {
    # writing
    "draft": StepRow(
        place="script/draft",
        kind="script",
        paid=True,
        params="theme genre character? setting? minutes language seed",
        made="script.json (a Script); facts: title, scenes, lines, repairs (counts)",
    ),
    "dialogue": StepRow(
        place="script/dialogue",
        kind="script",
        paid=True,
        inputs="script/draft",
        params="genre language seed",
        made="script.json: the same ids and people, better lines; facts: lines, repairs",
    ),
    "polish": StepRow(
        place="script/polish",
        kind="script",
        paid=True,
        inputs="script/dialogue",
        params="genre language seed",
        made="script.json; facts: title, lines, repairs",
    ),
    "scene_break": StepRow(
        place="shots/<scene>",
        kind="scenes",
        params=(
            "scene (a Scene as it was written, before edits of lines) genre language seed longest_ms "
            "share_ms? (of the film: `writing.shots.share_ms(minutes, scenes)`; else what it needs)"
        ),
        made=(
            "shots.json (a list of Shot; every line of the scene in exactly one, in order). A shot's "
            "duration_ms is whole seconds, at least 1.2 times its estimated speech + 600, at most "
            "longest_ms; facts: shots (count)"
        ),
    ),
    "prompt": StepRow(
        place="prompt/<shot>",
        kind="scenes",
        quick=True,
        params=(
            "shot {id action camera} scene {description camera setting} place (a Place) "
            "characters (list of Character, exactly those of the shot) genre aspect"
        ),
        made='prompt.json {"prompt": …, "negative": …}; facts: the same two',
    ),
    "translation": StepRow(
        place="translation/<language>/<scene>",
        kind="script",
        paid=True,
        params="lines [{id character text}] source (language) language (wanted)",
        made="translation.json {line id: text}; facts: lines (count)",
    ),
    # graph itself
    "revise": StepRow(
        place="script",
        kind="script",
        quick=True,
        inputs="script/polish",
        params=(
            "whole? (a Script: what people made of it) "
            "lines {id: {text emotion}} characters {name: Character} places {name: Place}"
        ),
        made="script.json: the script with the edits of people; facts: title",
    ),
    # footage
    "voice": StepRow(
        place="voice/<line>",
        kind="audio",
        paid=True,
        params="text emotion character voice (a Voice) language model seed retake",
        made=(
            "voice.wav; facts: duration_ms, timing [[text start_ms end_ms]] (of words or characters, "
            "in order, [] where the provider has none), voice (its name), model"
        ),
    ),
    "length": StepRow(
        place="length/<shot>",
        kind="audio",
        quick=True,
        inputs="voice/* of the shot",
        params="budget_ms lines [ids, in order]",
        made=(
            "length.json {shot_ms clip_ms}, facts the same: the budget while the speech fits into it "
            "(model.timeline.needed_ms), else as many whole seconds as it needs; clip_ms at most "
            "LONGEST_CLIP_MS"
        ),
    ),
    "clip": StepRow(
        place="clip/<shot>",
        kind="render",
        paid=True,
        inputs="prompt/<shot> length/<shot>",
        params="model aspect urgency seed retake",
        made=(
            "clip.mp4, thumbnail.jpg where there is one; facts: model, provider, asked_ms. The clip "
            "may be longer or shorter than asked: `picture` cuts it, or holds its last frame"
        ),
    ),
    "timeline": StepRow(
        place="timeline",
        kind="audio",
        quick=True,
        inputs="length/* voice/*",
        params="shots [{id lines}] in order",
        made=(
            "timeline.json, facts the same: duration_ms, shots [{shot start_ms duration_ms}], "
            "lines [{line shot start_ms end_ms words [[text start_ms end_ms]]}]; all from the "
            "film's beginning"
        ),
    ),
    # sound
    "music": StepRow(
        place="music",
        kind="audio",
        params="music (a Music) seed",
        made="music.wav (a loop); facts: duration_ms",
    ),
    "mix": StepRow(
        place="mix",
        version=2,
        kind="audio",
        inputs="timeline music voice/*",
        params="lufs (-14) lines [{id character emotion}]",
        made=(
            "mix.m4a (as it goes into the film), voices.flac and bed.flac (stems, as long as the "
            "film); facts: duration_ms, lufs, peak_db, quiet [[start end] in ms, null for the end of the "
            "film], packets (their digest), silent (lines in which nothing is heard)"
        ),
    ),
    "captions": StepRow(
        place="captions/<language>",
        kind="audio",
        inputs="timeline, and translation/<language>/* unless it is the spoken language",
        params="language lines [{id character text}] in order (texts as spoken)",
        made=(
            "captions.srt, captions.vtt, captions.ass, captions.json [{start_ms end_ms lines "
            "[text]}]; facts: cues (count), notes (cues too fast to read)"
        ),
    ),
    # film
    "cut": StepRow(
        place="cut/<aspect>/<shot>",
        version=2,
        kind="export",
        inputs=(
            "clip/<shot> length/<shot>; with burned captions voice/* of the shot, and "
            "translation/<burned>/<scene> unless that is the spoken language"
        ),
        params=(
            "shot (id) aspect width height fps (25) burned (language or null) "
            "lines [{id character text}] of the shot, in order ([] without burned captions)"
        ),
        made=(
            "cut.mp4 (no sound, captions in it, exactly as long as the shot), signature.gray, "
            "thumbnail.jpg; facts: frames, fit, slowed, held_ms, black, frozen [[start end] in ms], "
            "packets (their digest), notes"
        ),
    ),
    "picture": StepRow(
        place="picture/<aspect>",
        kind="export",
        inputs="timeline cut/<aspect>/*",
        params="aspect width height fps shots [ids, in order]",
        made="picture.mp4 (no sound); facts: duration_ms, width, height",
    ),
    "film": StepRow(
        place="film/<aspect>",
        kind="export",
        inputs="picture/<aspect> mix",
        params="aspect title",
        made="film.mp4; facts: duration_ms, width, height, lufs",
    ),
    "check": StepRow(
        place="check/<aspect>",
        kind="export",
        inputs="film/<aspect> timeline mix captions/* cut/<aspect>/*",
        params="aspect width height shots [ids, in order]",
        made="check.json {findings: [{what shot? at_ms words}]}; raises FailedCheck if one blocks",
    ),
    "package": StepRow(
        place="package",
        kind="export",
        inputs="everything else: the cost sheet names each with its cost",
        params="title languages aspects shots [ids, in order]",
        made="package.zip; facts: files (names in it)",
    ),
}
