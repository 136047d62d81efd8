"""An answer that was paid for once, as it can be given again: what was sent, and where it came from.

Rule: whoever gets it again gets the same bytes, in a head of its own, and a row of the ledger that
cost nothing; that row is in the journal before the last bytes leave, as every row is.
"""

from collections.abc import Callable
from time import monotonic
from typing import Final, cast

import msgspec
from msgspec import Struct

from madang.model import Attempt, Dialect, Outcome, Stop
from madang.model.attempt import Cached
from madang.pipeline.call import Call, Caller, Reply, Streamed, Whole

_PERSONAL: Final = frozenset(
    (
        *(b"x-request-id", b"x-madang-attempts", b"x-madang-overhead-ms", b"x-madang-cache"),
        *(b"x-madang-cost-usd", b"idempotent-replayed", b"age"),
    )
)
"""Header lines that speak of one request, and of no other that gets the same answer."""

_HEAD: Final = (
    b"%bx-request-id: %b\r\n"
    b"x-madang-attempts: 0\r\n"
    b"x-madang-overhead-ms: %d.%03d\r\n"
    b"x-madang-cost-usd: %d.%09d\r\n"
)
_REPLAYED: Final = b"x-madang-cache: off\r\nidempotent-replayed: true\r\n"
_HIT: Final = b"x-madang-cache: hit\r\nage: %d\r\n"


class Origin(Struct, frozen=True):
    """Who made an answer, and what that cost in nano-dollars (None: unknown)."""

    provider: str
    model: str
    api: Dialect
    region: str | None
    stop: Stop | None
    outcome: Outcome
    cause: str | None
    cost_nusd: int | None


class Told(Struct, frozen=True):
    """An answer as it was sent. `head`: the header lines that hold for whoever gets it; `at_s`: Unix seconds."""

    status: int
    head: bytes
    body: bytes
    streamed: bool
    origin: Origin
    at_s: int

    @property
    def size(self) -> int:
        """Bytes, near enough."""
        return len(self.head) + len(self.body)


def origin_of(call: Call, head: bytes = b"") -> Origin:
    """Who answered a call; while it is not over, as the head of its answer says."""
    if not call.rows or not call.rows[-1].final:
        named = dict(line.split(b": ", 1) for line in head.split(b"\r\n") if b": " in line)
        provider = named.get(b"x-madang-provider", b"").decode()
        model = named.get(b"x-madang-model", b"").decode()
        return Origin(provider, model, call.wire.dialect, None, None, "client_closed", None, 0)
    row = call.rows[-1]
    costs = [row.cost_nusd for row in call.rows]
    return Origin(
        provider=row.provider,
        model=row.model,
        api=row.api,
        region=row.region,
        stop=cast("Stop | None", row.stop),
        outcome=row.outcome,
        cause=row.cause,
        cost_nusd=None if None in costs else sum(cost or 0 for cost in costs),
    )


def impersonal(head: bytes, lines: bytes) -> bytes:
    """What of a head holds for others as well. `lines`: those that tell its caller of its limits."""
    kept = head.removesuffix(lines).splitlines(keepends=True)
    return b"".join([line for line in kept if line.partition(b":")[0] not in _PERSONAL])


def head_for(call: Call, shared: bytes, cached: Cached, age_s: int) -> bytes:
    """The head of an answer that is given again."""
    call.overhead_us = max(0, int((monotonic() - call.started - call.upstream_s) * 1_000_000))
    nusd = (call.parts.nusd or 0) if call.parts is not None else 0
    took, cost = divmod(call.overhead_us, 1000), divmod(nusd, 1_000_000_000)
    own = _HEAD % (shared, call.id.encode(), *took, *cost)
    how = _REPLAYED if cached == "replayed" else _HIT % max(0, age_s)
    return own + how + call.lines


def enter(call: Call, origin: Origin, cached: Cached, outcome: Outcome = "hit") -> None:
    """Append the row of a request that was answered at no cost."""
    n = call.first_n + len(call.rows)
    call.rows.append(
        Attempt(
            id=f"{call.id}.{n}",
            request_id=call.id,
            n=n,
            at_us=call.at_us,
            key_id=call.key.id,
            account_id=call.key.account_id,
            tags=call.tags,
            dialect=call.wire.dialect,
            asked_model=call.envelope.model,
            model=origin.model,
            provider=origin.provider,
            api=origin.api,
            region=origin.region,
            streamed=call.envelope.stream,
            outcome=outcome,
            stop=origin.stop,
            cause=origin.cause,
            cost_nusd=0,
            saved_nusd=origin.cost_nusd,
            cache=cached,
            latency_us=int((monotonic() - call.started) * 1_000_000),
            overhead_us=call.overhead_us,
        )
    )


def give(told: Told, call: Call, cached: Cached, finish: Callable[[Call], None]) -> Reply:
    """An answer again, as the reply to another call; its row is entered by `finish`."""
    age_s = call.at_us // 1_000_000 - told.at_s
    head = head_for(call, told.head, cached, age_s)
    enter(call, told.origin, cached, "cut" if told.origin.outcome == "cut" else "hit")
    finish(call)
    if not told.streamed:
        return Whole(told.status, head, told.body)

    async def relay(to: Caller) -> None:
        to.send(told.body)

    return Streamed(told.status, head, relay)


def packed(told: Told) -> bytes:
    """An answer as bytes, for a store."""
    return msgspec.msgpack.encode(told)


def unpacked(record: bytes) -> Told | None:
    """The answer in a record; None where another version wrote it in another way."""
    try:
        return msgspec.msgpack.decode(record, type=Told)
    except msgspec.MsgspecError:
        return None
