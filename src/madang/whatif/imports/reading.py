"""A CSV file as attempts: a header, then a row for each request, or for many that it sums up.

Whoever opens the file does so with `encoding="utf-8-sig"` and `newline=""`. However long it is, one
row of it is in memory, and the first faults.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, tzinfo
from typing import Any, Final

from msgspec import Struct, json
from msgspec.structs import replace

from madang.catalog import Catalog
from madang.errors import InvalidRequest
from madang.whatif.imports import cells
from madang.whatif.imports.formats import Columns, Name, find_columns
from madang.whatif.past import Past

KEPT_FAULTS: Final = 20
_DELIMITERS: Final = (",", ";", "\t")
_FAILED: Final = frozenset(("failure", "failed", "error"))
_TAGS: Final = ("user", "team", "app")


class Layout(Struct, frozen=True, kw_only=True):
    """How to read a file: whose it is (None: found out), columns for fields, and the zone of times without one."""

    format: Name | None = None
    given: Mapping[str, str] = {}
    zone: tzinfo = UTC


class Fault(Struct, frozen=True):
    """A row that was not understood: the line on which it ends, and why."""

    line: int
    reason: str


class UsageFile:
    """The rows of a file, once. `faults` are the first that were met, `unread` counts all."""

    def __init__(self, lines: Iterable[str], layout: Layout, catalog: Catalog) -> None:
        """Reads the header. Raises InvalidRequest."""
        self.faults: list[Fault] = []
        self.unread = 0
        self._lines = iter(lines)
        self._catalog, self._zone = catalog, layout.zone
        self._names: dict[str, tuple[str, str]] = {}
        first = _first(self._lines)
        self._reader = csv.reader(_chained(first, self._lines), delimiter=_delimiter(first))
        header = self._next()
        if header is None:
            raise InvalidRequest(
                "The file is empty: a line with the names of its columns comes first."
            )
        self.columns: Columns = find_columns(header, layout.format, layout.given)

    def rows(self) -> Iterator[Past]:
        """The attempts, in the order of the file. Raises InvalidRequest where the file is no CSV any more."""
        while (row := self._next()) is not None:
            if not any(row):
                continue
            try:
                attempts = self._attempts(row, self._reader.line_num)
            except ValueError as error:
                self._fault(str(error))
                continue
            yield from attempts

    def _next(self) -> list[str] | None:
        try:
            return next(self._reader, None)
        except csv.Error as error:
            raise InvalidRequest(
                f"Line {self._reader.line_num}: {error}. Is a quotation mark open?"
            ) from error
        except UnicodeDecodeError as error:
            raise _not_text(error) from error

    def _fault(self, reason: str) -> None:
        self.unread += 1
        if len(self.faults) < KEPT_FAULTS:
            self.faults.append(Fault(self._reader.line_num, reason))

    def _attempts(self, row: Sequence[str], line: int) -> Iterator[Past]:
        """Those of a row. Raises ValueError at once, before any is used."""
        cell = self._cells(row)
        number = cells.count(cell.get("requests", ""), cells.MOST_REQUESTS) or 1
        one = self._attempt(cell, line)
        return iter((one,)) if number == 1 else _spread(one, number)

    def _attempt(self, cell: Mapping[str, str], line: int) -> Past:
        at_us = cells.moment_us(cell["time"], self._zone)
        model, home = self._model(cells.name(cell["model"]))
        tags = {tag: cells.name(cell[tag]) for tag in _TAGS if cell.get(tag, "").strip()}
        counts: dict[str, Any] = {
            field: cells.count(cell.get(name, "")) for name, field in _COUNTS.items()
        }
        return Past(
            request_id=cells.name(cell.get("id", "")) or f"line-{line}",
            at_us=at_us,
            model=model,
            provider=cells.name(cell.get("provider", "")) or home,
            asked_model=model,
            key_id=cells.name(cell.get("key", "")),
            outcome="failed" if cell.get("status", "").strip().lower() in _FAILED else "ok",
            tags=json.encode(tags).decode(),
            **counts,
            cost_nusd=cells.nusd(cell.get("cost", "")),
            latency_us=self._latency_us(cell, at_us),
        )

    def _latency_us(self, cell: Mapping[str, str], at_us: int) -> int:
        if cell.get("latency_ms", "").strip():
            return cells.milliseconds_us(cell["latency_ms"])
        if cell.get("latency_s", "").strip():
            return cells.milliseconds_us(cell["latency_s"], 1_000_000)
        if cell.get("end", "").strip():
            return max(0, cells.moment_us(cell["end"], self._zone) - at_us)
        return 0

    def _cells(self, row: Sequence[str]) -> dict[str, str]:
        places = self.columns.places
        if len(row) <= max(places.values()):
            raise ValueError(f"it has {len(row)} cells, and the header more")
        return {field: row[at] for field, at in places.items()}

    def _model(self, name: str) -> tuple[str, str]:
        """The ledger's name of a model, and where it is at home."""
        if not name:
            raise ValueError("it names no model")
        known = self._names.get(name)
        if known is None:
            row = self._catalog.find(name)
            known = (name, "") if row is None else (row.name, row.home)
            if len(self._names) < _MOST_NAMES:
                self._names[name] = known
        return known


_COUNTS: Final = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cached": "cache_read_tokens",
    "written": "cache_write_tokens",
    "reasoning": "reasoning_tokens",
}
_MOST_NAMES: Final = 10_000


def _spread(whole: Past, number: int) -> Iterator[Past]:
    """As many requests as a row sums up, all alike as far as whole numbers go; their sums are the row's."""
    sums = {name: getattr(whole, name) for name in (*_COUNTS.values(), "cost_nusd")}
    for n in range(number):
        parts = {
            name: None if total is None else total * (n + 1) // number - total * n // number
            for name, total in sums.items()
        }
        yield replace(whole, request_id=f"{whole.request_id}.{n}", latency_us=0, **parts)


def _first(lines: Iterator[str]) -> str:
    try:
        return next(lines, "")
    except UnicodeDecodeError as error:
        raise _not_text(error) from error


def _not_text(error: UnicodeDecodeError) -> InvalidRequest:
    return InvalidRequest(f"The file is not UTF-8 text: {error.reason}.")


def _delimiter(header: str) -> str:
    return max(_DELIMITERS, key=header.count)


def _chained(first: str, rest: Iterator[str]) -> Iterator[str]:
    if first:
        yield first
    yield from rest
