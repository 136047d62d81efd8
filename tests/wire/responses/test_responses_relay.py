"""The short way: what is read of a request and an answer that pass through unchanged."""

import json

import pytest
from responses_traffic import relay, samples

from madang.errors import InvalidRequest, ProviderBroken
from madang.model import Usage
from madang.wire.contract import Answered
from madang.wire.responses import WIRE
from madang.wire.sse import MAX_EVENT_BYTES
from stand.streams import sse

BODY = b'{"model": "a", "stream" : true,"max_output_tokens":7, "x": 1.0, "input":"hello"}'
DONE = {"type": "response.completed", "response": {"status": "completed", "output": []}}


def test_an_envelope_holds_the_few_facts():
    envelope = WIRE.read_envelope(BODY, None, False)
    assert (envelope.model, envelope.stream, envelope.max_tokens) == ("a", True, 7)
    assert envelope.include_usage
    assert bytes(envelope.fields["x"]) == b"1.0"
    assert WIRE.read_envelope(b'{"input":"x"}', "deployed", False).model == "deployed"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b'{"input":"x"}', "model"),
        (b'{"model":1}', "model"),
        (b'{"model":"a","stream":"yes"}', "stream"),
        (b'{"model":"a","max_output_tokens":"7"}', "max_output_tokens"),
        (b"[]", None),
        (b"{", None),
        (b'{"model":"\xff"}', None),
    ],
)
def test_an_envelope_names_what_is_wrong(body, param):
    with pytest.raises(InvalidRequest) as caught:
        WIRE.read_envelope(body, None, False)
    assert caught.value.param == param


def test_retargeting_changes_the_model_and_nothing_else():
    envelope = WIRE.read_envelope(BODY, None, False)
    assert WIRE.retarget(BODY, envelope, "a") is BODY
    sent = WIRE.retarget(BODY, envelope, "b")
    assert json.loads(sent) == {**json.loads(BODY), "model": "b"}
    assert b'"x":1.0' in sent


def test_a_field_that_is_said_twice_is_said_once():
    """So that the provider cannot read another model than we did."""
    body = b'{"model":"dear","model":"cheap","input":"x"}'
    envelope = WIRE.read_envelope(body, None, False)
    assert json.loads(WIRE.retarget(body, envelope, envelope.model))["model"] == "cheap"
    assert WIRE.retarget(body, envelope, "cheap").count(b"model") == 1


def test_the_path_is_below_a_base_url():
    assert WIRE.request_path("m", True) == "/responses"


def test_what_is_no_response_is_no_answer():
    """`application/problem+json` has a status as well, which is a number."""
    assert WIRE.skim_answer(b'{"title":"T","status":400,"detail":"x"}') == Answered()


def test_skimming_survives_odd_members():
    odd = {"status": "completed", "output": [{"type": "function_call"}, 7], "usage": 3}
    assert WIRE.skim_answer(json.dumps(odd).encode()) == Answered(None, "tool_calls")
    for body in (b"", b"[]", b"\xff", b'{"error":{}}', b'{"status":"failed","output":[]}'):
        assert WIRE.skim_answer(body) == Answered()


@pytest.mark.parametrize("piece", [1, 7, 10_000])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_relay_holds_back_only_what_is_not_whole(piece, newline):
    body = sse(samples("streams")[0]["events"], newline)
    relayed, meter = relay(body, piece)
    assert relayed == body
    assert (meter.ended, meter.text_bytes) == (True, len(body))
    whole = body[: -len(newline)]
    relayed, meter = relay(whole, piece)
    assert meter.ended
    assert relayed.rstrip() == body.rstrip()


def test_a_piece_of_an_event_is_not_relayed():
    body = sse([DONE])
    for cut in range(1, len(body) - 4):
        relayed, meter = relay(body[:cut])
        assert (relayed, meter.ended) == (b"", False)


def test_the_end_is_known_before_its_bytes_are_relayed_and_late_bytes_pass():
    meter = WIRE.meter(True)
    body = sse([DONE])
    assert (meter.feed(body), meter.ended, meter.stop) == (body, True, "stop")
    assert meter.feed(b"data: [DONE]\n\n") == b"data: [DONE]\n\n"


def test_only_an_event_of_the_end_ends_or_fails():
    early = {"type": "response.in_progress", "response": {"status": "failed", "error": None}}
    _, meter = relay(sse([early]))
    assert (meter.failed, meter.ended) == (False, False)
    _, meter = relay(sse([early, DONE]))
    assert (meter.failed, meter.ended) == (False, True)


def test_words_of_the_end_inside_a_text_mean_nothing():
    text = '"response.completed" "error" "response" {"type":"response.failed"}'
    delta = {"type": "response.output_text.delta", "delta": text}
    nested = {"type": "response.output_item.done", "item": {"type": "error", "response": {}}}
    relayed, meter = relay(sse([delta, nested]))
    assert (meter.ended, meter.failed, len(relayed)) == (False, False, len(sse([delta, nested])))


def test_usage_is_counted_and_odd_figures_are_none():
    usage = {"input_tokens": 5, "output_tokens": True, "input_tokens_details": []}
    ended = {**DONE, "response": {**DONE["response"], "usage": usage}}
    assert relay(sse([ended]))[1].usage == Usage(input=5)
    assert relay(sse([{**DONE, "response": {"usage": 7}}]))[1].usage is None


def test_an_event_without_end_is_broken():
    meter = WIRE.meter(False)
    with pytest.raises(ProviderBroken):
        meter.feed(b"data: " + b"x" * MAX_EVENT_BYTES)
