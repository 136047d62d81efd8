"""Webhooks: posted when a job has ended, again while nobody takes them, and as the traps want it."""

import asyncio
from collections.abc import Callable, Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import NamedTuple
from urllib.parse import urlsplit

from madang.drills.simulator.records import Refused

USUAL_AGAIN_S = (0.1, 0.2)
"""The pauses after which a webhook is posted again that nobody took."""

_PATIENCE_S = 15
_STALE_S = 600.0


class Letter(NamedTuple):
    """What is posted."""

    headers: dict[str, str]
    body: bytes


Write = Callable[[float, bool], Letter]
"""Writes the letter of a moment (Unix seconds), signed rightly or, where that is true, forged."""


class Postman:
    """Posts webhooks in the background. `close` ends what is under way."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()

    async def send(
        self,
        url: str,
        write: Write,
        wait_s: float,
        trap: str | None,
        again_s: Sequence[float] = USUAL_AGAIN_S,
    ) -> None:
        """Post a letter after so many seconds, or before this returns where the trap says so.

        `again_s`: the pauses between the tries while nobody takes it.
        """
        if trap == "webhook_lost":
            return
        if trap == "webhook_early":
            await self._deliver(url, write, trap, again_s)
            return
        task = asyncio.create_task(self._later(url, write, wait_s, trap, again_s))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop posting."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _later(
        self, url: str, write: Write, wait_s: float, trap: str | None, again_s: Sequence[float]
    ) -> None:
        await asyncio.sleep(wait_s)
        await self._deliver(url, write, trap, again_s)
        if trap == "webhook_twice":
            await self._deliver(url, write, trap, again_s)

    async def _deliver(
        self, url: str, write: Write, trap: str | None, again_s: Sequence[float]
    ) -> None:
        for pause_s in (*again_s, None):
            now_s = self._clock() - (_STALE_S if trap == "webhook_stale" else 0.0)
            letter = write(now_s, trap == "webhook_forged")
            if await asyncio.to_thread(_post, url, letter):
                return
            if pause_s is not None:
                await asyncio.sleep(pause_s)


def check_address(url: str) -> None:
    """Raises Refused for an address to which nothing can be posted."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise Refused("invalid", "The address of the webhook is no http or https URL.")


def _post(url: str, letter: Letter) -> bool:
    """Whether somebody took it."""
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_PATIENCE_S)
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    try:
        connection.request("POST", path, letter.body, letter.headers)
        return 200 <= connection.getresponse().status < 300
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
