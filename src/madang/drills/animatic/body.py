"""Bodies: legs, clothes, arms. Units as in `head`: a grown-up is 1,000 high, feet at 0."""

from typing import NamedTuple

from madang.drills.animatic.looks import Look
from madang.drills.animatic.pen import Pen, Point, darker, lighter
from madang.drills.animatic.words import Colour

_WHITE: Colour = (244, 242, 236)
_SHOE: Colour = (44, 40, 46)
_LONG = {"coat": -270.0, "dress": -300.0, "hanbok": -60.0}
_HEM = -470.0


class Pose(NamedTuple):
    """Elbow and hand of the far and the near arm, and where the feet stand."""

    far: tuple[Point, Point]
    near: tuple[Point, Point]
    feet: tuple[Point, Point] = ((-42, 0), (44, 0))


POSES = {
    "stand": Pose(((112, -620), (104, -490)), ((-120, -620), (-112, -490))),
    "walk": Pose(((140, -640), (176, -530)), ((-146, -630), (-150, -505)), ((-96, -14), (92, 0))),
    "run": Pose(((160, -680), (226, -770)), ((-176, -660), (-120, -560)), ((-190, -90), (120, 0))),
    "sit": Pose(((122, -620), (96, -520)), ((-120, -620), (-40, -520))),
    "embrace": Pose(((130, -680), (206, -690)), ((-60, -640), (150, -610))),
    "phone": Pose(((112, -620), (104, -490)), ((-138, -650), (-58, -838))),
    "hold": Pose(((128, -640), (58, -600)), ((-128, -630), (-8, -590))),
    "point": Pose(((150, -740), (262, -790)), ((-120, -620), (-112, -490))),
    "crossed": Pose(((124, -660), (-52, -640)), ((-124, -650), (62, -620))),
    "fight": Pose(((150, -700), (168, -836)), ((-96, -650), (92, -760)), ((-130, 0), (110, 0))),
}


def draw_body(pen: Pen, look: Look, pose: str) -> None:
    """Everything below the head, far arm first."""
    stance = POSES.get(pose, POSES["stand"])
    shoulder = 94.0 if look.female else 110.0
    _arm(pen, look, (shoulder - 16, -738), stance.far, shade=0.22)
    _legs(pen, look, pose, stance)
    _torso(pen, look, shoulder)
    _collar(pen, look)
    _arm(pen, look, (-shoulder + 14, -738), stance.near, shade=0.06)
    _carried(pen, look, pose, stance)


def _legs(pen: Pen, look: Look, pose: str, stance: Pose) -> None:
    bare = look.skirt or look.garment == "dress"
    leg = look.skin if bare else look.bottom
    wide = 44 if bare else 62
    hips: tuple[Point, Point] = ((-38, -480), (40, -480))
    for hip, foot, shade in zip(hips, stance.feet, (0.2, 0.05), strict=True):
        knee = ((hip[0] + foot[0]) / 2 + 14, (hip[1] + foot[1]) / 2 - 8)
        heel = foot
        if pose == "sit":
            knee, heel = (hip[0] + 150, -470), (hip[0] + 150, -230)
        pen.line([hip, knee, (heel[0], heel[1] - 26)], wide, darker(leg, shade))
        toe = (heel[0] + 18, heel[1] - 16)
        pen.ellipse(toe, 46, 20, darker(_SHOE, shade))


def _torso(pen: Pen, look: Look, shoulder: float) -> None:
    """The garment's body: shoulders, waist, hem."""
    hem = _LONG.get(look.garment, _HEM)
    if look.skirt and look.garment not in _LONG:
        flare = 116.0
        pen.blob(
            [(-66, -520), (-flare, -330), (0, -316), (flare, -330), (68, -520), (0, -535)],
            look.bottom,
        )
    waist = shoulder * (0.70 if look.female else 0.80)
    spread = {"dress": 150.0, "hanbok": 210.0, "coat": shoulder * 1.18}.get(
        look.garment, shoulder * 0.9
    )
    if look.garment == "hanbok":
        pen.blob(
            [(-70, -650), (-spread, hem), (0, hem + 16), (spread, hem), (72, -650), (0, -680)],
            look.bottom,
        )
        hem, spread = -600.0, shoulder * 0.96
    outline: list[Point] = [
        (-30, -786), (-shoulder * 0.8, -768), (-shoulder, -728), (-shoulder * 0.92, -650), (-waist, -575),
        (-spread, hem), (0, hem + 10), (spread, hem), (waist, -575), (shoulder * 0.92, -650), (shoulder, -728),
        (shoulder * 0.8, -768), (34, -786),
    ]  # fmt: skip
    pen.blob(outline, look.top)
    shade = darker(look.top, 0.16)
    side: list[Point] = [
        (shoulder * 0.5, -755), (shoulder, -728), (shoulder * 0.92, -650), (waist, -575), (spread, hem),
        (spread * 0.55, hem + 6), (waist * 0.62, -575),
    ]  # fmt: skip
    pen.blob(side, shade)


def _collar(pen: Pen, look: Look) -> None:
    """What closes the garment in front, and what is worn round the neck."""
    garment, top = look.garment, look.top
    hem = _LONG.get(garment, _HEM)
    if garment in {"coat", "jacket", "suit", "uniform"}:
        low = -640.0 if garment == "coat" else -600.0
        pen.poly([(-34, -792), (4, low), (42, -792)], look.under)
        if "tie" in look.extras or (garment == "suit" and not look.female):
            tie = look.accent
            pen.poly([(-9, -776), (4, -762), (17, -776), (4, -784)], tie)
            pen.poly([(-8, -762), (16, -762), (20, -680), (4, -652), (-10, -680)], tie)
        for side in (-1, 1):
            lapel: list[Point] = [
                (4 + side * 36, -796), (4 + side * 62, -742), (4 + side * 44, -716), (4, low + 6),
            ]  # fmt: skip
            pen.poly(lapel, lighter(top, 0.1) if side < 0 else darker(top, 0.08))
        pen.line([(4, low), (4, hem + 4)], 4, darker(top, 0.34))
        for y in range(int(low) + 40, min(int(hem) - 20, -480), 66):
            pen.ellipse((-12, y), 6, 6, darker(top, 0.4))
    elif garment == "hanbok":
        pen.line([(-34, -790), (10, -690), (34, -660)], 17, _WHITE)
        pen.line([(40, -790), (10, -690)], 17, _WHITE)
        pen.line([(12, -686), (26, -590), (18, -520)], 13, look.accent)
        pen.line([(12, -686), (-8, -600)], 13, look.accent)
    elif garment == "hoodie":
        pen.line([(-44, -776), (4, -742), (52, -776)], 30, darker(top, 0.14))
        for x in (-12, 20):
            pen.line([(x, -744), (x - 2, -680)], 4.5, _WHITE)
        pen.box((-52, -572), (60, -510), darker(top, 0.12), 20)
    elif garment == "shirt":
        for side in (-1, 1):
            pen.poly([(4, -760), (4 + side * 40, -800), (4 + side * 46, -752)], lighter(top, 0.3))
        pen.line([(4, -758), (4, _HEM)], 3, darker(top, 0.25))
    elif garment == "sweater":
        pen.box((-36, -806), (42, -766), lighter(top, 0.08), 16)
        pen.line([(-70, _HEM - 4), (74, _HEM - 4)], 13, darker(top, 0.18))
    else:
        pen.blob([(-34, -790), (4, -744), (42, -790), (4, -770)], look.skin)
        pen.line([(-66, -576), (68, -576)], 12, darker(top, 0.28))
    if "scarf" in look.extras:
        pen.line([(-46, -776), (4, -752), (54, -778)], 38, look.accent)
        pen.line([(-22, -760), (-34, -660), (-28, -610)], 34, darker(look.accent, 0.12))


def _arm(pen: Pen, look: Look, shoulder: Point, joint: tuple[Point, Point], shade: float) -> None:
    elbow, hand = joint
    sleeve = darker(look.top, shade)
    wide = 60.0 if look.garment in {"coat", "hanbok", "hoodie"} else 52.0
    if look.garment == "dress":
        pen.line([shoulder, elbow, hand], 34, darker(look.skin, shade))
        pen.line(
            [shoulder, ((shoulder[0] + elbow[0]) / 2, (shoulder[1] + elbow[1]) / 2)], 50, sleeve
        )
    else:
        pen.ellipse(hand, 22, 24, darker(look.skin, shade))
        wrist = (elbow[0] + (hand[0] - elbow[0]) * 0.82, elbow[1] + (hand[1] - elbow[1]) * 0.82)
        pen.line([shoulder, elbow, wrist], wide, sleeve, curved=False)
        pen.ellipse(elbow, wide / 2, wide / 2, sleeve)
        return
    pen.ellipse(hand, 20, 22, darker(look.skin, shade))


def _carried(pen: Pen, look: Look, pose: str, stance: Pose) -> None:
    """What the hands hold, where the pose says so."""
    x, y = stance.near[1]
    if pose == "phone":
        pen.box((x - 10, y - 38), (x + 12, y + 34), (32, 34, 42), 6)
        pen.ellipse((x - 6, y + 8), 20, 20, look.skin)
    elif pose == "hold":
        pen.box((x - 26, y - 74), (x + 92, y + 4), (246, 240, 226), 4)
        pen.line(
            [(x - 24, y - 70), (x + 33, y - 30), (x + 90, y - 70)], 4, (206, 190, 166), curved=False
        )
        for hand in (stance.near[1], stance.far[1]):
            pen.ellipse(hand, 20, 20, look.skin)
