"""What models are asked, in words. Change a word here and raise the step's version in `graph/steps.py`."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from madang_studio.model.script import NARRATOR, Script
from madang_studio.writing.genres import Genre
from madang_studio.writing.languages import LETTERS_PER_S, language_name, language_of
from madang_studio.writing.rules import LONGEST_LINE_MS, Limits

WRITER: Final = (
    "You write short dramas that are filmed shot by shot by video models and spoken by voices. "
    "Answer with one JSON object that follows the schema, and nothing else."
)
EDITOR: Final = (
    "You edit the dialogue of short dramas. Answer with one JSON object that follows the schema, "
    "and nothing else: every line that you are given, once, under its id."
)
TRANSLATOR: Final = (
    "You translate the dialogue of short dramas for captions. Answer with one JSON object that "
    "follows the schema, and nothing else: every line that you are given, once, under its id."
)


def script_prompt(params: Mapping[str, Any], genre: Genre, limits: Limits) -> str:
    """The order for a script: `params` as the step `draft` has them."""
    language = str(params["language"])
    wanted = {
        "Theme": params["theme"],
        "Genre": f"{genre.name}: {genre.tone}",
        "Main character": params.get("character"),
        "Setting": params.get("setting"),
        "Language of all lines and of the title": language_name(language),
        "Length": f"{params['minutes']:g} minutes in {limits.scenes} scenes "
        f"(at most {limits.most_scenes})",
        "Variation": params.get("seed", 1),
    }
    rules = [
        f"In all about {_speech_s(limits):.0f} s of speech; the rest is picture.",
        f"No line longer than {_longest(language)} letters, one breath; more is several lines.",
        "Who is seen in a scene, and every speaker, is a name of `characters`, spelled the same.",
        f"A voice that nobody is seen with is `{NARRATOR}`, which is in no list.",
        "Every place of a scene is a name of the list of places.",
        "What is for the video model (descriptions, appearance, clothing, camera, setting) is English.",
        "Describe only what can be seen; each character looks unlike the others.",
        "Lines are what is heard: no stage directions, no emoji, numbers as words.",
        f"Music: one of {', '.join(genre.moods)}; {genre.tempo_bpm[0]} to {genre.tempo_bpm[1]} bpm.",
        *(f"Avoid: {one}." for one in genre.avoid),
    ]
    if hint := genre.hints.get(language.partition("-")[0]):
        rules.append(hint)
    order = "\n".join(f"{name}: {value}" for name, value in wanted.items() if value)
    return f"{order}\n\n# Beats\n{_listed(genre.beats)}\n\n# Rules\n{_listed(rules)}"


def dialogue_prompt(script: Script, genre: Genre, lines: Sequence[Mapping[str, str]]) -> str:
    """The order for better dialogue: every speaker a voice of their own."""
    language = script.language
    hint = genre.hints.get(language.partition("-")[0], "")
    return (
        f"{_about(script)}\n\nRewrite the dialogue so that each speaker sounds like nobody else, what "
        f"matters stands between the lines, and actors can say it. Tone: {genre.tone}. {hint}\n\n"
        f"{_keep(language)}\n\n# Lines\n{_as_json(lines)}"
    )


def polish_prompt(script: Script, genre: Genre, lines: Sequence[Mapping[str, str]]) -> str:
    """The order for a last reading: mistakes and what is clumsy, nothing else."""
    return (
        f"{_about(script)}\n\nRead the dialogue a last time. Correct mistakes and whatever is clumsy to "
        f"say; leave a line that is good as it is. Tone: {genre.tone}.\n\n"
        f"{_keep(script.language)}\n\n# Lines\n{_as_json(lines)}"
    )


def translation_prompt(source: str, wanted: str, lines: Sequence[Mapping[str, str]]) -> str:
    """The order for captions in another language."""
    return (
        f"Translate from {language_name(source)} into {language_name(wanted)}, as people speak, short "
        "enough to be read while it is said. Translate the text only; names of people stay "
        f"recognisable; every line stays one line.\n\n# Lines\n{_as_json(lines)}"
    )


def _about(script: Script) -> str:
    people = "\n".join(f"- {one.name}: {one.appearance}" for one in script.characters)
    return f"Title: {script.title}\nStory: {script.logline}\n\n# People\n{people}"


def _keep(language: str) -> str:
    return (
        f"Keep: the ids, their number and order; who speaks; what happens; {language_name(language)}; "
        f"no line longer than {_longest(language)} letters; no stage directions, no emoji."
    )


def _as_json(lines: Sequence[Mapping[str, str]]) -> str:
    return json.dumps(lines, ensure_ascii=False, indent=0)


def _listed(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _speech_s(limits: Limits) -> float:
    return (limits.minutes or 1) * 60 * 0.6


def _longest(language: str) -> int:
    row = language_of(language)
    slowest = min(LETTERS_PER_S[one] for one in row.writing) if row else LETTERS_PER_S["CJK"]
    return round(slowest * LONGEST_LINE_MS / 1000 * 0.9 / 5) * 5
