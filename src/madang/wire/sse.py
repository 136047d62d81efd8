"""Server-sent events: bytes in, events out, whatever the cuts.

The format is the WHATWG one (https://html.spec.whatwg.org/multipage/server-sent-events.html): lines
end in LF, CR or CRLF, an event ends at an empty line, `data` lines join with LF, a leading byte
order mark is dropped. A final event without its empty line is still given by `close`.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from madang.errors import ProviderBroken
from madang.wire.json import BOM

MAX_EVENT_BYTES = 32 * 1024 * 1024
"""A single event larger than this is taken for an attack or a defect (inline images reach several MiB)."""

_ENDS = (b"\n\n", b"\n\r\n", b"\r\r")
_END = re.compile(rb"\r\n\r\n|\n\n|\r\r|\r\n\n|\n\r\n")
_LONGEST_END = 4
_LINES = re.compile(rb"\r\n|\n|\r")


class ServerEvent(NamedTuple):
    """One event: its name (None when unnamed) and its data, still encoded."""

    name: str | None
    data: bytes


class EventDecoder:
    """Cuts a byte stream into events. Feed it anything; it holds back what is not complete."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._first = True

    def feed(self, data: bytes) -> list[ServerEvent]:
        """Take the next bytes and return the events that are complete by now.

        Raises ProviderBroken on an event without end.
        """
        if not self._held:
            return self._cut(data)
        searched = max(0, len(self._held) - _LONGEST_END)
        self._held += data
        if _END.search(self._held, searched) is not None:
            whole = bytes(self._held)
            self._held.clear()
            return self._cut(whole)
        self._check()
        return []

    def close(self) -> list[ServerEvent]:
        """Return the last event if its empty line is missing."""
        pending = bytes(self._held)
        self._held.clear()
        events: list[ServerEvent] = []
        _append(events, pending.removeprefix(BOM) if self._first else pending)
        return events

    def _cut(self, pending: bytes) -> list[ServerEvent]:
        """Take the complete events out of `pending`, and hold the rest."""
        if self._first:
            if len(pending) < len(BOM) and BOM.startswith(pending):
                self._held += pending
                return []
            self._first = False
            pending = pending.removeprefix(BOM)
        events: list[ServerEvent] = []
        start = 0
        for end in _END.finditer(pending):
            # a CR that ends the buffer may be the first half of CRLF: wait for the next byte
            if end.end() == len(pending) and pending[-1:] == b"\r":
                break
            _append(events, pending[start : end.start()])
            start = end.end()
        self._held += pending[start:]
        self._check()
        return events

    def _check(self) -> None:
        if len(self._held) > MAX_EVENT_BYTES:
            raise ProviderBroken(f"an event of more than {MAX_EVENT_BYTES} bytes")


def has_odd_end(events: bytes) -> bool:
    """Whether any of these whole events ends in another way than a JSON object does: cheap, for every packet."""
    ends = events.count(b"\n\n")
    if ends:
        return events.count(b"}\n\n") != ends
    return events.count(b"}\r\n\r\n") != events.count(b"\r\n\r\n")


def split_events(events: bytes) -> Iterator[bytes]:
    """Each of these whole events, as the bytes it has here."""
    start = 0
    for end in _END.finditer(events):
        yield events[start : end.end()]
        start = end.end()
    if start < len(events):
        yield events[start:]


def sound_events(events: bytes) -> bytes:
    """The events before the first whose data is neither JSON nor `[DONE]`; all of them where there is none."""
    sound = 0
    for event in split_events(events):
        if not _is_sound(event):
            return events[:sound]
        sound += len(event)
    return events


def _is_sound(event: bytes) -> bool:
    found: list[ServerEvent] = []
    _append(found, event.rstrip(b"\r\n"))
    try:
        for _, data in found:
            if data.strip() not in (b"", b"[DONE]"):
                msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


class EventHolder:
    """Passes on the whole events of a relayed stream, undecoded, and holds back what is not complete."""

    def __init__(self) -> None:
        self._held = bytearray()

    def whole(self, data: bytes) -> bytes:
        """Take the next bytes; return the whole events there are by now. Raises ProviderBroken."""
        held = self._held
        if not held and data.endswith(b"\n\n"):
            return data
        begin = max(0, len(held) - 2)  # a boundary may have begun in what is held
        held += data
        end = 0
        for mark in _ENDS:
            at = held.rfind(mark, begin)
            if at >= 0:
                end = max(end, at + len(mark))
        whole = bytes(held[:end])
        del held[:end]
        if len(held) > MAX_EVENT_BYTES:
            raise ProviderBroken(f"an event of more than {MAX_EVENT_BYTES} bytes")
        return whole

    def rest(self) -> bytes:
        """Give up what is held, with the empty line that it lacks."""
        rest = bytes(self._held).rstrip(b"\r\n") + b"\n\n"
        self._held.clear()
        return rest


def _append(events: list[ServerEvent], block: bytes) -> None:
    """Parse one block of lines and append its event, if it has data."""
    if block.startswith(b"data: ") and b"\n" not in block and b"\r" not in block:
        events.append(ServerEvent(None, block[6:]))
        return
    name: str | None = None
    data: list[bytes] = []
    for line in _LINES.split(block):
        key, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if key == b"data":
            data.append(value)
        elif key == b"event":
            name = value.decode("utf-8", "replace")
    if data:
        events.append(ServerEvent(name, b"\n".join(data)))
