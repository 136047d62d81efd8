"""A caller's trace is what W3C Trace Context says it is, judged by its examples and by OpenTelemetry's own reader."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.trace import get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from madang.model.trace import read_trace

TRACE, SPAN = b"0af7651916cd43dd8448eb211c80319c", b"b7ad6b7169203331"
PARENT = b"00-" + TRACE + b"-" + SPAN + b"-01"


def test_the_standards_example_is_read():
    found = read_trace(PARENT, b"rojo=00f067aa0ba902b7, congo=t61rcWkgMzE")
    assert (found.trace_id, found.span_id) == (TRACE.decode(), SPAN.decode())
    assert found.is_sampled
    assert found.head == (
        b"traceparent: " + PARENT + b"\r\ntracestate: rojo=00f067aa0ba902b7, congo=t61rcWkgMzE\r\n"
    )


def test_a_later_version_is_read_as_ours():
    assert read_trace(b"cc" + PARENT[2:] + b"-more", None).parent == PARENT.decode()


@pytest.mark.parametrize(
    "parent",
    [
        b"",
        b"ff" + PARENT[2:],
        PARENT + b"-more",
        PARENT.upper(),
        PARENT[:-1],
        PARENT.replace(TRACE, b"0" * 32),
        PARENT.replace(SPAN, b"0" * 16),
        PARENT + b"\r\nevil: 1",
        b"cc" + PARENT[2:] + b"-" + b"x" * 1000,
    ],
)
def test_what_is_not_valid_is_no_trace(parent):
    assert read_trace(parent, b"a=b") is None


@pytest.mark.parametrize(
    "state", [b"", b"a", b"A=b", b"a=b=c", b"a=b,a=c", b"a=\r\nx: y", b"a=" + b"x" * 600]
)
def test_a_state_that_is_not_valid_is_left_out(state):
    assert read_trace(PARENT, state).state is None


@given(st.binary(max_size=80))
def test_no_header_breaks_the_reader(data):
    read_trace(data, data)
    assert read_trace(PARENT, data).parent == PARENT.decode()


@given(
    st.from_regex(
        r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-[a-z]{0,3})?", fullmatch=True
    )
)
def test_opentelemetry_reads_the_same(header):
    context = TraceContextTextMapPropagator().extract({"traceparent": header})
    theirs, ours = get_current_span(context).get_span_context(), read_trace(header.encode(), None)
    assert theirs.is_valid == (ours is not None)
    if ours is not None:
        assert (theirs.trace_id, theirs.span_id) == (int(ours.trace_id, 16), int(ours.span_id, 16))
