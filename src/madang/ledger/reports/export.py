"""The ledger as CSV or JSON Lines, line by line: no more than a page of it is in memory.

Rule: columns and their order are part of the interface (docs/ledger.md); new ones come at the end.
CSV is RFC 4180, in UTF-8. Text that a spreadsheet would take for a formula gets an apostrophe before
it, as OWASP advises (https://owasp.org/www-community/attacks/CSV_Injection); numbers stay numbers.
JSON Lines hold every text as it is.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Literal

from madang.ledger.days import start_us
from madang.ledger.reports.attempts import attempt_of
from madang.ledger.tables.rollups import MEASURES
from madang.model.money import dollars
from madang.state.store import Store

Format = Literal["csv", "jsonl"]
MEDIA: Mapping[str, str] = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}

PAGE = 1_000
ATTEMPT_COLUMNS = (
    *("id", "request_id", "n", "at", "at_us", "key_id", "account_id", "dialect", "asked_model"),
    *("model", "provider", "provider_key", "api", "region", "outcome", "status", "final"),
    *("streamed", "stop", "cause", "detail", "input_tokens", "output_tokens"),
    *("cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens", "reasoning_tokens"),
    *("audio_input_tokens", "audio_output_tokens", "units", "tier", "estimated", "cost_nusd"),
    *("reserved_nusd", "saved_nusd", "price", "cache", "latency_us", "first_token_us"),
    *("overhead_us", "losses", "tags", "plan", "canary", "arm", "drawn"),
    *("traceparent", "tracestate", "injected"),
)
USAGE_COLUMNS = (*MEASURES, "corrections_nusd", "total_tokens", "cost_usd")
"""Behind what usage was grouped by."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_NEXT = (
    "SELECT * FROM attempts WHERE at_us >= ?1 AND at_us < ?2 AND (at_us > ?1 OR seq > ?3) "
    "{} ORDER BY at_us, seq LIMIT ?4"
)


def attempts(
    store: Store, *, from_day: date, to_day: date, key_id: str | None = None
) -> Iterator[dict[str, Any]]:
    """Every attempt of the UTC days `from_day` to `to_day`, both included, in the order of time."""
    sql = _NEXT.format("AND key_id = ?5" if key_id is not None else "")
    at_us, seq = start_us(from_day), -1
    end_us = start_us(to_day + timedelta(days=1))
    own = () if key_id is None else (key_id,)
    while rows := store.read(sql, (at_us, end_us, seq, PAGE, *own)):
        yield from map(attempt_of, rows)
        at_us, seq = rows[-1]["at_us"], rows[-1]["seq"]


def usage_rows(rows: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Rows of `usage` with their cost in dollars as exact decimal text."""
    for row in rows:
        shown = {name: value for name, value in row.items() if name != "cost"}
        yield {**shown, "cost_usd": dollars(row["cost_nusd"])}


def lines(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], form: Format) -> Iterator[str]:
    """The rows as lines, each with its end; CSV begins with the names of the columns."""
    if form == "jsonl":
        for row in rows:
            shown = {name: row[name] for name in columns}
            yield json.dumps(shown, ensure_ascii=False, separators=(",", ":")) + "\n"
        return
    yield _csv(columns)
    for row in rows:
        yield _csv([_cell(row[name]) for name in columns])


def _csv(cells: Sequence[str | int | float]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()


def _cell(value: object) -> str | int | float:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return value
        case str():
            return f"'{value}" if value.startswith(_FORMULA) and not _is_number(value) else value
        case _:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _is_number(text: str) -> bool:
    """Whether it is a plain decimal number, such as a cost below zero."""
    return text.removeprefix("-").replace(".", "", 1).isdecimal() and text.isascii()
