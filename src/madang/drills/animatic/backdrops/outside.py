"""Places under the sky."""

from madang.drills.animatic.backdrops.ground import (
    LAMP,
    Canvas,
    ground,
    panes,
    sky,
    skyline,
    street_lamp,
    tree,
)
from madang.drills.animatic.pen import darker, gradient, lighter, mix

_SIGNS = ((214, 76, 92), (78, 164, 172), (232, 166, 72), (136, 104, 196), (96, 160, 106))


def street(paper: Canvas) -> None:
    """A street of shops with lamps, high houses behind."""
    sky(paper)
    foot, pen = paper.horizon + 70, paper.pen
    skyline(paper, foot, paper.high * 0.46, 0.4)
    ground(paper)
    x = -60.0
    while x < paper.wide:
        wide, tall = paper.chance.uniform(240, 340), paper.chance.uniform(0.3, 0.46) * paper.high
        wall = paper.lit(
            paper.chance.choice(((170, 116, 98), (196, 176, 150), (122, 132, 150), (146, 128, 140)))
        )
        pen.box((x, foot - tall), (x + wide, foot), wall)
        pen.box((x, foot - tall), (x + wide, foot - tall + 18), darker(wall, 0.2))
        panes(paper, (x + 30, foot - tall + 46), (x + wide - 20, foot - 250), (74, 92), 0.0)
        sign = paper.chance.choice(_SIGNS)
        front = LAMP if paper.light.lamps else paper.lit((176, 200, 208))
        pen.box((x + 18, foot - 150), (x + wide - 18, foot), mix(front, (255, 255, 255), 0.1))
        pen.box((x + wide * 0.55, foot - 140), (x + wide * 0.78, foot), darker(front, 0.45))
        pen.box(
            (x + 10, foot - 216),
            (x + wide - 10, foot - 164),
            sign if paper.light.lamps else paper.lit(sign),
            8,
        )
        pen.poly([(x, foot - 164), (x + wide, foot - 164), (x + wide + 14, foot - 116), (x - 14, foot - 116)],
                 darker(paper.lit(sign), 0.2))  # fmt: skip
        if paper.light.lamps:
            paper.glow((x + wide / 2, foot - 120), 260, sign, 0.4)
        x += wide + paper.chance.uniform(0, 24)
    pen.box((0, foot), (paper.wide, foot + 40), lighter(paper.light.ground, 0.14))
    pen.box((0, foot + 40), (paper.wide, foot + 52), darker(paper.light.ground, 0.3))
    for share in (0.08, 0.52, 0.94):
        street_lamp(paper, (paper.wide * share, foot + 40), 400)


def rooftop(paper: Canvas) -> None:
    """A roof over the city, with a parapet, a water tank and strings of lights."""
    sky(paper)
    foot, pen = paper.horizon + 50, paper.pen
    skyline(paper, foot, paper.high * 0.32, 0.55)
    skyline(paper, foot + 30, paper.high * 0.2, 0.2)
    ground(paper, (132, 128, 126))
    wall = paper.lit((164, 152, 142))
    pen.box((0, foot - 60), (paper.wide, foot + 40), wall)
    pen.box((0, foot - 76), (paper.wide, foot - 52), lighter(wall, 0.15))
    tank = paper.wide * paper.chance.choice((0.12, 0.86))
    pen.box((tank - 110, foot - 300), (tank + 110, foot - 60), paper.lit((222, 196, 92)), 26)
    pen.line([(tank - 104, foot - 220), (tank + 104, foot - 220)], 8, paper.lit((190, 160, 70)))
    wire = [
        (0.0, paper.high * 0.16),
        (paper.wide * 0.5, paper.high * 0.24),
        (paper.wide, paper.high * 0.14),
    ]
    pen.line(wire, 4, (50, 48, 60))
    for step in range(1, 14):
        share = step / 14
        y = paper.high * (0.16 + 0.32 * share * (1 - share)) - paper.high * 0.02 * share
        if paper.light.lamps:
            paper.glow((paper.wide * share, y + 16), 70, LAMP, 0.7)
        pen.ellipse(
            (paper.wide * share, y + 14), 10, 13, LAMP if paper.light.lamps else (240, 232, 214)
        )


def sea(paper: Canvas) -> None:
    """Water to the horizon, a beach, far hills."""
    sky(paper)
    pen, horizon, light = paper.pen, paper.horizon, paper.light
    hills = mix(paper.lit((92, 116, 132)), light.haze, 0.45)
    pen.blob(
        [(-100, horizon + 60), (-60, horizon - 40), (paper.wide * 0.2, horizon - 96), (paper.wide * 0.42, horizon - 20),
         (paper.wide * 0.5, horizon + 60)],
        hills,
    )  # fmt: skip
    shore = horizon + (paper.high - horizon) * 0.46
    water = paper.lit((58, 122, 150))
    top, low = round(horizon * paper.unit), round(shore * paper.unit) + 20
    paper.image.paste(
        gradient((paper.image.width, low - top), (mix(water, light.haze, 0.55), water)), (0, top)
    )
    for _ in range(46):
        y = paper.chance.uniform(horizon + 8, shore - 10)
        near = (y - horizon) / (shore - horizon)
        x, reach = paper.chance.uniform(0, paper.wide), 24 + 110 * near
        pen.line([(x, y), (x + reach, y)], 2 + 3 * near, (*lighter(light.haze, 0.35), 130))
    if min(light.tint) > 160:
        paper.glow((paper.wide * 0.62, horizon + 60), 340, light.disc, 0.35)
    sand = paper.lit((226, 200, 160))
    pen.blob(
        [(-80, shore + 26), (paper.wide * 0.3, shore - 12), (paper.wide * 0.65, shore + 30), (paper.wide + 80, shore),
         (paper.wide + 90, paper.high + 60), (-90, paper.high + 60)],
        sand,
    )  # fmt: skip
    pen.line([(-20, shore + 24), (paper.wide * 0.3, shore - 10), (paper.wide * 0.65, shore + 30),
              (paper.wide + 20, shore)], 13, (246, 248, 248, 210))  # fmt: skip


def park(paper: Canvas) -> None:
    """Trees, hills, a path, a bench."""
    sky(paper)
    pen, horizon, chance = paper.pen, paper.horizon, paper.chance
    far = mix(paper.lit((104, 142, 128)), paper.light.haze, 0.5)
    pen.blob(
        [(-120, horizon + 80), (0, horizon - 120), (paper.wide * 0.3, horizon - 60), (paper.wide * 0.62, horizon - 170),
         (paper.wide + 60, horizon - 70), (paper.wide + 120, horizon + 80)],
        far,
    )  # fmt: skip
    ground(paper, (118, 152, 98))
    autumn = chance.random() < 0.35
    leaves = (
        ((206, 130, 62), (222, 170, 74), (182, 92, 62))
        if autumn
        else ((86, 138, 88), (108, 156, 92), (70, 120, 92))
    )
    for _ in range(int(paper.wide / 130)):
        x = chance.uniform(-40, paper.wide + 40)
        tree(
            paper,
            (x, horizon + chance.uniform(10, 40)),
            chance.uniform(260, 420),
            chance.choice(leaves),
        )
    path = paper.lit((214, 196, 164))
    middle = paper.wide * chance.uniform(0.35, 0.65)
    pen.blob(
        [(middle - 40, horizon + 40), (middle + 40, horizon + 40), (middle + 220, paper.high * 0.82),
         (middle + 420, paper.high + 120), (middle - 420, paper.high + 120), (middle - 160, paper.high * 0.82)],
        path,
    )  # fmt: skip
    bench = paper.wide * chance.choice((0.14, 0.8))
    wood = paper.lit((142, 98, 66))
    for y in (-110, -70, -30):
        pen.box((bench - 150, horizon + 130 + y), (bench + 150, horizon + 156 + y), wood, 6)
    for x in (-120, 120):
        pen.line(
            [(bench + x, horizon + 140), (bench + x, horizon + 200)], 12, paper.lit((70, 66, 72))
        )
    for x in (-0.02, 1.02):
        tree(paper, (paper.wide * x, horizon + 190), 760, chance.choice(leaves))
    if paper.light.lamps:
        street_lamp(paper, (middle - 190, horizon + 150), 330)


def hanok(paper: Canvas) -> None:
    """The courtyard of a Korean house: tiled roof, wooden posts, papered doors, a persimmon tree."""
    sky(paper)
    pen, foot = paper.pen, paper.horizon + 90
    hills = mix(paper.lit((96, 128, 120)), paper.light.haze, 0.5)
    pen.blob([(-100, foot), (paper.wide * 0.25, foot - 460), (paper.wide * 0.6, foot - 330),
              (paper.wide + 100, foot - 480), (paper.wide + 100, foot)], hills)  # fmt: skip
    ground(paper, (204, 180, 146))
    roof, wall = paper.lit((62, 66, 78)), paper.lit((232, 220, 196))
    top = foot - 420
    pen.box((paper.wide * 0.06, top), (paper.wide * 0.94, foot), wall)
    step = 190.0
    x = paper.wide * 0.06
    glowing = LAMP if paper.light.lamps else paper.lit((246, 238, 218))
    while x < paper.wide * 0.94 - 20:
        pen.box((x + 34, top + 90), (x + step - 10, foot - 36), glowing)
        for share in (0.0, 0.33, 0.67, 1.0):
            across = x + 34 + (step - 44) * share
            pen.line([(across, top + 90), (across, foot - 36)], 5, paper.lit((120, 78, 52)))
        for share in (0.0, 0.25, 0.5, 0.75, 1.0):
            y = top + 90 + (foot - 126 - top) * share
            pen.line([(x + 34, y), (x + step - 10, y)], 5, paper.lit((120, 78, 52)))
        pen.box((x, top), (x + 24, foot), paper.lit((110, 70, 48)))
        x += step
    pen.blob(
        [(-60, top + 22), (paper.wide * 0.12, top - 70), (paper.wide * 0.24, top - 196), (paper.wide * 0.5, top - 180),
         (paper.wide * 0.76, top - 196), (paper.wide * 0.88, top - 70), (paper.wide + 60, top + 22),
         (paper.wide * 0.5, top + 62)],
        roof,
    )  # fmt: skip
    x = paper.wide * 0.02
    while x < paper.wide * 0.99:
        pen.line([(x * 0.72 + paper.wide * 0.14, top - 150), (x, top + 30)], 7, lighter(roof, 0.12))
        x += 44
    pen.box((0, foot - 30), (paper.wide, foot + 22), paper.lit((166, 156, 146)), 6)
    tree(paper, (paper.wide * 0.97, foot + 110), 720, (132, 144, 76))
    for _ in range(12):
        at = (
            paper.wide * 0.97 + paper.chance.uniform(-230, 60),
            foot + 110 - paper.chance.uniform(380, 700),
        )
        pen.ellipse(at, 17, 16, paper.lit((232, 118, 48)))
    if paper.light.lamps:
        paper.glow((paper.wide * 0.5, foot - 160), 620, LAMP, 0.4)
