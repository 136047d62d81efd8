"""Which requests limits and budgets would refuse: the gateway's own gate, moved by the rows' times.

Rule: rows come in the order of time. A request holds its place from its time until its answer
ended; one that is refused uses nothing and does not come again.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from madang.config.sections.budgets import Budget, Limit
from madang.errors import MadangError
from madang.routing.limits import Ask, Entitlements, Gate, LimitedKey, Reservation
from madang.state.table import Table
from madang.whatif.report import Limits

_MOST_KEYS: Final = 100_000


class BareKey(Struct, frozen=True):
    """A key of which nothing but its id is known: it has no limits of its own."""

    id: str
    name: str
    account_id: str | None = None
    created_at: int = 0
    rpm: int | None = None
    tpm: int | None = None
    budget_nusd: int | None = None
    budget_per: str | None = None


class Bounds(Struct, frozen=True, kw_only=True):
    """What would bound callers: sections of the configuration, the keys by id, and what accounts add for theirs."""

    limits: Sequence[Limit] = ()
    budgets: Sequence[Budget] = ()
    keys: Mapping[str, LimitedKey] = {}
    entitlements: Callable[[LimitedKey], Entitlements] = lambda _: Entitlements()


class Used(Struct, frozen=True):
    """What a request would need: its tokens, its cost in nano-dollars, when it came and how long it took (µs)."""

    tokens: int
    nusd: int
    at_us: int
    latency_us: int


class Doorkeeper:
    """Admits requests one by one and counts whom it refuses. `is_guarded`: something may limit somebody."""

    __slots__ = (
        "_bare",
        "_bounds",
        "_gate",
        "_inside",
        "_limited",
        "_nusd",
        "_refused",
        "_turn",
        "is_guarded",
    )

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._gate = Gate(Table(), entitlements=bounds.entitlements)
        self._gate.applicable.configure(bounds.limits, bounds.budgets)
        self.is_guarded = bool(bounds.limits or bounds.budgets or bounds.keys)
        self._bare: dict[str, BareKey] = {}
        self._inside: list[tuple[int, int, Reservation, Used]] = []
        self._refused: Counter[str] = Counter()
        self._limited = self._nusd = self._turn = 0

    def meet(
        self, key_id: str, account_id: str | None, tags: Mapping[str, str], used: Used
    ) -> None:
        """A request comes."""
        meters = self._gate.meters(self._key(key_id, account_id), tags)
        if meters is None:
            return
        self._limited += 1
        self._let_out(used.at_us)
        ask = Ask(used.tokens, used.nusd, used.nusd)
        try:
            reservation = self._gate.admit(meters, ask, used.at_us, used.at_us)
        except MadangError as refusal:
            self._refused[refusal.code or refusal.kind] += 1
            self._nusd += used.nusd
            return
        self._turn += 1
        heapq.heappush(self._inside, (used.at_us + used.latency_us, self._turn, reservation, used))

    def report(self) -> Limits | None:
        """What came of it; None: nothing limited anybody."""
        if not self._limited:
            return None
        return Limits(
            limited_requests=self._limited,
            refused_requests=self._refused.total(),
            refused_nusd=self._nusd,
            refused=dict(sorted(self._refused.items())),
        )

    def _let_out(self, now_us: int) -> None:
        while self._inside and self._inside[0][0] <= now_us:
            _, _, reservation, used = heapq.heappop(self._inside)
            self._gate.settle(reservation, used.tokens, used.nusd)

    def _key(self, key_id: str, account_id: str | None) -> LimitedKey:
        known = self._bounds.keys.get(key_id)
        if known is not None:
            return known
        bare = self._bare.get(key_id)
        if bare is None:
            if len(self._bare) >= _MOST_KEYS:
                self._bare.clear()
            bare = self._bare[key_id] = BareKey(key_id, key_id, account_id)
        return bare
