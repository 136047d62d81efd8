"""What backdrops are made of: a canvas with a horizon, a sky, rows of houses, trees, lamps, windows."""

from random import Random
from typing import NamedTuple

from PIL import Image

from madang.drills.animatic.light import Light
from madang.drills.animatic.pen import Pen, Point, darker, glow, gradient, lighter, mix
from madang.drills.animatic.words import Colour

LAMP: Colour = (255, 214, 140)
_LIT = 0.45
HORIZON = 0.62
"""Where the ground begins, as a share of the height."""


class Canvas(NamedTuple):
    """A backdrop in the making. Units: the shorter side of the picture is 1,000; x from the left, y from above.

    `chance` lays out the land, the same under any sky; `air` what is in the sky.
    """

    image: Image.Image
    pen: Pen
    light: Light
    chance: Random
    air: Random
    unit: float
    wide: float
    high: float

    @property
    def horizon(self) -> float:
        """The y of the horizon."""
        return self.high * HORIZON

    def glow(self, at: Point, radius: float, colour: Colour = LAMP, strength: float = 0.6) -> None:
        """Light around a point."""
        glow(
            self.image, (at[0] * self.unit, at[1] * self.unit), radius * self.unit, colour, strength
        )

    def lit(self, colour: Colour) -> Colour:
        """A colour as this light shows it."""
        red, green, blue = (c * t // 255 for c, t in zip(colour, self.light.tint, strict=True))
        return red, green, blue


def canvas(size: tuple[int, int], light: Light, land: int) -> Canvas:
    """An empty one, under its sky, for a place of that number."""
    image = gradient(size, (*light.sky, light.haze))
    unit = min(size) / 1_000
    return Canvas(
        image,
        Pen(image, unit),
        light,
        Random(land),
        Random(land + 1),
        unit,
        *(side / unit for side in size),
    )


def sky(paper: Canvas) -> None:
    """Sun or moon, stars, clouds."""
    light, chance, horizon = paper.light, paper.air, paper.horizon
    if light.stars:
        for _ in range(90):
            at = (chance.uniform(0, paper.wide), chance.uniform(0, horizon * 0.9))
            size = chance.choice((1.2, 1.8, 2.6))
            paper.pen.ellipse(at, size, size, (250, 250, 255, chance.randint(90, 220)))
    centre = (paper.wide * chance.uniform(0.2, 0.8), horizon * chance.uniform(0.22, 0.5))
    low = light.disc == (255, 222, 150)
    if low:
        centre = (centre[0], horizon * 0.86)
    if not light.clouded:
        paper.glow(centre, 420, light.disc, 0.7)
        paper.pen.ellipse(centre, 70 if low else 48, 70 if low else 48, light.disc)
    for _ in range(5):
        x, y = chance.uniform(0, paper.wide), chance.uniform(horizon * 0.08, horizon * 0.6)
        shade = (*lighter(light.sky[-1], 0.5), 105)
        for step in range(4):
            reach = chance.uniform(60, 130)
            paper.pen.ellipse(
                (x + step * 62, y + chance.uniform(-10, 10)), reach, reach * 0.24, shade
            )


def ground(paper: Canvas, colour: Colour | None = None) -> None:
    """Flat land from the horizon to the lower edge."""
    base = paper.lit(colour) if colour else paper.light.ground
    low, high = int(paper.high * paper.unit) + 1, int(paper.horizon * paper.unit)
    area = gradient(
        (paper.image.width, low - high),
        (mix(base, paper.light.haze, 0.35), base, darker(base, 0.3)),
    )
    paper.image.paste(area, (0, high))


def skyline(paper: Canvas, base: float, tallest: float, share: float) -> None:
    """A row of high houses that stands on `base`; `share`: how much of them is lost in the haze."""
    x = -40.0
    while x < paper.wide:
        wide, tall = paper.chance.uniform(80, 170), paper.chance.uniform(0.45, 1.0) * tallest
        colour = mix(paper.lit(paper.chance.choice(_WALLS)), paper.light.haze, share)
        paper.pen.box((x, base - tall), (x + wide, base), colour)
        paper.pen.box((x + wide * 0.7, base - tall), (x + wide, base), darker(colour, 0.1))
        panes(paper, (x + 14, base - tall + 20), (x + wide - 14, base - 20), (26, 34), share)
        x += wide + paper.chance.uniform(-6, 20)


_WALLS: tuple[Colour, ...] = (
    (148, 156, 172), (172, 150, 138), (120, 132, 156), (182, 172, 160), (134, 122, 134), (106, 120, 138),
)  # fmt: skip


def panes(
    paper: Canvas, left_top: Point, right_bottom: Point, size: tuple[int, int], share: float
) -> None:
    """Windows in rows; some are lit when lamps are on."""
    wide, tall = size
    y = left_top[1]
    while y + tall * 0.6 < right_bottom[1]:
        x = left_top[0]
        while x + wide * 0.6 <= right_bottom[0]:
            bright = paper.chance.random() < _LIT and paper.light.lamps
            colour = LAMP if bright else paper.lit((96, 116, 142))
            paper.pen.box(
                (x, y), (x + wide * 0.6, y + tall * 0.6), mix(colour, paper.light.haze, share)
            )
            x += wide
        y += tall


def tree(paper: Canvas, at: Point, size: float, colour: Colour) -> None:
    """A round tree whose foot is at a point."""
    x, y = at
    paper.pen.line(
        [(x, y), (x + size * 0.02, y - size * 0.55)], size * 0.07, paper.lit((96, 70, 56))
    )
    leaf = paper.lit(colour)
    for dx, dy, r in (
        (-0.2, -0.62, 0.24),
        (0.2, -0.6, 0.25),
        (0.0, -0.82, 0.28),
        (0.04, -0.58, 0.26),
    ):
        paper.pen.ellipse(
            (x + dx * size, y + dy * size), r * size, r * size * 0.92, darker(leaf, 0.14)
        )
    for dx, dy, r in ((-0.16, -0.72, 0.18), (0.12, -0.72, 0.17), (-0.02, -0.9, 0.17)):
        paper.pen.ellipse((x + dx * size, y + dy * size), r * size, r * size * 0.9, leaf)


def street_lamp(paper: Canvas, at: Point, tall: float) -> None:
    """A lamp post, lit when lamps are on."""
    x, y = at
    paper.pen.line(
        [(x, y), (x, y - tall), (x + 46, y - tall - 26)], 9, paper.lit((56, 60, 72)), curved=False
    )
    paper.pen.ellipse(
        (x + 52, y - tall - 18), 20, 13, LAMP if paper.light.lamps else paper.lit((220, 220, 214))
    )
    if paper.light.lamps:
        paper.glow((x + 52, y - tall - 10), 260, LAMP, 0.55)


def window(paper: Canvas, left_top: Point, right_bottom: Point, *, city: bool = True) -> None:
    """A window of a room, with what is outside."""
    (ax, ay), (bx, by) = left_top, right_bottom
    left, top, right, low = (round(value * paper.unit) for value in (ax, ay, bx, by))
    paper.image.paste(gradient((right - left, low - top), paper.light.sky), (left, top))
    if city:
        x = ax
        while x < bx:
            wide = min(paper.chance.uniform(50, 90), bx - x)
            tall = paper.chance.uniform(0.2, 0.55) * (by - ay)
            wall = mix(paper.lit((110, 118, 140)), paper.light.haze, 0.35)
            paper.pen.box((x, by - tall), (x + wide, by), wall)
            if wide > 40:
                panes(paper, (x + 8, by - tall + 10), (x + wide - 6, by - 8), (20, 26), 0.2)
            x += wide
    frame = (236, 230, 220)
    middle = (ax + bx) / 2
    for points in (
        [(ax, ay), (bx, ay), (bx, by), (ax, by), (ax, ay)],
        [(middle, ay), (middle, by)],
    ):
        paper.pen.line(points, 16 if len(points) > 2 else 10, frame, curved=False)
    paper.pen.box((ax - 26, by), (bx + 26, by + 22), (222, 214, 202))
