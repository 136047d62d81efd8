"""The light of an hour and a weather, as rows: skies from above to the horizon, and what it does to things."""

from typing import NamedTuple

from madang.drills.animatic.pen import mix
from madang.drills.animatic.words import Colour


class Light(NamedTuple):
    """`sky` runs downwards; `tint` is multiplied into what is lit; `lamps`: are on; `clouded`: neither sun nor moon."""

    sky: tuple[Colour, ...]
    tint: Colour
    ground: Colour
    haze: Colour
    lamps: bool
    disc: Colour
    stars: bool = False
    clouded: bool = False


HOURS = {
    "day": Light(
        ((96, 164, 222), (150, 200, 236), (220, 236, 244)), (255, 255, 252), (176, 170, 160), (206, 224, 236),
        lamps=False, disc=(255, 250, 226),
    ),
    "dawn": Light(
        ((104, 122, 178), (206, 160, 186), (252, 214, 184)), (246, 228, 232), (150, 138, 146), (228, 198, 200),
        lamps=False, disc=(255, 228, 190),
    ),
    "sunset": Light(
        ((70, 66, 128), (206, 104, 116), (252, 178, 104)), (255, 222, 200), (134, 104, 112), (226, 146, 122),
        lamps=True, disc=(255, 222, 150),
    ),
    "night": Light(
        ((14, 20, 48), (30, 40, 84), (66, 74, 124)), (170, 178, 222), (58, 62, 88), (54, 62, 104),
        lamps=True, disc=(244, 240, 214), stars=True,
    ),
}  # fmt: skip

_CLOUDED: Colour = (122, 130, 142)
_WHITE: Colour = (226, 230, 238)


def light_of(hour: str, weather: str) -> Light:
    """The light of an hour under a weather."""
    light = HOURS[hour]
    if weather == "clear":
        return light
    pale, share = (_WHITE, 0.45) if weather in {"snow", "fog"} else (_CLOUDED, 0.5)
    if hour == "night":
        share *= 0.35
    return light._replace(
        sky=tuple(mix(colour, pale, share) for colour in light.sky),
        ground=mix(light.ground, pale, 0.55 if weather == "snow" else share * 0.6),
        haze=mix(light.haze, pale, share),
        tint=mix(light.tint, (214, 220, 232), 0.5),
        stars=False,
        clouded=True,
        lamps=True,
    )
