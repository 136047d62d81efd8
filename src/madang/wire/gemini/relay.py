"""A Gemini answer on its way to a Gemini caller: relayed as it is, metered on the side.

One rule: bytes pass untouched, but for a function call without an id, which gets one. A partial
decoder reads an event in less time than a search for the names of its members takes.
"""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from madang.errors import ProviderBroken
from madang.model import Json, Stop, Usage
from madang.wire.contract import Answered
from madang.wire.gemini.call_ids import CallNaming
from madang.wire.gemini.finish import read_stop
from madang.wire.gemini.read_answer import block_reason, parts_of, sorted_candidates, text_of
from madang.wire.gemini.read_error import error_of
from madang.wire.gemini.usage import read_usage
from madang.wire.json import decode
from madang.wire.sse import MAX_EVENT_BYTES, EventDecoder

_ABSENT = Raw()
_NOTHING = (b"", b"null")
"""What a Raw member holds that is absent or null. A typed `Raw | None` would take null and nothing else."""


class _Part(Struct, gc=False):
    """A part, as far as it decides why an answer ended."""

    call: Raw = msgspec.field(name="functionCall", default=_ABSENT)


class _Content(Struct, gc=False):
    parts: list[_Part] | None = None


class _Candidate(Struct, gc=False):
    content: _Content | None = None
    finish: str | None = msgspec.field(name="finishReason", default=None)
    index: int = 0


class _Feedback(Struct, gc=False):
    reason: str | None = msgspec.field(name="blockReason", default=None)


class _Document(Struct, gc=False):
    """The few members of a GenerateContentResponse that the ledger needs."""

    candidates: list[_Candidate] | None = None
    usage: dict[str, Any] | None = msgspec.field(name="usageMetadata", default=None)
    feedback: _Feedback | None = msgspec.field(name="promptFeedback", default=None)
    error: Raw = _ABSENT


_document = msgspec.json.Decoder(_Document)
_ENDS = (b"\n\n", b"\r\n\r\n")
_LONGEST_END = 4


def skim_answer(body: bytes) -> Answered:
    """Usage and stop of a whole answer; what cannot be read is None."""
    seen = _skim(body)
    if seen is None:
        return Answered()
    return Answered(read_usage(seen.usage), _stop(seen, called=_calls(seen)))


def _skim(document: bytes) -> _Document | None:
    """What matters in a document; None where it is no JSON."""
    try:
        return _document.decode(document)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _skim_carefully(document)
    except RecursionError:
        return None


def _skim_carefully(document: bytes) -> _Document | None:
    """The same where a member is of an odd type, or the text has a flaw that `decode` forgives."""
    try:
        data = decode(document)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    error = Raw(b"{}") if error_of(data) is not None else _ABSENT
    if not isinstance(data, dict):
        return _Document(error=error)
    candidates = [
        _Candidate(
            _Content([_Part(Raw(b"{}")) for part in parts_of(candidate) if "functionCall" in part]),
            text_of(candidate, "finishReason"),
            index,
        )
        for index, candidate in sorted_candidates(data)
    ]
    usage = data.get("usageMetadata")
    return _Document(
        candidates,
        usage if isinstance(usage, dict) else None,
        _Feedback(block_reason(data)),
        error,
    )


def _says(member: Raw) -> bool:
    return member is not _ABSENT and bytes(member) not in _NOTHING


def _calls(seen: _Document) -> bool:
    """Whether a document holds a function call."""
    for candidate in seen.candidates or ():
        for part in (candidate.content and candidate.content.parts) or ():
            if _says(part.call):
                return True
    return False


def _stop(seen: _Document, *, called: bool) -> Stop | None:
    if seen.feedback is not None and seen.feedback.reason:
        return "content_filter"
    for candidate in seen.candidates or ():
        if candidate.finish:
            return read_stop(candidate.finish, called=called)
    return None


class RelayMeter:
    """Watches a relayed stream.

    Gemini has no terminal event: `ended` is set by the event with which every candidate that has
    begun has its finishReason (a stream that closes without was cut off: every recorded one has it),
    before it is relayed; events that follow are relayed and metered all the same.
    """

    def __init__(self) -> None:
        self.stop: Stop | None = None
        self.ended = False
        self.failed = False
        self.text_bytes = 0
        self._held = bytearray()
        self._usage: Json = None
        self._called = False
        self._begun: set[int] = set()
        self._finished: set[int] = set()
        self._naming = CallNaming()

    @property
    def usage(self) -> Usage | None:
        """The latest figures. Every event has some, so they are read when somebody asks."""
        return read_usage(self._usage)

    def feed(self, data: bytes) -> bytes:
        """Take bytes from the provider, return the whole events among them.

        Raises ProviderBroken on an event without end.
        """
        held = self._held
        if held:
            searched = max(0, len(held) - _LONGEST_END)
            held += data
            if _end_of_last_event(held, searched) == 0:
                self._check()
                return b""
            data = bytes(held)
            held.clear()
        cut = len(data) if data.endswith(_ENDS) else _end_of_last_event(data, 0)
        held += data[cut:]
        self._check()
        return self._passed(data[:cut]) if cut else b""

    def close(self) -> bytes:
        """The provider closed: relay a last event without its empty line, but no piece of one."""
        held = bytes(self._held)
        self._held.clear()
        documents = _data_of(held)
        whole = bool(documents) and all(_skim(document) is not None for document in documents)
        return self._passed(held) if whole else b""

    def _check(self) -> None:
        if len(self._held) > MAX_EVENT_BYTES:
            raise ProviderBroken(f"an event of more than {MAX_EVENT_BYTES} bytes")

    def _passed(self, whole: bytes) -> bytes:
        """Note what the events say, and pass them on."""
        for document in _data_of(whole):
            seen = _skim(document)
            if seen is not None:
                self._note(seen)
        if self._called:
            whole = self._naming.events(whole)
        self.text_bytes += len(whole)
        return whole

    def _note(self, seen: _Document) -> None:
        self._usage = seen.usage or self._usage
        self._called = self._called or _calls(seen)
        self.failed = self.failed or _says(seen.error)
        for candidate in seen.candidates or ():
            (self._finished if candidate.finish else self._begun).add(candidate.index)
        stop = _stop(seen, called=self._called)
        if stop is not None:
            self.stop = self.stop or stop
            self.ended = not self.failed and self._begun <= self._finished


def _data_of(events: bytes) -> list[bytes]:
    """The data of whole events. What usually comes, events of one line each, is not searched."""
    if events.startswith(b"data: "):
        if events.find(b"\n") >= len(events) - 3:
            return [events[6:]]
        lines = events[6:].split(b"\r\n\r\ndata: ")
        if events.count(b"\n") == events.count(b"\r") == 2 * len(lines):
            return lines
    decoder = EventDecoder()
    return [event.data for event in (*decoder.feed(events), *decoder.close())]


def _end_of_last_event(data: bytes | bytearray, start: int) -> int:
    """Where the last whole event ends whose end lies behind `start`; 0 where there is none."""
    found = max(data.rfind(end, start) + len(end) for end in (*_ENDS, b"\r\r"))
    return found if found > _LONGEST_END else 0
