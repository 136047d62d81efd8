"""Traces and metrics for OpenTelemetry, made of finished requests: a span for each, and one for each attempt in it.

Loaded only where telemetry is configured: it needs the extra `otel`. Requests wait for nothing but an append; spans are
made in a thread of their own, and sent by those of the SDK. Under more load than that can take, requests are left out,
and counted.
"""

import logging
import queue
import random
import threading
from collections.abc import Sequence
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import Histogram, Meter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    TraceState,
)
from opentelemetry.util.types import AttributeValue

from madang import __version__
from madang.config.sections.alerts import Telemetry
from madang.model import Attempt
from madang.model.trace import Trace
from madang.watch import semconv as names

_log = logging.getLogger("madang.watch")
MOST_WAITING: Final = 10_000
_TIMEOUT_S: Final = 5
_EVERY_MS: Final = 15_000
_DOLLAR: Final = 1_000_000_000
_WRONG: Final = frozenset(("failed", "cut", "lost"))

Attributes = dict[str, AttributeValue]


class Otel:
    """Sends to a collector. `settings.otlp` is its base address: `/v1/traces` and `/v1/metrics` are below it."""

    def __init__(self, settings: Telemetry, *, every_ms: int = _EVERY_MS) -> None:
        base, headers = (settings.otlp or "").rstrip("/"), dict(settings.headers)
        resource = Resource.create(
            {"service.name": settings.service, "service.version": __version__}
        )
        self._sample = settings.sample
        self._tracing = TracerProvider(resource=resource, shutdown_on_exit=False)
        exporter = OTLPSpanExporter(f"{base}/v1/traces", headers=headers, timeout=_TIMEOUT_S)
        self._tracing.add_span_processor(BatchSpanProcessor(exporter))
        measured = OTLPMetricExporter(f"{base}/v1/metrics", headers=headers, timeout=_TIMEOUT_S)
        reader = PeriodicExportingMetricReader(measured, export_interval_millis=every_ms)
        self._exporters = (exporter, measured)
        self._measuring = MeterProvider([reader], resource, shutdown_on_exit=False)
        self._tracer = self._tracing.get_tracer("madang", __version__)
        meter = self._measuring.get_meter("madang", __version__)
        self._duration = _histogram(meter, names.DURATION_METRIC, "s", names.DURATION_BUCKETS_S)
        self._first_token = _histogram(
            meter, names.FIRST_TOKEN_METRIC, "s", names.DURATION_BUCKETS_S
        )
        self._tokens = _histogram(meter, names.TOKENS_METRIC, "{token}", names.TOKEN_BUCKETS)
        self._cost = meter.create_counter(names.COST_METRIC, "USD", "Cost at list prices.")
        self._waiting: queue.SimpleQueue[Sequence[Attempt] | None] = queue.SimpleQueue()
        self._left_out = 0
        self._thread = threading.Thread(target=self._run, name="madang-otel", daemon=True)
        self._thread.start()

    def saw(self, attempts: Sequence[Attempt]) -> None:
        """Note the attempts of a finished request."""
        if self._waiting.qsize() < MOST_WAITING:
            self._waiting.put(attempts)
        else:
            self._left_out += 1

    def close(self) -> None:
        """Send what is left, for some seconds at most."""
        self._waiting.put(None)
        self._thread.join(_TIMEOUT_S)
        # a batch that nobody takes is tried again for long, and many may wait
        enough = threading.Timer(_TIMEOUT_S, self._give_up)
        enough.start()
        self._tracing.shutdown()
        self._measuring.shutdown()
        enough.cancel()
        if self._left_out:
            _log.warning("%d requests were left out of telemetry", self._left_out)

    def _give_up(self) -> None:
        for exporter in self._exporters:
            exporter.shutdown()

    def _run(self) -> None:
        while (rows := self._waiting.get()) is not None:
            try:
                self._measure(rows)
                if rows:
                    self._trace(rows)
            except Exception:  # noqa: BLE001 - a defect, logged; the next request may do better
                _log.exception("a request is missing in telemetry")

    def _trace(self, rows: Sequence[Attempt]) -> None:
        """A span of the whole request, with the caller as its client, and below it one of each attempt.

        Where the caller says that it belongs to a trace, it is a part of that, and kept if that is.
        """
        first, last = rows[0], rows[-1]
        if first.traceparent is None and random.random() >= self._sample:
            return
        request = self._tracer.start_span(
            f"{_operation(first)} {first.asked_model}",
            None if first.traceparent is None else _inside(first.traceparent, first.tracestate),
            kind=SpanKind.SERVER,
            attributes=_of_request(rows),
            start_time=first.at_us * 1000,
        )
        inside = trace.set_span_in_context(request)
        at_ns = first.at_us * 1000
        for row in rows:
            span = self._tracer.start_span(
                f"{_operation(row)} {row.model}",
                inside,
                SpanKind.CLIENT,
                _of_attempt(row),
                start_time=at_ns,
            )
            at_ns += row.latency_us * 1000
            if row.outcome in _WRONG:
                span.set_status(Status(StatusCode.ERROR))
            span.end(at_ns)
        if last.outcome in _WRONG:
            request.set_status(Status(StatusCode.ERROR))
        request.end(at_ns)

    def _measure(self, rows: Sequence[Attempt]) -> None:
        for row in rows:
            if not row.was_asked or row.outcome == "hit":
                continue
            labels = _labels(row)
            self._duration.record(row.latency_us / 1e6, _with_error(labels, row))
            if row.streamed and row.first_token_us is not None:
                self._first_token.record(row.first_token_us / 1e6, labels)
            for kind, count in (("input", row.input_tokens), ("output", row.output_tokens)):
                if count:
                    self._tokens.record(count, {**labels, names.TOKEN_TYPE: kind})
            if row.cost_nusd:
                self._cost.add(row.cost_nusd / _DOLLAR, labels)


def _histogram(meter: Meter, name: str, unit: str, buckets: Sequence[float]) -> Histogram:
    return meter.create_histogram(name, unit, explicit_bucket_boundaries_advisory=list(buckets))


def _inside(parent: str, state: str | None) -> Context:
    """What a span has to be started in, to be a part of the caller's."""
    caller = Trace(parent)
    span = SpanContext(
        int(caller.trace_id, 16),
        int(caller.span_id, 16),
        is_remote=True,
        trace_flags=TraceFlags(caller.is_sampled),
        trace_state=TraceState.from_header([state]) if state is not None else None,
    )
    return trace.set_span_in_context(NonRecordingSpan(span), Context())


def _operation(row: Attempt) -> str:
    return names.OPERATIONS.get(row.dialect, "chat")


def _labels(row: Attempt) -> Attributes:
    return {
        names.OPERATION: _operation(row),
        names.PROVIDER: names.PROVIDERS.get(row.provider, row.provider),
        names.REQUEST_MODEL: row.model,
    }


def _with_error(labels: Attributes, row: Attempt) -> Attributes:
    if row.outcome not in _WRONG:
        return labels
    return {**labels, names.ERROR_TYPE: row.cause or row.outcome}


def _of_request(rows: Sequence[Attempt]) -> Attributes:
    first, final = rows[0], next((row for row in rows if row.final), rows[-1])
    costs = [row.cost_nusd for row in rows]
    known = [cost for cost in costs if cost is not None]
    found: Attributes = {
        names.OPERATION: _operation(first),
        names.REQUEST_MODEL: first.asked_model,
        names.RESPONSE_MODEL: final.model,
        names.REQUEST_ID: first.request_id,
        names.KEY: first.key_id,
        names.DIALECT: first.dialect,
        names.STREAMED: first.streamed,
        names.ATTEMPTS: len(rows),
        names.OUTCOME: final.outcome,
        names.INPUT_TOKENS: sum(row.input_tokens for row in rows),
        names.OUTPUT_TOKENS: sum(row.output_tokens for row in rows),
        names.OVERHEAD_S: final.overhead_us / 1e6,
    }
    if len(known) == len(costs):
        found[names.COST_USD] = sum(known) / _DOLLAR
    return _with_error(found, final)


def _of_attempt(row: Attempt) -> Attributes:
    found: Attributes = {
        **_labels(row),
        names.ATTEMPT: row.n,
        names.OUTCOME: row.outcome,
        names.INPUT_TOKENS: row.input_tokens,
        names.OUTPUT_TOKENS: row.output_tokens,
        names.CACHE_READ_TOKENS: row.cache_read_tokens,
    }
    optional: dict[str, AttributeValue | None] = {
        names.STATUS: row.status or None,
        names.REGION: row.region,
        names.FINISH_REASONS: [row.stop] if row.stop else None,
        names.COST_USD: None if row.cost_nusd is None else row.cost_nusd / _DOLLAR,
    }
    found |= {name: value for name, value in optional.items() if value is not None}
    return _with_error(found, row)
