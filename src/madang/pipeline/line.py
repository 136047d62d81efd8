"""Waiting for a turn at a target: who may go at once does; the others stand in line, fairly.

A line has one timer, and nobody in it looks for himself: it is served when time has made room, and
when a call under way has ended.
"""

import asyncio
import heapq
from time import monotonic
from typing import Final, NamedTuple

from madang.config.sections.pacing import Queue
from madang.errors import (
    MadangError,
    ProviderError,
    ProviderOutOfQuota,
    ProviderPaced,
    ProviderRefusedKey,
)
from madang.routing.board import Standing
from madang.routing.pacing import FOREVER, FairQueue, Priority, Turn, Turnstile

_SOON_S: Final = 0.001
"""Timers ring no earlier: room comes back in steps, and clocks are read twice."""


class Claim(NamedTuple):
    """Who asks for a turn: a caller's key, and how urgent it is among the requests of that key.

    `tokens` is about what the request will use; `give_up_at` the moment (monotonic seconds) after
    which a turn is of no use.
    """

    key: str
    priority: Priority
    tokens: int
    give_up_at: float


class _Waiter:
    """One request in line; compared by identity."""

    __slots__ = ("claim", "gone", "turn")

    def __init__(self, claim: Claim, turn: asyncio.Future[Turn]) -> None:
        self.claim = claim
        self.turn = turn
        self.gone = False

    def __lt__(self, other: "_Waiter") -> bool:
        return self.claim.give_up_at < other.claim.give_up_at


class Line:
    """The line of one target, in one configuration."""

    __slots__ = ("_heap", "_label", "_queue", "_room", "_standing", "_timer", "turnstile")

    def __init__(self, turnstile: Turnstile, standing: Standing, room: Queue, label: str) -> None:
        """`label` names the target to callers; `room`: how many may wait, and for how long."""
        self.turnstile = turnstile
        self._standing = standing
        self._room = room
        self._label = label
        self._queue: FairQueue[_Waiter] = FairQueue()
        self._heap: list[_Waiter] = []
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._queue)

    def enter(self, tokens: int, now: float) -> Turn | None:
        """A turn at once, where there is room and nobody waits."""
        return None if self._queue.waiting else self.turnstile.enter(tokens, now)

    async def wait(self, claim: Claim) -> Turn:
        """Stand in line for a turn; whoever is cancelled leaves at once.

        Raises ProviderPaced where it would take too long, ProviderRefusedKey or ProviderOutOfQuota
        where all keys rest.
        """
        now = monotonic()
        self._admit(claim, now)
        waiter = _Waiter(claim, asyncio.get_running_loop().create_future())
        cost_s = self.turnstile.cost_s(claim.tokens, self._standing.latency_s, now)
        self._queue.push(waiter, claim.key, claim.priority, cost_s)
        heapq.heappush(self._heap, waiter)
        self._standing.waiting += 1
        self.serve()
        try:
            return await waiter.turn
        except asyncio.CancelledError:
            self._leave(waiter)
            raise
        finally:
            self._standing.waiting -= 1

    def serve(self) -> None:
        """Give turns to those whose turn it is, for as long as there is room; then wait for more."""
        now = monotonic()
        queue, turnstile = self._queue, self.turnstile
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while (waiter := queue.head()) is not None:
            if waiter.turn.done():  # its caller has just left
                self._remove(waiter)
                continue
            turn = turnstile.enter(waiter.claim.tokens, now)
            if turn is None:
                break
            queue.pop()
            waiter.gone = True
            waiter.turn.set_result(turn)
        if waiter is not None:
            self._wait_on(waiter, now)

    def _wait_on(self, head: _Waiter, now: float) -> None:
        """Send away whom the next room would come too late for, and have the line served again in time."""
        wait_s = self.turnstile.wait_s(head.claim.tokens, now)
        cause = self._cause(now)
        open_at = now if wait_s == FOREVER else now + wait_s
        while (first := self._first()) is not None and (
            cause is not None or first.claim.give_up_at < open_at
        ):
            self._send_away(first, cause or self._paced(max(0.0, open_at - now)))
        if first is None:
            return
        for slots in self.turnstile.blocked_by():
            slots.tell(self.serve)
        delay_s = max(_SOON_S, min(wait_s, first.claim.give_up_at - now + _SOON_S))
        self._timer = asyncio.get_running_loop().call_later(delay_s, self.serve)

    def _admit(self, claim: Claim, now: float) -> None:
        """Let it join the line. Raises the error for which it may not."""
        if (cause := self._cause(now)) is not None:
            raise cause
        turnstile, call_s = self.turnstile, self._standing.latency_s
        wait_s = turnstile.wait_s(claim.tokens, now)
        if wait_s == FOREVER:
            wait_s = turnstile.cost_s(0, call_s, now)
        wait_s += self._queue.ahead(claim.key)
        late = now + wait_s > claim.give_up_at or wait_s > self._room.wait_s
        if late or (len(self._queue) >= self._room.length and not self._makes_room(claim, wait_s)):
            raise self._paced(wait_s)

    def _makes_room(self, claim: Claim, wait_s: float) -> bool:
        """Send somebody of lower priority away from a full line, where there is one."""
        one = self._queue.gives_way(claim.key, claim.priority)
        if one is not None:
            self._send_away(one, self._paced(wait_s))
        return one is not None

    def _cause(self, now: float) -> ProviderError | None:
        """The error where no key may be used."""
        kind = self.turnstile.cause(now)
        if kind is None:
            return None
        made = ProviderOutOfQuota if kind == "provider_quota" else ProviderRefusedKey
        why = "are out of quota or were refused" if kind == "provider_quota" else "were refused"
        wait_s = max(0.0, self.turnstile.awakes_in_s(now))
        return made(
            f"All keys for {self._label} {why}; the next is tried again in {wait_s:.0f} s.",
            code="provider_keys_rest",
            retry_after_s=wait_s,
        )

    def _paced(self, wait_s: float) -> ProviderPaced:
        return ProviderPaced(
            f"Madang's pacing toward {self._label} has no room in time: the wait is about {wait_s:.1f} s,"
            f" with {len(self._queue)} requests in line.",
            code="provider_paced",
            retry_after_s=wait_s,
        )

    def _first(self) -> _Waiter | None:
        """Who gives up first."""
        heap = self._heap
        while heap and heap[0].gone:
            heapq.heappop(heap)
        return heap[0] if heap else None

    def _leave(self, waiter: _Waiter) -> None:
        """The caller has left; a turn that came in the same instant is given back."""
        if waiter.turn.cancelled():
            self._remove(waiter)
            self.serve()
        elif waiter.turn.exception() is None:
            waiter.turn.result().end(0)

    def _send_away(self, waiter: _Waiter, error: MadangError) -> None:
        self._remove(waiter)
        if not waiter.turn.done():
            waiter.turn.set_exception(error)

    def _remove(self, waiter: _Waiter) -> None:
        waiter.gone = True
        self._queue.leave(waiter, waiter.claim.key, waiter.claim.priority)
        if len(self._heap) > _FEW + 2 * len(self._queue):
            self._heap = [one for one in self._heap if not one.gone]
            heapq.heapify(self._heap)


_FEW: Final = 64
