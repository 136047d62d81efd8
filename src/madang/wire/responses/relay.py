"""A response on its way to a caller of this dialect: relayed as it is, metered on the side.

One rule: bytes pass untouched. An ordinary event costs two substring searches; only those that end
a stream are decoded, and of them only what the ledger needs.
"""

from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from madang.model import Stop, Usage
from madang.wire import json
from madang.wire.contract import Answered
from madang.wire.responses.members import object_of, objects_of, text_of
from madang.wire.responses.read_answer import CALLS, FAILED
from madang.wire.responses.stops import read_stop
from madang.wire.responses.usage import usage_of
from madang.wire.sse import EventDecoder, EventHolder

_FINISHED: Final = frozenset(("response.completed", "response.incomplete", "response.done"))
_BROKEN: Final = frozenset(("response.failed", "response.cancelled", "error"))
_ENDINGS: Final = _FINISHED | _BROKEN
_MARKS: Final = tuple(b'"' + name.encode() + b'"' for name in _ENDINGS)
_CALL_MARKS: Final = tuple(b'"' + name.encode() + b'"' for name in CALLS)
_NOTHING: Final = (b"", b"null", b"false", b"0", b'""', b"[]", b"{}")


class _Action(Struct):
    type: str | None = "search"


class _Item(Struct):
    type: str | None = None
    action: _Action | None = None


class _Details(Struct):
    reason: str | None = None


class _Response(Struct):
    status: str | None = None
    usage: dict[str, Any] | None = None
    incomplete_details: _Details | None = None
    output: list[_Item] | None = None
    service_tier: str | None = None


class _Ending(Struct):
    """The event that ends a stream. Empty: not there."""

    type: str | None = None
    response: Raw = Raw()
    error: Raw = Raw()


_response = msgspec.json.Decoder(_Response)
_ending = msgspec.json.Decoder(_Ending)


def skim_answer(body: bytes) -> Answered:
    """Read usage and stop of a whole response; empty where it is none, or failed."""
    seen = _skim(body)
    if seen is None or seen.output is None or seen.status in FAILED:
        return Answered()
    return Answered(_usage(seen), _stop(seen))


def _skim(response: bytes | Raw) -> _Response | None:
    """What matters in a response; None where it is no object."""
    try:
        return _response.decode(response)
    except msgspec.ValidationError:
        return _skim_carefully(response)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _skim_carefully(response: bytes | Raw) -> _Response | None:
    """The same where a member is of an odd type: it costs the others nothing."""
    try:
        data = json.decode(response)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    return _Response(
        status=text_of(data, "status"),
        usage=object_of(data, "usage") or None,
        incomplete_details=_Details(text_of(object_of(data, "incomplete_details"), "reason")),
        output=[*map(_item, objects_of(data, "output"))] if "output" in data else None,
        service_tier=text_of(data, "service_tier"),
    )


def _item(item: dict[str, Any]) -> _Item:
    action = object_of(item, "action")
    return _Item(text_of(item, "type"), _Action(text_of(action, "type")) if action else None)


def _usage(seen: _Response) -> Usage | None:
    if seen.usage is None:
        return None
    calls = [item for item in seen.output or () if item.type == "web_search_call"]
    searches = sum(item.action is None or item.action.type == "search" for item in calls)
    return usage_of(seen.usage, seen.service_tier, searches)


def _stop(seen: _Response, *, called: bool = False) -> Stop | None:
    """Why a response ended. `called`: a call was seen before, as some providers leave it out here."""
    reason = seen.incomplete_details.reason if seen.incomplete_details is not None else None
    called = called or any(item.type in CALLS for item in seen.output or ())
    return read_stop(seen.status, reason, called=called)


class ResponsesMeter:
    """Watches a relayed stream (see `contract.Meter`). Usage is always in it and never dropped.

    `response` is the final response object as it came, once the stream has ended: for whoever has
    to remember it.
    """

    def __init__(self, _keep_usage: bool) -> None:  # noqa: FBT001
        self.usage: Usage | None = None
        self.stop: Stop | None = None
        self.ended = False
        self.failed = False
        self.text_bytes = 0
        self.response: bytes | None = None
        self._called = False
        self._holder = EventHolder()

    def feed(self, data: bytes) -> bytes:
        """Take bytes from the provider, return the whole events among them.

        Raises ProviderBroken on an event without end.
        """
        data = self._holder.whole(data)
        self.text_bytes += len(data)
        # a quote inside a JSON string is escaped: an ordinary delta never holds these words
        if b'"response"' in data or b'"error"' in data or b'_call"' in data:
            self._look(data)
        return data

    def close(self) -> bytes:
        """Return the last event if only its empty line is missing."""
        held = self._holder.rest()
        whole = [event for event in EventDecoder().feed(held) if _is_object(event.data)]
        return self.feed(held) if whole else b""

    def _look(self, data: bytes) -> None:
        """Read the events that matter; the others are not decoded."""
        decoder = EventDecoder()
        for event in decoder.feed(data) + decoder.close():
            self._called = self._called or any(mark in event.data for mark in _CALL_MARKS)
            if event.name in _ENDINGS or any(mark in event.data for mark in _MARKS):
                self._note(event.data, event.name)

    def _note(self, data: bytes, name: str | None) -> None:
        try:
            ending = _ending.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return
        kind = ending.type or name
        response = bytes(ending.response)
        seen = _skim(response) or _Response()
        failed = kind in _BROKEN or (kind in _FINISHED and seen.status in FAILED)
        if failed or bytes(ending.error) not in _NOTHING:
            self.failed = True
        elif kind in _FINISHED and not self.failed:
            self.ended = True
            self.response = response
            self.stop = _stop(seen, called=self._called)
        self.usage = _usage(seen) or self.usage


def _is_object(data: bytes) -> bool:
    """Whether an event is whole."""
    try:
        _ending.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True
