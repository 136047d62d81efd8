"""A simulator on a real socket, in a thread of its own, for the official clients to call."""

import asyncio
import threading
from collections.abc import Iterator

import anthropic
import openai
import pytest
from google import genai

from madang.drills.simulator import Behaviour, Running, serve
from madang.drills.simulator.media.profile import Profile
from madang.drills.simulator.media.side import MediaSide


class Threaded:
    """A simulator whose event loop runs beside the test."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.running: Running = self._run(serve())
        self.url = self.running.url

    def _run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def behave(self, *rows: Behaviour) -> None:
        self.running.conduct.replace(rows)

    def close(self) -> None:
        self._run(self.running.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture(scope="session")
def _served() -> Iterator[Threaded]:
    simulator = Threaded()
    yield simulator
    simulator.close()


@pytest.fixture
def sim(_served: Threaded) -> Threaded:
    """The simulator, with its books empty and no faults."""
    _served.behave(Behaviour())
    _served.running.book.requests.clear()
    _served.running.book.forget_charges()
    return _served


@pytest.fixture
def media(sim: Threaded) -> MediaSide:
    """The simulator's media side: a thousand times as fast as life, its books empty and no traps."""
    side = sim.running.media
    side.settle(Profile(speed=1000))
    side.set_traps()
    side.book.entries.clear()
    return side


@pytest.fixture(scope="session")
def _clients(
    _served: Threaded,
) -> Iterator[tuple[openai.OpenAI, anthropic.Anthropic, genai.Client]]:
    url = _served.url
    with (
        openai.OpenAI(base_url=f"{url}/v1", api_key="sk-test", max_retries=0) as gpt,
        anthropic.Anthropic(base_url=url, api_key="sk-ant-test", max_retries=0) as claude,
    ):
        gemini = genai.Client(api_key="AIza-test", http_options={"base_url": url})
        yield gpt, claude, gemini
        gemini.close()


@pytest.fixture
def gpt(sim: Threaded, _clients) -> openai.OpenAI:
    """OpenAI's client."""
    return _clients[0]


@pytest.fixture
def claude(sim: Threaded, _clients) -> anthropic.Anthropic:
    """Anthropic's client."""
    return _clients[1]


@pytest.fixture
def gemini(sim: Threaded, _clients) -> genai.Client:
    """Google's client."""
    return _clients[2]
