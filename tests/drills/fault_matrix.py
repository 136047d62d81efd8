"""Every fault in every dialect, whole and streamed: one request each, of which one healthy target is left to answer.

A fault strikes a provider of the caller's own format, so that the answer is relayed, and one of another,
so that it is translated. The judge sees what a caller sees, and then the ledger.
"""

import asyncio
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from madang.client import Gateway
from madang.drills import simulator
from madang.drills.disaster.caller import Access, Told, call
from madang.drills.disaster.dialects import WAYS, Way
from madang.drills.simulator import FAULTS, Behaviour
from madang.drills.testbed import RunningGateway, start_gateway

Json = dict[str, Any]
Row = Mapping[str, Any]

DEADLINE_S: Final = 8.0
"""What each request is given."""

CAUSES: Final[Mapping[str, frozenset[str]]] = {
    "refuse": frozenset(("unreachable",)),
    "slow_first_byte": frozenset(("timeout",)),
    "stall": frozenset(("timeout",)),
    "cut": frozenset(("broken",)),
    "stream_error": frozenset(("overloaded", "provider_failed")),
    "malformed_json": frozenset(("broken",)),
    "malformed_sse": frozenset(("broken",)),
    "wrong_length": frozenset(("broken",)),
    "empty": frozenset(("broken", "provider_failed")),
    "auth": frozenset(("provider_auth",)),
    "quota": frozenset(("provider_quota",)),
    "overflow": frozenset(("context_overflow",)),
    "status-400": frozenset(("invalid_request",)),
    "status-401": frozenset(("provider_auth",)),
    "status-403": frozenset(("provider_auth", "unknown_model")),  # a key without the model's rights
    "status-404": frozenset(("unknown_model",)),
    "status-408": frozenset(("timeout", "provider_failed")),
    "status-410": frozenset(("unknown_model", "invalid_request")),
    "status-413": frozenset(("invalid_request", "context_overflow")),
    "status-422": frozenset(("invalid_request",)),
    "status-429": frozenset(("rate_limit",)),
    "status-500": frozenset(("provider_failed",)),
    "status-502": frozenset(("provider_failed",)),
    "status-503": frozenset(("overloaded",)),
    "status-504": frozenset(("provider_failed", "timeout")),
    "status-529": frozenset(("overloaded",)),
}
"""The faults of the simulator, `status-NNN` among them, and what the ledger may call each."""

_KINDS: Final[Mapping[str, Json]] = {
    "chat": {"kind": "openai", "apis": ["chat"]},
    "messages": {"kind": "anthropic"},
    "gemini": {"kind": "gemini"},
    "responses": {"kind": "openai", "apis": ["responses"]},
}
_ANOTHER: Final = {
    "chat": "messages",
    "messages": "gemini",
    "gemini": "responses",
    "responses": "chat",
}
_WELL: Final = "well/gemini-2.5-flash"
_TIMEOUTS: Final = {
    "connect_s": 1,
    "first_byte_s": 0.6,
    "first_token_s": 0.6,
    "idle_s": 0.6,
    "total_s": DEADLINE_S,
}
_AT_ONCE: Final = 24
_INGEST_S: Final = 10.0
_LOOK_EVERY_S: Final = 0.1


class Square(NamedTuple):
    """One request: the fault, the format of the provider that it strikes, and how it is asked.

    `continues`: the caller allows another target to go on with a stream that breaks.
    """

    fault: str
    struck: str
    way: Way
    continues: bool = False

    @property
    def model(self) -> str:
        """The name that leads to the struck provider first."""
        return f"{self.fault}.{self.struck}"

    def __str__(self) -> str:
        how = "streamed" if self.way.stream else "whole"
        more = ", to be gone on with" if self.continues else ""
        return f"{self.fault} at {self.struck}, asked in {self.way.dialect}, {how}{more}"


class Judged(NamedTuple):
    """What became of one request; `problem`: what did not hold (None: all did)."""

    square: Square
    told: Told
    problem: str | None


def squares(faults: Iterable[str] = tuple(CAUSES)) -> list[Square]:
    """All of the matrix, for these faults."""
    return [square for fault in faults for way in WAYS for square in _squares(fault, way)]


def _squares(fault: str, way: Way) -> Iterator[Square]:
    for struck in (way.dialect, _ANOTHER[way.dialect]):
        yield Square(fault, struck, way)
        if way.stream and breaks_off(fault):
            yield Square(fault, struck, way, continues=True)


def breaks_off(fault: str) -> bool:
    """Whether it strikes in the middle of an answer."""
    return fault in FAULTS and FAULTS[fault].moment == "during"


def play(wanted: Sequence[Square]) -> list[Judged]:
    """Ask all of it of one gateway, several at once, and judge it by what callers and the ledger say."""
    return asyncio.run(_play(wanted))


async def _play(wanted: Sequence[Square]) -> list[Judged]:
    struck, well = await simulator.serve(), await simulator.serve()
    struck.conduct.replace([_behaviour(fault) for fault in CAUSES])
    try:
        with start_gateway(_configuration(struck.url, well.url)) as running:
            key = await asyncio.to_thread(_key, running)
            room = asyncio.Semaphore(_AT_ONCE)
            told = await asyncio.gather(*(_ask(one, running.url, key, room) for one in wanted))
            rows = await asyncio.to_thread(_rows, running, {one.request_id for one in told})
    finally:
        await struck.close()
        await well.close()
    return [
        Judged(square, one, judged(square, one, rows.get(one.request_id, [])))
        for square, one in zip(wanted, told, strict=True)
    ]


def judged(square: Square, told: Told, rows: Sequence[Row]) -> str | None:
    """What does not hold; None: all does."""
    if not told.ended:
        return f"it had no proper end: {told.kind}"
    if told.took_s > DEADLINE_S:
        return f"it took {told.took_s:.1f} s"
    finals = [row for row in rows if row["final"]]
    if len(finals) != 1:
        return f"the ledger has {len(finals)} final rows"
    first = min(rows, key=lambda row: row["n"])
    if first["provider"] != square.struck or first["cause"] not in CAUSES[square.fault]:
        return f"the ledger says {first['provider']} failed for {first['cause']}"
    if first["cause"] == "invalid_request":
        return _unless(told.kind.startswith("4") and len(rows) == 1, "others were asked", told)
    if square.way.stream and breaks_off(square.fault) and not square.continues:
        return _unless(told.kind == "ok" or told.kind.startswith("stream error"), "", told)
    is_answered = told.kind == "ok" and finals[0]["outcome"] == "ok"
    return _unless(is_answered and finals[0]["provider"] == "well", "not answered", told)


def _unless(holds: bool, what: str, told: Told) -> str | None:
    return None if holds else f"{what}: {told.kind}"


async def _ask(square: Square, url: str, key: str, room: asyncio.Semaphore) -> Told:
    headers = [("x-madang-deadline-ms", str(int(DEADLINE_S * 1000)))]
    if square.continues:
        headers.append(("x-madang-continue", "allow"))
    async with room:
        return await call(Access(url, key, tuple(headers), square.model), square.way)


def _behaviour(fault: str) -> Behaviour:
    """How the struck provider treats a model named after a fault."""
    named = fault if fault in FAULTS else fault.replace("-", ":")
    return Behaviour(model=fault, fault=named, stall_s=DEADLINE_S)


def _configuration(struck: str, well: str) -> Json:
    providers = {name: {**kind, **_provider(struck, kind["kind"])} for name, kind in _KINDS.items()}
    providers["well"] = {"kind": "gemini", **_provider(well, "gemini")}
    models = {
        Square(fault, name, WAYS[0]).model: {"targets": [f"{name}/{fault}"], "fallback": [_WELL]}
        for fault in CAUSES
        for name in _KINDS
    }
    return {"providers": providers, "models": models}


def _provider(url: str, kind: str) -> Json:
    return {
        "base_url": f"{url}/{'v1beta' if kind == 'gemini' else 'v1'}",
        "api_key": "drill",
        "timeouts": _TIMEOUTS,
        "limits": "off",
        "concurrency": "off",
    }


def _key(running: RunningGateway) -> str:
    made = Gateway(running.url, running.admin_key).call("POST", "/api/keys", {"name": "matrix"})
    return str(made.json()["key"])


def _rows(running: RunningGateway, ids: set[str]) -> dict[str, list[Row]]:
    """All attempts by request, once the ledger has what callers have heard of; else what it has after a while."""
    gateway = Gateway(running.url, running.admin_key)
    deadline = time.monotonic() + _INGEST_S
    while True:
        lines = b"".join(gateway.pieces("/api/export", {"what": "attempts", "format": "jsonl"}))
        found: dict[str, list[Row]] = {}
        for line in lines.splitlines():
            row = json.loads(line)
            found.setdefault(row["request_id"], []).append(row)
        if ids <= found.keys() or time.monotonic() > deadline:
            return found
        time.sleep(_LOOK_EVERY_S)
