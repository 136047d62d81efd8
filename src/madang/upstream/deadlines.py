"""How long to wait for a provider: three deadlines and one timer per connection.

Deadlines cost an exchange nothing but a few comparisons: the timer, on firing, looks at the clock
and sleeps on. It is only replaced when a deadline comes to lie before the time that it is set for.
"""

import asyncio
from collections.abc import Callable
from math import inf

from madang.config.sections.providers import Timeouts
from madang.errors import Phase

_CLOCK_STEP_S = 0.002
"""uvloop's clock and timers count whole milliseconds."""


class Deadlines:
    """What a connection waits for at the moment, and until when (in the event loop's seconds).

    `on_due` is called with the phase that took too long: `idle` also for a connection that nobody
    used for too long. `now` is the loop's time throughout.
    """

    __slots__ = (
        "_alarm",
        "_alarm_at",
        "_due_at",
        "_loop",
        "_on_due",
        "_phase",
        "_streaming",
        "_timeouts",
        "_token_at",
        "_total_at",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop, on_due: Callable[[Phase], None]) -> None:
        self._loop = loop
        self._on_due = on_due
        self._timeouts = Timeouts()
        self._streaming = False
        self._phase: Phase = "idle"
        self._due_at = self._token_at = self._total_at = self._alarm_at = inf
        self._alarm: asyncio.TimerHandle | None = None

    def begin(self, timeouts: Timeouts, now: float, started_at: float, *, streaming: bool) -> None:
        """An exchange goes out. `started_at`: when it began for its caller, before connecting."""
        self._timeouts = timeouts
        self._streaming = streaming
        self._total_at = total_at = started_at + timeouts.total_s
        self._token_at = now + timeouts.first_token_s if streaming else inf
        self._phase = "first_byte"
        self._due_at = due_at = now + timeouts.first_byte_s
        if due_at < self._alarm_at or total_at < self._alarm_at or self._token_at < self._alarm_at:
            self._set_alarm()

    def await_answer(self, now: float) -> None:
        """Start the time to the first byte and to the first token, or start it again."""
        self._token_at = now + self._timeouts.first_token_s if self._streaming else inf
        self._wait("first_byte", now + self._timeouts.first_byte_s)

    def await_body(self, now: float) -> None:
        """The head is complete: from here on silence is measured, in a stream after its start."""
        self._wait("idle", inf if self._token_at < inf else now + self._timeouts.idle_s)

    def go_on(self, now: float) -> None:
        """A piece of the body has come, or is read on."""
        self._token_at = inf
        self._wait("idle", now + self._timeouts.idle_s)

    def rest(self) -> None:
        """It is not the provider who keeps us waiting: only the total time runs on."""
        self._due_at = inf

    def keep_until(self, at: float) -> None:
        """No exchange is going on."""
        self._token_at = self._total_at = inf
        self._phase = "idle"
        self._due_at = at
        if at < self._alarm_at:
            self._set_alarm()

    def awaiting_answer(self) -> bool:
        """Whether the head of the answer is still missing."""
        return self._phase == "first_byte"

    def stop(self) -> None:
        """The connection is gone: let go of it."""
        if self._alarm is not None:
            self._alarm.cancel()
        del self._on_due

    def _wait(self, phase: Phase, until: float) -> None:
        self._phase = phase
        self._due_at = until
        alarm_at = self._alarm_at
        if until < alarm_at or self._token_at < alarm_at or self._total_at < alarm_at:
            self._set_alarm()

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at = at = min(self._due_at, self._token_at, self._total_at)
        self._alarm = self._loop.call_at(at, self._ring) if at < inf else None

    def _ring(self) -> None:
        """Sleep on, or say what took too long: that ends the connection or sets a new deadline."""
        soon = self._loop.time() + _CLOCK_STEP_S
        self._alarm = None
        self._alarm_at = inf
        if self._total_at <= soon:
            self._on_due("total")
        elif self._token_at <= soon:
            self._on_due("first_token")
        elif self._due_at <= soon:
            self._on_due(self._phase)
        else:
            self._set_alarm()
