"""Several models instead of one, replayed by `madang whatif`: its arithmetic, on a past that is made up."""

from datetime import UTC, date, datetime
from typing import Final

from madang import catalog
from madang.config.load import parse
from madang.drills.reference.parts import Line, Part
from madang.routing.board import Board
from madang.server.process.assembly import assemble
from madang.whatif.change import Change, Period, read_mix
from madang.whatif.configured import Configured
from madang.whatif.limiting import Bounds, Doorkeeper
from madang.whatif.past import Past
from madang.whatif.replay import Replay
from madang.whatif.telling import Facts, report

REQUESTS: Final = 20_000
_DAY: Final = date(2026, 11, 1)
_INPUT, _OUTPUT = 3_000, 1_000
_NUSD: Final = _INPUT * 8_000 + _OUTPUT * 32_000
_SETTINGS: Final = """
providers: {openai: {api_key: k}, gemini: {api_key: k}, deepseek: {api_key: k}}
prices:
  - {provider: openai, model: gpt-4.1, in: 8, out: 32}
  - {provider: gemini, model: gemini-2.5-flash, in: 2.5, out: 10}
  - {provider: deepseek, model: deepseek-v3.2, in: 0.42, out: 1.90}
"""
_MIXES: Final = (
    ("three models", "gpt-4.1=50,gemini-2.5-flash=20,deepseek-v3.2=30", 0.42),
    ("with a batch model", "gpt-4.1=30,gemini-2.5-flash=25,deepseek-v3.2=45", 0.60),
    ("simple work on the cheapest", "gpt-4.1=15,gemini-2.5-flash=7,deepseek-v3.2=78", 0.78),
)
_NEAR: Final = 0.01


def measure() -> Part:
    """The part of the report."""
    lines = []
    for name, mix, claim in _MIXES:
        saved = _saved(mix)
        holds = abs(saved - claim) <= _NEAR
        lines.append(Line(f"{name}: `{mix}`", f"-{claim:.0%}", f"-{saved:.1%}", holds))
    return Part(
        "Mixes",
        f"{REQUESTS:,} requests of {_INPUT:,} tokens in and {_OUTPUT:,} out, all answered by gpt-4.1 before, at the\n"
        "reference prices (dollars per million, in/out): gpt-4.1 8/32, gemini-2.5-flash 2.5/10, deepseek-v3.2\n"
        "0.42/1.90. Every model uses as many tokens. A figure holds if it is within a hundredth.",
        tuple(lines),
        "The claims do not state their shares; these are ours, chosen to meet them. Quality is left out.",
    )


def _saved(mix: str) -> float:
    settings = parse(_SETTINGS, {})
    snapshot = assemble(
        settings.models, settings.providers, catalog.load(), Board(), settings.prices
    )
    change, door = Change(mix=read_mix(mix)), Doorkeeper(Bounds())
    replay = Replay(Configured(snapshot, None), change, door)
    began_us = int(datetime(_DAY.year, _DAY.month, _DAY.day, tzinfo=UTC).timestamp()) * 1_000_000
    for number in range(REQUESTS):
        replay.take([_past(number, began_us + number)])
    told = report(replay, door, change, Facts(period=Period(_DAY, _DAY), source="reference"))
    return -(told.total.difference_share or 0.0)


def _past(number: int, at_us: int) -> Past:
    return Past(
        f"req_{number}",
        at_us,
        model="gpt-4.1",
        provider="openai",
        asked_model="gpt-4.1",
        input_tokens=_INPUT,
        output_tokens=_OUTPUT,
        cost_nusd=_NUSD,
    )
