"""Places under a roof: a wall, a floor, what stands before it. At night it is the lamps that light them."""

from madang.drills.animatic.backdrops.ground import LAMP, Canvas, window
from madang.drills.animatic.pen import darker, gradient, lighter, mix
from madang.drills.animatic.words import Colour

_FLOOR = 0.70


def _shell(paper: Canvas, wall: Colour, floor: Colour) -> float:
    """Wall and floor; returns the y where they meet."""
    dim = 0.30 if paper.light.stars or max(paper.light.tint) < 240 else 0.0
    wall, floor = mix(wall, (58, 50, 74), dim), mix(floor, (44, 38, 56), dim)
    foot = paper.high * _FLOOR
    width, edge = paper.image.width, round(foot * paper.unit)
    paper.image.paste(
        gradient((width, edge), (darker(wall, 0.12), wall, lighter(wall, 0.06))), (0, 0)
    )
    paper.image.paste(
        gradient((width, paper.image.height - edge), (floor, darker(floor, 0.28))), (0, edge)
    )
    paper.pen.box((0, foot - 26), (paper.wide, foot), lighter(wall, 0.3))
    return foot


def _pendant(paper: Canvas, x: float, length: float, shade: Colour) -> None:
    paper.pen.line([(x, 0), (x, length)], 4, (50, 48, 54))
    paper.pen.poly(
        [(x - 62, length + 56), (x - 26, length), (x + 26, length), (x + 62, length + 56)], shade
    )
    paper.pen.ellipse((x, length + 58), 34, 13, (255, 240, 204))
    paper.glow((x, length + 70), 330, LAMP, 0.5)


def _plant(paper: Canvas, x: float, foot: float, size: float) -> None:
    pen = paper.pen
    for lean in (-0.5, -0.25, 0.0, 0.25, 0.5):
        tip = (x + lean * size, foot - size * (1.25 - abs(lean) * 0.7))
        middle = (x + lean * size * 0.2, foot - size * 0.7)
        pen.line(
            [(x, foot - size * 0.3), middle, tip], size * 0.11, (76, 124 + round(lean * 30), 88)
        )
    pen.poly(
        [(x - size * 0.22, foot - size * 0.36), (x + size * 0.22, foot - size * 0.36),
         (x + size * 0.16, foot), (x - size * 0.16, foot)],
        (196, 122, 88),
    )  # fmt: skip


def room(paper: Canvas) -> None:
    """A living room: window, curtains, pictures, lamp, sofa."""
    tone = paper.chance.choice(((222, 206, 188), (198, 208, 204), (214, 196, 200), (196, 200, 216)))
    foot = _shell(paper, tone, (166, 126, 96))
    pen, middle = paper.pen, paper.wide * paper.chance.choice((0.36, 0.62))
    top, bottom = foot * 0.22, foot * 0.66
    window(paper, (middle - 210, top), (middle + 210, bottom))
    curtain = paper.chance.choice(((186, 108, 98), (112, 134, 150), (206, 178, 132)))
    for side in (-1, 1):
        x = middle + side * 240
        pen.blob(
            [(x - 62, top - 50), (x + 62, top - 50), (x + 50, foot * 0.8), (x - 50, foot * 0.8)],
            curtain,
        )
        pen.line([(x + side * 12, top - 20), (x + side * 8, foot * 0.78)], 8, darker(curtain, 0.12))
    pen.line([(middle - 330, top - 52), (middle + 330, top - 52)], 12, (104, 82, 68))
    away = paper.wide - middle
    for index, (dx, dy) in enumerate(((-70, 0.28), (90, 0.36))):
        colour = ((94, 130, 142), (206, 140, 102))[index]
        x, y = away + dx, foot * dy
        pen.box((x - 62, y - 76), (x + 62, y + 76), (244, 238, 228))
        pen.box((x - 46, y - 60), (x + 46, y + 60), colour)
        pen.ellipse((x, y + 10), 26, 26, lighter(colour, 0.4))
    sofa = paper.chance.choice(((94, 116, 128), (150, 96, 84), (120, 126, 96)))
    pen.box((away - 330, foot - 190), (away + 330, foot + 40), sofa, 46)
    pen.box((away - 350, foot - 90), (away + 350, foot + 70), darker(sofa, 0.14), 40)
    lamp = middle + (310 if away < middle else -310)
    pen.line([(lamp, foot + 20), (lamp, foot * 0.52)], 9, (90, 80, 78))
    pen.poly([(lamp - 74, foot * 0.52), (lamp - 44, foot * 0.4), (lamp + 44, foot * 0.4), (lamp + 74, foot * 0.52)],
             (250, 226, 176))  # fmt: skip
    paper.glow((lamp, foot * 0.5), 420, LAMP, 0.55 if paper.light.lamps else 0.25)
    _plant(paper, paper.wide * 0.06, foot + 40, 190)


def cafe(paper: Canvas) -> None:
    """A café or restaurant: big window, counter with shelves, hanging lamps."""
    foot = _shell(paper, (168, 122, 98), (120, 88, 72))
    pen = paper.pen
    window(paper, (paper.wide * 0.06, foot * 0.24), (paper.wide * 0.46, foot * 0.74))
    x = paper.wide * 0.54
    for row in range(3):
        y = foot * (0.3 + row * 0.15)
        pen.box((x, y), (paper.wide * 0.97, y + 12), (92, 62, 48))
        at = x + 26
        while at < paper.wide * 0.95:
            tall = paper.chance.uniform(34, 76)
            colour = paper.chance.choice(
                ((214, 196, 160), (126, 150, 132), (196, 116, 84), (236, 228, 214))
            )
            pen.box((at, y - tall), (at + 32, y), colour, 8)
            at += paper.chance.uniform(44, 72)
    pen.box((x - 60, foot - 150), (paper.wide, foot + 90), (98, 66, 52))
    pen.box((x - 80, foot - 172), (paper.wide, foot - 138), (214, 176, 132), 8)
    for share in (0.14, 0.42, 0.72, 0.95):
        _pendant(paper, paper.wide * share, foot * paper.chance.uniform(0.1, 0.2), (52, 78, 76))
    table = paper.wide * 0.2
    pen.line([(table, foot + 10), (table, foot + 200)], 18, (60, 48, 46))
    pen.ellipse((table, foot + 10), 190, 30, (206, 164, 120))
    pen.box((table - 30, foot - 34), (table + 22, foot + 6), (244, 240, 232), 8)


def office(paper: Canvas) -> None:
    """An office: a wall of windows over the city, desks, screens."""
    foot = _shell(paper, (206, 212, 220), (128, 136, 148))
    pen, step = paper.pen, 330.0
    x = 20.0
    while x < paper.wide:
        window(paper, (x, foot * 0.16), (x + step - 40, foot * 0.74))
        x += step
    for at in (0.08, 0.5, 0.92):
        lamp = paper.wide * at
        pen.box((lamp - 150, 40), (lamp + 150, 62), (252, 250, 240), 8)
        paper.glow((lamp, 60), 300, (236, 240, 250), 0.3)
    x = paper.wide * paper.chance.uniform(0.0, 0.1)
    while x < paper.wide:
        pen.box((x, foot - 96), (x + 380, foot - 70), (176, 136, 104), 6)
        pen.box((x + 20, foot - 70), (x + 50, foot + 60), (92, 96, 106))
        pen.box((x + 330, foot - 70), (x + 360, foot + 60), (92, 96, 106))
        pen.box((x + 110, foot - 232), (x + 280, foot - 122), (44, 50, 62), 8)
        pen.box((x + 120, foot - 222), (x + 270, foot - 132), (96, 150, 186), 4)
        pen.box((x + 184, foot - 124), (x + 206, foot - 94), (60, 64, 74))
        x += 520
    _plant(paper, paper.wide * 0.5, foot + 60, 210)


def hospital(paper: Canvas) -> None:
    """A ward: pale walls, a rail, a bed, a drip."""
    foot = _shell(paper, (206, 224, 222), (176, 190, 192))
    pen = paper.pen
    window(paper, (paper.wide * 0.58, foot * 0.2), (paper.wide * 0.92, foot * 0.58))
    pen.box((0, foot * 0.70), (paper.wide, foot * 0.73), (126, 176, 176))
    door = paper.wide * 0.08
    pen.box((door, foot * 0.28), (door + 250, foot), (150, 186, 188), 6)
    pen.box((door + 150, foot * 0.36), (door + 210, foot * 0.54), (222, 240, 240), 6)
    pen.box((door + 20, foot * 0.62), (door + 44, foot * 0.66), (240, 240, 236), 4)
    cross = (paper.wide * 0.47, foot * 0.3)
    pen.box((cross[0] - 50, cross[1] - 16), (cross[0] + 50, cross[1] + 16), (204, 84, 80), 4)
    pen.box((cross[0] - 16, cross[1] - 50), (cross[0] + 16, cross[1] + 50), (204, 84, 80), 4)
    bed = paper.wide * 0.52
    pen.box((bed, foot - 150), (bed + 460, foot - 60), (244, 246, 244), 22)
    pen.box((bed + 120, foot - 166), (bed + 460, foot - 70), (148, 190, 206), 18)
    pen.ellipse((bed + 66, foot - 166), 62, 28, (252, 252, 250))
    for x in (bed + 16, bed + 440):
        pen.line([(x, foot - 190), (x, foot + 40)], 12, (132, 142, 150))
    pen.line([(bed - 50, foot + 40), (bed - 50, foot * 0.4)], 8, (132, 142, 150))
    pen.box((bed - 84, foot * 0.4), (bed - 30, foot * 0.5), (214, 236, 240), 10)


def school(paper: Canvas) -> None:
    """A classroom: board, windows, desks, shelves."""
    foot = _shell(paper, (226, 214, 186), (174, 138, 102))
    pen = paper.pen
    window(paper, (paper.wide * 0.7, foot * 0.2), (paper.wide * 0.97, foot * 0.68), city=False)
    left, right = paper.wide * 0.08, paper.wide * 0.62
    pen.box((left, foot * 0.22), (right, foot * 0.62), (148, 106, 74), 8)
    pen.box((left + 16, foot * 0.22 + 16), (right - 16, foot * 0.62 - 16), (58, 98, 82))
    for row in range(4):
        y = foot * (0.29 + row * 0.07)
        end = left + 60 + paper.chance.uniform(0.4, 0.9) * (right - left - 130)
        pen.line([(left + 60, y), ((left + end) / 2, y - 6), (end, y)], 5, (222, 232, 224, 150))
    x = 20.0
    while x < paper.wide:
        pen.box((x, foot - 60), (x + 220, foot - 36), (206, 166, 116), 6)
        for leg in (x + 14, x + 200):
            pen.line([(leg, foot - 36), (leg, foot + 90)], 10, (104, 110, 120))
        pen.box(
            (x + 60, foot - 82),
            (x + 140, foot - 60),
            paper.chance.choice(((196, 92, 82), (84, 126, 168))),
            3,
        )
        x += 310
    clock = ((left + right) / 2, foot * 0.13)
    pen.ellipse(clock, 46, 46, (250, 248, 242))
    pen.line([clock, (clock[0], clock[1] - 30)], 5, (50, 50, 58))
    pen.line([clock, (clock[0] + 22, clock[1] + 8)], 5, (50, 50, 58))


def warehouse(paper: Canvas) -> None:
    """A warehouse: beams, high windows, crates, one cold lamp."""
    foot = _shell(paper, (104, 106, 118), (84, 80, 84))
    pen = paper.pen
    x = 30.0
    while x < paper.wide:
        window(paper, (x, foot * 0.12), (x + 190, foot * 0.3), city=False)
        x += 260
    for x in (paper.wide * 0.12, paper.wide * 0.5, paper.wide * 0.88):
        pen.box((x - 22, 0), (x + 22, foot), (74, 70, 82))
        pen.box((x + 6, 0), (x + 22, foot), (58, 54, 66))
    pen.box((0, foot * 0.36), (paper.wide, foot * 0.39), (78, 70, 74))
    for base, count in ((0.0, 3), (0.66, 3)):
        for index in range(count):
            size = paper.chance.uniform(130, 190)
            x = paper.wide * base + index * 150
            wood = paper.chance.choice(((158, 116, 78), (138, 100, 70), (122, 96, 76)))
            pen.box((x, foot + 30 - size), (x + size, foot + 30), wood)
            pen.line([(x + 8, foot + 22), (x + size - 8, foot + 38 - size)], 12, darker(wood, 0.25))
            pen.line([(x, foot + 30 - size), (x + size, foot + 30 - size)], 12, lighter(wood, 0.15))
    _pendant(paper, paper.wide * 0.46, foot * 0.3, (60, 64, 70))
    _pendant(paper, paper.wide * 0.8, foot * 0.24, (60, 64, 70))


def station(paper: Canvas) -> None:
    """A platform: roof, columns, a train with lit windows, a clock."""
    foot = _shell(paper, (170, 180, 188), (150, 148, 150))
    pen = paper.pen
    top, bottom = foot * 0.42, foot * 0.96
    body = paper.chance.choice(((204, 214, 222), (86, 138, 152), (226, 210, 180)))
    pen.box((-60, top), (paper.wide + 60, bottom), body, 30)
    pen.box((-60, bottom - 90), (paper.wide + 60, bottom - 50), (64, 104, 160))
    x = -10.0
    while x < paper.wide:
        pen.box(
            (x, top + 60),
            (x + 210, top + 200),
            (252, 232, 182) if paper.light.lamps else (156, 196, 216),
            14,
        )
        pen.box((x + 240, top + 40), (x + 330, bottom - 8), darker(body, 0.1), 8)
        pen.box((x + 256, top + 66), (x + 314, top + 200), (190, 210, 220), 8)
        x += 370
    pen.box((0, foot), (paper.wide, foot + 16), (236, 196, 76))
    pen.poly([(0, 0), (paper.wide, 0), (paper.wide, foot * 0.14), (0, foot * 0.2)], (88, 96, 108))
    for share in (0.1, 0.5, 0.9):
        x = paper.wide * share
        pen.box((x - 18, foot * 0.1), (x + 18, foot + 30), (72, 80, 94))
        paper.glow((x + 110, foot * 0.2), 260, (250, 240, 214), 0.35)
    clock = (paper.wide * 0.3, foot * 0.28)
    pen.line([(clock[0], foot * 0.16), clock], 8, (60, 66, 78))
    pen.ellipse(clock, 52, 52, (54, 60, 72))
    pen.ellipse(clock, 44, 44, (250, 248, 240))
    pen.line(
        [(clock[0], clock[1] - 28), clock, (clock[0] + 20, clock[1] + 10)],
        5,
        (40, 40, 50),
        curved=False,
    )
