"""Pairs of answers to the same request, a caller's and a shadow's: measures of them, and neither prompt nor text."""

from typing import Any, Final

import msgspec
from msgspec import Struct

from madang.state.store import Row, Store

_KEPT_US: Final = 30 * 86_400_000_000
_SUMS = (
    "SELECT model, target, count(*) AS pairs, avg(likeness) AS likeness, "
    "avg(stop IS shadow_stop) AS same_stop, avg(tools = shadow_tools) AS same_tools, "
    "avg(chars) AS chars, avg(shadow_chars) AS shadow_chars, "
    "avg(latency_us) / 1e6 AS latency_s, avg(shadow_latency_us) / 1e6 AS shadow_latency_s, "
    "avg(cost_nusd) / 1e9 AS cost_usd, avg(shadow_cost_nusd) / 1e9 AS shadow_cost_usd "
    "FROM shadow_pairs GROUP BY model, target ORDER BY model, target"
)


class Pair(Struct, frozen=True, kw_only=True):
    """Two answers. `likeness` is 0 to 1 (None: neither has any text); characters, µs, nano-dollars."""

    at_us: int
    model: str
    target: str
    request_id: str
    shadow_id: str
    chars: int
    shadow_chars: int
    stop: str | None
    shadow_stop: str | None
    tools: tuple[str, ...]
    shadow_tools: tuple[str, ...]
    likeness: float | None
    latency_us: int
    shadow_latency_us: int
    cost_nusd: int | None
    shadow_cost_nusd: int | None


class PairSums(Struct, frozen=True, kw_only=True):
    """All pairs of a model and a target: means, and the shares with the same stop and the same tools."""

    model: str
    target: str
    pairs: int
    likeness: float | None
    same_stop: float
    same_tools: float
    chars: float
    shadow_chars: float
    latency_s: float
    shadow_latency_s: float
    cost_usd: float | None
    shadow_cost_usd: float | None


_COLUMNS = Pair.__struct_fields__


class ShadowPairs:
    """The table. Every method does I/O and raises StoreUnavailable."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, pair: Pair) -> None:
        """Keep a pair, and forget those of more than 30 days ago."""
        values: list[Any] = [getattr(pair, name) for name in _COLUMNS]
        row = [
            msgspec.json.encode(one).decode() if isinstance(one, tuple) else one for one in values
        ]
        marks = ", ".join("?" * len(row))
        with self._store.transaction() as transaction:
            transaction.write(
                f"INSERT INTO shadow_pairs ({', '.join(_COLUMNS)}) VALUES ({marks})",  # noqa: S608 - constants
                row,
            )
            transaction.write("DELETE FROM shadow_pairs WHERE at_us < ?", (pair.at_us - _KEPT_US,))

    def latest(self, model: str | None = None, limit: int = 50) -> list[Pair]:
        """The latest pairs of a model (None: of all)."""
        rows = self._store.read(
            f"SELECT {', '.join(_COLUMNS)} FROM shadow_pairs "  # noqa: S608 - constants
            "WHERE ?1 IS NULL OR model = ?1 ORDER BY seq DESC LIMIT ?2",
            (model, limit),
        )
        return [_pair(row) for row in rows]

    def sums(self) -> list[PairSums]:
        """What they come to."""
        return [msgspec.convert(dict(row), PairSums) for row in self._store.read(_SUMS)]

    def spent_nusd(self, trial: str, since_us: int) -> int:
        """What the copies of a model have cost since a moment, by the ledger."""
        rows = self._store.read(
            "SELECT coalesce(sum(cost_nusd), 0) AS nusd FROM attempts WHERE canary = ? AND at_us >= ?",
            (trial, since_us),
        )
        return int(rows[0]["nusd"])


def _pair(row: Row) -> Pair:
    plain = dict(row)
    for name in ("tools", "shadow_tools"):
        plain[name] = msgspec.json.decode(plain[name])
    return msgspec.convert(plain, Pair)
