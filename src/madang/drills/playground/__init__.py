"""The playground: the simulator as the provider of a gateway that has none, so that it can be tried without any key.

It runs in a thread with an event loop of its own and is spoken to over a socket like any provider. Clips, voices and
pictures that name its own models are really made (`media`), each by a process of its own.
"""

import asyncio
import socket
import threading
from typing import get_args

from madang.config.sections.providers import Provider
from madang.drills import simulator
from madang.drills.playground import shapes
from madang.drills.playground.media import PlaygroundMedia
from madang.model import Feature
from madang.routing.names.media import STAND_INS

NAME = STAND_INS
_ENDLESS_TOKENS = 1_000_000_000


def provider_at(url: str) -> Provider:
    """The settings of a simulator at `url` (ends in `/v1`): every dialect, every model, able to do everything."""
    return Provider(
        kind="openai",
        base_url=url,
        api_key="playground",
        apis=("chat", "responses", "messages", "gemini"),
        serves="all",
        features=dict.fromkeys(get_args(Feature), True),
        context_window=_ENDLESS_TOKENS,
        max_output=_ENDLESS_TOKENS,
        lossy="allow",
        limits="off",
        concurrency="off",
        makes={
            "videos": (shapes.VIDEO_MODEL,),
            "speech": (shapes.SPEECH_MODEL,),
            "images": (shapes.IMAGE_MODEL,),
        },
    )


def makers_at(url: str) -> Provider:
    """The settings of its makers of media alone, to stand beside providers: no text is asked of it."""
    whole = provider_at(url)
    return Provider(
        kind="openai",
        base_url=url,
        api_key=whole.api_key,
        limits="off",
        concurrency="off",
        makes=whole.makes,
    )


def unstarted() -> dict[str, Provider]:
    """The playground by its name, for looking at names and prices: nobody serves at its address."""
    return {NAME: provider_at("http://127.0.0.1:9/v1")}


class Playground:
    """Holds a socket from the beginning, so that its address is known before it serves."""

    name = NAME

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"

    def provider(self) -> Provider:
        """The settings under which the gateway reaches it."""
        return provider_at(self.url)

    def makers(self) -> Provider:
        """The same, where others have the word: clips, voices and pictures only."""
        return makers_at(self.url)

    def start(self) -> None:
        """Serve in the background until the process ends."""
        threading.Thread(target=self._run, name="playground", daemon=True).start()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        await simulator.serve(listener=self._listener, before=PlaygroundMedia)
        await asyncio.Event().wait()
