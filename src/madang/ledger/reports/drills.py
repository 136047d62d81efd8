"""What became of the requests that a drill struck, as the ledger has them."""

from typing import Final

from msgspec import Struct

from madang.state.store import Store

_OF_DRILL: Final = (
    "WITH struck AS (SELECT DISTINCT request_id FROM attempts WHERE injected = ?1), "
    "told AS (SELECT request_id, sum(latency_us) AS latency_us, "
    "max(iif(final, outcome, NULL)) AS outcome, max(iif(final, cause, NULL)) AS cause, "
    "sum(iif(final, 0, coalesce(cost_nusd, 0))) AS wasted_nusd, count(*) AS attempts "
    "FROM attempts WHERE request_id IN (SELECT request_id FROM struck) GROUP BY request_id) "
)
_SUMS: Final = (
    f"{_OF_DRILL}SELECT count(*) AS requests, coalesce(sum(outcome IN ('ok', 'hit', 'client_closed')), 0) "  # noqa: S608 - constants
    "AS answered, coalesce(sum(attempts), 0) AS attempts, coalesce(sum(wasted_nusd), 0) AS wasted_nusd FROM told"
)
_FAILED: Final = (
    f"{_OF_DRILL}SELECT coalesce(cause, outcome) AS why, count(*) AS n FROM told "  # noqa: S608 - constants
    "WHERE outcome NOT IN ('ok', 'hit', 'client_closed') GROUP BY why ORDER BY why"
)
_AT: Final = (
    f"{_OF_DRILL}SELECT latency_us FROM told WHERE outcome IN ('ok', 'hit') "  # noqa: S608 - constants
    "ORDER BY latency_us LIMIT 1 OFFSET ?2"
)
_TIMED: Final = f"{_OF_DRILL}SELECT count(*) AS n FROM told WHERE outcome IN ('ok', 'hit')"  # noqa: S608 - constants


class DrillFigures(Struct, frozen=True, kw_only=True):
    """Requests that it struck, those that were answered all the same, and why the others were not.

    Latencies are of whole requests, from the first attempt to the end of the last (null: none was
    answered). `wasted_usd` is what attempts that answered nobody have cost.
    """

    requests: int
    answered: int
    attempts: int
    failed: dict[str, int]
    p50_s: float | None
    p95_s: float | None
    wasted_usd: float

    @property
    def answered_share(self) -> float | None:
        """Of the struck requests, 0 to 1; None: none was struck."""
        return self.answered / self.requests if self.requests else None


def drill_figures(store: Store, drill: str) -> DrillFigures:
    """What a drill of that id has shown so far. Raises StoreUnavailable."""
    (sums,) = store.read(_SUMS, (drill,))
    timed: int = store.read(_TIMED, (drill,))[0]["n"]
    failed = {row["why"]: row["n"] for row in store.read(_FAILED, (drill,))}
    return DrillFigures(
        requests=sums["requests"],
        answered=sums["answered"],
        attempts=sums["attempts"],
        failed=failed,
        p50_s=_percentile(store, drill, timed, 50),
        p95_s=_percentile(store, drill, timed, 95),
        wasted_usd=sums["wasted_nusd"] / 1e9,
    )


def _percentile(store: Store, drill: str, count: int, percent: int) -> float | None:
    """The smallest value that so many of 100 do not exceed, in seconds."""
    if not count:
        return None
    at = -(-count * percent // 100) - 1
    return float(store.read(_AT, (drill, at))[0]["latency_us"]) / 1e6
