"""Heads: skull, hair, face. A grown-up is 1,000 units high, feet at 0, upwards is negative; faces look to the right."""

from typing import NamedTuple

from madang.drills.animatic.looks import Look
from madang.drills.animatic.pen import Pen, Point, darker, lighter, mix
from madang.drills.animatic.words import Colour

_X, _Y, _RX, _RY = 6.0, -886.0, 70.0, 86.0
_TURN = 15.0
_INK: Colour = (44, 34, 40)


class Brow(NamedTuple):
    """How a face shows a feeling: height and slant of the brows, how open eyes are, the mouth's curve and opening."""

    lift: float = 0.0
    slant: float = 0.0
    open: float = 1.0
    smile: float = 2.0
    gape: float = 0.0


FEELINGS = {
    "neutral": Brow(),
    "happy": Brow(lift=4, open=0.8, smile=16, gape=5),
    "sad": Brow(lift=2, slant=-9, open=0.7, smile=-9),
    "angry": Brow(lift=-7, slant=11, open=0.78, smile=-8),
    "afraid": Brow(lift=9, slant=-7, open=1.25, smile=-6, gape=6),
    "surprised": Brow(lift=13, open=1.35, smile=0, gape=13),
    "tender": Brow(lift=3, slant=-3, open=0.72, smile=11),
    "tense": Brow(lift=-4, slant=5, open=0.85, smile=-2),
    "whispering": Brow(lift=1, slant=-2, open=0.75, smile=1, gape=4),
}


def draw_back(pen: Pen, look: Look) -> None:
    """What hangs behind the neck."""
    hair = darker(look.hair, 0.18)
    if look.style == "long":
        pen.blob(
            [(-70, -900), (-98, -800), (-92, -690), (-40, -655), (44, -660), (84, -700), (92, -800), (78, -900)],
            hair,
        )  # fmt: skip
    elif look.style == "ponytail":
        pen.blob(
            [(-60, -930), (-118, -905), (-132, -810), (-108, -720), (-92, -800), (-66, -860)], hair
        )
    elif look.style == "bun":
        pen.ellipse((-44, -968), 42, 40, hair)
    elif look.style == "curly":
        for x, y, r in (
            (-72, -880, 36),
            (-78, -830, 34),
            (78, -880, 32),
            (82, -832, 30),
            (-58, -790, 28),
        ):
            pen.ellipse((x, y), r, r, hair)
    elif look.style == "bob":
        pen.blob(
            [(-74, -920), (-92, -840), (-80, -776), (0, -768), (84, -780), (90, -850), (76, -920)],
            hair,
        )


def draw_skull(pen: Pen, look: Look) -> None:
    """Neck, ear and head."""
    shade = darker(look.skin, 0.16)
    pen.box((-30, -822), (34, -745), shade, 16)
    pen.ellipse((_X - 62, _Y + 8), 15, 20, shade)
    pen.ellipse((_X, _Y), _RX, _RY, look.skin)
    jaw = [
        (_X - 58, _Y + 20),
        (_X - 36, _Y + 70),
        (_X + 8, _Y + 92),
        (_X + 46, _Y + 70),
        (_X + 62, _Y + 20),
    ]
    pen.blob(jaw, look.skin)


def draw_face(pen: Pen, look: Look, emotion: str, *, shut: bool, speaking: float) -> None:
    """Eyes, brows, nose and mouth. `shut`: a blink; `speaking`: how far the mouth is open, 0 to 1."""
    feeling = FEELINGS.get(emotion, FEELINGS["neutral"])
    middle = _X + _TURN
    flush = mix(look.skin, (232, 96, 96), 0.42 if emotion in {"tender", "happy"} else 0.2)
    for side in (-1, 1):
        pen.ellipse((middle + side * 36, _Y + 34), 13, 8, flush)
        _eye(pen, look, (middle + side * 28, _Y + 8), side, feeling, shut=shut)
    pen.line(
        [(middle + 7, _Y + 14), (middle + 12, _Y + 32), (middle + 4, _Y + 35)],
        4,
        darker(look.skin, 0.3),
    )
    _mouth(pen, (middle + 2, _Y + 55), feeling, speaking, female=look.female)
    if emotion == "sad":
        pen.ellipse((middle + 34, _Y + 34), 4.5, 8, (196, 226, 246))
    if look.old:
        for side in (-1, 1):
            lines = [(middle + side * 20, _Y + 40), (middle + side * 30, _Y + 52)]
            pen.line(lines, 2.5, darker(look.skin, 0.22))


def _eye(pen: Pen, look: Look, at: Point, side: int, feeling: Brow, *, shut: bool) -> None:
    x, y = at
    brow = darker(look.hair, 0.2) if not look.old else mix(look.hair, _INK, 0.4)
    inner, outer = (
        y - 27 - feeling.lift + feeling.slant,
        y - 27 - feeling.lift - feeling.slant * 0.6,
    )
    pen.line(
        [(x - side * 14, inner), (x + side * 2, min(inner, outer) - 3), (x + side * 17, outer)],
        6,
        brow,
    )
    if shut:
        pen.line([(x - 12, y + 2), (x, y + 6), (x + 12, y + 2)], 4.5, _INK)
        return
    height = 13.5 * feeling.open
    pen.ellipse((x, y), 12.5, height, (250, 249, 246))
    pen.ellipse((x + 3, y + 0.5), 8.6, min(height, 11.5), mix(_INK, look.hair, 0.25))
    pen.ellipse((x + 6, y - 4), 3.0, 3.0, (255, 255, 255))
    lid = [(x - 14, y - height * 0.55), (x, y - height - 1), (x + 14, y - height * 0.55)]
    pen.line(lid, 5.5 if look.female else 4, _INK)
    if look.female:
        pen.line([(x + side * 13, y - height * 0.6), (x + side * 19, y - height - 2)], 3.5, _INK)


def _mouth(pen: Pen, at: Point, feeling: Brow, speaking: float, *, female: bool) -> None:
    x, y = at
    curve, gape = feeling.smile, feeling.gape + speaking * 12
    lip = (176, 74, 76) if female else (142, 76, 68)
    if gape < 3:
        pen.line(
            [(x - 19, y - curve * 0.5), (x, y + curve * 0.5), (x + 19, y - curve * 0.5)], 5, lip
        )
        return
    wide = 19 if feeling.smile > 0 else 14
    top, bottom = y - gape * 0.5 - curve * 0.2, y + gape * 0.9 + max(curve, 0) * 0.5
    shape = [(x - wide, y - curve * 0.4), (x, top), (x + wide, y - curve * 0.4), (x, bottom)]
    pen.blob(shape, (104, 38, 46))
    if gape > 8 or curve > 8:
        pen.line([(x - wide * 0.55, top + 4), (x + wide * 0.55, top + 4)], 4, (250, 246, 240))


def draw_front(pen: Pen, look: Look) -> None:
    """Hair over the forehead, and what is worn on the head."""
    hair, shine = look.hair, lighter(look.hair, 0.16)
    if look.style == "bald":
        pen.ellipse((_X + 16, _Y - 62), 18, 8, lighter(look.skin, 0.35))
    elif look.style in {"short", "curly"}:
        pen.blob(
            [(-70, -862), (-78, -930), (-40, -986), (24, -992), (70, -964), (84, -905), (74, -898), (52, -936),
             (6, -944), (-36, -926), (-52, -890), (-58, -850)],
            hair,
        )  # fmt: skip
        pen.line([(-30, -966), (10, -974), (44, -962)], 7, shine)
    else:
        low = -800 if look.style in {"long", "bob"} else -862
        pen.blob(
            [(-66, low), (-84, -890), (-66, -956), (-14, -994), (42, -986), (80, -944), (88, -880), (82, low + 6),
             (70, -868), (58, -916), (14, -948), (-26, -934), (-52, -892), (-56, -850)],
            hair,
        )  # fmt: skip
        pen.line([(-42, -956), (-4, -974), (36, -966)], 7, shine)
    if look.style == "curly":
        for x, y in ((-56, -950), (-20, -976), (22, -980), (58, -952), (76, -910)):
            pen.ellipse((x, y), 25, 23, hair)
    _worn(pen, look)


def _worn(pen: Pen, look: Look) -> None:
    middle = _X + _TURN
    if "beard" in look.extras:
        beard = darker(look.hair, 0.05)
        pen.blob(
            [(-48, -868), (-40, -812), (4, -782), (52, -808), (66, -862), (48, -842), (24, -850),
             (0, -846), (-24, -842)],
            beard,
        )  # fmt: skip
        pen.line([(middle - 14, _Y + 56), (middle + 16, _Y + 56)], 5, (140, 70, 66))
    if "glasses" in look.extras:
        for side in (-1, 1):
            x = middle + side * 28
            ring: list[Point] = [
                (x - 21, _Y + 8),
                (x, _Y - 12),
                (x + 21, _Y + 8),
                (x, _Y + 27),
                (x - 21, _Y + 8),
            ]
            pen.line(ring, 4, (40, 40, 48))
        pen.line([(middle - 7, _Y + 6), (middle + 7, _Y + 6)], 4, (40, 40, 48))
    if "hat" in look.extras:
        pen.blob(
            [(-80, -930), (-64, -1000), (6, -1024), (72, -1000), (90, -930), (6, -944)], look.accent
        )
        pen.line([(-92, -928), (8, -944), (112, -922)], 17, darker(look.accent, 0.25))
