"""Reading the journal: whole, undamaged lines, and an account of everything else.

Rule: damage is data. A line that does not prove itself by its checksum is reported and skipped;
only the unfinished line at the end of a segment that is still being written is left alone until
more of it comes.
"""

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from madang.ledger.claim import is_abandoned
from madang.ledger.journal import MAX_LINE_BYTES, SUFFIX

_WINDOW_BYTES = 4 * MAX_LINE_BYTES
_CONTENT_BYTES = 4096


class Damage(Struct, frozen=True):
    """Bytes of a segment that are no record. `content` is the first 4096 of them."""

    position: int
    size_bytes: int
    reason: str
    content: bytes


def damaged(position: int, content: bytes, reason: str) -> Damage:
    """Account for `content`, which stands at `position` and is no record for `reason`."""
    return Damage(position, len(content), reason, content[:_CONTENT_BYTES])


class Batch(Struct, frozen=True):
    """What `read` found between `start` and `end` (positions in the segment's file).

    `records` are (position, JSON of an Attempt) pairs in order. `more`: complete lines follow
    already. `finished`: nobody writes to the segment any more and `end` is its end.
    """

    records: tuple[tuple[int, bytes], ...]
    damage: tuple[Damage, ...]
    start: int
    end: int
    more: bool
    finished: bool


def segments(directory: Path) -> list[Path]:
    """All segments, oldest first for each worker."""
    return sorted(directory.glob(f"*{SUFFIX}"))


def read(path: Path, start: int, limit: int) -> Batch:
    """Read up to `limit` lines from position `start`. Raises OSError."""
    with _opened(path) as fd:
        abandoned = is_abandoned(fd)  # asked first: what is abandoned cannot grow while it is read
        data = os.pread(fd, _WINDOW_BYTES, start)
        at_end = start + len(data) >= os.fstat(fd).st_size
    *lines, rest = data.split(b"\n", limit)
    cut: Damage | None = None
    if not lines and rest and not at_end:
        cut = damaged(start, rest, "longer than any record")
    elif rest and at_end and abandoned and b"\n" not in rest:
        cut = damaged(start + len(data) - len(rest), rest, "torn: its writer died")
    records, damage = _sorted_out(lines, start)
    if cut:
        damage.append(cut)
        rest = b""
    more = not at_end or b"\n" in rest
    return Batch(
        records=tuple(records),
        damage=tuple(damage),
        start=start,
        end=start + len(data) - len(rest),
        more=more,
        finished=abandoned and not more,
    )


def _sorted_out(lines: list[bytes], position: int) -> tuple[list[tuple[int, bytes]], list[Damage]]:
    records: list[tuple[int, bytes]] = []
    damage: list[Damage] = []
    for line in lines:
        payload = line[9:]
        if line[:9] == b"%08x " % zlib.crc32(payload):
            records.append((position, payload))
        elif line:
            damage.append(damaged(position, line, "its checksum does not match"))
        position += len(line) + 1
    return records, damage


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)
