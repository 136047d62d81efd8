"""Real PNG files by the standard library: two colours running into one another, chosen by what was asked for."""

import struct
import zlib
from hashlib import blake2b

_PALETTE = ("b5483a", "c98a2b", "7a8f3c", "2f8f6b", "2c7da0", "4a5fa8", "7d4a9c", "a8456f")


def colours(asked: str) -> tuple[str, str]:
    """Two colours (RRGGBB) of a palette of eight: few, so that files are made once and served often."""
    number = blake2b(asked.encode("utf-8", "surrogatepass"), digest_size=1).digest()[0]
    return _PALETTE[number % 8], _PALETTE[(number + 3) % 8]


def png(width: int, height: int, asked: str) -> bytes:
    """A picture of that many pixels."""
    top, bottom = (bytes.fromhex(colour) for colour in colours(asked))
    rows = bytearray()
    for row in range(height):
        share = row / height
        pixel = bytes(round(a + (b - a) * share) for a, b in zip(top, bottom, strict=True))
        rows += b"\0" + pixel * width
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(bytes(rows), 1))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)
