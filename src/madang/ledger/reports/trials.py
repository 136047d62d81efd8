"""Both sides of a trial as the ledger has them: first attempts one by one, and what they come to.

Rule: a request counts by its first attempt only: what followed a failure is no answer of that side.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from msgspec import Struct

from madang.model import PASSED_OVER, Outcome
from madang.model.attempt import Arm
from madang.state.store import Store

MOST_READ: Final = 100_000
"""Figures are of the latest so many requests of a trial."""

_READ = (
    "SELECT seq, at_us, arm, drawn, outcome, status, cause, latency_us, first_token_us, cost_nusd, streamed "
    "FROM attempts WHERE canary = ? AND seq > ? AND n = 0 AND injected IS NULL ORDER BY seq LIMIT ?"
)
_CAUSES = ", ".join(f"'{cause}'" for cause in sorted(PASSED_OVER))
_ASKED = (
    "SELECT * FROM attempts WHERE canary = ?1 AND n = 0 AND arm = ?2 AND injected IS NULL "  # noqa: S608 - constants
    f"AND NOT (outcome = 'failed' AND status = 0 AND cause IN ({_CAUSES})) "
    f"ORDER BY seq DESC LIMIT {MOST_READ}"
)
_SUMS = (
    "SELECT count(*) AS requests, coalesce(sum(outcome IN ('ok', 'client_closed')), 0) AS answered, "  # noqa: S608 - constants
    "count(iif(outcome = 'ok', 1, NULL)) AS timed, count(iif(outcome = 'ok', first_token_us, NULL)) AS streamed, "
    "avg(iif(outcome = 'ok', latency_us, NULL)) AS mean_latency_us, "
    "avg(iif(outcome = 'ok', first_token_us, NULL)) AS mean_first_token_us, "
    "sum(cost_nusd) AS cost_nusd, avg(cost_nusd) AS mean_cost_nusd, "
    "coalesce(sum(input_tokens), 0) AS input_tokens, coalesce(sum(output_tokens), 0) AS output_tokens "
    f"FROM ({_ASKED})"
)


class FirstAttempt(NamedTuple):
    """The first attempt of a request in a trial; `seq` is its place in the ledger, times in µs."""

    seq: int
    at_us: int
    arm: Arm
    drawn: bool
    outcome: Outcome
    status: int
    cause: str | None
    latency_us: int
    first_token_us: int | None
    cost_nusd: int | None
    streamed: bool

    @property
    def was_asked(self) -> bool:
        """Whether the provider was asked at all."""
        return self.outcome != "failed" or self.status != 0 or self.cause not in PASSED_OVER


class ArmFigures(Struct, frozen=True, kw_only=True):
    """What one side of a trial comes to; null: nothing to reckon it from. Tokens and cost are of first attempts."""

    requests: int
    success_rate: float | None
    mean_latency_s: float | None
    p95_latency_s: float | None
    mean_first_token_s: float | None
    p95_first_token_s: float | None
    cost_usd: float | None
    mean_cost_usd: float | None
    input_tokens: int
    output_tokens: int


def first_attempts(store: Store, trial: str, after: int, limit: int) -> Iterator[FirstAttempt]:
    """First attempts of a trial entered after a place in the ledger, oldest first. Raises StoreUnavailable."""
    for row in store.read(_READ, (trial, after, limit)):
        plain: dict[str, Any] = dict(row)
        yield FirstAttempt(
            **plain | {"drawn": bool(row["drawn"]), "streamed": bool(row["streamed"])}
        )


def figures(store: Store, trial: str, arm: Arm) -> ArmFigures:
    """What one side of a trial comes to. Raises StoreUnavailable."""
    (sums,) = store.read(_SUMS, (trial, arm))
    requests, nusd = sums["requests"], sums["cost_nusd"]
    return ArmFigures(
        requests=requests,
        success_rate=sums["answered"] / requests if requests else None,
        mean_latency_s=_seconds(sums["mean_latency_us"]),
        p95_latency_s=_p95(store, trial, arm, "latency_us", sums["timed"]),
        mean_first_token_s=_seconds(sums["mean_first_token_us"]),
        p95_first_token_s=_p95(store, trial, arm, "first_token_us", sums["streamed"]),
        cost_usd=None if nusd is None else nusd / 1e9,
        mean_cost_usd=None if nusd is None else sums["mean_cost_nusd"] / 1e9,
        input_tokens=sums["input_tokens"],
        output_tokens=sums["output_tokens"],
    )


def _p95(store: Store, trial: str, arm: Arm, column: str, count: int) -> float | None:
    """The smallest value that 95 % do not exceed."""
    if not count:
        return None
    sql = (
        f"SELECT {column} AS found FROM ({_ASKED}) WHERE outcome = 'ok' AND {column} IS NOT NULL "  # noqa: S608 - constants
        f"ORDER BY {column} LIMIT 1 OFFSET ?3"
    )
    at = -(-count * 95 // 100) - 1
    return _seconds(store.read(sql, (trial, arm, at))[0]["found"])


def _seconds(us: float | None) -> float | None:
    return None if us is None else round(us / 1_000_000, 6)
