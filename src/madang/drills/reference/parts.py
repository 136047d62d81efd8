"""What the measurements share: simulated providers in the running loop, a gateway before them, callers by the dozen."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple, TypeVar

from madang.client import Gateway
from madang.drills import simulator
from madang.drills.disaster.caller import Access, Told, call
from madang.drills.disaster.dialects import Way
from madang.drills.disaster.targets import MODEL
from madang.drills.simulator.faults import Behaviour
from madang.drills.simulator.server import Running
from madang.drills.testbed import start_gateway

Json = dict[str, Any]
T = TypeVar("T")
CHAT = Way("chat", stream=False)


class Line(NamedTuple):
    """One figure of the report: what is claimed, what was measured, and whether that is at least as good."""

    what: str
    claim: str
    measured: str
    holds: bool


class Part(NamedTuple):
    """One measurement: its title, what is assumed, its figures, and what has to be known of them."""

    title: str
    assumed: str
    lines: tuple[Line, ...]
    remark: str = ""


@asynccontextmanager
async def providers(behaviours: Mapping[str, Behaviour]) -> AsyncIterator[dict[str, Running]]:
    """Simulated providers by name, until the block is left."""
    async with AsyncExitStack() as stack:
        running = {}
        for seed, (name, behaviour) in enumerate(behaviours.items(), 1):
            one = await simulator.serve(behaviour=behaviour, seed=seed)
            stack.push_async_callback(one.close)
            running[name] = one
        yield running


def direct(running: Running) -> Access:
    """The way to a provider without any gateway."""
    return Access(running.url, "reference")


def provider(running: Running, **more: object) -> Json:
    """The settings of a provider that speaks OpenAI's format."""
    return {"kind": "openai", "base_url": f"{running.url}/v1", "api_key": "reference", **more}


async def through(configuration: Json, work: Callable[[Access], Awaitable[T]]) -> T:
    """Let callers do their work at a gateway with this configuration."""
    with start_gateway(configuration) as running:
        admin = Gateway(running.url, running.admin_key)
        made = await asyncio.to_thread(admin.call, "POST", "/api/keys", {"name": "reference"})
        return await work(Access(running.url, made.json()["key"]))


def route(*targets: str | Json, **more: object) -> Json:
    """The section `models` for what callers ask for."""
    return {MODEL: {"targets": list(targets), **more}}


async def crowd(requests: int, at_once: int, one: Callable[[], Awaitable[None]]) -> float:
    """So many requests by so many callers, each with one at a time; how long all took, in seconds."""
    loop = asyncio.get_running_loop()
    left = iter(range(requests))

    async def caller() -> None:
        for _ in left:
            await one()

    began = loop.time()
    await asyncio.gather(*(caller() for _ in range(at_once)))
    return loop.time() - began


async def ask(access: Access) -> Told:
    """One request."""
    return await call(access, CHAT)
