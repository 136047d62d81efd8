"""The ledger in the store: attempts, each once, and the sums that follow from them.

Rule: sums are made from the rows that were new, in the transaction that inserted them. SQLite
itself takes the records apart (`json_each`): a batch is one call, during which Python's other
threads run.
"""

from collections.abc import Sequence

from msgspec import Struct

from madang.ledger.tables.credit import enter_usage
from madang.ledger.tables.rollups import add_up
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
    "plan": "value ->> '$.plan'",
    "canary": "value ->> '$.canary'",
    "arm": "value ->> '$.arm'",
    "drawn": "coalesce(value ->> '$.drawn', 0)",
    "traceparent": "value ->> '$.traceparent'",
    "tracestate": "value ->> '$.tracestate'",
    "injected": "value ->> '$.injected'",
}

# Without MATERIALIZED SQLite writes each record out again for each of its columns: 25 µs a row, not 9.
_INSERT = (
    f"INSERT INTO attempts ({', '.join(_COLUMNS)}) "  # noqa: S608 - made of the constants above
    "WITH record AS MATERIALIZED (SELECT value FROM json_each(?)) "
    f"SELECT {', '.join(_COLUMNS.values())} FROM record WHERE true "
    "ON CONFLICT (request_id, n) DO NOTHING"
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
    add_up(transaction, last)
    enter_usage(transaction, last)
    return Recorded(new, tuple(refused))


def _array(records: Sequence[bytes]) -> str:
    return "[" + b",".join(records).decode("utf-8", "replace") + "]"
