"""Faults injected on purpose: what strikes, which requests, and how an attempt goes then. Without a drill nothing is.

Rule: only requests that are struck feel it. Their attempt runs on a standing of its own, so that no
breaker opens, no key rests and no latency is remembered for anybody else.
"""

import asyncio
import copy
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple, Protocol

from msgspec import Struct

from madang.config.sections.drills import Drill, Strike
from madang.errors import (
    ProviderBroken,
    ProviderError,
    ProviderFailed,
    ProviderLacksModel,
    ProviderOutOfQuota,
    ProviderOverloaded,
    ProviderRateLimited,
    ProviderRefusedKey,
    ProviderTimedOut,
    ProviderUnreachable,
)
from madang.model import Target
from madang.pipeline.call import Call
from madang.pipeline.lane import Lane
from madang.routing.board import Standing
from madang.routing.canary.split import place
from madang.upstream.transport import Incoming, Outgoing

_SLOW_S: Final = 10.0
_HALF_FROM: Final = 400
"""Bytes of an answer that come before it breaks, at least."""


class Door(Protocol):
    """The way to the providers; see `upstream.transport`."""

    async def send(self, request: Outgoing) -> Incoming:
        """Send a request; return when the head of its answer is complete."""


class Fault(NamedTuple):
    """What a strike does. `refusal` is what the provider is made to say (None: it is asked truly).

    `silent`: nothing comes until the time-out. `delay_s`: so long before it is asked.
    `breaks`: its answer breaks in the middle; with `silent`, by falling silent there.
    """

    what: str
    refusal: Callable[[], ProviderError] | None = None
    silent: bool = False
    delay_s: float = 0.0
    breaks: bool = False


FAULTS: Final[dict[Strike, Fault]] = {
    "refused": Fault("its port is closed", lambda: ProviderUnreachable("connection refused")),
    "dns": Fault("its name does not resolve", lambda: ProviderUnreachable("no such host")),
    "blackhole": Fault("it takes the request, and never says anything", silent=True),
    "server-error": Fault("it answers 500", lambda: ProviderFailed("500", upstream_status=500)),
    "overloaded": Fault("it answers 529", lambda: ProviderOverloaded("529", upstream_status=529)),
    "storm": Fault(
        "it answers 429, to come back in a second",
        lambda: ProviderRateLimited("429", upstream_status=429, retry_after_s=1.0),
    ),
    "storm-mute": Fault(
        "it answers 429 and does not say for how long",
        lambda: ProviderRateLimited("429", upstream_status=429),
    ),
    "slow-token": Fault("it is asked ten seconds late", delay_s=_SLOW_S),
    "stalled": Fault("it falls silent in the middle of its answer", silent=True, breaks=True),
    "cut": Fault("its connection breaks in the middle of its answer", breaks=True),
    "expired-key": Fault(
        "it refuses our key (401)", lambda: ProviderRefusedKey("401", upstream_status=401)
    ),
    "quota": Fault(
        "our account there is out of credit", lambda: ProviderOutOfQuota("402", upstream_status=402)
    ),
    "sunset": Fault(
        "it no longer has the model (404)", lambda: ProviderLacksModel("404", upstream_status=404)
    ),
}
"""Every strike; those that refuse cost nothing, as nobody is asked."""


class Injection(Struct, frozen=True):
    """A drill under way, from `began_us` to `until_us` (Unix µs), whatever becomes of those who tend it."""

    id: str
    drill: Drill
    began_us: int
    until_us: int

    def hits(self, call: Call, target: Target, now_us: int) -> bool:
        """Whether it strikes a call on its way to a target."""
        drill = self.drill
        if not self.began_us <= now_us < self.until_us:
            return False
        if not {target.provider, f"{target.provider}/{target.model}"} & set(drill.targets):
            return False
        if any(call.tags.get(name) != value for name, value in drill.tags.items()):
            return False
        return place(self.id, call.id) < drill.percent


class Chaos:
    """The drills that one process injects. `open` is empty unless one is held."""

    def __init__(self) -> None:
        self.open: tuple[Injection, ...] = ()

    def follow(self, running: Iterable[Injection]) -> None:
        """Take over which drills are under way."""
        self.open = tuple(running)

    def strike(self, call: Call, lane: Lane) -> Injection | None:
        """The drill that strikes a call on a lane; None: none does."""
        now_us = time.time_ns() // 1000
        return next((one for one in self.open if one.hits(call, lane.target, now_us)), None)


def aside(lane: Lane) -> Lane:
    """The same lane with a standing of its own, so that what happens on it is remembered by nobody."""
    own = copy.copy(lane)
    own.standing = Standing()
    return own


class StruckDoor:
    """The way to a provider as a struck request finds it."""

    def __init__(self, injection: Injection, door: Door) -> None:
        self._injection = injection
        self._door = door

    async def send(self, request: Outgoing) -> Incoming:
        """Have the fault happen. Raises a ProviderError, as the provider's own failures do."""
        fault = FAULTS[self._injection.drill.strike]
        words, timeouts = f"injected by the drill {self._injection.id}", request.timeouts
        if fault.refusal is not None:
            error = fault.refusal()
            error.message = f"{words}: {fault.what}"
            raise error
        if fault.silent and not fault.breaks:
            await asyncio.sleep(min(timeouts.first_byte_s, timeouts.total_s))
            raise ProviderTimedOut(f"{words}: {fault.what}", phase="first_byte")
        if fault.delay_s:
            most_s = min(timeouts.first_byte_s, timeouts.total_s)
            await asyncio.sleep(min(fault.delay_s, most_s))
            if fault.delay_s >= most_s:
                raise ProviderTimedOut(f"{words}: {fault.what}", phase="first_byte")
        incoming = await self._door.send(request)
        if not fault.breaks:
            return incoming
        silence_s = min(timeouts.idle_s, timeouts.total_s) if fault.silent else None
        return _Breaking(incoming, f"{words}: {fault.what}", silence_s)


class _Breaking(Incoming):
    """An answer that breaks in the middle: at once, or after a silence."""

    __slots__ = ("_given", "_is_broken", "_silence_s", "_whole", "_words")

    def __init__(self, whole: Incoming, words: str, silence_s: float | None) -> None:
        """Stands for `whole`, whose reader and connection it has no need of."""
        self._whole = whole
        self._words = words
        self._silence_s = silence_s
        self._given = 0
        self._is_broken = False
        self.status, self.headers = whole.status, whole.headers
        self.sent_at, self.first_byte_at = whole.sent_at, whole.first_byte_at
        self.reused, self.complete, self.held_bytes = whole.reused, False, 0

    async def read(self) -> bytes:
        """Break: nobody gets half of a whole answer."""
        await self._whole.read()
        return await self._break()

    async def next(self) -> bytes:
        """What comes before the break, then the break."""
        if self._is_broken:
            return await self._break()
        piece = await self._whole.next()
        self._given += len(piece)
        if piece and self._given < _HALF_FROM:
            return piece
        self._is_broken = True
        return piece[: len(piece) // 2] or await self._break()

    async def each(self, take: Callable[[bytes], bool]) -> bool:
        """Give `take` what comes before the break."""
        while piece := await self.next():
            if not take(piece):
                return True
        return False

    def close(self) -> None:
        """Say that the answer is done with."""
        self._whole.close()

    async def _break(self) -> bytes:
        if self._silence_s is None:
            raise ProviderBroken(self._words)
        await asyncio.sleep(self._silence_s)
        raise ProviderTimedOut(self._words, phase="idle")


def fits(drill: Drill, providers: Sequence[str]) -> str | None:
    """Which of a drill's targets is at no provider in force; None: all are."""
    return next((one for one in drill.targets if one.partition("/")[0] not in providers), None)
