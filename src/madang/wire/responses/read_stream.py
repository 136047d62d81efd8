"""A stream of typed events into neutral ones.

Source: https://platform.openai.com/docs/api-reference/responses-streaming. The end is
`response.completed` or `response.incomplete` and nothing else, so that a stream that breaks off
never looks finished.
"""

from collections.abc import Callable
from typing import Any, Final

from madang.model import ChoiceEnded, Ended, Event, Failed, Started, UsageSeen
from madang.wire.event_reader import EventReader
from madang.wire.openai_errors import failed_event
from madang.wire.responses.members import object_of, objects_of, text_of
from madang.wire.responses.read_answer import FAILED, created_s
from madang.wire.responses.read_stream_items import ItemsReader
from madang.wire.responses.stops import read_stop, read_stop_raw
from madang.wire.responses.usage import read_usage
from madang.wire.sse import ServerEvent

_Data = dict[str, Any]


class ResponsesReader(EventReader):
    """Reads one stream."""

    def __init__(self) -> None:
        super().__init__()
        self._items = ItemsReader()
        self._started = False
        self._handlers: Final[dict[str, Callable[[_Data], list[Event]]]] = {
            "response.created": self._begun,
            "response.in_progress": self._begun,
            "response.queued": self._begun,
            "response.completed": self._finished,
            "response.incomplete": self._finished,
            "response.done": self._finished,
            "response.failed": self._failed,
            "response.cancelled": self._failed,
            "error": self._failed,
        }

    def _object(self, data: _Data, event: ServerEvent) -> list[Event]:
        if data.get("error"):
            return self._failed(data)  # whatever its type: clients take it for a failure
        kind = text_of(data, "type") or event.name or ""
        handler = self._handlers.get(kind)
        if handler is not None:
            return handler(data)
        return self._begun({}) + self._items.take(kind, data)

    def _cut_off(self) -> list[Event]:
        return self._fail(Failed("the stream broke off before its last event", "broken"))

    def _begun(self, data: _Data) -> list[Event]:
        """Start the answer, once; some providers leave `response.created` out."""
        if self._started:
            return []
        self._started = True
        response = object_of(data, "response")
        return [
            Started(
                text_of(response, "model") or "",
                text_of(response, "id"),
                created_s(response),
                text_of(response, "service_tier"),
            )
        ]

    def _finished(self, data: _Data) -> list[Event]:
        response = object_of(data, "response")
        if response.get("status") in FAILED:
            return self._failed(data)
        self._over = True
        events = self._begun(data)
        events += self._items.finish(objects_of(response, "output"))
        status, reason = (
            response.get("status"),
            object_of(response, "incomplete_details").get("reason"),
        )
        if status is None and data.get("type") == "response.incomplete":
            status = "incomplete"
        usage = read_usage(response)
        events += [] if usage is None else [UsageSeen(usage)]
        stop = read_stop(status, reason, called=self._items.called) or "stop"
        return [*events, ChoiceEnded(0, stop, read_stop_raw(status, reason)), Ended()]

    def _failed(self, data: _Data) -> list[Event]:
        """An error event, flat or nested, or a response that failed."""
        response = object_of(data, "response")
        usage = read_usage(response)
        error = response.get("error") or data.get("error")
        failed = failed_event({"error": error} if error else _flat(data))
        told = [] if usage is None else [*self._begun(data), UsageSeen(usage)]
        return [*told, *self._fail(failed)]


def _flat(event: _Data) -> _Data:
    """The error that stands flat in an event; its `type` is the event's and says nothing."""
    return {name: event[name] for name in ("code", "message", "param") if name in event}
