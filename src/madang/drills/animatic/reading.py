"""From a prompt to a shot: labelled lines where there are any ("Place: …", "Characters: NAME — …"), else free text."""

import re
from typing import cast

from madang.drills.animatic import words
from madang.drills.animatic.looks import Framing, Shot, number
from madang.drills.animatic.people import figures

_LABEL = re.compile(r"^\W{0,4}(?P<label>[^\W\d_][\w -]{1,30}?)\W{0,2}\s*[:\uff1a]\s*(?P<rest>.*)$")
_WORD_END = re.compile(r"[\s-]")
_MAX_PROMPT_CHARS = 8_000
_USUAL_MOVES = ("push", "pan_right", "pull", "pan_left", "push")


def read(prompt: str, seed: int = 0) -> Shot:
    """The shot that a prompt describes; what it leaves open comes from the prompt itself and the seed."""
    text = prompt[:_MAX_PROMPT_CHARS]
    parts = _parts(text)
    place, action, camera = (parts[sort] or text for sort in ("place", "action", "camera"))
    mark = number(f"{place}|{seed}")
    return Shot(
        place=words.meaning("places", place) or words.meaning("places", text) or "street",
        hour=words.meaning("hours", place) or words.meaning("hours", text) or "day",
        weather=words.meaning("weathers", f"{place}\n{parts['action']}") or "clear",
        framing=cast("Framing", words.meaning("framings", camera) or "medium"),
        move=_move(camera, mark),
        shaky=any(hit.meaning == "shake" for hit in words.found("moves", camera)),
        figures=figures(parts["characters"], action, text, mark),
        land=number(_land(place)),
        seed=number(f"{text}|{seed}"),
    )


def _parts(text: str) -> dict[str, str]:
    """The text under each sort of label; lines without one belong to the label before them."""
    table = words.tables()["labels"]
    sorts = {word: sort for sort, names in table.items() for word in names.split()}
    parts = dict.fromkeys((*table, "free"), "")
    sort = "free"
    for line in text.splitlines():
        labelled = _LABEL.match(line)
        known = labelled and sorts.get(_WORD_END.split(labelled["label"].lower())[0])
        if labelled and known:
            sort = known
            parts[sort] += f"{labelled['rest']}\n"
            continue
        if not line.strip() and sort != "characters":
            sort = "free"
        parts[sort] += f"{line}\n"
    parts["action"] += parts["free"]
    return {name: part.strip() for name, part in parts.items()}


def _land(place: str) -> str:
    """What a place is called: the same place is drawn alike, whatever the hour."""
    first = place.splitlines()[0] if place else ""
    return re.split(r"\s[\u2014\u2013]\s|;", first)[0].strip()


def _move(camera: str, mark: int) -> str:
    hits = [hit.meaning for hit in words.found("moves", camera) if hit.meaning != "shake"]
    return hits[0] if hits else _USUAL_MOVES[mark % len(_USUAL_MOVES)]
