"""The animatic from an event loop: each file by a process of its own, so many at once and no more.

Rule: importing this costs nothing; Pillow and ffmpeg are loaded by the process that makes a file. A process
that is stopped takes the programs with it that it has started, and its temporary files.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import msgspec

_PATIENCE_S = 300.0


class NotRendered(Exception):
    """A file could not be made; says why."""


class Voiced(NamedTuple):
    """Spoken text. `engine`: `espeak-ng` or `hum`; `timing`: words with start and end in milliseconds."""

    audio: bytes
    engine: str
    duration_ms: int
    timing: list[tuple[str, int, int]]


class Renderer:
    """Makes files; the same order gives the same bytes. `at_once`: processes at a time, as many as processors."""

    def __init__(self, at_once: int | None = None) -> None:
        self._places = asyncio.Semaphore(at_once or os.cpu_count() or 1)

    async def clip(
        self,
        prompt: str,
        *,
        width_px: int,
        height_px: int,
        duration_ms: int,
        seed: int = 0,
        audio: bool = False,
        started: Callable[[], None] | None = None,
    ) -> bytes:
        """An MP4 (`film.clip`); `started` is called once there is a place for it. Raises NotRendered."""
        order: dict[str, Any] = {"prompt": prompt, "width_px": width_px, "height_px": height_px}
        order |= {"duration_ms": duration_ms, "seed": seed, "audio": audio}
        _, data = await self._make("clip", order, started)
        return data

    async def still(
        self, prompt: str, *, width_px: int, height_px: int, seed: int = 0, kind: str = "png"
    ) -> bytes:
        """A picture (`film.still`): `png`, `jpeg` or `webp`. Raises NotRendered."""
        order = {"prompt": prompt, "width_px": width_px, "height_px": height_px, "seed": seed}
        _, data = await self._make("still", {**order, "kind": kind})
        return data

    async def speech(
        self,
        text: str,
        *,
        voice: str = "alloy",
        kind: str = "mp3",
        language: str | None = None,
        instructions: str | None = None,
        speed: float = 1.0,
    ) -> Voiced:
        """Spoken text (`voice.speech`). Raises NotRendered."""
        order = {"text": text, "voice": voice, "kind": kind, "language": language}
        facts, data = await self._make(
            "speech", {**order, "instructions": instructions, "speed": speed}
        )
        timing = [(word, start, end) for word, start, end in facts["timing"]]
        return Voiced(data, facts["engine"], facts["duration_ms"], timing)

    async def _make(
        self, what: str, order: dict[str, Any], started: Callable[[], None] | None = None
    ) -> tuple[dict[str, Any], bytes]:
        async with self._places:
            if started is not None:
                started()
            code, made, problem = await _run(msgspec.json.encode({"make": what, **order}), what)
        if code:
            lines = problem.decode("utf-8", "replace").strip().splitlines()
            raise NotRendered(
                f"a {what} could not be made: {lines[-1] if lines else 'no reason given'}"
            )
        facts, _, data = made.partition(b"\n")
        return msgspec.json.decode(facts), data


async def _run(order: bytes, what: str) -> tuple[int | None, bytes, bytes]:
    """One process with an order: its exit status, and what it said. Raises NotRendered when it takes too long."""
    with TemporaryDirectory(prefix="madang-render-", ignore_cleanup_errors=True) as folder:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "madang.drills.animatic"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "TMPDIR": folder},
            start_new_session=True,
        )
        try:
            made, problem = await asyncio.wait_for(process.communicate(order), _PATIENCE_S)
        except TimeoutError as late:
            raise NotRendered(f"a {what} was not made within {_PATIENCE_S:g} s") from late
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        return process.returncode, made, problem
