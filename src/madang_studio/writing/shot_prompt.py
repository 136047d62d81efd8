"""The step `prompt`: what a video model is told of a shot. Pure; the same words for the same character.

Rule: the bible goes in whole and first loses nothing. Where a provider's bound is short, what all
shots share is shortened first (style, setting, place), people last; what was shortened is declared.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from madang_studio.errors import BadScript
from madang_studio.model.script import Character, Place
from madang_studio.model.work import Made, Task
from madang_studio.writing.genres import genre_of
from madang_studio.writing.leaving import leave

MOST_UTF16: Final = 1_000
"""The shortest bound of the providers we know: Runway's promptText, counted in UTF-16 code units."""

RULE: Final = "No music, no subtitles, no captions, no text on screen; nobody mouths the narrator."
"""Music, captions and the narrator are ours: a clip that brings its own cannot be cut."""

NEGATIVE: Final = (
    "music, singing, subtitles, captions, text, letters, watermark, logo, talking to the camera, "
    "extra people, changed clothing, changed face, deformed hands, flicker, cuts"
)

_FRAMES: Final = {
    "9:16": "vertical frame, people centred",
    "16:9": "wide frame",
    "1:1": "square frame, people centred",
}
_SHORTENED_FIRST: Final = ("Style", "Place", "Action", "Camera", "Characters")
_LEAST: Final = 60  # of a part, in UTF-16 units: less says nothing


class Shown(Struct, frozen=True):
    """A shot in words: the labelled parts in order, and which of them had to be shortened."""

    prompt: str
    negative: str
    shortened: tuple[str, ...] = ()


def make_prompt(task: Task) -> Made:
    """A prompt for `params` shot {action, camera}, scene {setting}, place, characters, genre, aspect, most_utf16?.

    Leaves `prompt.json` {prompt, negative}; facts: the same two, and shortened where it was.
    """
    shown = prompt_of(task.node.params)
    told = {"prompt": shown.prompt, "negative": shown.negative}
    more = {"shortened": list(shown.shortened)} if shown.shortened else {}
    return leave(task.folder, "prompt.json", told, told | more)


def prompt_of(params: Mapping[str, Any]) -> Shown:
    """The prompt for the parameters of the step `prompt`. Raises BadScript."""
    if params["place"] is None:
        raise BadScript(
            f"Shot {params['shot'].get('id')} is in a place that the script does not have."
        )
    place = msgspec.convert(params["place"], Place)
    people = msgspec.convert(params["characters"], tuple[Character, ...])
    parts = {
        "Style": f"{genre_of(params['genre']).picture}; {_FRAMES[params['aspect']]}",
        "Place": _joined(f"{place.name} — {place.description}", params["scene"].get("setting", "")),
        "Characters": " / ".join(map(_character, people)) or "nobody is seen",
        "Action": params["shot"]["action"],
        "Camera": params["shot"].get("camera") or params["scene"].get("camera", ""),
    }
    parts = {label: " ".join(text.split()) for label, text in parts.items() if text}
    return _bounded(parts, params.get("most_utf16", MOST_UTF16))


def utf16_units(text: str) -> int:
    """How long a text is where providers count UTF-16 code units: an emoji is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _character(one: Character) -> str:
    return _joined(f"{one.name} — {one.appearance}", one.clothing)


def _joined(first: str, second: str) -> str:
    return f"{first.rstrip('. ')}; {second}" if second else first


def _bounded(parts: dict[str, str], most: int) -> Shown:
    shortened = []
    for label in _SHORTENED_FIRST:
        over = utf16_units(_spelled(parts)) - most
        if over <= 0:
            break
        if label in parts:
            room = max(_LEAST, utf16_units(parts[label]) - over)
            cut = cut_to(parts[label], room)
            if cut != parts[label]:
                parts = parts | {label: cut}
                shortened.append(label)
    return Shown(_spelled(parts), NEGATIVE, tuple(shortened))


def cut_to(text: str, units: int) -> str:
    """A text within so many UTF-16 units, ended after a word where there are words."""
    if utf16_units(text) <= units:
        return text
    kept = text.encode("utf-16-le", "surrogatepass")[: 2 * (units - 1)].decode(
        "utf-16-le", "ignore"
    )
    at_word = kept.rsplit(" ", 1)[0] if " " in kept[len(kept) // 2 :] else kept
    return at_word.rstrip(" ,;—-/\u200d") + "…"


def _spelled(parts: Mapping[str, str]) -> str:
    return "\n".join([*(f"{label}: {text}" for label, text in parts.items()), RULE])
