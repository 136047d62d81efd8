"""Sizes of pictures: from a ratio and a resolution, and out of the bytes of a PNG or JPEG; lengths of MP4 files."""

import re
from base64 import b64decode
from binascii import Error as Base64Error

from madang.drills.simulator.records import Refused

_RATIO = re.compile(r"([1-9]\d{0,4})[:x]([1-9]\d{0,4})$")
_SHORT_PX = {
    "480p": 480,
    "512p": 512,
    "720p": 720,
    "768p": 768,
    "1080p": 1080,
    "2k": 1440,
    "4k": 2160,
}
_MAX_PX = 8_192


def pixels(ratio: str) -> tuple[int, int]:
    """Width and height that are written as `1280:720` or `1280x720`. Raises Refused."""
    found = _RATIO.match(ratio)
    if found is None:
        raise Refused("invalid", f"{ratio[:40]!r} is no ratio.")
    width, height = int(found[1]), int(found[2])
    if max(width, height) > _MAX_PX:
        raise Refused("invalid", f"{ratio[:40]!r} is too large.")
    return width, height


def frame(ratio: str, resolution: str) -> tuple[int, int]:
    """Width and height of a ratio (`9:16`) whose shorter side has the resolution (`720p`). Raises Refused."""
    short = _SHORT_PX.get(resolution.lower())
    if short is None:
        raise Refused("invalid", f"{resolution[:40]!r} is no resolution.")
    width, height = pixels(ratio)
    least = min(width, height)
    wide, high = width * short / least, height * short / least
    return round(wide / 2) * 2, round(high / 2) * 2


def decoded(picture: str) -> bytes:
    """The bytes of base64, or of a data URL; nothing for other addresses. Raises Refused."""
    head, mark, data = picture.partition(";base64,")
    if picture.startswith(("http://", "https://", "runway://", "gs://")):
        return b""
    if picture.startswith("data:") and not mark:
        raise Refused("invalid", "A data URL of a picture is written in base64.")
    try:
        return b64decode(data if mark else head, validate=True)
    except (Base64Error, ValueError) as error:
        raise Refused("invalid", f"The picture is no base64: {error}") from error


def size_of(picture: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG or JPEG; None for anything else."""
    if picture[:8] == b"\x89PNG\r\n\x1a\n" and len(picture) >= 24:
        return int.from_bytes(picture[16:20]), int.from_bytes(picture[20:24])
    if picture[:2] != b"\xff\xd8":
        return None
    at = 2
    while at + 9 < len(picture) and picture[at] == 0xFF:
        # the frame's own header: one of the start-of-frame marks, which are not tables
        if 0xC0 <= picture[at + 1] <= 0xCF and picture[at + 1] not in {0xC4, 0xC8, 0xCC}:
            high, wide = picture[at + 5 : at + 7], picture[at + 7 : at + 9]
            return int.from_bytes(wide), int.from_bytes(high)
        at += 2 + int.from_bytes(picture[at + 2 : at + 4])
    return None


def length_of(film: bytes) -> int | None:
    """Whole seconds of an MP4 file, by its movie header (ISO/IEC 14496-12); None for anything else."""
    at = film.find(b"mvhd")
    if at < 0 or len(film) < at + 32 or film[at + 4] not in (0, 1):
        return None
    start, wide = (at + 16, 4) if film[at + 4] == 0 else (at + 24, 8)
    scale = int.from_bytes(film[start : start + 4])
    units = int.from_bytes(film[start + 4 : start + 4 + wide])
    return max(1, round(units / scale)) if scale else None
