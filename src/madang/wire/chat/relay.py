"""A stream passed on from a provider of this dialect to a caller of it, watched on the side.

One rule: an ordinary chunk is passed on as the bytes it came in, after a few searches for the words
that matter. Only an event that has one of them is decoded, and only one that would break a client
library is written anew.
"""

import re
from typing import Any

import msgspec

from madang.model import Json, Stop, Usage
from madang.wire import json
from madang.wire.chat.outputs import dicts
from madang.wire.chat.repair import Repair
from madang.wire.chat.stops import read_stop
from madang.wire.chat.usage import find_usage
from madang.wire.openai_errors import carries_error
from madang.wire.sse import MAX_EVENT_BYTES

_END = re.compile(rb"\r\n\r\n|\n\n|\r\n\n|\n\r\n")
_DATA = re.compile(rb"^data: ?(.*?)\r?$", re.MULTILINE)
_WATCHED = re.compile(
    rb'"(?:(?:usage|error|finish_reason)": ?[^n ]|object": ?"error"'
    rb'|(?:tool_calls|reasoning_details|content|annotations|images)": ?[\[{])'
)
"""What must be looked at: a value other than null, deltas of a list, content that is no string."""

_DONE = b"[DONE]"
_WHOLE_ENDS = (b"}\n\n", b"}\r\n\r\n")
_DELTA = b'"delta"'
_NO_EVENT = (b":", b"\n", b"\r")
"""What comments and empty lines begin with."""
_OBJECT = b'"object":'
_CHUNK_OBJECT = b'{"object":"chat.completion.chunk",'


class ChatMeter:
    """Reads usage, stop and end of a relayed stream; see `contract.Meter`."""

    def __init__(self, keep_usage: bool) -> None:  # noqa: FBT001 - the signature of Wire.meter
        self.usage: Usage | None = None
        self.stop: Stop | None = None
        self.ended = False
        self.failed = False
        self.text_bytes = 0
        self._keep_usage = keep_usage
        self._held = bytearray()
        self._repair = Repair()
        self._nameless: bool | None = None
        self._placeless: bool | None = None
        self._plain = False

    def feed(self, data: bytes) -> bytes:
        """Take the provider's bytes; return the whole events among them."""
        if self._held or not data.endswith((b"\n\n", b"\r\n\r\n")):
            data = self._whole(data)
        if not data:
            return b""
        if (
            not self._plain
            or not data.endswith(_WHOLE_ENDS)
            or data.count(_DELTA) < data.count(b"data:")
            or _WATCHED.search(data) is not None
        ):
            data = self._look(data)
        self.text_bytes += len(data)
        return data

    def close(self) -> bytes:
        """The provider closed: return a last event that only lacks its empty line."""
        rest, self._held = bytes(self._held), bytearray()
        out = b""
        if rest and _is_whole(rest):
            out = self._look(rest.rstrip(b"\r\n") + b"\n\n")
            self.text_bytes += len(out)
        if self.stop is not None and not self.failed:
            self.ended = True
        return out

    def _whole(self, data: bytes) -> bytes:
        """The held bytes and these, up to the last end of an event; the rest is held."""
        held = self._held
        seen = max(0, len(held) - 3)
        held += data
        end = max(held.rfind(b"\n\n", seen) + 2, held.rfind(b"\n\r\n", seen) + 3)
        if end < 3:
            if len(held) <= MAX_EVENT_BYTES:
                return b""
            end = len(held)  # no event is that long: pass it on, hold nothing
        self._held = held[end:]
        return bytes(held[:end])

    def _look(self, data: bytes) -> bytes:
        """Go through the events one by one."""
        out = []
        start = 0
        for end in _END.finditer(data):
            out.append(self._event(data[start : end.end()]))
            start = end.end()
        out.append(data[start:])
        return b"".join(out)

    def _event(self, event: bytes) -> bytes:
        if self._nameless is None:
            event = event.removeprefix(json.BOM)
        payload = _payload(event)
        if payload == _DONE:
            self.ended = not self.failed
            return event
        if not (payload.startswith(b"{") and payload.endswith(b"}")):
            # the SDK takes an event without data for one whose data is broken
            return event if payload or event.startswith(_NO_EVENT) else b""
        opens = self._placeless is None
        self._compare(payload)
        if self._nameless and _OBJECT not in payload and payload != b"{}":
            # AI21, Copilot and Moonshot leave out what the SDK's accumulator insists on
            payload = _CHUNK_OBJECT + payload[1:]
            event = b"data: " + payload + b"\n\n"
        if _DELTA in payload and not self._placeless and _WATCHED.search(payload) is None:
            return event
        try:
            chunk = json.decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return event
        return self._chunk(chunk, event, opens=opens)

    def _compare(self, payload: bytes) -> None:
        """Learn from the first chunks what those of this provider lack: they are alike."""
        if self._nameless is None:
            self._nameless = _OBJECT not in payload
        if self._placeless is None and _DELTA in payload:
            self._placeless = _lacks_index(payload)
            self._plain = not (self._nameless or self._placeless)

    def _chunk(self, chunk: dict[str, Any], event: bytes, *, opens: bool) -> bytes:
        """Note what a decoded chunk says; return its bytes, mended or dropped where needed."""
        if _is_error(chunk, event):
            self.failed = True
            return event
        usage = find_usage(chunk)
        choices = chunk.get("choices")
        if usage is not None:
            self.usage = usage
            if not choices and not self._keep_usage:
                return b""  # the caller did not ask for it: Madang did
        if "choices" not in chunk and event.startswith(b"event:"):
            return event  # it is of another kind, and says so
        mended = self._repair.mend(chunk, opens=opens)
        self._note_stop(choices)
        return b"data: " + json.encode(chunk) + b"\n\n" if mended else event

    def _note_stop(self, choices: Json) -> None:
        """The stop of the first choice; of another only while the first has none."""
        for choice in dicts(choices):
            reason = choice.get("finish_reason")
            if reason and (self.stop is None or not choice.get("index")):
                self.stop = read_stop(reason, called=self._repair.called)


def _lacks_index(payload: bytes) -> bool:
    """Whether the choices of a chunk have no index."""
    try:
        choices = json.decode(payload)["choices"]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, LookupError):
        return False
    return any(not isinstance(choice.get("index"), int) for choice in dicts(choices))


def _is_error(chunk: dict[str, Any], event: bytes) -> bool:
    """Whether a chunk says that the answer, or a choice (OpenRouter), broke off."""
    choices = chunk.get("choices")
    if event.startswith(b"event: error") and not choices:
        return True
    return carries_error(chunk) or any(choice.get("error") for choice in dicts(choices))


def _payload(event: bytes) -> bytes:
    """The data of one event, on one line: a line's end means nothing between the members of JSON."""
    if event.startswith(b"data: ") and event.find(b"\n", 0, -2) < 0:
        return event[6:].strip()
    return b" ".join(line.strip() for line in _DATA.findall(event))


def _is_whole(event: bytes) -> bool:
    """Whether held bytes are an event that only lacks its empty line."""
    payload = _payload(event + b"\n")
    if payload == _DONE:
        return True
    try:
        return isinstance(json.decode(payload), dict)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
