# ruff: noqa: RUF001 - punctuation of many writings
"""From what a model wrote to a script: ids are given, names are joined, what cannot be spoken goes.

Everything that is changed on the way is noted; what may not be changed is left for `rules` to find.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from madang_studio.model.script import NARRATOR, Character, Line, Scene, Script, Voice
from madang_studio.writing.draft import Draft, DraftCharacter, DraftLine, DraftScene
from madang_studio.writing.languages import can_be_spoken, speech_ms
from madang_studio.writing.mending import Notes, Place, without_directions

_NARRATORS: Final = frozenset(
    {
        *("narrator", "narration", "voiceover", "voice-over", "narrador", "narrateur", "erzähler"),
        *("내레이터", "나레이터", "내레이션", "나레이션", "해설"),
        *("旁白", "解说", "ナレーター", "ナレーション", "語り"),
    }
)
_SENTENCE_END: Final = re.compile(r"(?<=[.!?…؟।])\s+|(?<=[。！？])\s*")
_PHRASE_END: Final = re.compile(r"(?<=[,;:،؛—])\s+|(?<=[、，；：])\s*")


def assembled(draft: Draft, genre: str, language: str, longest_ms: int, notes: Notes) -> Script:
    """The script of a draft. Lines that take longer than `longest_ms` become several where they can."""
    people = _people(draft.characters, notes)
    names = {one.name.casefold(): one.name for one in people}
    names |= dict.fromkeys(_NARRATORS - names.keys(), NARRATOR)
    places = {one.name.casefold(): one.name for one in draft.places}
    scenes = []
    for index, scene in enumerate(draft.scenes):
        lines = _lines(scene.lines, names, (language, longest_ms), ("scenes", index), notes)
        scenes.append(
            Scene(
                id=str(index + 1),
                description=scene.description,
                place=_meant(scene.place, places),
                characters=_seen(scene, lines, names, notes, index),
                lines=tuple(
                    Line(f"{index + 1}.{number}", line.character, line.text, line.emotion)
                    for number, line in enumerate(lines, 1)
                ),
                camera=scene.camera,
                setting=scene.setting,
            )
        )
    return Script(
        title=draft.title,
        genre=genre,
        language=language,
        logline=draft.logline,
        characters=people,
        places=draft.places,
        scenes=tuple(scenes),
        music=draft.music,
    )


def pieces(text: str, language: str, longest_ms: int) -> list[str]:
    """A long line as several, cut after sentences, else after phrases; what cannot be cut stays long."""
    if speech_ms(text, language) <= longest_ms:
        return [text]
    sentences = [
        phrase
        for sentence in _SENTENCE_END.split(text)
        for phrase in (
            [sentence]
            if speech_ms(sentence, language) <= longest_ms
            else _PHRASE_END.split(sentence)
        )
    ]
    return _joined([one for one in sentences if one], text, language, longest_ms)


def _joined(parts: Sequence[str], text: str, language: str, longest_ms: int) -> list[str]:
    """As few pieces as possible, each a stretch of `text`: what stood between two parts stays."""
    found: list[str] = []
    start = end = 0
    for part in parts:
        at = text.index(part, end)
        if end > start and speech_ms(text[start : at + len(part)], language) > longest_ms:
            found.append(text[start:end].strip())
            start = at
        end = at + len(part)
    return [piece for piece in (*found, text[start:].strip()) if piece]


def _people(drafted: Iterable[DraftCharacter], notes: Notes) -> tuple[Character, ...]:
    found: list[Character] = []
    for index, one in enumerate(drafted):
        voice = Voice(gender=one.voice.gender, age=one.voice.age)
        character = Character(one.name, one.appearance, one.clothing, voice)
        if one.name.casefold() in _NARRATORS:
            notes.add(("characters", index), "is the narrator, who is never seen: left out")
        elif character in found:
            notes.add(("characters", index), f"{one.name!r} was there twice, word for word")
        else:
            found.append(character)
    return tuple(found)


def _lines(
    drafted: Iterable[DraftLine],
    names: Mapping[str, str],
    bounds: tuple[str, int],
    place: Place,
    notes: Notes,
) -> list[DraftLine]:
    """What is said, by names of the bible. `bounds`: the language, and the longest line in ms."""
    found: list[DraftLine] = []
    for index, line in enumerate(drafted):
        at = (*place, "lines", index, "text")
        speaker = _meant(line.character, names)
        text = without_directions(_without_speaker(line.text, line.character))
        if not can_be_spoken(text):
            notes.add(at, f"{line.text[:40]!r} has nothing to say and was left out")
            continue
        if text != line.text:
            notes.add(at, f"{line.text[: len(line.text) - len(text)]!r} is not spoken: left out")
        cut = pieces(text, *bounds)
        if len(cut) > 1:
            notes.add(at, f"was too long for a shot: {len(cut)} lines of it")
        found += [DraftLine(speaker, piece, line.emotion) for piece in cut]
    return found


def _meant(name: str, known: Mapping[str, str]) -> str:
    """The known name that is meant: in other case, or the only one that it is a part of; else as it is."""
    folded = name.casefold()
    if folded in known:
        return known[folded]
    longer = {known[one] for one in known if folded in one and known[one] != NARRATOR}
    return longer.pop() if len(longer) == 1 else name


def _without_speaker(text: str, name: str) -> str:
    said, colon, rest = text.partition(":")
    return rest.strip() if colon and said.strip().casefold() == name.casefold() else text


def _seen(
    scene: DraftScene,
    lines: Iterable[DraftLine],
    names: Mapping[str, str],
    notes: Notes,
    index: int,
) -> tuple[str, ...]:
    """Who is seen in a scene: whoever is named, and whoever speaks there."""
    named = [_meant(name, names) for name in scene.characters]
    for name in dict.fromkeys(line.character for line in lines):
        if name not in (NARRATOR, *named) and name in names.values():
            notes.add(("scenes", index, "characters"), f"{name!r} speaks there and was added")
            named.append(name)
    return tuple(name for name in dict.fromkeys(named) if name != NARRATOR)
