"""The journal: what happened, on disk before the last byte of an answer leaves.

A line is `<crc32 of the JSON, 8 hex digits> <JSON of one Attempt>` and a newline; the lines of all
requests that end in one turn of the event loop go out in one `write()`. What the kernel has taken
survives `kill -9`. A segment is one file, written by one process, which holds its lock (flock) for
as long as it may still write; a segment that nobody holds is finished, however its writer ended.
"""

import logging
import os
import time
import zlib
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec.structs import asdict, replace

from madang.errors import StoreUnavailable
from madang.ledger.alarm import Alarm
from madang.ledger.claim import Claim
from madang.ledger.open import UnderWay
from madang.model import Attempt

log = logging.getLogger("madang.ledger")

SUFFIX = ".journal"
MAX_LINE_BYTES = 256 * 1024
HELD_BYTES = 16 * 1024 * 1024
"""So much of what cannot be written is held in memory until it can be."""

_TRY_AGAIN_S = 1.0
_MAX_TEXT = 2_000
_encode = msgspec.json.Encoder().encode
_crc32 = zlib.crc32


def line_of(attempt: Attempt) -> bytes:
    """One attempt as a line. Never fails: text that has no place in a line is replaced or cut."""
    try:
        payload = _encode(attempt)
    except UnicodeEncodeError:
        payload = _encode(_tamed(attempt))
    if len(payload) > MAX_LINE_BYTES:
        payload = _encode(replace(_tamed(attempt), tags={}, losses=()))
    return b"%08x %b\n" % (_crc32(payload), payload)


def _tamed(attempt: Attempt) -> Attempt:
    """Make every text of an attempt fit for a line: no lone surrogates, not absurdly long."""
    fields = {
        name: _tame(value) for name, value in asdict(attempt).items() if isinstance(value, str)
    }
    tags = {_tame(name): _tame(value) for name, value in attempt.tags.items()}
    return replace(attempt, **fields, tags=tags, losses=tuple(_tame(x) for x in attempt.losses))


def _tame(text: str) -> str:
    return text[:_MAX_TEXT].encode("utf-8", "replace").decode()


class Journal:
    """Appends attempts to the segments of one worker in `directory`; for use by one thread.

    `worker` as in `Claim`. A segment is followed by a new one when it exceeds `segment_bytes`.
    `fsync`: wait for the disk on every write, to survive a power cut as well. Raises
    StoreUnavailable when the first segment cannot be opened; afterwards nothing raises: what cannot
    be written is held, up to `held_bytes`, and written when it can be.

    `under_way` holds what has begun and is not in the journal yet. `held` counts attempts that wait
    to be written, `lost` those that found no room among them, `last_error` is why (None: it works).
    """

    def __init__(
        self,
        directory: Path,
        worker: str,
        *,
        segment_bytes: int,
        fsync: bool = False,
        held_bytes: int = HELD_BYTES,
    ) -> None:
        self.lost = 0
        self.held = 0
        self.last_error: str | None = None
        self._alarm = Alarm(log)
        self._segment_bytes = segment_bytes
        self._most_held_bytes = held_bytes
        self._fsync = fsync
        self._number = 0
        self._torn = False
        self._noted: list[_Entry] = []
        self._held: list[_Entry] = []
        self._held_bytes = 0
        self._try_at = 0.0
        try:
            self._claim = Claim(directory, worker, sync=fsync)
            self.under_way = UnderWay(self._claim)
            self._fd = self._open_next()
        except OSError as error:
            raise StoreUnavailable(
                f"The journal in {directory} cannot be opened: {error.strerror}."
            ) from error
        self._size = 0

    def append(self, attempts: Sequence[Attempt]) -> bool:
        """Write the attempts of a finished request. False: they are not written yet, logged and counted."""
        self.note(attempts)
        return self.flush()

    def note(self, attempts: Sequence[Attempt], slots: Sequence[int] = ()) -> None:
        """Take the attempts of a finished request, to be written by the next `flush`.

        `slots` are those of `under_way` that they had.
        """
        lines = line_of(attempts[0]) if len(attempts) == 1 else b"".join(map(line_of, attempts))
        self._noted.append((lines, slots))

    def flush(self) -> bool:
        """Write what was noted, in one `write()`. False: it waits, or is lost; logged and counted."""
        noted = self._noted
        if noted or self._held:
            self._noted = []
            if self._held:
                if time.monotonic() < self._try_at:
                    self._hold(noted)
                    return False
                noted = [*self._held, *noted]
            if not self._write(noted):
                return False
        self.under_way.flush()
        return True

    def close(self) -> None:
        """Give the segment up: its reader knows that nothing follows. No appending afterwards."""
        if self._fd < 0:
            return
        self._try_at = 0.0
        self.flush()
        if self.held:
            self.lost += self.held
            log.error("%d rows of the ledger could not be written: %s", self.held, self.last_error)
        self.under_way.close()
        os.close(self._fd)
        self._fd = -1

    def _write(self, entries: "list[_Entry]") -> bool:
        data = b"".join([lines for lines, _ in entries])
        if self._torn:
            data = b"\n" + data  # what was torn ends here; the next line is whole
        written = 0
        try:
            while written < len(data):
                written += os.write(self._fd, data[written:] if written else data)
            if self._fsync:
                os.fsync(self._fd)
        except OSError as error:
            if written:
                self._torn = data[written - 1] != ord("\n")
            self._hold_all(entries, error)
            return False
        self._torn = False
        self._size += len(data)
        for _, slots in entries:
            self.under_way.end(slots)
        if self._held:
            self._recovered()
        if self._size >= self._segment_bytes:
            self._rotate()
        return True

    def _hold_all(self, entries: "list[_Entry]", error: OSError) -> None:
        """Keep what could not be written, until it can be.

        Also what was written before the error: the ledger takes a line once, however often it is there.
        """
        self._held, self._held_bytes, self.held = [], 0, 0
        self._try_at = time.monotonic() + _TRY_AGAIN_S
        self.last_error = str(error)
        self._hold(entries)

    def _hold(self, entries: "list[_Entry]") -> None:
        for entry in entries:
            lines, count = entry[0], entry[0].count(b"\n")
            if self._held_bytes + len(lines) > self._most_held_bytes:
                self.lost += count  # its slots stay as they are: a later process finds them
                continue
            self._held.append(entry)
            self._held_bytes += len(lines)
            self.held += count
        self._alarm.sound(
            f"the ledger's journal cannot be written: {self.last_error}; "
            f"{self.held} rows wait in memory, {self.lost} are lost so far"
        )

    def _recovered(self) -> None:
        log.warning("the ledger's journal can be written again: %d rows that waited are", self.held)
        self._held, self._held_bytes, self.held = [], 0, 0
        self.last_error = None

    def _rotate(self) -> None:
        """Go on in a new segment, or in this one when there can be none now."""
        try:
            following = self._open_next()
        except OSError as error:
            self._alarm.sound(f"no new journal segment: {error}; the old one grows on")
            return
        os.close(self._fd)
        self._fd = following
        self._size = 0

    def _open_next(self) -> int:
        fd, _ = self._claim.open(self._number, SUFFIX, os.O_APPEND)
        self._number += 1
        return fd


_Entry = tuple[bytes, Sequence[int]]
"""The lines of a finished request, and the slots it had."""
