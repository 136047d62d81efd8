"""A contact sheet: one small picture of each shot, in order, with its id and time."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from madang_studio.model.timeline import ShotTime

LONG_PX: Final = 240
"""The longer side of a picture."""

LABEL_PX: Final = 22
EDGE_PX: Final = 8
GROUND: Final = (24, 24, 26)
INK: Final = (235, 235, 235)


def contact_sheet(shots: Sequence[tuple[ShotTime, Path]], target: Path) -> None:
    """Write all thumbnails as one JPEG, as square as they allow."""
    pictures = [_small(path) for _, path in shots]
    wide = max((picture.width for picture in pictures), default=LONG_PX) + EDGE_PX
    high = max((picture.height for picture in pictures), default=LONG_PX) + LABEL_PX + EDGE_PX
    across = max(1, math.ceil(math.sqrt(len(pictures) * high / wide)))
    down = max(1, math.ceil(len(pictures) / across))
    sheet = Image.new("RGB", (across * wide + EDGE_PX, down * high + EDGE_PX), GROUND)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    for at, ((shot, _), picture) in enumerate(zip(shots, pictures, strict=True)):
        x, y = EDGE_PX + at % across * wide, EDGE_PX + at // across * high
        sheet.paste(picture, (x, y))
        seconds = shot.start_ms // 1000
        label = f"{shot.shot}   {seconds // 60}:{seconds % 60:02}"
        draw.text((x + 2, y + picture.height + 2), label, INK, font)
    sheet.save(target, quality=85)


def _small(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        picture.draft("RGB", (LONG_PX, LONG_PX))
        small = picture.convert("RGB")
    small.thumbnail((LONG_PX, LONG_PX))
    return small
