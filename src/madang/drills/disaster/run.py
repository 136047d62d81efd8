"""One drill from its beginning to its end: a gateway of its own, callers in peace and under the fault, the books."""

import asyncio
import json
import time

from madang.client import Gateway
from madang.drills.disaster.audit import Row, audit
from madang.drills.disaster.caller import Access
from madang.drills.disaster.figures import Moments, Outcome, judged, measured
from madang.drills.disaster.load import Load
from madang.drills.disaster.rows import Drill
from madang.drills.disaster.targets import Targets
from madang.drills.testbed import RunningGateway, start_gateway

SECONDS = 6.0
"""How long callers come in one drill, unless told otherwise."""
PER_S = 30.0
"""How many of them come in a second."""

_SHARES = (0.15, 0.45, 0.4)
_INGEST_S = 10.0
_LOOK_EVERY_S = 0.1


def hold(drill: Drill, seconds: float = SECONDS) -> Outcome:
    """Hold a drill: `seconds` of callers, first in peace, nearly half during the fault, the rest after it."""
    return asyncio.run(_hold(drill, seconds))


async def _hold(drill: Drill, seconds: float) -> Outcome:
    before_s, during_s, after_s = (seconds * share for share in _SHARES)
    async with Targets() as targets:
        with start_gateway(targets.configuration(drill)) as running:
            access = await asyncio.to_thread(_access, running, drill)
            clock = asyncio.get_running_loop().time
            async with Load(access) as load:
                await load.come(before_s, PER_S)
                await targets.strike(drill)
                struck_s = clock()
                await load.come(during_s, PER_S * drill.surge)
                await targets.heal(drill)
                moments = Moments(struck_s, clock())
                await load.come(after_s, PER_S)
            ids = {one.request_id for one in load.told if one.request_id}
            rows = await asyncio.to_thread(_rows, running, ids)
        figures = measured(drill, load.told, moments)
        audited = audit(rows, targets.charges(), load.told)
    return Outcome(drill, figures, audited, judged(drill, figures, audited))


def _access(running: RunningGateway, drill: Drill) -> Access:
    """A key for the callers."""
    made = (
        Gateway(running.url, running.admin_key).call("POST", "/api/keys", {"name": "drill"}).json()
    )
    headers = (("x-madang-continue", "allow"),) if drill.continues else ()
    return Access(running.url, made["key"], headers)


def _rows(running: RunningGateway, ids: set[str]) -> list[Row]:
    """All attempts, once the ledger has what callers have heard of; else what it has after ten seconds."""
    gateway = Gateway(running.url, running.admin_key)
    deadline = time.monotonic() + _INGEST_S
    while True:
        lines = b"".join(gateway.pieces("/api/export", {"what": "attempts", "format": "jsonl"}))
        rows: list[Row] = [json.loads(line) for line in lines.splitlines()]
        if ids <= {row["request_id"] for row in rows if row["final"]}:
            return rows
        if time.monotonic() > deadline:
            return rows
        time.sleep(_LOOK_EVERY_S)
