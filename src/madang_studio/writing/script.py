"""The step `draft`: a script from a theme, asked of a model, judged, mended and repaired."""

from typing import Any, Final

import msgspec

from madang_studio.gateway import ChatAsk
from madang_studio.model.script import Script
from madang_studio.model.work import Made, Task
from madang_studio.writing.assembly import assembled
from madang_studio.writing.conversation import Ask, agree
from madang_studio.writing.draft import Draft
from madang_studio.writing.finding import object_in
from madang_studio.writing.genres import Genre, genre_of
from madang_studio.writing.judging import Fault, faults_of
from madang_studio.writing.languages import speech_ms
from madang_studio.writing.leaving import leave
from madang_studio.writing.mending import Notes, mended
from madang_studio.writing.prompts import WRITER, script_prompt
from madang_studio.writing.rules import LONGEST_LINE_MS, Limits, faults_in
from madang_studio.writing.schema import Schema, for_models, schema_of
from madang_studio.writing.tasks import TASKS

_WRAPPERS: Final = 2


def make_draft(task: Task, ask: Ask) -> Made:
    """A script for `params` theme, genre, character?, setting?, minutes, language, seed and model?.

    Leaves `script.json`; facts: title, scenes, lines, repairs, speech_ms, mended (in words) and how
    many were. Raises BadScript, with the answers in the folder.
    """
    params = task.node.params
    genre = genre_of(params["genre"])
    limits = Limits(minutes=params["minutes"], longest_line_ms=LONGEST_LINE_MS)
    schema = schema_of(Draft)
    notes = Notes()

    def read(text: str) -> Script | list[Fault]:
        notes.said.clear()
        notes.count = 0
        return read_draft(text, genre, params["language"], limits, notes)

    question = ChatAsk(
        name=task.name,
        model=params.get("model") or TASKS["draft"],
        system=WRITER,
        user=script_prompt(params, genre, limits),
        schema=for_models(schema),
        title="script",
        seed=params.get("seed"),
    )
    agreed = agree(ask, question, read, task.folder)
    facts = script_facts(agreed.value) | {"repairs": agreed.repairs} | _told(notes)
    return leave(task.folder, "script.json", agreed.value, facts, agreed.said)


def read_draft(
    text: str, genre: Genre, language: str, limits: Limits, notes: Notes
) -> Script | list[Fault]:
    """The script in an answer, or everything that is wrong with it. What was mended goes to `notes`."""
    found = object_in(text)
    if isinstance(found, Fault):
        return [found]
    schema = schema_of(Draft)
    schema["properties"]["music"]["default"] = msgspec.to_builtins(genre.music)
    tree = mended(_unwrapped(found, schema), schema, (), notes)
    if faults := list(faults_of(tree, schema)):
        return faults
    draft = msgspec.convert(tree, Draft)
    script = assembled(draft, genre.name, language, limits.longest_line_ms, notes)
    return faults_in(script, limits) or script


def script_facts(script: Script) -> dict[str, Any]:
    """What is worth knowing of a script without opening it."""
    texts = [line.text for scene in script.scenes for line in scene.lines]
    return {
        "title": script.title,
        "scenes": len(script.scenes),
        "lines": len(texts),
        "speech_ms": sum(speech_ms(text, script.language) for text in texts),
    }


def _unwrapped(tree: dict[str, Any], schema: Schema) -> dict[str, Any]:
    """`{"script": {…}}` as what is in it: models like to wrap."""
    for _ in range(_WRAPPERS):
        only = next(iter(tree.values()), None)
        if len(tree) == 1 and isinstance(only, dict) and not tree.keys() & schema["properties"]:
            tree = only
    return tree


def _told(notes: Notes) -> dict[str, Any]:
    return {"mended": notes.said, "mendings": notes.count} if notes.count else {}
