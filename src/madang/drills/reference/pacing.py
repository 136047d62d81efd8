"""A job at a provider that refuses what comes too fast: a client that retries, and the same callers through Madang."""

import asyncio
from typing import Final, NamedTuple

from madang.drills.disaster.caller import Access
from madang.drills.reference.parts import (
    Line,
    Part,
    ask,
    direct,
    provider,
    providers,
    route,
    through,
)
from madang.drills.simulator.faults import Behaviour
from madang.drills.simulator.server import Running

REQUESTS: Final = 640
_WAVE: Final = 64
_RPS: Final = 50
_PROVIDER: Final = Behaviour(rps=_RPS, latency_s=0.620, latency_p99_s=1.800)
_FIRST_WAIT_S: Final = 1.0
_ATTEMPTS: Final = 8


class Job(NamedTuple):
    """How a job went: calls that the provider got and how many it refused, requests without an answer, seconds."""

    calls: int
    refused: int
    unanswered: int
    took_s: float

    @property
    def failures(self) -> float:
        """The share of calls that were refused."""
        return self.refused / self.calls


async def measure() -> Part:
    """The part of the report."""
    naive, paced = await _job(is_paced=False), await _job(is_paced=True)
    saved = 1 - paced.took_s / naive.took_s
    return Part(
        "Pacing",
        f"{REQUESTS:,} requests to a provider that answers {_RPS} a second, {_RPS} at once, and refuses what is more,\n"
        "at the reference latency of gpt-4.1 (620 ms, 99th percentile 1,800). Time is not compressed. Before:\n"
        f"waves of {_WAVE} at once, each refusal retried after 1, 2, 4 … seconds, as a simple script does. After: all\n"
        "of them handed to Madang at once, which knows the limit (`rps: 50`, and half of the burst, so that what\n"
        "the network delays does not collide) and lets the rest wait.",
        (
            Line(
                "calls that fail, before", "15 %", f"{naive.failures:.1%}", naive.failures >= 0.15
            ),
            Line(
                "calls that fail, after",
                "≤ 0.3 %",
                f"{paced.failures:.2%} of {paced.calls:,}",
                paced.failures <= 0.003 and paced.unanswered == 0,
            ),
            Line("total time", "-40 %", f"{-saved:.0%}", saved >= 0.40),
        ),
        f"{naive.took_s:.0f} s before, {paced.took_s:.0f} s after; at its limit the provider needs\n"
        f"{REQUESTS / _RPS:.0f} s. Requests without any answer: {naive.unanswered} before, {paced.unanswered} after.\n"
        "The time is lost where a wave waits for its last retry. Callers who each go on by themselves keep a\n"
        "provider at its limit with retries, too: they are spared the refusals and gain no time.",
    )


async def _job(*, is_paced: bool) -> Job:
    async with providers({"p": _PROVIDER}) as running:
        one = running["p"]
        if not is_paced:
            return await _work(direct(one), one, _WAVE)
        limits = {"gpt-4.1": {"rps": _RPS, "burst": _RPS // 2}}
        settings = {
            "providers": {"p": provider(one, limits=limits, concurrency=1_000)},
            "models": route("p/gpt-4.1"),
        }
        return await through(settings, lambda access: _work(access, one, REQUESTS))


async def _work(access: Access, running: Running, at_once: int) -> Job:
    """All requests in waves, each tried until it is answered; what was answered, the provider's book knows."""
    calls = unanswered = 0

    async def one() -> None:
        nonlocal calls, unanswered
        for number in range(_ATTEMPTS):
            told = await ask(access)
            calls += max(told.attempts, 1)
            if told.kind == "ok":
                return
            await asyncio.sleep(_FIRST_WAIT_S * 2**number)
        unanswered += 1

    clock = asyncio.get_running_loop().time
    began = clock()
    for _ in range(REQUESTS // at_once):
        await asyncio.gather(*(one() for _ in range(at_once)))
    return Job(calls, calls - len(running.book.charges), unanswered, clock() - began)
