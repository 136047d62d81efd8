"""The ledger as rows to replay: from the store page by page, or from an export's lines."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any, Final

from msgspec import convert, json

from madang.ledger.days import start_us
from madang.ledger.tables.latency import latency
from madang.state.store import Store
from madang.whatif.change import Period
from madang.whatif.past import Past
from madang.whatif.places import Known, Place

_PAGE: Final = 5_000
_COLUMNS: Final = ", ".join(Past.__struct_fields__)
_NEXT: Final = (
    f"SELECT {_COLUMNS} FROM attempts WHERE at_us >= ?1 AND at_us < ?2 "  # noqa: S608 - constants
    "AND (at_us > ?1 OR (request_id, n) > (?3, ?4)) ORDER BY at_us, request_id, n LIMIT ?5"
)
_CORRECTED: Final = (
    "SELECT coalesce(sum(cost_nusd), 0) AS nusd FROM corrections WHERE day BETWEEN ? AND ?"
)


def stored(store: Store, period: Period) -> Iterator[Past]:
    """The attempts of a period in the order of time, those of a request together."""
    at_us, request_id, n = start_us(period.first), "", -1
    end_us = start_us(period.last + timedelta(days=1))
    while rows := store.read(_NEXT, (at_us, end_us, request_id, n, _PAGE)):
        for row in rows:
            yield Past(*row)
        last = rows[-1]
        at_us, request_id, n = last["at_us"], last["request_id"], last["n"]


def exported(lines: Iterable[bytes]) -> Iterator[Past]:
    """The same from the lines of `madang export --attempts --format jsonl`, which are in the order of time."""
    for line in lines:
        row: dict[str, Any] = json.decode(line)
        row["tags"] = json.encode(row["tags"]).decode()
        row["units"] = json.encode(row["units"]).decode()
        yield convert(row, Past)


def corrections_nusd(store: Store, period: Period) -> int:
    """What was found out after the fact of these days."""
    days = (period.first.isoformat(), period.last.isoformat())
    return int(store.read(_CORRECTED, days)[0]["nusd"])


def latencies(store: Store) -> dict[Place, Known]:
    """How long answers took on all days on record, by place."""
    return known_latencies(latency(store, from_day=date.min, to_day=date.max))


def known_latencies(rows: Iterable[dict[str, Any]]) -> dict[Place, Known]:
    """The rows of `ledger.tables.latency`, by place."""
    found = {}
    for row in rows:
        took = row["latency_us"]
        if took["p50"] is not None and took["p99"] is not None:
            place = (row["provider"], row["model"])
            found[place] = Known(took["p50"], took["p99"], "ledger")
    return found
