"""Sprites of figures: the same body with a few faces, so that it can blink and speak."""

from typing import NamedTuple

from PIL import Image

from madang.drills.animatic.body import draw_body
from madang.drills.animatic.head import draw_back, draw_face, draw_front, draw_skull
from madang.drills.animatic.looks import Figure
from madang.drills.animatic.pen import Pen, tinted
from madang.drills.animatic.words import Colour

_FINER = 2
"""Drawn that much larger, for smooth edges."""

WIDTH, TOP, BOTTOM = 620, -1_050, 40
"""The sprite's bounds, in units."""


class Sprite(NamedTuple):
    """Pictures of a figure; where its middle and its feet are, in pixels from the upper left corner."""

    still: Image.Image
    blink: Image.Image
    speak: Image.Image
    middle_px: float
    feet_px: float


def sprite(figure: Figure, height_px: float, tint: Colour, cut_units: float) -> Sprite:
    """A figure whose grown-up height is `height_px`; nothing below `cut_units` (negative: above the feet) is drawn."""
    scale = height_px * figure.look.tall / 1_000
    bottom = min(BOTTOM, cut_units / figure.look.tall)
    size = (round(WIDTH * scale), max(2, round((bottom - TOP) * scale)))
    canvas = Image.new("RGBA", (size[0] * _FINER, size[1] * _FINER), (*figure.look.top, 0))
    looks_left = figure.acting.facing < 0
    pen = _pen(canvas, scale, flip=looks_left)
    draw_back(pen, figure.look)
    draw_body(pen, figure.look, figure.acting.pose)
    draw_skull(pen, figure.look)
    faces = [
        _face(canvas, figure, scale, shut=shut, speaking=speaking)
        for shut, speaking in ((False, 0.0), (True, 0.0), (False, 1.0))
    ]
    still, blink, speak = (tinted(face.reduce(_FINER), tint) for face in faces)
    used = still.getbbox() or (0, 0, *still.size)
    still, blink, speak = (face.crop(used) for face in (still, blink, speak))
    return Sprite(still, blink, speak, size[0] / 2 - used[0], -TOP * scale - used[1])


def _pen(canvas: Image.Image, scale: float, *, flip: bool) -> Pen:
    origin = (canvas.width / 2, -TOP * scale * _FINER)
    return Pen(canvas, scale * _FINER, origin, flip=flip)


def _face(
    canvas: Image.Image, figure: Figure, scale: float, *, shut: bool, speaking: float
) -> Image.Image:
    picture = canvas.copy()
    pen = _pen(picture, scale, flip=figure.acting.facing < 0)
    draw_face(pen, figure.look, figure.acting.emotion, shut=shut, speaking=speaking)
    draw_front(pen, figure.look)
    return picture
