"""What goes on, over all workers: finished requests are counted here, told to the other workers, and heard from them.

Every second a worker tells what it has counted in the
last few seconds, so that each has the windows of all, two seconds late at most.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from madang.model import Attempt
from madang.routing.board import Board
from madang.routing.health import CLOSED
from madang.watch.cells import Batch, Cell, Counter, Labels
from madang.watch.exchange import Exchange
from madang.watch.windows import Windows

_log = logging.getLogger("madang.watch")
_TELL_S: Final = 1.0
_KEPT: Final = 30
"""Batches that a worker tells of: others read them every second, and may be late."""

Failing = dict[tuple[str, str], bool]
"""By provider and model: whether a target has failed so often that it rests."""


class _Told(msgspec.Struct, array_like=True):
    """What one worker tells: its batches by number, oldest first, and how its targets stand."""

    boot_ns: int
    batches: list[tuple[int, float, list[tuple[Labels, Cell]]]]
    failing: list[tuple[tuple[str, str], bool]]


class Monitor:
    """The windows of an installation, as one of its workers keeps them. `workers` 1: it is alone."""

    def __init__(
        self,
        home: Path,
        board: Board,
        *,
        worker: int = 0,
        workers: int = 1,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._board = board
        self._counter = Counter()
        self.windows = Windows(clock())
        self._exchange = Exchange(home, "windows", worker, workers) if workers > 1 else None
        self._boot_ns = time.time_ns()
        self._kept: deque[tuple[int, float, list[tuple[Labels, Cell]]]] = deque(maxlen=_KEPT)
        self._number = 0
        self._tell_at = 0.0
        self._heard: dict[int, tuple[int, int]] = {}
        self._elsewhere: dict[int, Failing] = {}
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(_Told)

    def saw(self, attempts: Sequence[Attempt]) -> None:
        """Count the attempts of finished requests."""
        self._counter.count(attempts)

    async def tend(self) -> None:
        """Take what was counted into the windows, and exchange it with other workers, once a second."""
        now_s = self._clock()
        if now_s < self._tell_at:
            return
        self._tell_at = now_s + _TELL_S
        batch = self._counter.take()
        # in a thread: whoever looks at the windows may hold them for some milliseconds
        await asyncio.to_thread(self._take_in, now_s, batch)

    def failing(self) -> Failing:
        """The targets in use: whether each rests for its failures, wherever it was asked last."""
        found = self._own_failing()
        for elsewhere in self._elsewhere.values():
            for target, fails in elsewhere.items():
                found[target] = found.get(target, True) and fails
        return found

    def healthy_providers(self) -> tuple[int, int]:
        """How many providers in use have a target that works, and how many have none."""
        works: dict[str, bool] = {}
        for (provider, _), fails in self.failing().items():
            works[provider] = works.get(provider, False) or not fails
        healthy = sum(works.values())
        return healthy, len(works) - healthy

    def _own_failing(self) -> Failing:
        return {
            target: standing.breaker.state != CLOSED
            for target, standing in self._board.items()
            if standing.heard_at is not None
        }

    def _take_in(self, now_s: float, batch: Batch) -> None:
        self.windows.add(now_s, batch)
        if self._exchange is not None:
            self._trade(self._exchange, now_s, batch)

    def _trade(self, exchange: Exchange, now_s: float, batch: Batch) -> None:
        if batch:
            self._number += 1
            self._kept.append((self._number, now_s, list(batch.items())))
        told = _Told(self._boot_ns, list(self._kept), list(self._own_failing().items()))
        exchange.tell(self._encoder.encode(told))
        for worker, content in exchange.news():
            self._hear(worker, content, now_s)

    def _hear(self, worker: int, content: bytes, now_s: float) -> None:
        """Take in the batches of another worker that are new, and that are not from before our time."""
        try:
            told = self._decoder.decode(content)
        except msgspec.DecodeError:
            _log.warning("what worker %d tells cannot be read", worker)
            return
        boot_ns, last = self._heard.get(worker, (0, 0))
        if boot_ns != told.boot_ns:
            last = 0
        for number, at_s, cells in told.batches:
            if number > last and at_s >= self.windows.since_s:
                self.windows.add(min(at_s, now_s), dict(cells))
                last = number
        self._heard[worker] = (told.boot_ns, last)
        self._elsewhere[worker] = dict(told.failing)
