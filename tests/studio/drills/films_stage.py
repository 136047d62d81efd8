"""The stage of the films' drills: simulated makers, a real gateway before them, both processes of their own.

What happens is judged by three books that are kept apart: the makers', the gateway's ledger, and the
studio's charges.
"""

import contextlib
import json
import os
import re
import select
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from madang.client import Gateway

ADMIN = "an-admin-key-of-the-drill"
FREE = {"limits": "off", "concurrency": "off"}
TEXT = {"openai": "/v1", "anthropic": "/v1", "gemini": "/v1beta"}
MAKERS = {"runway": "", "fal": "/fal", "kling": "", "elevenlabs": ""}
FLASH = {"provider": "gemini", "model": "gemini-2.5-flash", "in": 1, "out": 2}
"""What the simulator charges for it, in dollars per million tokens."""

_START_S = 40.0


class Process:
    """A program that says where it serves. `url` is None while it does not run."""

    def __init__(self, command: list[str], says: str, log: Path, **environ: str) -> None:
        self._command, self._says, self._log = command, re.compile(says.encode()), log
        self._environ = {**os.environ, **environ}
        self._running: subprocess.Popen[bytes] | None = None
        self.url = ""
        self.start()

    @property
    def pid(self) -> int:
        """The process."""
        assert self._running is not None
        return self._running.pid

    def start(self) -> None:
        """Start it, and wait until it serves."""
        with self._log.open("ab") as log:
            running = subprocess.Popen(
                self._command, env=self._environ, stdout=subprocess.PIPE, stderr=log
            )
        self._running, said, until = running, b"", time.monotonic() + _START_S
        assert running.stdout is not None
        while time.monotonic() < until and running.poll() is None:
            if select.select([running.stdout], [], [], 0.2)[0]:
                said += os.read(running.stdout.fileno(), 65536)
                if found := self._says.search(said):
                    self.url = found[1].decode()
                    return
        self.kill()
        raise AssertionError(f"{self._command} did not start: {said!r}\n{self._log.read_text()}")

    def kill(self) -> None:
        """End it without any warning."""
        if self._running is not None:
            self._running.kill()
            self._running.wait(10)
            if self._running.stdout is not None:
                self._running.stdout.close()


class Makers(Process):
    """Every provider, simulated; `change` and `book` as its own door has them."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "madang", "sim", "--port", "0"]
        super().__init__(command, r"(http://127\.0\.0\.1:\d+)", folder / "makers.log")

    def change(self, **settings: Any) -> None:
        """Other settings of media."""
        httpx.put(f"{self.url}/__sim/media", json=settings, timeout=30).raise_for_status()

    def delay(self, seconds: float) -> None:
        """Let every maker take so long before it looks at a request."""
        rows = [{"latency_s": seconds}]
        httpx.put(f"{self.url}/__sim", json=rows, timeout=30).raise_for_status()

    def settings(self) -> dict[str, Any]:
        """All settings of media."""
        return httpx.get(f"{self.url}/__sim/media", timeout=30).json()

    def entries(self) -> list[dict[str, Any]]:
        """What makers of media have accepted, oldest first."""
        return httpx.get(f"{self.url}/__sim/media/book", timeout=60).json()["entries"]

    def texts(self) -> list[dict[str, Any]]:
        """What makers of text have charged."""
        answer = httpx.get(f"{self.url}/__sim/charges", timeout=60).json()
        return answer["charges"] if isinstance(answer, dict) else answer


class House(Process):
    """`madang up` on a port that stays the same however often it is killed; `called`: makers may call it there."""

    def __init__(self, home: Path, config: dict[str, Any], *, called: bool = False) -> None:
        port = _free_port()
        if called:
            config["media"]["public_url"] = f"http://127.0.0.1:{port}"
        home.mkdir(parents=True)
        (home / "madang.yaml").write_text(json.dumps(config))
        self.home, self.log = home, home / "stderr.txt"
        command = [sys.executable, "-m", "madang", "up", "--home", str(home), "--port", str(port)]
        super().__init__(command, r"serves on (http://\S+)\n", self.log, MADANG_ADMIN_KEY=ADMIN)
        made = Gateway(self.url, ADMIN).call("POST", "/api/keys", {"name": "studio"}).json()
        self.key = str(made["key"])

    def lost(self) -> list[dict[str, Any]]:
        """The orders of clips whose answers were lost, and that are being looked for."""
        return list(Gateway(self.url, ADMIN).get("/api/lost-orders")["orders"])

    def name_job(self, order: str, provider_job: str) -> None:
        """Say which job of its provider one of them became."""
        named = {"provider_job": provider_job}
        Gateway(self.url, ADMIN).call("POST", f"/api/lost-orders/{order}", named)

    def rows(self) -> list[dict[str, Any]]:
        """Every attempt in the ledger; all that was answered is entered first."""
        Gateway(self.url, ADMIN).call("GET", "/v1/usage")
        path = f"file:{self.home}/madang.db?mode=ro"
        with contextlib.closing(sqlite3.connect(path, uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute("SELECT * FROM attempts")]


@contextlib.contextmanager
def stage(
    folder: Path, *, speed: float, concurrency: int = 5, called: bool = False, **media: Any
) -> Iterator[tuple[Makers, House]]:
    """Makers so many times faster than real life, and a gateway that asks them as patiently.

    `called`: fal and Kling call it as soon as they have made something.
    """
    makers = Makers(folder)
    try:
        makers.change(speed=speed)
        own = {"concurrency": concurrency, "limits": "off"}
        providers = {
            name: {"base_url": makers.url + path, "api_key": f"key-{name}", **how}
            for rows, how in ((TEXT, FREE), (MAKERS, own))
            for name, path in rows.items()
        }
        providers["fal"] |= {
            "webhook_keys": f"{makers.url}/fal/.well-known/jwks.json",
            "platform_url": f"{makers.url}/fal/v1",
        }
        config = {
            "providers": providers,
            "media": {"poll_factor": 1 / speed, "unsure_s": 25, **media},
            "prices": [FLASH],
            "retries": {"first_s": 0.05},
        }
        house = House(folder / "gateway", config, called=called)
        try:
            yield makers, house
        finally:
            house.kill()
    finally:
        makers.kill()


def resident_mib(pid: int) -> float:
    """How much memory a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
