"""The beginning of a stream, held back until it says something: so long it can fail without the caller seeing it."""

import asyncio
from time import monotonic
from typing import Final

from madang.errors import (
    MadangError,
    ProviderBroken,
    ProviderError,
    ProviderFailed,
    ProviderTimedOut,
)
from madang.model import Failed
from madang.pipeline.call import Call
from madang.pipeline.lane import Lane
from madang.pipeline.streams.stream import error_of
from madang.upstream.transport import Incoming
from madang.wire.contract import Pump
from madang.wire.opening import is_opening
from madang.wire.sse import has_odd_end, sound_events
from madang.wire.translation import Translation

_MOST_HELD: Final = 4 * 1024 * 1024
"""Bytes that are held back at most: some dialects repeat the whole request first."""


class Beginning:
    """What a provider's stream begins with, as the caller shall get it once there is some of the answer in it."""

    __slots__ = ("_alarm", "_call", "_held", "_incoming", "_is_late", "_lane", "_pump", "_seen")

    def __init__(self, call: Call, lane: Lane, pump: Pump, incoming: Incoming) -> None:
        self._call = call
        self._lane = lane
        self._pump = pump
        self._incoming = incoming
        self._held = b""
        self._seen = bytearray()
        self._alarm: asyncio.TimerHandle | None = None
        self._is_late = False

    async def read(self, until: float) -> bytes:
        """Return the first bytes, up to some of the answer, or all of a stream that has none.

        Raises a ProviderError where the stream fails before, ProviderTimedOut where it has said
        nothing by `until` (monotonic seconds).
        """
        try:
            return await self._read(until)
        finally:
            if self._alarm is not None:
                self._alarm.cancel()

    async def _read(self, until: float) -> bytes:
        pump = self._pump
        data = await self._incoming.next()  # the transport minds the time for the very first bytes
        while True:
            self._seen += data
            out = pump.feed(data) if data else pump.close()
            self._held += out
            if pump.failed and self._held and self._counts():
                return self._held
            if pump.failed:
                raise self._failure()
            if not data and not pump.ended:
                raise self._missing()
            if pump.ended or self._says_something(out):
                break
            if self._alarm is None:
                delay_s = max(0.0, until - monotonic())
                self._alarm = asyncio.get_running_loop().call_later(delay_s, self._give_up)
            data = await self._next()
        return self._checked()

    async def _next(self) -> bytes:
        """More of a stream that has shown signs of life, and no more than that."""
        try:
            return await self._incoming.next()
        except MadangError as error:
            if not self._is_late:
                raise
            host = self._lane.provider.origin.host
            raise ProviderTimedOut(
                f"{host} sent no first token in time", phase="first_token"
            ) from error

    def _give_up(self) -> None:
        """It has taken too long: whoever reads it hears so."""
        self._is_late = True
        self._incoming.close()

    def _says_something(self, out: bytes) -> bool:
        """Whether there is some of the answer in what has come."""
        if not out:
            return False
        if self._held.isspace():  # empty lines before the first event say nothing
            self._held = b""
            self._seen.clear()
            return False
        if self._call.array or len(self._held) > _MOST_HELD:
            return True
        return not is_opening(self._call.wire.dialect, out)

    def _checked(self) -> bytes:
        """What was held. Raises ProviderBroken where a relayed stream cannot be read from its first word on."""
        held = self._held
        if has_odd_end(held) and not isinstance(self._pump, Translation):
            sound = sound_events(held)
            if len(sound) < len(held) and is_opening(self._call.wire.dialect, sound):
                raise ProviderBroken("the provider's stream begins with an event that is no JSON")
        return held

    def _counts(self) -> bool:
        """Whether what has come before a failure is the caller's, so that others go on with it."""
        continuation = self._call.continuation
        return continuation is not None and continuation.is_under_way

    def _failure(self) -> ProviderError:
        """The provider's own words for an error event that came before anything else."""
        failure: Failed | None = None
        if isinstance(self._pump, Translation):
            failure = self._pump.failure
        else:
            reader = self._lane.wire.stream_reader()
            events = [*reader.feed(bytes(self._seen)), *reader.close()]
            failure = next((event for event in events if isinstance(event, Failed)), None)
        return error_of(failure)

    def _missing(self) -> ProviderError:
        """Why no answer came: the error that a 200 carried in place of a stream, where it was one."""
        if self._held:
            return ProviderBroken("the provider's stream ended before it had said anything")
        try:
            self._lane.wire.read_answer(bytes(self._seen))
        except ProviderError as error:
            if self._lane.wire is not self._call.wire:
                error.raw = None
            return error
        return ProviderFailed("the provider did not stream its answer", upstream_status=200)
