"""The simulator on a real socket, its media side a thousand times as fast as life."""

import asyncio
import threading

import pytest

from madang.drills.simulator import Behaviour, serve
from madang.drills.simulator.media.profile import Profile


@pytest.fixture(scope="session")
def _running():
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    running = asyncio.run_coroutine_threadsafe(serve(), loop).result(10)
    yield running
    asyncio.run_coroutine_threadsafe(running.close(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def simulated(_running):
    """The running simulator with no trap set and its media books empty; Veo on the Gemini API open again."""
    _running.conduct.replace((Behaviour(),))
    _running.media.settle(
        Profile(speed=1000).changed(
            {"providers": {"gemini-veo": {"gone": None, "gone_jobs": False}}}
        )
    )
    _running.media.set_traps()
    _running.media.book.entries.clear()
    return _running
