"""A script for an order: a story of its genre, as many beats as scenes are wanted, played by people of its language.

Rule: the same order and seed give the same script.
"""

from random import Random
from typing import Any, NamedTuple

from madang.drills.simulator.brain.drama.library import (
    Beat,
    Gender,
    Language,
    Named,
    PartLook,
    StockLine,
    Story,
    company,
    interludes,
    story,
)
from madang.drills.simulator.brain.drama.order import Order, sayable

_USUAL_SCENES = 6
MOST_SCENES = 120
"""However many are asked for."""

_LETTERS_PER_S = {"en": 13.0, "ko": 5.5, "zh": 4.6, "ja": 5.2}
_BREATH_S = 0.4
_PARTS = ("a", "b", "c")


class Player(NamedTuple):
    """Who plays a part."""

    name: str
    gender: Gender
    look: PartLook


def tell(order: Order, seed: int, allowed: range) -> dict[str, Any]:
    """The script as plain data. `allowed`: how many scenes it may have."""
    told = story(order.genre)
    chance = Random(f"{order.theme}|{order.genre}|{order.hero}|{order.variation}|{seed}")
    cast = _cast(order, told, chance)
    wanted = min(max(order.scenes or _USUAL_SCENES, allowed.start), allowed.stop - 1)
    beats = _beats(told, max(1, wanted))
    chosen = _within(beats, order)
    names = {part: player.name for part, player in cast.items()}
    words = names | {"theme": sayable(order.theme, order.language)}
    seen = {part for beat in beats for part in beat.who}
    titles = told.titles[order.language]
    return {
        "title": titles[chance.randrange(len(titles))],
        "genre": order.genre,
        "language": order.language,
        "logline": told.logline.format(**names, theme=order.theme).replace("\u2026.", "\u2026"),
        "theme": order.theme,
        "characters": [_character(part, cast[part], order) for part in _PARTS if part in seen],
        "places": _places(beats, order),
        "scenes": [
            _scene(number, beat, lines, words, order.language)
            for number, (beat, lines) in enumerate(zip(beats, chosen, strict=True), 1)
        ],
        "music": dict(told.music),
    }


def _cast(order: Order, told: Story, chance: Random) -> dict[str, Player]:
    either: tuple[Gender, Gender] = ("female", "male")
    known = order.gender or _known_gender(order)
    lead: Gender = known if known is not None else chance.choice(either)
    other: Gender = "male" if lead == "female" else "female"
    alike = not told.opposites and chance.random() < 0.4
    third: Gender = chance.choice(either)
    genders: tuple[Gender, ...] = (lead, lead if alike else other, third)
    names = list(company().names[order.language])
    chance.shuffle(names)
    cast: dict[str, Player] = {}
    for part, role, gender in zip(_PARTS, told.cast, genders, strict=True):
        looks = company().looks[role][gender]
        named = next(
            name
            for name in names
            if name.gender == gender and name.spelled(order.language) != order.hero
        )
        names.remove(named)
        name = order.hero if part == "a" and order.hero else named.spelled(order.language)
        cast[part] = Player(name, gender, looks[chance.randrange(len(looks))])
    return cast


def _known_gender(order: Order) -> Gender | None:
    everybody: list[Named] = [name for names in company().names.values() for name in names]
    spelled = {
        getattr(name, language): name.gender for name in everybody for language in company().names
    }
    return spelled.get(order.hero or "")


def _beats(told: Story, count: int) -> list[Beat]:
    """As many beats as are wanted, in the story's order; further scenes are interludes before the last."""
    ranked = sorted(told.beats, key=lambda beat: (beat.rank, beat.last))[:count]
    chosen = [beat for beat in told.beats if beat in ranked]
    between = interludes()
    missing = count - len(chosen)
    for number in range(missing):
        # spread evenly between the beats, from the second to the one before the last
        at = 1 + (number * 2 + 1) % max(1, len(chosen) - 1)
        chosen.insert(at, between[number % len(between)])
    return chosen


def _within(beats: list[Beat], order: Order) -> list[list[StockLine]]:
    """The lines of each beat, fewer where they take longer than is wanted: what stands in the middle goes first."""
    chosen = [list(beat.lines) for beat in beats]
    if order.speech_s is None:
        return chosen
    while sum(_seconds(line, order) for lines in chosen for line in lines) > order.speech_s:
        longest = max(chosen, key=len)
        if len(longest) > 1:
            longest.pop(len(longest) // 2)
            continue
        full = [lines for lines in chosen if lines]
        if len(full) == 1:
            break
        full[len(full) // 2].clear()
    return chosen


def _seconds(line: StockLine, order: Order) -> float:
    text = line.text(order.language).replace("{theme}", sayable(order.theme, order.language))
    return len(text) / _LETTERS_PER_S[order.language] + _BREATH_S


def _character(part: str, player: Player, order: Order) -> dict[str, Any]:
    appearance = player.look.appearance
    if part == "a" and order.about:
        appearance = f"{order.about}; {appearance}"
    return {
        "name": player.name,
        "appearance": appearance,
        "clothing": player.look.clothing,
        "description": f"{appearance}; {player.look.clothing}",
        "voice": {"gender": player.gender, "age": player.look.age, "name": None, "speed": 1.0},
    }


def _places(beats: list[Beat], order: Order) -> list[dict[str, str]]:
    named = dict.fromkeys(beat.place for beat in beats)
    places = [dict(company().places[place]) for place in named]
    if order.setting:
        places[0]["description"] += f"; {order.setting}"
    return places


def _scene(
    number: int, beat: Beat, lines: list[StockLine], words: dict[str, str], language: Language
) -> dict[str, Any]:
    return {
        "id": str(number),
        "description": beat.description.format(**words),
        "place": company().places[beat.place]["name"],
        "characters": [words[part] for part in beat.who],
        "lines": [
            {
                "id": f"{number}.{at}",
                "character": words.get(line.by, line.by),
                "text": line.said(language, words),
                "emotion": line.emotion,
            }
            for at, line in enumerate(lines, 1)
        ],
        "camera": beat.camera,
        "setting": beat.setting,
    }
