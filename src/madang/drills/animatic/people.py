"""Who is in a shot, how they look and what they do, by the words of a prompt.

Rule: who is described in the same words looks the same, in every shot and with every seed.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple, TypeVar

from madang.drills.animatic import words
from madang.drills.animatic.looks import Acting, Figure, Look, number
from madang.drills.animatic.words import Colour, Found

T = TypeVar("T")

_CHUNK = re.compile(r"\s+/\s+|\s*\|\s*|\n+")
_NAMED = re.compile(
    r"^[\s*\u2022-]*(?P<name>[^\W_][^;:.\u2014\u2013(]{0,60}?)\s*(?:\u2014|\u2013|--|[:\uff1a(]|\s-\s)"
)
_NEXT = re.compile(r"(?<=[.;])\s+(?=[^\W_][^;:.,\u2014\u2013]{0,40}?\s(?:\u2014|\u2013)\s)")
_NOBODY = re.compile(r"^\W*(?:nobody|no one|no people|none|아무도|无人|没有人|誰も)", re.IGNORECASE)
_PEOPLE = re.compile(
    r"\b(?:people|couple|lovers|friends|crowd|person|someone|hero|heroine|detective|soldier|teacher|student"
    r"|doctor|nurse|chef|barista|writer|singer|agent|boss)\b"
    r"|사람|연인|친구|주인공|형사|학생|의사|人们|情侣|朋友|主角|二人|恋人|友達",
    re.IGNORECASE,
)
_TWO = re.compile(
    r"\b(?:two|couple|both|lovers|friends|each other)\b|두 |연인|친구|两|情侣|朋友|二人|恋人|友達",
    re.IGNORECASE,
)
_HAIR = re.compile(r"hair(?:ed)?\b|머리|头发|[长短卷]发|髪|bob\b|ponytail\b|bun\b|단발")
_TALL = re.compile(r"\btall\b|키가? ?큰|高大|高个|背の高い|長身", re.IGNORECASE)
_SMALL = re.compile(
    r"\b(?:short|small|petite)\b(?!\s*\w*\s*(?:hair|bob))|작은 키|키가? ?작|矮|小柄", re.IGNORECASE
)
_BREAK = re.compile(r"[,;.\n、\uff0c\uff1b。]|\b(?:and|over|with|under)\b|와 |과 |및 |和|と")
_SENTENCE = re.compile(r"[\n.!?。]")
_MAX_FIGURES = 4
_BEHIND = 12
_TOGETHER = frozenset({"embrace", "fight"})

_SKINS: tuple[Colour, ...] = (
    (246, 214, 190), (238, 200, 170), (232, 190, 158), (222, 178, 146),
)  # fmt: skip
_HAIRS: tuple[Colour, ...] = (
    (40, 34, 36), (58, 42, 36), (84, 58, 42), (112, 76, 50), (36, 36, 46), (70, 48, 52),
)  # fmt: skip
_CLOTHES: tuple[Colour, ...] = (
    (176, 74, 66), (66, 104, 152), (84, 128, 98), (206, 164, 92), (128, 88, 138), (74, 80, 98),
    (190, 120, 88), (92, 140, 150), (150, 74, 96), (226, 214, 190),
)  # fmt: skip
_UNDER: tuple[Colour, ...] = ((236, 232, 224), (74, 82, 102))
_LEGS: tuple[Colour, ...] = ((52, 56, 70), (70, 76, 96), (92, 78, 68), (60, 62, 64))
_JEANS: Colour = (74, 96, 138)
_OLD_HAIR: Colour = (198, 196, 194)
_LONG_STYLES = ("long", "bob", "ponytail", "bun")


def figures(characters: str, action: str, text: str, mark: int) -> tuple[Figure, ...]:
    """At most four figures: those described, else those that the whole text speaks of."""
    if _NOBODY.match(characters):
        return ()
    people = list(_described(characters)) or _undescribed(text, action)
    looks = [_look(name, told) for name, told in people[:_MAX_FIGURES]]
    scene = _Scene(
        words.meaning("emotions", action) or "neutral", words.meaning("poses", action) or "stand"
    )
    facing = [1 if index % 2 == 0 else -1 for index in range(len(looks))]
    if len(looks) == 1:
        facing = [1 if mark % 2 else -1]
    return tuple(
        Figure(look, _acting(look, side, action, scene))
        for look, side in zip(looks, facing, strict=True)
    )


class _Scene(NamedTuple):
    """What everybody feels and does, unless something else is said of them."""

    emotion: str
    pose: str


def _described(text: str) -> Iterator[tuple[str, str]]:
    """Names and what is said of them: `NAME — appearance; clothing`, one per line or with slashes between."""
    name, told = "", ""
    for chunk in (part for piece in _CHUNK.split(text) for part in _NEXT.split(piece)):
        if named := _NAMED.match(chunk):
            if name:
                yield name, told
            name, told = named["name"].strip(), chunk[named.end() :].strip()
        elif name:
            told += f" {chunk}"
        elif chunk.strip():
            yield from ((one.strip(), "") for one in re.split(r"[,、]", chunk) if one.strip())
    if name:
        yield name, told


def _undescribed(text: str, action: str) -> list[tuple[str, str]]:
    """Who is in a free text: a woman, a man, or both; nobody where it speaks of no people."""
    genders = list(dict.fromkeys(hit.meaning for hit in words.found("genders", text)))
    if not genders:
        acts = words.meaning("poses", action) or _PEOPLE.search(text)
        genders = ["female", "male"] if _TWO.search(text) else ["female"] if acts else []
    elif len(genders) == 1 and _TWO.search(text):
        genders *= 2
    return [(f"{gender} {index}", f"{gender} {text}") for index, gender in enumerate(genders)]


def _acting(look: Look, facing: int, action: str, scene: _Scene) -> Acting:
    """What one of the figures does. Where names are told, what stands by a name is theirs alone."""
    own = "\n".join(part for part in _SENTENCE.split(action) if look.name and look.name in part)
    shared = scene.pose if not own or scene.pose in _TOGETHER else "stand"
    return Acting(
        emotion=words.meaning("emotions", own) or scene.emotion,
        pose=words.meaning("poses", own) or shared,
        facing=facing,
        speaks=bool(words.found("speaking", own)),
    )


def _look(name: str, told: str) -> Look:
    """The look that a description gives. What it leaves open follows from its very words."""
    mark = number(f"{name}|{told}")
    person = _Person(told, mark)
    outer, inner = _worn(told)
    legs = next(iter(words.found("bottoms", told)), None)
    gender = words.meaning("genders", told) or words.meaning("genders", name)
    female = gender == "female" if gender else _likely_female(told, mark)
    garment = outer.meaning if outer else ("sweater", "jacket", "shirt")[mark % 3]
    extras = words.found("extras", told)
    tied = next((hit for hit in extras if hit.meaning in {"scarf", "tie", "hat"}), None)
    age = words.meaning("ages", told)
    trousers = _JEANS if legs and legs.meaning == "jeans" else _turn(_LEGS, mark // 17)
    long_style = _turn(_LONG_STYLES, mark // 3)
    return Look(
        name=name,
        skin=_turn(_SKINS, mark // 7),
        hair=person.hair(old=age == "old"),
        style=words.meaning("hairstyles", told) or (long_style if female else "short"),
        garment=garment,
        top=person.shade(outer) or _turn(_CLOTHES, mark // 11),
        under=person.shade(inner) or _turn(_UNDER, mark // 13),
        bottom=person.shade(legs) or trousers,
        skirt=bool(legs and legs.meaning == "skirt") or (female and garment in {"dress", "hanbok"}),
        female=female,
        tall=_tall(told, age, female=female, mark=mark),
        old=age == "old",
        extras=frozenset(hit.meaning for hit in extras),
        accent=person.shade(tied) or _turn(_CLOTHES, mark // 19),
    )


def _worn(told: str) -> tuple[Found | None, Found | None]:
    """The outermost garment, and what is seen under it."""
    order = list(words.tables()["garments"])
    clothes = sorted(words.found("garments", told), key=lambda hit: order.index(hit.meaning))
    outer = clothes[0] if clothes else None
    inner = next((hit for hit in clothes if outer and hit.meaning != outer.meaning), None)
    return outer, inner


class _Person:
    """Colours in a description: which of them is whose."""

    def __init__(self, told: str, mark: int) -> None:
        self._told = told
        self._mark = mark
        self._shades = words.found("colours", told)
        hair = _HAIR.search(told.lower())
        self._hair = (self._clause(hair.start()), hair.end()) if hair else (-1, -1)

    def hair(self, *, old: bool) -> Colour:
        """The colour that stands with the hair."""
        start, end = self._hair
        named = [hit for hit in self._shades if start <= hit.start < end or hit.meaning == "blond"]
        if named:
            return words.COLOURS[named[-1].meaning]
        return _OLD_HAIR if old else _turn(_HAIRS, self._mark // 5)

    def shade(self, worn: Found | None) -> Colour | None:
        """The colour named before a garment in its clause (but not that of hair), else right behind it."""
        if worn is None:
            return None
        free = [hit for hit in self._shades if not self._hair[0] <= hit.start < self._hair[1]]
        start = self._clause(worn.start)
        before = [hit for hit in free if start <= hit.start and hit.end <= worn.start + 1]
        after = [hit for hit in free if 0 <= hit.start - worn.end < _BEHIND]
        chosen = before[-1:] or after[:1]
        return words.COLOURS[chosen[0].meaning] if chosen else None

    def _clause(self, at: int) -> int:
        """Where the clause begins that a place stands in."""
        return max((hit.end() for hit in _BREAK.finditer(self._told, 0, at)), default=0)


def _likely_female(told: str, mark: int) -> bool:
    if words.meaning("hairstyles", told) in _LONG_STYLES or "skirt" in told or "dress" in told:
        return True
    return words.meaning("extras", told) not in {"beard", "tie"} and mark % 2 == 0


def _tall(told: str, age: str | None, *, female: bool, mark: int) -> float:
    if age == "child":
        return 0.72
    height = 0.94 if female else 1.0
    height += 0.05 * bool(_TALL.search(told)) - 0.05 * bool(_SMALL.search(told))
    return height - 0.02 * (age == "old") + (mark % 5 - 2) * 0.006


def _turn(choices: tuple[T, ...], index: int) -> T:
    return choices[index % len(choices)]
