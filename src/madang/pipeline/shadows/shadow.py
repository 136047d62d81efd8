"""Shadow traffic: a copy of some requests goes to another target once the caller has the answer, and both are compared.

Rule: no caller waits for it, pays for it, or is refused because of it. A copy has a key and an account of
nobody, its own budget and its own bound; where there is no room for it at once, it is dropped and counted.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from time import monotonic
from typing import Final, Literal, NamedTuple

from msgspec.structs import replace

from madang.config.sections.canaries import Shadow
from madang.config.sections.models import Model
from madang.errors import MadangError, StoreUnavailable
from madang.keys import Key
from madang.ledger.alarm import Alarm
from madang.model import Attempt
from madang.model.money import nusd_of
from madang.pipeline.call import Call, Caller, Parts, Reply, Streamed, Whole
from madang.pipeline.measure import rough_prompt_tokens
from madang.pipeline.run import Pipeline
from madang.pipeline.shadows.resemblance import likeness, read_said
from madang.pipeline.worst import copies_of, tier_of, worst_of
from madang.routing.canary.split import Lot, place
from madang.routing.pacing import LOW
from madang.state.shadows import Pair, ShadowPairs
from madang.state.store import Store

_log = logging.getLogger("madang.shadow")
Result = Literal["mirrored", "failed", "dropped_busy", "dropped_budget", "dropped_unfit"]
RESULTS: Final[tuple[Result, ...]] = (
    "mirrored",
    "failed",
    "dropped_busy",
    "dropped_budget",
    "dropped_unfit",
)
KEY: Final = Key(id="shadow", name="shadow", prefix="", created_at=0)
"""Whose requests copies are: nobody's, so that no caller's usage or budget has them."""

_DIALECTS: Final = frozenset({"chat", "messages", "gemini"})
_MOST_TOKENS: Final = 4096
_UNSEEN_TOKENS: Final = 512
_MOST_BYTES: Final = 4 * 1024 * 1024
_DAY_US: Final = 86_400_000_000
Charge = Callable[[Attempt], None]


class Way(NamedTuple):
    """Where copies of a model's requests go, and this process's share of what they may cost in a day."""

    model: str
    shadow: Shadow
    day_nusd: int

    @property
    def trial(self) -> str:
        """What rows of the ledger know its copies by; no canary has such a name."""
        return f"shadow/{self.model}"


class _Day:
    """What copies of one model have cost today, with what those under way may cost at most."""

    def __init__(self, day: int, nusd: int) -> None:
        self.day = day
        self.nusd = nusd


class Mirror:
    """The copies of one process. `ways`: by model; empty, and nothing is asked of a request."""

    def __init__(self, pipeline: Pipeline, store: Store, workers: int, charge: Charge) -> None:
        """`workers` share a budget; `charge` hears of each row, for the budgets of the house."""
        self.ways: dict[str, Way] = {}
        self.counts: Counter[tuple[str, Result]] = Counter()
        self._pipeline = pipeline
        self._pairs = ShadowPairs(store)
        self._workers = workers
        self._charge = charge
        self._days: dict[str, _Day] = {}
        self._under_way: dict[asyncio.Task[None], str] = {}
        self._alarm = Alarm(_log)

    def configure(self, shadows: Mapping[str, Shadow]) -> None:
        """Put other ways in force; what was spent today is asked of the ledger. Raises StoreUnavailable."""
        today = time.time_ns() // 1000 // _DAY_US
        ways = {}
        for model, shadow in shadows.items():
            way = Way(model, shadow, nusd_of(shadow.budget_usd_day) // self._workers)
            ways[model] = way
            if model not in self._days:
                spent = self._pairs.spent_nusd(way.trial, today * _DAY_US)
                self._days[model] = _Day(today, spent // self._workers)
        self.ways = ways

    def beside(self, call: Call, reply: Reply) -> Reply:
        """The reply as it is to be sent; a copy of the call follows it, if it is one of those."""
        way = self.ways.get(call.envelope.model)
        if way is None or place(way.trial, call.id) >= way.shadow.percent:
            return reply
        if not _is_fit(call):
            self.counts[way.model, "dropped_unfit"] += 1
            return reply
        if isinstance(reply, Whole):
            self._follow(way, call, reply.body)
            return reply
        return reply._replace(relay=partial(self._relay, way, call, reply))

    async def stop(self) -> None:
        """End the copies that are under way."""
        tasks = list(self._under_way)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _relay(self, way: Way, call: Call, reply: Streamed, to: Caller) -> None:
        tee = _Tee(to)
        await reply.relay(tee)
        if call.rows and call.rows[-1].outcome == "ok" and tee.size <= _MOST_BYTES:
            self._follow(way, call, b"".join(tee.heard))

    def _follow(self, way: Way, call: Call, answer: bytes) -> None:
        """Send a copy after an answer, where there is room for it at once."""
        result, worst = self._room(way, call)
        if result is not None:
            self.counts[way.model, result] += 1
            return
        task = asyncio.create_task(self._ask(way, call, answer, worst))
        self._under_way[task] = way.model
        task.add_done_callback(self._under_way.pop)

    def _room(self, way: Way, call: Call) -> tuple[Result | None, int]:
        """Why there is no room for a copy (None: there is), and the nano-dollars that are set aside for it."""
        if list(self._under_way.values()).count(way.model) >= way.shadow.concurrency:
            return "dropped_busy", 0
        snapshot, now_us = self._pipeline.snapshot, time.time_ns() // 1000
        try:
            route = snapshot.directory.resolve(way.shadow.to, call.wire.dialect)
        except MadangError:
            return "dropped_unfit", 0
        line = snapshot.lane(route.targets[0]).line
        if len(line) or not line.turnstile.has_room(monotonic()):
            return "dropped_busy", 0
        worst, tier = worst_of(snapshot, route, now_us), tier_of(call.envelope)
        unpriced = worst.unpriced_at(tier, call.wire.dialect)
        if not worst.candidates or route.targets[0] in unpriced:
            return "dropped_budget", 0  # a price that is not known keeps to no budget
        prompt = 2 * rough_prompt_tokens(call, call.envelope.model) + _UNSEEN_TOKENS
        nusd = worst.most_nusd(prompt, _bound(call), copies_of(call.envelope), tier)
        day = self._today(way, now_us // _DAY_US)
        if day.nusd + nusd > way.day_nusd:
            return "dropped_budget", 0
        day.nusd += nusd
        return None, nusd

    def _today(self, way: Way, today: int) -> _Day:
        day = self._days[way.model]
        if day.day != today:
            day = self._days[way.model] = _Day(today, 0)
        return day

    async def _ask(self, way: Way, call: Call, answer: bytes, set_aside: int) -> None:
        copy, day = _copied(way, call), self._days[way.model]
        try:
            reply = await self._pipeline.answer(copy)
            tee = _Tee(None)
            if isinstance(reply, Streamed):
                await reply.relay(tee)
            body = reply.body if isinstance(reply, Whole) else b"".join(tee.heard)
            await asyncio.to_thread(self._compare, way, call, answer, copy, body)
            self.counts[way.model, "mirrored"] += 1
        except StoreUnavailable as error:
            self.counts[way.model, "mirrored"] += 1
            self._alarm.sound(f"a comparison was not kept: {error}")
        except MadangError:
            self.counts[way.model, "failed"] += 1
        finally:
            costs = [row.cost_nusd for row in copy.rows]
            day.nusd += sum(set_aside if nusd is None else nusd for nusd in costs) - set_aside
            for row in copy.rows:
                self._charge(row)

    def _compare(self, way: Way, call: Call, answer: bytes, copy: Call, body: bytes) -> None:
        """Keep what two answers have in common. In a thread of its own: texts may be long."""
        streamed = call.envelope.stream
        said, shadow = (read_said(call.wire, one, streamed=streamed) for one in (answer, body))
        row, copied = call.rows[-1], copy.rows[-1]
        self._pairs.keep(
            Pair(
                at_us=copy.at_us,
                model=way.model,
                target=f"{copied.provider}/{copied.model}",
                request_id=call.id,
                shadow_id=copy.id,
                chars=len(said.text),
                shadow_chars=len(shadow.text),
                stop=said.stop,
                shadow_stop=shadow.stop,
                tools=said.tools,
                shadow_tools=shadow.tools,
                likeness=likeness(said.text, shadow.text),
                latency_us=row.latency_us,
                shadow_latency_us=copied.latency_us,
                cost_nusd=row.cost_nusd,
                shadow_cost_nusd=copied.cost_nusd,
            )
        )


def shadows_of(models: Mapping[str, Model]) -> dict[str, Shadow]:
    """The shadows of configured models that have one."""
    return {name: model.shadow for name, model in models.items() if model.shadow is not None}


class _Tee:
    """Hears what a caller is sent, up to a bound; without a caller it only hears."""

    def __init__(self, to: Caller | None) -> None:
        self._to = to
        self.heard: list[bytes] = []
        self.size = 0

    @property
    def congested(self) -> bool:
        """Whether the caller is slow to read."""
        return self._to is not None and self._to.congested

    async def writable(self) -> None:
        """Wait until the caller has read most of what was sent."""
        if self._to is not None:
            await self._to.writable()

    def send(self, data: bytes) -> None:
        """Pass a piece on."""
        self.size += len(data)
        if self.size <= _MOST_BYTES:
            self.heard.append(data)
        if self._to is not None:
            self._to.send(data)


def _is_fit(call: Call) -> bool:
    """Whether a call has one new answer of its own: not a held conversation, a piece, an old answer."""
    given_again = call.cached is not None and call.cached != "miss"
    alone = call.conversation is None and call.parts is None and not call.array
    return alone and not given_again and call.wire.dialect in _DIALECTS


def _bound(call: Call) -> int:
    """The tokens that the answer to a copy may have."""
    asked = call.envelope.max_tokens
    return min(asked, _MOST_TOKENS) if asked is not None and asked > 0 else _MOST_TOKENS


def _copied(way: Way, call: Call) -> Call:
    """The same request for another target, as nobody's, with the least priority."""
    copy = Call(
        id=f"{call.id}s",
        wire=call.wire,
        key=KEY,
        at_us=time.time_ns() // 1000,
        started=monotonic(),
    )
    copy.body, copy.forward = call.body, call.forward
    copy.path_model, copy.path_stream = call.path_model, call.path_stream
    copy.envelope = replace(call.envelope, model=way.shadow.to)
    copy.may_lose = True
    copy.priority = LOW
    copy.most_tokens = _bound(call)
    copy.parts = Parts(copy)
    copy.parts.are_admitted = True  # limits and budgets are for callers
    copy.lot = Lot(way.trial, "shadow", drawn=False, targets=())
    return copy
