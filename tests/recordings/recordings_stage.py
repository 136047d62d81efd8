"""A provider that plays recordings, the gateway in front of it, and callers who ask many things at once.

The stage has slots. Each is a provider of every kind under an address of its own, so that what a
slot is asked and answers belongs to one exchange at a time.
"""

import asyncio
import json
import os
import re
import select
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx

import madang
from stand.traffic import replay

T = TypeVar("T")
R = TypeVar("R")

KEY = "an-admin-key-for-the-stage"
SLOTS = 12
_KINDS = {
    "chat": ("openai", "/v1"),
    "responses": ("openai", "/v1"),
    "messages": ("anthropic", "/v1"),
    "gemini": ("gemini", "/v1beta"),
}


class Upstream:
    """An event loop in a thread, and on it something that serves; `port` is where."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self.server.__aenter__())
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self.server.__aexit__())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def port(self) -> int:
        return self.server.port

    def _run(self, what: Awaitable[T]) -> T:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(10)


def replaying() -> Upstream:
    """The reference replay, as an upstream."""
    return Upstream(replay().Replay())


def providers(port: int, **more: Any) -> dict[str, Any]:
    """The providers of every slot: `chat0`, `gemini3`, …"""
    return {
        f"{dialect}{slot}": {
            "kind": kind,
            "apis": [dialect],
            "base_url": f"http://127.0.0.1:{port}/i/s{slot}{version}",
            "api_key": "sk-upstream",
            "limits": "off",
            "concurrency": "off",
            **more,
        }
        for dialect, (kind, version) in _KINDS.items()
        for slot in range(SLOTS)
    }


class Gateway:
    """One process of `madang up` in front of the slots at `port`. `log` is all that it said on stderr."""

    def __init__(self, home: Path, port: int, **more: Any) -> None:
        self._log = home / "stderr.txt"
        config = home / "madang.yaml"
        config.write_text(
            json.dumps({"providers": providers(port, **more), "retries": {"attempts": 1}})
        )
        command = [sys.executable, "-m", "madang", "up", "--home", str(home), "--port", "0"]
        source = str(Path(madang.__file__).parents[1])
        environ = {"PATH": os.environ["PATH"], "MADANG_ADMIN_KEY": KEY, "PYTHONPATH": source}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--config", str(config)], env=environ, stdout=subprocess.PIPE, stderr=log
            )
        self.url = self._announced()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(15)
        self._process.stdout.close()
        assert "a defect of ours" not in self.log, self.log

    @property
    def log(self) -> str:
        return self._log.read_text()

    def client(self) -> httpx.AsyncClient:
        """A client that knows no dialect."""
        headers = {"authorization": f"Bearer {KEY}"}
        limits = httpx.Limits(max_connections=SLOTS)
        return httpx.AsyncClient(
            base_url=self.url, headers=headers, timeout=30, limits=limits, trust_env=False
        )

    def _announced(self) -> str:
        stdout = self._process.stdout
        deadline = time.monotonic() + 20
        said = b""
        while time.monotonic() < deadline and self._process.poll() is None:
            if select.select([stdout], [], [], 0.2)[0]:
                said += os.read(stdout.fileno(), 65536)
                if found := re.search(rb"serves on (http://[^\s]+)\n", said):
                    return found[1].decode()
        raise AssertionError(f"the gateway did not start: {said.decode()}\n{self.log}")


async def in_slots(items: Iterable[T], act: Callable[[int, T], Awaitable[R]]) -> list[R]:
    """Act on every item, each in a slot of its own, as many at once as there are; results in order."""
    free: asyncio.Queue[int] = asyncio.Queue()
    for slot in range(SLOTS):
        free.put_nowait(slot)

    async def one(item: T) -> R:
        slot = await free.get()
        try:
            return await act(slot, item)
        finally:
            free.put_nowait(slot)

    return await asyncio.gather(*map(one, items))
