"""Backdrops: where a shot happens, drawn larger than it is seen, so that the camera can move."""

from collections.abc import Callable

from PIL import Image

from madang.drills.animatic.backdrops import inside, outside
from madang.drills.animatic.backdrops.ground import Canvas, canvas
from madang.drills.animatic.light import Light
from madang.drills.animatic.looks import Shot

_FINER = 2

PLACES: dict[str, Callable[[Canvas], None]] = {
    "room": inside.room,
    "cafe": inside.cafe,
    "office": inside.office,
    "hospital": inside.hospital,
    "school": inside.school,
    "warehouse": inside.warehouse,
    "station": inside.station,
    "street": outside.street,
    "rooftop": outside.rooftop,
    "sea": outside.sea,
    "park": outside.park,
    "hanok": outside.hanok,
}
"""Every place of the table `places`, and who draws it."""

INDOORS = frozenset({"room", "cafe", "office", "hospital", "school", "warehouse", "station"})
"""Where it neither rains nor snows."""


def backdrop(shot: Shot, light: Light, size: tuple[int, int]) -> Image.Image:
    """The place of a shot. The same place looks the same in every shot of the same size."""
    paper = canvas((size[0] * _FINER, size[1] * _FINER), light, shot.land)
    PLACES[shot.place](paper)
    return paper.image.reduce(_FINER)
