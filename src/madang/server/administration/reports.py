"""Operations that read the ledger: requests, errors, latencies, exports, reports, and what providers charged.

What is done with a store is a function apart, for the command line, which may have no gateway.
"""

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from starlette.responses import StreamingResponse

from madang.catalog import Catalog
from madang.errors import InvalidRequest
from madang.keys import Key
from madang.ledger.corrections import bills, reconcile
from madang.ledger.prices import Prices
from madang.ledger.reports import export, report, requests, usage
from madang.ledger.reports.advice import KeyFacts
from madang.ledger.tables import latency
from madang.model import Outcome, PriceRow
from madang.server.administration.operation import Operation
from madang.server.process.runtime import Runtime
from madang.state.store import Store

_CATCH_UP_S = 5.0
_DAYS = 30
_PIECE_CHARS = 64 * 1024
_MAX_HOURS = 24 * 366


class Days(msgspec.Struct, rename={"first": "from", "last": "to"}):
    """UTC days, both included; without them the last 30."""

    first: date | None = None
    last: date | None = None

    @property
    def bounds(self) -> tuple[date, date]:
        """The two days. Raises InvalidRequest."""
        last = self.last or datetime.now(UTC).date()
        first = self.first or last - timedelta(days=_DAYS)
        if first > last:
            raise InvalidRequest(f"`from` ({first}) must not be after `to` ({last}).", param="from")
        return first, last


class RequestsAsked(msgspec.Struct):
    """Which requests; `before` is the `next` of the page before."""

    key: str | None = None
    model: str | None = None
    outcome: Outcome | None = None
    before: str | None = None
    limit: int = 50

    @property
    def wanted(self) -> requests.Wanted:
        """The same in the words of the ledger."""
        return requests.Wanted(
            key_id=self.key,
            model=self.model,
            outcome=self.outcome,
            before=self.before,
            limit=self.limit,
        )


class Page(msgspec.Struct):
    """Requests, newest first, and where the next page begins (null: this is the last)."""

    rows: list[dict[str, Any]]
    next: str | None


class ErrorsAsked(msgspec.Struct):
    """How many hours back from now; of one key, or all."""

    hours: int = 24
    key: str | None = None


class LatencyAsked(Days):
    """`by`: `provider`, `model`, `day`, with commas between."""

    by: str = "provider,model"


class ExportAsked(Days):
    """`what`: sums (grouped by `by`) or attempts; of one key, or all."""

    what: str = "usage"
    format: export.Format = "csv"
    by: str = "day,provider,model"
    key: str | None = None


class ReportAsked(Days):
    """What to group by, with commas between; the model to compare with (null: none)."""

    by: str = "model"
    baseline: str | None = None


class Report(msgspec.Struct, rename={"first": "from", "last": "to"}):
    """Usage, what a single model and caches make of it, waste, and advice. Money is nano-dollars."""

    first: date
    last: date
    by: list[str]
    rows: list[dict[str, Any]]
    total: dict[str, Any] | None
    baseline: dict[str, Any] | None
    caches: dict[str, int]
    waste: dict[str, int]
    advice: list[dict[str, Any]]


class Found(msgspec.Struct):
    """Rows."""

    rows: list[dict[str, Any]]


class Exported(msgspec.Struct):
    """Lines, as docs/ledger.md describes their columns."""


class Statement(msgspec.Struct, forbid_unknown_fields=True):
    """What a provider says it charged: its reports as text; `book` what differs in cost.

    `shape` is whose reports they are, `provider` the name in the configuration (null: the same).
    Days that are not over are booked with `include_today` only. `threshold` is a share.
    """

    shape: bills.Shape
    report: str
    provider: str | None = None
    book: bool = False
    include_today: bool = False
    threshold: float = reconcile.THRESHOLD


class Reconciled(msgspec.Struct):
    """Ours, theirs and the difference by day and model; `drifting` counts the rows beyond the threshold."""

    rows: list[dict[str, Any]]
    drifting: int
    booked_nusd: int
    corrections: int
    open_days: list[date]


def list_requests(runtime: Runtime, _: str, asked: RequestsAsked) -> Page:
    """The latest requests, page by page, of a key, of a model or with an outcome."""
    runtime.ingest.catch_up(_CATCH_UP_S)
    return Page(**requests.latest(runtime.store, asked.wanted))


def count_errors(runtime: Runtime, _: str, asked: ErrorsAsked) -> Found:
    """What went wrong in the last hours, counted by cause, provider and model."""
    if not 1 <= asked.hours <= _MAX_HOURS:
        raise InvalidRequest(f"`hours` must be between 1 and {_MAX_HOURS}.", param="hours")
    runtime.ingest.catch_up(_CATCH_UP_S)
    since_us = time.time_ns() // 1000 - asked.hours * 3_600_000_000
    return Found(requests.errors(runtime.store, since_us=since_us, key_id=asked.key))


def latencies(runtime: Runtime, _: str, asked: LatencyAsked) -> Found:
    """How long whole answers took: the 50th, 95th and 99th percentile, right within 5 %."""
    first, last = asked.bounds
    by = _parts(asked.by)
    return Found(latency.latency(runtime.store, from_day=first, to_day=last, by=by))


def exported(store: Store, asked: ExportAsked) -> Iterator[str]:
    """The lines of an export, as they are read."""
    if asked.what not in ("usage", "attempts"):
        raise InvalidRequest("`what` must be usage or attempts.", param="what")
    first, last = asked.bounds
    columns: tuple[str, ...] = export.ATTEMPT_COLUMNS
    if asked.what == "attempts":
        rows = export.attempts(store, from_day=first, to_day=last, key_id=asked.key)
    else:
        by = _parts(asked.by)
        columns = (*by, *export.USAGE_COLUMNS)
        rows = export.usage_rows(
            usage.usage(store, key_id=asked.key, from_day=first, to_day=last, by=by)
        )
    return export.lines(rows, columns, asked.format)


def export_ledger(runtime: Runtime, _: str, asked: ExportAsked) -> StreamingResponse:
    """Sums or attempts as CSV or JSON Lines."""
    runtime.ingest.catch_up(_CATCH_UP_S)
    lines = exported(runtime.store, asked)
    return StreamingResponse(_pieces(lines), media_type=export.MEDIA[asked.format])


def reported(
    store: Store,
    asked: ReportAsked,
    catalog: Catalog,
    prices: Iterable[PriceRow],
    keys: Iterable[Key],
) -> dict[str, Any]:
    """The report of a period; see `ledger.reports.report`."""
    first, last = asked.bounds
    wanted = report.ReportRequest(
        from_day=first, to_day=last, by=_parts(asked.by), baseline=asked.baseline
    )
    facts = [msgspec.convert(key, KeyFacts, from_attributes=True) for key in keys]
    return report.report(store, wanted, catalog, Prices(prices), facts)


def make_report(runtime: Runtime, _: str, asked: ReportAsked) -> Report:
    """What was used, saved and wasted, and what the ledger suggests."""
    runtime.ingest.catch_up(_CATCH_UP_S)
    prices = runtime.pipeline.snapshot.prices
    keys = runtime.keyring.list()
    told = reported(runtime.store, asked, runtime.catalog, prices, keys)
    return msgspec.convert(told, Report)


def list_corrections(runtime: Runtime, _: str, asked: Days) -> Found:
    """Money that was found out after the fact: bills reconciled, and prices put right."""
    first, last = asked.bounds
    return Found(reconcile.corrections(runtime.store, from_day=first, to_day=last))


def reconciled(store: Store, asked: Statement, catalog: Catalog, now_s: float) -> Reconciled:
    """Compare the ledger with a provider's reports, book what differs if asked to, and log what drifts."""

    def canonical(name: str) -> str | None:
        row = catalog.find(name)
        return row.name if row else None

    bill = bills.read_bill(asked.report, asked.shape, canonical)
    provider = asked.provider or asked.shape
    if asked.book:
        today = datetime.fromtimestamp(now_s, UTC).date()
        before = today + timedelta(days=asked.include_today)
        result = reconcile.adjust(
            store, provider, bill, now_us=int(now_s * 1_000_000), before=before
        )
    else:
        result = reconcile.compare(store, provider, bill)
    drifting = result.drifting(asked.threshold)
    if drifting:
        reconcile.alarm(provider, drifting)
    return Reconciled(
        [msgspec.to_builtins(row) for row in result.rows],
        len(drifting),
        result.booked_nusd,
        result.corrections,
        list(result.open_days),
    )


def reconcile_provider(runtime: Runtime, _: str, asked: Statement) -> Reconciled:
    """Compare the ledger with a provider's own usage and cost reports, and book what differs if asked to."""
    runtime.ingest.catch_up(_CATCH_UP_S)
    return reconciled(runtime.store, asked, runtime.catalog, time.time())


def _parts(by: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in by.split(",") if part.strip())


def _pieces(lines: Iterator[str]) -> Iterator[bytes]:
    """Lines put together to pieces that are worth a write."""
    held: list[str] = []
    size = 0
    for line in lines:
        held.append(line)
        size += len(line)
        if size >= _PIECE_CHARS:
            yield "".join(held).encode()
            held.clear()
            size = 0
    yield "".join(held).encode()


REPORTS = (
    Operation("GET", "/api/requests", list_requests, Page, query=RequestsAsked),
    Operation("GET", "/api/errors", count_errors, Found, query=ErrorsAsked),
    Operation("GET", "/api/latencies", latencies, Found, query=LatencyAsked),
    Operation("GET", "/api/export", export_ledger, Exported, query=ExportAsked, media="text/csv"),
    Operation("GET", "/api/report", make_report, Report, query=ReportAsked),
    Operation("GET", "/api/corrections", list_corrections, Found, query=Days),
    Operation("POST", "/api/reconcile", reconcile_provider, Reconciled, Statement),
)
