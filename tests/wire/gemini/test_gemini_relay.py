"""The fast path: nothing is changed, what matters is seen."""

import json

import pytest
from gemini_views import read_stream, sample, sample_names, sse

from madang.errors import InvalidRequest
from madang.model import Usage, UsageSeen
from madang.wire.contract import Answered
from madang.wire.gemini import WIRE, count_answer

STREAMS = sample_names("events")


def envelope(body: object):
    return WIRE.read_envelope(json.dumps(body).encode(), "gemini-2.5-flash", True)


def test_the_envelope_has_the_facts_and_the_raw_members():
    body = b'{"contents": [ 1,2 ], "generationConfig": {"maxOutputTokens": 7}}'
    found = WIRE.read_envelope(body, "models/gemini-2.5-flash", True)
    assert (found.model, found.stream, found.max_tokens) == ("gemini-2.5-flash", True, 7)
    assert found.fields["contents"] == b"[ 1,2 ]"
    assert WIRE.retarget(body, found, "another") is body


def test_a_model_that_the_body_repeats_is_replaced_too():
    plain = b'{"model":"models/alias","contents":[ 1]}'
    count = b'{"generateContentRequest":{"model":"models/alias","contents":[ 1]}}'
    for body, wanted in (
        (plain, b'{"contents":[ 1]}'),
        (count, b'{"generateContentRequest":{"model":"models/real","contents":[ 1]}}'),
    ):
        found = WIRE.read_envelope(body, "alias", False)
        assert WIRE.retarget(body, found, "real") == wanted


@pytest.mark.parametrize(
    ("config", "bound"),
    [
        ({"maxOutputTokens": 7}, 7),
        ({"max_output_tokens": 7}, 7),
        ({"maxOutputTokens": "7"}, 7),
        ({"maxOutputTokens": None}, None),
        ({"maxOutputTokens": -7}, None),
        ({}, None),
        (None, None),
    ],
)
def test_the_callers_bound_in_every_spelling(config, bound):
    assert envelope({"generationConfig": config}).max_tokens == bound
    assert envelope({"generation_config": config}).max_tokens == bound


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"a": \xff}', b'{"generationConfig": 5}'])
def test_a_body_that_is_no_request_is_refused(body):
    with pytest.raises(InvalidRequest):
        WIRE.read_envelope(body, "m", False)


def test_a_path_without_a_model_is_refused():
    with pytest.raises(InvalidRequest):
        WIRE.read_envelope(b"{}", None, False)


def test_paths_cannot_be_left_by_a_models_name():
    assert (
        WIRE.request_path("gemini-2.5-flash", False) == "/models/gemini-2.5-flash:generateContent"
    )
    assert WIRE.request_path("m", True) == "/models/m:streamGenerateContent?alt=sse"
    assert WIRE.request_path("../x?y#z", False) == "/models/..%2Fx%3Fy%23z:generateContent"


@pytest.mark.parametrize("name", STREAMS)
def test_a_meter_relays_every_whole_event_and_sees_what_a_reader_sees(name):
    """Calls without an id get one; all else passes byte for byte."""
    body, expect = sample(name)
    meter = WIRE.meter(False)
    relayed = b"".join(meter.feed(bytes([byte])) for byte in body) + meter.close()
    seen = [event.usage for event in read_stream(body) if isinstance(event, UsageSeen)]
    assert read_stream(relayed) == read_stream(body)
    assert relayed == body or b'"functionCall"' in body
    assert meter.text_bytes == len(relayed)
    assert meter.usage == (seen[-1] if seen else None)
    assert meter.stop == expect.get("stop")
    assert meter.ended == ("stop" in expect)
    assert meter.failed == (expect.get("failed") == "overloaded")


def test_a_piece_of_an_event_is_held_and_never_relayed():
    body, _ = sample("stream_text")
    meter = WIRE.meter(False)
    first = body.index(b"\r\n\r\n") + 4
    assert meter.feed(body[: first + 30]) == body[:first]
    assert meter.close() == b""
    assert not meter.ended


def test_a_last_event_without_its_empty_line_is_relayed():
    body, expect = sample("stream_text")
    meter = WIRE.meter(False)
    assert meter.feed(body.rstrip()) + meter.close() == body.rstrip()
    assert meter.ended
    assert meter.usage is not None
    assert meter.usage.output == expect["usage"]["output"]


def test_ended_is_known_before_the_event_is_relayed_and_later_usage_still_counts():
    meter = WIRE.meter(False)
    meter.feed(sse({"candidates": [{"finishReason": "STOP"}]}))
    assert meter.ended
    assert meter.usage is None
    meter.feed(sse({"usageMetadata": {"promptTokenCount": 3}}))
    assert meter.usage == Usage(input=3)


def test_a_stream_that_closes_without_a_reason_was_cut_off():
    meter = WIRE.meter(False)
    meter.feed(sse({"candidates": [{"content": {"parts": [{"text": "a"}]}}]}))
    meter.feed(sse({"usageMetadata": {"promptTokenCount": 3}}))
    meter.close()
    assert not meter.ended


def test_a_stream_has_ended_when_every_candidate_that_began_has_its_reason():
    meter = WIRE.meter(False)
    meter.feed(sse({"candidates": [{"finishReason": "STOP"}, {"index": 1, "content": {}}]}))
    assert not meter.ended
    meter.feed(sse({"candidates": [{"index": 1, "finishReason": "MAX_TOKENS"}]}))
    assert (meter.ended, meter.stop) == (True, "stop")


@pytest.mark.parametrize("end", [b"\n\n", b"\r\r", b"\r\n\r\n"])
def test_any_line_ending_will_do(end):
    meter = WIRE.meter(False)
    event = b'data:{"candidates":[{"finishReason":"MAX_TOKENS"}]}' + end
    assert meter.feed(b": ping" + end + event) == b": ping" + end + event
    assert (meter.ended, meter.stop) == (True, "length")


@pytest.mark.parametrize("framing", ["one line each", "the last in two lines", "line feeds"])
def test_events_that_come_together_are_seen_like_those_that_come_alone(framing):
    last = {"candidates": [{"finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 3}}
    events = sse({"usageMetadata": {"promptTokenCount": 1}}, {"candidates": []}, last)
    if framing == "the last in two lines":
        events = events.replace(b"}], ", b"}],\r\ndata: ")
    elif framing == "line feeds":
        events = events.replace(b"\r", b"")
    meter = WIRE.meter(False)
    assert meter.feed(events) == events
    assert (meter.usage, meter.stop, meter.ended) == (Usage(input=3), "stop", True)


@pytest.mark.parametrize(
    ("event", "noted"),
    [
        (
            b'{"candidates":[{"content":{"parts":[{"functionCall":{"id":"a","name":"f"}}]}}]}',
            "call",
        ),
        (b'{"candidates":[{"content":{"parts":[{"functionCall":null}]}}]}', None),
        (b'{"error":{"code":503,"status":"UNAVAILABLE"}}', "error"),
        (b'{"error":null}', None),
    ],
)
def test_calls_and_errors_are_told_from_nulls(event, noted):
    meter = WIRE.meter(False)
    meter.feed(b"data: " + event + b"\r\n\r\n")
    meter.feed(sse({"candidates": [{"finishReason": "STOP"}]}))
    assert meter.failed == (noted == "error")
    assert meter.stop == ("tool_calls" if noted == "call" else "stop")


@pytest.mark.parametrize(
    "body",
    [b"", b"nope", b"[]", b"5", b"\xff", b'{"candidates": {}}', b'{"usageMetadata": 5}'],
)
def test_skimming_never_raises(body):
    assert WIRE.skim_answer(body) == Answered()


def test_an_odd_member_costs_the_others_nothing():
    body = {
        "candidates": [{"finishReason": "STOP", "content": 5}],
        "usageMetadata": {"promptTokenCount": 2},
    }
    assert WIRE.skim_answer(json.dumps(body).encode()) == Answered(Usage(input=2), "stop")


def test_a_count_is_what_the_sdk_reads():
    assert json.loads(count_answer(42)) == {"totalTokens": 42}
