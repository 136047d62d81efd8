"""The simulator as the providers of a gateway: all kinds at one address, in a thread of their own."""

import asyncio
import threading
from typing import Any, Self

from madang.drills import simulator

PATHS = {"openai": "/v1", "mistral": "/v1", "anthropic": "/v1", "gemini": "/v1beta"}
KINDS = {"openai": "openai", "mistral": "openai", "anthropic": "anthropic", "gemini": "gemini"}


class Simulated:
    """Serves on `port`; `book` is what it saw and what it charged."""

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._running = self._loop.run_until_complete(simulator.serve())
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._running.close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def book(self) -> Any:
        """Requests and charges, oldest first."""
        return self._running.book

    @property
    def conduct(self) -> Any:
        """How it behaves; `replace` puts other rows in force."""
        return self._running.conduct

    def asked(self) -> list[Any]:
        """What models were asked, oldest first: a gateway also looks now and then whether providers are there."""
        return [seen for seen in self.book.requests if seen.method == "POST"]

    def last(self) -> Any:
        """What was asked last."""
        return self.asked()[-1]

    def providers(self) -> dict[str, Any]:
        """Settings of vendors by their names, all of them here: their models and prices are the catalogue's.

        `items` is a provider of one's own that only speaks OpenAI Responses.
        """
        vendors = {
            name: {
                "kind": KINDS[name],
                "base_url": f"{self._running.url}{path}",
                "api_key": f"sk-{name}-PLANTED-secret",
                "limits": "off",
                "concurrency": "off",
            }
            for name, path in PATHS.items()
        }
        return {**vendors, "items": {**vendors["openai"], "apis": ["responses"]}}
