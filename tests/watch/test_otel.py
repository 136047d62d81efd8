"""OpenTelemetry: a collector gets the spans and metrics of finished requests, by the names of the conventions."""

import socket
import subprocess
import sys
import threading

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
from opentelemetry.semconv._incubating.metrics import gen_ai_metrics
from opentelemetry.semconv.attributes import error_attributes, http_attributes
from watch_receivers import receiver
from watch_rows import attempt, failed

from madang.config.sections.alerts import Telemetry
from madang.watch import semconv
from madang.watch.otel import Otel

ROWS = (
    failed("timeout", 0, request_id="r", final=False, provider="a", latency_us=2_000_000),
    attempt(
        request_id="r",
        n=1,
        provider="gemini",
        model="g",
        streamed=True,
        first_token_us=100_000,
        input_tokens=10,
        output_tokens=5,
        cost_nusd=3_000,
        stop="end",
    ),
)


@pytest.fixture(scope="module")
def collected():
    """What a collector got of one request with two attempts: its posts by path."""
    with receiver() as collector:
        otel = Otel(Telemetry(otlp=collector.url, headers={"x-tenant": "t"}))
        otel.saw(ROWS)
        otel.close()
    return {got.path: got for got in collector.got}


def facts(attributes):
    """Attributes as a dict."""
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}


def test_a_request_is_a_span_with_one_below_it_for_each_attempt(collected):
    told = ExportTraceServiceRequest.FromString(collected["/v1/traces"].body)
    spans = told.resource_spans[0].scope_spans[0].spans
    request = next(span for span in spans if not span.parent_span_id)
    below = [span for span in spans if span.parent_span_id]
    first, second = sorted(below, key=lambda span: span.start_time_unix_nano)
    assert [span.name for span in (request, first, second)] == ["chat m", "chat m", "chat g"]
    assert [span.parent_span_id for span in below] == [request.span_id] * 2
    assert first.end_time_unix_nano - first.start_time_unix_nano == 2_000_000_000
    assert second.start_time_unix_nano == first.end_time_unix_nano
    assert request.end_time_unix_nano == second.end_time_unix_nano
    assert (first.status.code, facts(first.attributes)["error.type"]) == (2, "timeout")
    assert facts(second.attributes)["gen_ai.provider.name"] == "gcp.gemini"
    assert facts(request.attributes)["madang.attempts"] == 2


def test_metrics_are_those_of_the_conventions(collected):
    told = ExportMetricsServiceRequest.FromString(collected["/v1/metrics"].body)
    metrics = {one.name: one for one in told.resource_metrics[0].scope_metrics[0].metrics}
    points = metrics["gen_ai.client.operation.duration"].histogram.data_points
    assert sorted(point.sum for point in points) == [1.0, 2.0]
    tokens = metrics["gen_ai.client.token.usage"].histogram.data_points
    assert {facts(one.attributes)["gen_ai.token.type"]: one.sum for one in tokens} == {
        "input": 10,
        "output": 5,
    }
    assert metrics["madang.cost"].sum.data_points[0].as_double == 3e-6


def test_headers_are_sent_along(collected):
    assert {got.headers["x-tenant"] for got in collected.values()} == {"t"}


def test_names_are_in_the_conventions():
    """Judged by OpenTelemetry's own package."""
    modules = (gen_ai_attributes, gen_ai_metrics, error_attributes, http_attributes)
    known = {
        value for module in modules for value in vars(module).values() if isinstance(value, str)
    }
    ours = {
        value for name, value in vars(semconv).items() if name.isupper() and isinstance(value, str)
    }
    assert {name for name in ours if not name.startswith("madang.")} <= known
    providers = {one.value for one in gen_ai_attributes.GenAiProviderNameValues}
    assert set(semconv.PROVIDERS.values()) <= providers
    operations = {one.value for one in gen_ai_attributes.GenAiOperationNameValues}
    assert set(semconv.OPERATIONS.values()) <= operations


def test_nothing_is_traced_where_nothing_is_sampled():
    with receiver() as collector:
        otel = Otel(Telemetry(otlp=collector.url, sample=0.0))
        otel.saw(ROWS)
        otel.close()
    assert {got.path for got in collector.got} == {"/v1/metrics"}


def test_a_collector_that_never_answers_keeps_nobody_waiting(monkeypatch):
    """Two thousand requests are taken while it holds the very first call in its hand; nor does the end wait."""
    monkeypatch.setattr("madang.watch.otel._TIMEOUT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        otel = Otel(Telemetry(otlp=address), every_ms=3_600_000)
        requests = threading.Thread(target=lambda: [otel.saw(ROWS) for _ in range(2_000)])
        requests.start()
        called, _ = silent.accept()
        requests.join(60)
        assert not requests.is_alive()
        called.close()
    otel.close()


def test_without_telemetry_nothing_of_it_is_loaded():
    program = (
        "import sys, madang.server.serve; print([m for m in sys.modules if 'opentelemetry' in m])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(("flags", "kept"), [("01", 1), ("00", 0)])
def test_a_request_is_a_part_of_its_callers_trace_and_kept_if_that_is(flags, kept):
    parent = f"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-{flags}"
    with receiver() as collector:
        otel = Otel(Telemetry(otlp=collector.url, sample=0.0))
        otel.saw((attempt(traceparent=parent, tracestate="rojo=1"),))
        otel.close()
    bodies = [got.body for got in collector.got if got.path == "/v1/traces"]
    assert len(bodies) == kept
    for body in bodies:
        told = ExportTraceServiceRequest.FromString(body)
        spans = told.resource_spans[0].scope_spans[0].spans
        assert {span.trace_id.hex() for span in spans} == {"0af7651916cd43dd8448eb211c80319c"}
        request = next(span for span in spans if span.kind == 2)
        assert (request.parent_span_id.hex(), request.trace_state) == ("b7ad6b7169203331", "rojo=1")
