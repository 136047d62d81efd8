"""Meters of requests and tokens at a provider: what `routing.limits` counts for callers, counted for us.

A request of more tokens than there may be in a minute goes when the whole minute is free.
"""

from typing import Final, NamedTuple

from madang.config.sections.pacing import Pace
from madang.routing.limits.bucket import Bucket
from madang.routing.limits.memory import Cells, Memory, Place
from madang.routing.limits.rules import SPANS_US
from madang.routing.limits.window import Window

Meter = Window | Bucket
_US: Final = 1_000_000


class Rates(NamedTuple):
    """What a request takes from: one from each of `requests`, its tokens from each of `tokens`.

    `steady` is the only one of `requests` where that is a bucket.
    """

    requests: tuple[Meter, ...] = ()
    tokens: tuple[Meter, ...] = ()
    steady: Bucket | None = None

    def and_also(self, other: "Rates") -> "Rates":
        """The meters of both."""
        requests = self.requests + other.requests
        only = requests[0] if len(requests) == 1 else None
        steady = only if isinstance(only, Bucket) else None
        return Rates(requests, self.tokens + other.tokens, steady)

    def has_room(self, tokens: int, now_us: int) -> bool:
        """Whether a request of so many tokens may go now."""
        for meter in self.requests:
            if meter.room(now_us) < 1:
                return False
        for meter in self.tokens:
            room = meter.room(now_us)
            if room < tokens and room < meter.limit:
                return False
        return True

    def take(self, tokens: int, now_us: int) -> tuple[int, ...] | None:
        """Let it go, where there is room; return the marks for `correct`. None: there is no room."""
        for meter in self.tokens:
            room = meter.room(now_us)
            if room < tokens and room < meter.limit:
                return None
        if self.steady is not None:
            if not self.steady.take_one(now_us):
                return None
        elif not self._take_one(now_us):
            return None
        if len(self.tokens) == 1:
            return (self.tokens[0].take(tokens, now_us),)
        return tuple([meter.take(tokens, now_us) for meter in self.tokens])

    def _take_one(self, now_us: int) -> bool:
        for meter in self.requests:
            if meter.room(now_us) < 1:
                return False
        for meter in self.requests:
            meter.take(1, now_us)
        return True

    def correct(self, marks: tuple[int, ...], difference: int) -> None:
        """It has used so many tokens more (or less, where negative) than were taken."""
        for meter, mark in zip(self.tokens, marks, strict=True):
            meter.correct(mark, difference)

    def wait_s(self, tokens: int, now_us: int) -> float:
        """How long until a request of so many tokens may go, if no other does."""
        waits = [meter.wait_us(1, now_us) for meter in self.requests]
        waits += [meter.wait_us(min(tokens, meter.limit), now_us) for meter in self.tokens]
        return max(waits, default=0) / _US

    def share(self, now_us: int) -> float:
        """What is left of the scarcest, 0 to 1."""
        shares = [
            meter.room(now_us) / max(1, meter.limit) for meter in (*self.requests, *self.tokens)
        ]
        return min(shares, default=1.0)


class _Own(NamedTuple):
    """Memory of this process alone, with its share of a limit."""

    cells: Cells
    at: int
    share: int


def rates_of(pace: Pace | None, name: str, memory: Memory, *, is_known: bool) -> Rates:
    """The meters of a pace. Those of one name count together, in all processes and across reloads.

    `is_known` False: callers have made the model's name up, so that it gets none of the memory that
    is shared.
    """
    if pace is None:
        return Rates()
    steady = "second" if pace.rps is not None else "minute"

    def meter(unit: str, span: str, limit: int | None, burst: int | None) -> tuple[Meter, ...]:
        if limit is None:
            return ()
        kind, size = (Window.KIND, Window.SIZE) if burst is None else (Bucket.KIND, Bucket.SIZE)
        where = f"{name}:{unit}:{span}{'' if burst is None else ':burst'}"
        place: Place = _Own([0] * size, 0, memory.workers)
        if is_known:
            place = memory.claim(where, kind, size)
        if burst is None:
            return (Window(place, limit, SPANS_US[span]),)
        return (Bucket(place, limit, SPANS_US[span], burst),)

    by_second = meter("requests", "second", pace.rps, pace.burst if steady == "second" else None)
    by_minute = meter("requests", "minute", pace.rpm, pace.burst if steady == "minute" else None)
    return Rates(by_second + by_minute, meter("tokens", "minute", pace.tpm, None))


def seconds_of(pace: Pace | None, tokens: int) -> float:
    """How long the limits need to make up for a request of so many tokens."""
    if pace is None:
        return 0.0
    return max(
        1 / pace.rps if pace.rps else 0.0,
        60 / pace.rpm if pace.rpm else 0.0,
        60 * tokens / pace.tpm if pace.tpm else 0.0,
    )
