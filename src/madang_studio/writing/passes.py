"""The steps `dialogue`, `polish` and `translation`: later readings of lines, each by a model that suits it.

Rule: ids, speakers and the number of lines stay. What a pass says wrong is asked again or refused,
never taken as it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from madang_studio.errors import BadScript
from madang_studio.model.script import Script
from madang_studio.model.work import Made, Task
from madang_studio.writing.conversation import Ask
from madang_studio.writing.draft import NewLines, Translations
from madang_studio.writing.genres import genre_of
from madang_studio.writing.judging import Fault
from madang_studio.writing.languages import can_be_spoken
from madang_studio.writing.leaving import leave
from madang_studio.writing.lines import Pass, go_over
from madang_studio.writing.mending import Place
from madang_studio.writing.prompts import (
    EDITOR,
    TRANSLATOR,
    dialogue_prompt,
    polish_prompt,
    translation_prompt,
)
from madang_studio.writing.rules import LONGEST_LINE_MS, Limits, faults_in, faults_of_text
from madang_studio.writing.script import script_facts
from madang_studio.writing.tasks import TASKS

_PROMPTS: Final = {"dialogue": dialogue_prompt, "polish": polish_prompt}
_LIMITS: Final = Limits(longest_line_ms=LONGEST_LINE_MS)
_LONGEST_TRANSLATION: Final = 3  # times the original, and a few words


def make_pass(task: Task, ask: Ask) -> Made:
    """The script of the one input with better lines. `params`: genre, language, seed, model?.

    The step's own name is the routed task, `dialogue` or `polish`. Leaves `script.json`; facts: title,
    scenes, lines, repairs, speech_ms. Raises BadScript.
    """
    params, step = task.node.params, task.node.step
    script = read_script(task)
    genre = genre_of(params["genre"])
    prompt = _PROMPTS[step]
    rule = Pass(
        name=task.name,
        model=params.get("model") or TASKS[step],
        system=EDITOR,
        user=lambda lines: prompt(script, genre, lines),
        title=step,
        language=script.language,
        judge=lambda text, place: faults_of_text(text, script.language, place, _LIMITS),
        seed=params.get("seed"),
    )
    gone = go_over(_lines_of(script), NewLines, rule, ask, task.folder)
    better = with_lines(script, gone.lines)
    if faults := faults_in(better, _LIMITS):
        raise BadScript(
            f"The {step} pass spoiled the script: {faults[0]}. Have {TASKS[step]} done by another model "
            "(`tasks` in the gateway's madang.yaml)."
        )
    facts = script_facts(better) | {"repairs": gone.repairs}
    return leave(task.folder, "script.json", better, facts, gone.said)


def make_translation(task: Task, ask: Ask) -> Made:
    """Lines in another language. `params`: lines [{id, character, text}], source, language, model?.

    Leaves `translation.json` {id: text}; facts: lines, repairs. Raises BadScript.
    """
    params = task.node.params
    lines: Sequence[Mapping[str, str]] = params["lines"]
    texts = {line["id"]: line["text"] for line in lines}
    source, wanted = params["source"], params["language"]
    rule = Pass(
        name=task.name,
        model=params.get("model") or TASKS["translation"],
        system=TRANSLATOR,
        user=lambda some: translation_prompt(source, wanted, some),
        title="translation",
        language=wanted,
        judge=lambda text, place: _translated(text, max(map(len, texts.values())), place),
    )
    gone = go_over(lines, Translations, rule, ask, task.folder)
    told = {one: gone.lines[one].text for one in texts}
    facts = {"lines": len(told), "repairs": gone.repairs}
    return leave(task.folder, "translation.json", told, facts, gone.said)


def with_lines(script: Script, lines: Mapping[str, Any]) -> Script:
    """A script with other texts and emotions under the same ids; lines that are not named stay."""
    scenes = [
        msgspec.structs.replace(
            scene,
            lines=tuple(
                msgspec.structs.replace(
                    line, text=lines[line.id].text, emotion=lines[line.id].emotion
                )
                if line.id in lines
                else line
                for line in scene.lines
            ),
        )
        for scene in script.scenes
    ]
    return msgspec.structs.replace(script, scenes=tuple(scenes))


def read_script(task: Task) -> Script:
    """The script among a task's inputs. Raises BadScript where there is none, or a broken one."""
    for made_before in task.inputs.values():
        if "script.json" in made_before.files:
            try:
                return msgspec.json.decode(
                    made_before.path("script.json").read_bytes(), type=Script
                )
            except msgspec.MsgspecError as error:
                raise BadScript(f"The stored script cannot be read: {error}") from error
    raise BadScript(f"{task.node.key} was given no script.")


def _lines_of(script: Script) -> list[dict[str, str]]:
    return [
        {"id": line.id, "character": line.character, "emotion": line.emotion, "text": line.text}
        for scene in script.scenes
        for line in scene.lines
    ]


def _translated(text: str, longest: int, place: Place) -> Iterator[Fault]:
    """A caption has to be readable: something to read, not an essay."""
    if not can_be_spoken(text):
        yield Fault(place, f"{text[:20]!r} has no words")
    if len(text) > _LONGEST_TRANSLATION * longest + 40:
        yield Fault(place, f"has {len(text)} characters, far more than any line that was asked for")
