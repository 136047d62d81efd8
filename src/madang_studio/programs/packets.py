"""The packets of a media file as they are stored: what is in two files alike is known without decoding it.

Rule: H.264 is compared as its own stream has it (Annex B): MP4 files say where a picture ends in ways of
their own, and what is joined of several carries its headers in other places.
"""

import hashlib
import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

from madang_studio.programs import ffmpeg, probe
from madang_studio.programs.probe import Media

AS_STREAM: Final = ("-bsf:v", "h264_mp4toannexb")

LISTED: Final = "packets.txt"

OUTPUT: Final = "\nOutput #0"
"""Where a report has described what was read, and goes on with what is written."""

KINDS: Final = re.compile(r"^#media_type (\d+): (\w+)$", re.MULTILINE)
TICKS: Final = re.compile(r"^#tb (\d+): (\d+)/(\d+)$", re.MULTILINE)
DUE: Final = 2
MD5: Final = 5
"""Columns: of when a packet is due, in ticks, and of what it holds."""


class Packet(Struct, frozen=True):
    """One encoded picture, or a fiftieth of a second of sound: when it is due, and its MD5."""

    at_ms: int
    md5: str


class Packets(Struct, frozen=True):
    """What a file holds, in the order in which it is stored: of pictures not that in which they are seen."""

    media: Media
    pictures: tuple[Packet, ...]
    sounds: tuple[Packet, ...]


def read(path: Path, scratch: Path, *, h264: bool) -> Packets:
    """The packets of a file; `scratch` is a folder to work in, `h264` what its picture is, if it has one.

    Raises StudioError where it is no media file, NoRoom, MissingTool.
    """
    how = AS_STREAM if h264 else ()
    listed = ("-map", "0", "-c", "copy", *how, "-f", "framemd5", LISTED)
    report = ffmpeg.run(["-i", str(path.resolve()), *listed], scratch)
    text = (scratch / LISTED).read_text(encoding="ascii")
    (scratch / LISTED).unlink()
    media = probe.read(report.partition(OUTPUT)[0])
    return Packets(media, _of("video", text), _of("audio", text))


def digest(packets: Sequence[Packet], begin_ms: int = 0) -> str:
    """Of all of them, and of when each is due after some moment; equal only where both are."""
    lines = (f"{packet.at_ms - begin_ms} {packet.md5}\n" for packet in packets)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _of(kind: Literal["video", "audio"], text: str) -> tuple[Packet, ...]:
    """The packets of the first stream of a kind in a list as ffmpeg's `framemd5` writes it."""
    stream = next((number for number, sort in KINDS.findall(text) if sort == kind), None)
    if stream is None:
        return ()
    above, below = next((a, b) for number, a, b in TICKS.findall(text) if number == stream)
    rows = [line.split(",") for line in text.splitlines() if line.startswith(f"{stream},")]
    tick_ms = Fraction(1000 * int(above), int(below))
    return tuple(Packet(round(int(row[DUE]) * tick_ms), row[MD5].strip()) for row in rows)
