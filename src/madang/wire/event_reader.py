"""The frame of a stream reader: server-sent events in, JSON objects to the dialect, and no word after the end."""

from collections.abc import Iterable
from typing import Any

import msgspec

from madang.errors import ProviderBroken
from madang.model import Event, Failed
from madang.wire import json
from madang.wire.sse import EventDecoder, ServerEvent


class EventReader:
    """Reads one stream. Feed it bytes cut anywhere; after Ended or Failed it has no more to say.

    A dialect says what an object means (`_object`), what it means that no more come (`_cut_off`),
    and sets `_over` when it has told the end.
    """

    def __init__(self) -> None:
        self._decoder = EventDecoder()
        self._over = False

    def feed(self, data: bytes) -> list[Event]:
        """Take the next bytes; return the events that they complete."""
        if self._over:
            return []
        try:
            arrived = self._decoder.feed(data)
        except ProviderBroken as error:
            return self._fail(Failed(error.message, error.kind, error.code))
        return self._read(arrived)

    def close(self) -> list[Event]:
        """The connection ended: return the rest, ending in Ended or Failed."""
        if self._over:
            return []
        events = self._read(self._decoder.close())
        return events if self._over else events + self._cut_off()

    def _read(self, arrived: Iterable[ServerEvent]) -> list[Event]:
        events: list[Event] = []
        for event in arrived:
            if self._over:
                break
            events += self._event(event)
        return events

    def _event(self, event: ServerEvent) -> list[Event]:
        data = event.data.strip()
        if data == b"[DONE]":
            return self._done()
        if not data:
            return []
        try:
            value = json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._fail(Failed("the provider sent an event that is not valid JSON", "broken"))
        return self._object(value, event) if isinstance(value, dict) else []

    def _fail(self, failed: Failed) -> list[Event]:
        self._over = True
        return [failed]

    def _object(self, data: dict[str, Any], event: ServerEvent) -> list[Event]:
        """What one event says; `event` is the same as it came."""
        raise NotImplementedError

    def _done(self) -> list[Event]:
        """OpenAI's `[DONE]`, which some providers send in every dialect."""
        return []

    def _cut_off(self) -> list[Event]:
        """The connection ended before the end was told."""
        raise NotImplementedError
