"""Two hundred scripts: one by one, and as a batch that Madang spreads over what the provider takes at once."""

from typing import Final

from madang.drills.disaster.caller import Access
from madang.drills.reference.parts import (
    Line,
    Part,
    ask,
    crowd,
    direct,
    provider,
    providers,
    route,
    through,
)
from madang.drills.simulator.faults import Behaviour

SCRIPTS: Final = 200
_ONE_BY_ONE_H: Final = 4
_SCRIPT_S: Final = _ONE_BY_ONE_H * 3600 / SCRIPTS
_FACTOR: Final = 720
_CAP: Final = 20


async def measure() -> Part:
    """The part of the report."""
    async with providers({"p": Behaviour(latency_s=_SCRIPT_S / _FACTOR)}) as running:
        slow_s, slow = await _write(direct(running["p"]), 1)
        settings = {
            "providers": {"p": provider(running["p"], limits="off", concurrency=_CAP)},
            "models": route("p/gpt-4.1"),
        }
        fast_s, fast = await through(settings, lambda access: _write(access, SCRIPTS))
    times = slow_s / fast_s
    return Part(
        "Batch",
        f"{SCRIPTS} scripts, {_SCRIPT_S:g} s each ({_ONE_BY_ONE_H} h one by one, as the claim has it), at a\n"
        f"provider that takes {_CAP} calls at once (the default for OpenAI). Time is compressed {_FACTOR} times.\n"
        "Before: one by one. After: all at once through Madang, which lets so many through and the rest wait.",
        (
            Line("how many times as fast", "≥ 10", f"{times:.1f}", times >= 10),
            Line("scripts written", f"{SCRIPTS}", f"{fast}", slow == fast == SCRIPTS),
        ),
        f"{slow_s * _FACTOR / 60:.0f} min before, {fast_s * _FACTOR / 60:.0f} min after, uncompressed; with no\n"
        f"overhead at all it would be {_CAP} times as fast. A millisecond of overhead counts as "
        f"{_FACTOR / 1000:.1f} s here.",
    )


async def _write(access: Access, at_once: int) -> tuple[float, int]:
    """How long all scripts took, and how many there are."""
    written = 0

    async def one() -> None:
        nonlocal written
        told = await ask(access)
        written += told.kind == "ok"

    return await crowd(SCRIPTS, at_once, one), written
