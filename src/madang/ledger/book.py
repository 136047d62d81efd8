"""The ledger in the store: attempts, each once, and the sums that follow from them.

Rule: sums are made from the rows that were new, in the transaction that inserted them. SQLite
itself takes the records apart (`json_each`): a batch is one call, during which Python's other
threads run.
"""

from collections.abc import Sequence

from msgspec import Struct

from madang.state.store import Refused, Transaction

# Column → its value, from a JSON record that leaves out what has its default (see `model.Attempt`).
_COLUMNS = {
    "request_id": "value ->> '$.request_id'",
    "n": "value ->> '$.n'",
    "at_us": "value ->> '$.at_us'",
    "key_id": "value ->> '$.key_id'",
    "account_id": "value ->> '$.account_id'",
    "dialect": "value ->> '$.dialect'",
    "asked_model": "value ->> '$.asked_model'",
    "model": "value ->> '$.model'",
    "provider": "value ->> '$.provider'",
    "provider_key": "value ->> '$.provider_key'",
    "api": "value ->> '$.api'",
    "outcome": "value ->> '$.outcome'",
    "status": "coalesce(value ->> '$.status', 0)",
    "final": "coalesce(value ->> '$.final', 1)",
    "streamed": "coalesce(value ->> '$.streamed', 0)",
    "region": "value ->> '$.region'",
    "tags": "coalesce(value ->> '$.tags', '{}')",
    "stop": "value ->> '$.stop'",
    "cause": "value ->> '$.cause'",
    "detail": "value ->> '$.detail'",
    "input_tokens": "coalesce(value ->> '$.input_tokens', 0)",
    "output_tokens": "coalesce(value ->> '$.output_tokens', 0)",
    "cache_read_tokens": "coalesce(value ->> '$.cache_read_tokens', 0)",
    "cache_write_tokens": "coalesce(value ->> '$.cache_write_tokens', 0)",
    "cache_write_1h_tokens": "coalesce(value ->> '$.cache_write_1h_tokens', 0)",
    "reasoning_tokens": "coalesce(value ->> '$.reasoning_tokens', 0)",
    "audio_input_tokens": "coalesce(value ->> '$.audio_input_tokens', 0)",
    "audio_output_tokens": "coalesce(value ->> '$.audio_output_tokens', 0)",
    "units": "coalesce(value ->> '$.units', '{}')",
    "tier": "value ->> '$.tier'",
    "estimated": "coalesce(value ->> '$.estimated', 0)",
    "cost_nusd": "value ->> '$.cost_nusd'",
    "reserved_nusd": "value ->> '$.reserved_nusd'",
    "saved_nusd": "value ->> '$.saved_nusd'",
    "price": "value ->> '$.price'",
    "cache": "value ->> '$.cache'",
    "latency_us": "coalesce(value ->> '$.latency_us', 0)",
    "first_token_us": "value ->> '$.first_token_us'",
    "overhead_us": "coalesce(value ->> '$.overhead_us', 0)",
    "losses": "coalesce(value ->> '$.losses', '[]')",
}

_USED = "(outcome <> 'failed' OR input_tokens + output_tokens > 0 OR coalesce(cost_nusd, 0) > 0)"

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
}
"""What is summed, and what one attempt contributes to it.

A request counts once, by its final attempt: under `requests` when it was answered (also in part) or
cost something, else under `failed_requests`. Tokens and cost count on every attempt, under the
model that used them.
"""

DIMENSIONS = {
    "key_id": "key_id",
    "day": "date(at_us / 1000000, 'unixepoch')",
    "provider": "provider",
    "model": "model",
    "asked_model": "asked_model",
}
"""What sums are kept by, as read from an attempt. Days are UTC."""

SUMS = ", ".join(f"sum({expression}) AS {name}" for name, expression in MEASURES.items())

_INSERT = (
    f"INSERT INTO attempts ({', '.join(_COLUMNS)}) "  # noqa: S608 - made of the constants above
    f"SELECT {', '.join(_COLUMNS.values())} FROM json_each(?) WHERE true "
    "ON CONFLICT (request_id, n) DO NOTHING"
)
_PLUS = ", ".join(f"{name} = {name} + excluded.{name}" for name in MEASURES)
_ADD_UP = (
    f"INSERT INTO usage_days ({', '.join(DIMENSIONS)}, {', '.join(MEASURES)}) "  # noqa: S608 - as above
    f"SELECT {', '.join(DIMENSIONS.values())}, {SUMS} FROM attempts WHERE seq > ? "
    "GROUP BY 1, 2, 3, 4, 5 "
    f"ON CONFLICT DO UPDATE SET {_PLUS}"
)
_LAST = "SELECT coalesce(max(seq), 0) AS seq FROM attempts"


class Recorded(Struct, frozen=True):
    """How many attempts were new; of the records that the store refused, index and reason."""

    new: int
    refused: tuple[tuple[int, str], ...]


def record(transaction: Transaction, records: Sequence[bytes]) -> Recorded:
    """Enter attempts, given as JSON; those that are there already are left alone."""
    if not records:
        return Recorded(0, ())
    last = transaction.read(_LAST)[0]["seq"]
    refused: list[tuple[int, str]] = []
    try:
        new = transaction.write(_INSERT, (_array(records),))
    except Refused:
        new = 0
        for index, one in enumerate(records):
            try:
                new += transaction.write(_INSERT, (_array((one,)),))
            except Refused as refusal:
                refused.append((index, refusal.message))
    transaction.write(_ADD_UP, (last,))
    return Recorded(new, tuple(refused))


def _array(records: Sequence[bytes]) -> str:
    return "[" + b",".join(records).decode("utf-8", "replace") + "]"
