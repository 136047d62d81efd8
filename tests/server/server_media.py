"""Makers of media as a gateway's providers: the simulator with all of them, fast, and its book beside the ledger."""

import asyncio
from typing import Any, Self

from openai import OpenAI
from server_gateway import eventually
from server_simulator import Simulated
from test_server_ending import attempts

SORA = {"provider": "openai", "model": "sora-2", "per": {"video_second": 0.10}}
"""What the simulator charges: the maker's own price has ended with its service."""

PATHS = {"openai": "/v1", "runway": "", "fal": "/fal", "kling": "", "elevenlabs": ""}
FREE = {"limits": "off", "concurrency": "off"}
SHOT = {"model": "runway/gen4.5", "prompt": "A fox in the snow", "seconds": "5", "size": "720x1280"}


def made_config(simulated: Simulated, **media: Any) -> dict[str, Any]:
    """A gateway's configuration in front of the simulated makers; polling is as fast as they are."""
    providers = {
        name: {"base_url": simulated._running.url + path, "api_key": f"key-{name}-PLANTED", **FREE}
        for name, path in PATHS.items()
    }
    providers["fal"]["webhook_keys"] = f"{simulated._running.url}/fal/.well-known/jwks.json"
    providers["fal"]["platform_url"] = f"{simulated._running.url}/fal/v1"
    return {
        "providers": providers,
        "media": {"poll_factor": 0.02, **media},
        "prices": [SORA],
        "retries": {"first_s": 0.05},
    }


class Stage:
    """The media side of a simulator, changed from the test's thread. Leaving it puts everything back."""

    def __init__(self, simulated: Simulated) -> None:
        self.side = simulated._running.media
        self._loop = simulated._loop

    def __enter__(self) -> Self:
        self._before = self.side.profile
        self._do(self.side.book.entries.clear)
        return self

    def __exit__(self, *_: object) -> None:
        self._do(lambda: self.side.settle(self._before))
        self._do(self.side.set_traps)

    def change(self, **settings: Any) -> None:
        """Other settings of the providers."""
        self._do(lambda: self.side.change(**settings))

    def traps(self, *rows: Any) -> None:
        """Other traps."""
        self._do(lambda: self.side.set_traps(*rows))

    @property
    def book(self) -> list[Any]:
        """What was accepted, oldest first."""
        return list(self.side.book.entries)

    @property
    def charged(self) -> int:
        """Nano-dollars in all."""
        return sum(entry.nusd for entry in self.book)

    def _do(self, change: Any) -> None:
        async def run() -> None:
            change()

        asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)


def client(gateway: Any, key: str) -> OpenAI:
    """OpenAI's own library."""
    return OpenAI(base_url=f"{gateway.url}/v1", api_key=key, max_retries=0, timeout=30)


def finished(gateway: Any, key: str, identity: str, within_s: float = 15) -> dict[str, Any]:
    """A clip's job when it is over."""

    def look() -> dict[str, Any] | None:
        shown = gateway.call("GET", f"/v1/videos/{identity}", key).json()
        return shown if shown.get("status") in ("completed", "failed") else None

    return eventually(look, within_s)


def booked(gateway: Any, where: str = "1") -> list[tuple[Any, ...]]:
    """Rows of the ledger: request, n, provider, outcome, cost, units, whether final and estimated."""
    gateway.call("GET", "/v1/usage")  # everything answered is entered then
    query = (
        "SELECT request_id, n, provider, outcome, cost_nusd, units, final, estimated FROM attempts "
        f"WHERE {where} ORDER BY at_us, n"
    )
    return attempts(gateway, query)
