"""What is summed, and the sums that are kept: tables that follow from attempts, so that no report reads attempts.

Rule: every table here equals a plain sum over attempts. `add_up` keeps that true, in the transaction
that inserts attempts, from the rows that were new.
"""

from msgspec import Struct

from madang.ledger.days import DAY_OF_ATTEMPT
from madang.ledger.tables.latency import ADD_LATENCIES
from madang.ledger.tables.tags import KEPT_NAME, KEPT_VALUE, TAGGED, admit
from madang.state.store import Transaction

_USED = "(outcome <> 'failed' OR input_tokens + output_tokens > 0 OR coalesce(cost_nusd, 0) > 0)"
_WELL_SPENT = "outcome = 'ok' OR (final AND outcome IN ('client_closed', 'hit'))"

MEASURES = {
    "attempts": "1",
    "requests": f"final AND {_USED}",
    "failed_requests": f"final AND NOT {_USED}",
    "unpriced_requests": f"cost_nusd IS NULL AND {_USED}",
    "estimated_requests": "estimated",
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "cache_read_tokens": "cache_read_tokens",
    "cache_write_tokens": "cache_write_tokens",
    "reasoning_tokens": "reasoning_tokens",
    "cost_nusd": "coalesce(cost_nusd, 0)",
    "cache_hits": "outcome = 'hit'",
    "saved_nusd": "coalesce(saved_nusd, 0)",
    "wasted_nusd": f"CASE WHEN {_WELL_SPENT} THEN 0 ELSE coalesce(cost_nusd, 0) END",
}
"""What is summed, and what one attempt contributes to it.

A request counts once, by its final attempt: under `requests` when it was answered (also in part) or
cost something, else under `failed_requests`. Tokens and cost count on every attempt, under the
model that used them. `wasted_nusd` is the part of the cost that bought no whole answer: attempts
that failed, broke off or were lost, and those that another had to follow. An answer to a piece of a
long text is not final, and bought what it cost.
"""

SUMS = ", ".join(f"sum({expression}) AS {name}" for name, expression in MEASURES.items())

HOUR_US = 3_600_000_000
HOUR = f"at_us / {HOUR_US}"
"""As read from an attempt: its hour as whole hours since 1970."""


class Rollup(Struct, frozen=True):
    """A table of sums: its name, its key columns as read from attempts, and which attempts it takes."""

    table: str
    key: dict[str, str]
    source: str = "attempts"
    where: str = ""

    @property
    def add(self) -> str:
        """The statement that adds the attempts after `?` (a `seq`)."""
        columns = ", ".join([*self.key, *MEASURES])
        grouping = ", ".join(str(n + 1) for n in range(len(self.key)))
        return (
            f"INSERT INTO {self.table} ({columns}) "  # noqa: S608 - made of constants
            f"SELECT {', '.join(self.key.values())}, {SUMS} "
            f"FROM {self.source} WHERE seq > ? {self.where} GROUP BY {grouping} "
            f"ON CONFLICT DO UPDATE SET {_PLUS}"
        )


_PLUS = ", ".join(f"{name} = {name} + excluded.{name}" for name in MEASURES)
_WHAT = {"provider": "provider", "model": "model", "asked_model": "asked_model"}

ROLLUPS = (
    Rollup("usage_hours", {"hour": HOUR, **_WHAT}),
    Rollup("usage_days", {"day": DAY_OF_ATTEMPT, "key_id": "key_id", **_WHAT}),
    Rollup(
        "usage_accounts",
        {"day": DAY_OF_ATTEMPT, "account_id": "account_id", **_WHAT},
        where="AND account_id IS NOT NULL",
    ),
    Rollup(
        "usage_tags",
        {"day": DAY_OF_ATTEMPT, "name": KEPT_NAME, "value": KEPT_VALUE, **_WHAT},
        TAGGED,
    ),
)

_STATEMENTS = (*(rollup.add for rollup in ROLLUPS), ADD_LATENCIES)


def add_up(transaction: Transaction, last_seq: int) -> None:
    """Take the attempts after `last_seq` into every table of sums."""
    admit(transaction, last_seq)
    for statement in _STATEMENTS:
        transaction.write(statement, (last_seq,))
