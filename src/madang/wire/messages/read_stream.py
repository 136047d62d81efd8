"""A Messages stream into neutral events.

Source: https://platform.claude.com/docs/en/build-with-claude/streaming. The end is `message_stop`
and nothing else: the reason to stop arrives before it and is held back until then, so that a stream
that breaks off never looks finished.
"""

from collections.abc import Callable
from typing import Any, Final

from madang.model import Ended, Event, Failed, Started, UsageSeen
from madang.wire.event_reader import EventReader
from madang.wire.messages.read_answer import text_of
from madang.wire.messages.read_error import read_error_object
from madang.wire.messages.read_stream_blocks import BlockReader
from madang.wire.messages.stops import read_stop
from madang.wire.messages.usage import read_usage
from madang.wire.sse import ServerEvent

_Data = dict[str, Any]


class MessagesReader(EventReader):
    """Reads one stream."""

    def __init__(self) -> None:
        super().__init__()
        self._blocks = BlockReader()
        self._usage: _Data = {}
        self._end: _Data = {}
        self._started = False
        self._handlers: Final[dict[str, Callable[[_Data], list[Event]]]] = {
            "message_start": self._message_start,
            "content_block_start": self._block_start,
            "content_block_delta": self._block_delta,
            "content_block_stop": self._block_stop,
            "message_delta": self._message_delta,
            "message_stop": self._message_stop,
        }

    def _object(self, data: _Data, event: ServerEvent) -> list[Event]:
        handler = self._handlers.get(text_of(data, "type") or event.name or "")
        if handler is not None:
            return handler(data)
        if data.get("error") is None and "error" not in (data.get("type"), event.name):
            return []  # a ping, or something yet to be invented
        error = read_error_object(200, data, event.data)
        return self._fail(Failed(error.message, error.kind, error.code))

    def _cut_off(self) -> list[Event]:
        return self._fail(Failed("the stream broke off before message_stop", "broken"))

    def _message_start(self, data: _Data) -> list[Event]:
        message = _dict(data, "message")
        seen = self._usage_seen(_dict(message, "usage"))
        return [*self._begun(message), *seen]

    def _begun(self, message: _Data | None = None) -> list[Event]:
        """Start the answer, once; some providers leave message_start out."""
        if self._started:
            return []
        self._started = True
        message = message or {}
        return [
            Started(
                text_of(message, "model") or "",
                id=text_of(message, "id"),
                service_tier=text_of(self._usage, "service_tier"),
            )
        ]

    def _block_start(self, data: _Data) -> list[Event]:
        return self._begun() + self._blocks.start(_index(data), _dict(data, "content_block"))

    def _block_delta(self, data: _Data) -> list[Event]:
        return self._begun() + self._blocks.delta(_index(data), _dict(data, "delta"))

    def _block_stop(self, data: _Data) -> list[Event]:
        return self._blocks.stop(_index(data))

    def _message_delta(self, data: _Data) -> list[Event]:
        self._end |= {name: end for name, end in _dict(data, "delta").items() if end is not None}
        return [*self._begun(), *self._usage_seen(_dict(data, "usage"))]

    def _usage_seen(self, usage: _Data) -> list[Event]:
        """Take new figures over the old ones; a null leaves the old one standing."""
        self._usage |= {name: figure for name, figure in usage.items() if figure is not None}
        seen = read_usage(self._usage) if usage else None
        return [] if seen is None else [UsageSeen(seen)]

    def _message_stop(self, _data: _Data) -> list[Event]:
        self._over = True
        raw = text_of(self._end, "stop_reason")
        stop = read_stop(raw) or ("tool_calls" if self._blocks.called else "stop")
        sequence = text_of(self._end, "stop_sequence")
        events = self._begun() + self._blocks.stop_all()
        return [*events, *self._blocks.sequencer.finish(stop, raw, sequence), Ended()]


def _dict(data: _Data, name: str) -> _Data:
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def _index(data: _Data) -> int:
    value = data.get("index")
    return value if isinstance(value, int) else 0
