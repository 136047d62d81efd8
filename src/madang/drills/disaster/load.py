"""Callers who come at a steady rate, whatever becomes of those before them: nobody waits for a slow gateway."""

import asyncio
from collections.abc import Sequence
from itertools import cycle
from types import TracebackType
from typing import Self

from madang.drills.disaster.caller import Access, Told, call
from madang.drills.disaster.dialects import WAYS, Way


class Load:
    """Callers of a gateway, who ask in these ways by turns. Leaving the block waits for the last of them.

    `told` is what all of them saw.
    """

    def __init__(self, access: Access, ways: Sequence[Way] = WAYS) -> None:
        self._access = access
        self._ways = cycle(ways)
        self._open: set[asyncio.Task[Told]] = set()
        self.told: list[Told] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            for task in self._open:
                task.cancel()
        await asyncio.gather(*self._open, return_exceptions=kind is not None)

    async def come(self, seconds: float, per_s: float) -> None:
        """Callers for so long, evenly."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number in range(round(seconds * per_s)):
            await asyncio.sleep(began + number / per_s - loop.time())
            task = asyncio.create_task(call(self._access, next(self._ways)))
            self._open.add(task)
            task.add_done_callback(self._finished)
        await asyncio.sleep(began + seconds - loop.time())

    def _finished(self, task: asyncio.Task[Told]) -> None:
        self._open.discard(task)
        if not task.cancelled() and task.exception() is None:
            self.told.append(task.result())
