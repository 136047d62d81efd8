"""The short way: requests that change their model only, streams that pass as they come."""

import json
import random
from itertools import repeat

import pytest
from anthropic._models import construct_type
from anthropic.lib.streaming._messages import accumulate_event
from anthropic.types import RawMessageStreamEvent
from messages_traffic import read_stream, sample, sample_events

from madang.errors import InvalidRequest, ProviderBroken
from madang.model import ChoiceEnded, Failed, Usage, UsageSeen
from madang.wire.contract import Envelope
from madang.wire.messages import WIRE, read_count_envelope
from madang.wire.sse import MAX_EVENT_BYTES
from stand.streams import sse, written_data

BODY = b'{ "model": "a",  "max_tokens":7, "stream":true,"new":{"x" : [1.50]}, "messages":[] }'


def _envelope(body):
    return WIRE.read_envelope(body, None, False)


def test_the_envelope_tells_model_stream_and_bound():
    envelope = _envelope(BODY)
    assert (envelope.model, envelope.stream, envelope.max_tokens) == ("a", True, 7)
    assert _envelope(b'{"model":"a","max_tokens":1}').stream is False


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"max_tokens":1}', "model: Field required"),
        (b'{"model":null,"max_tokens":1}', "model: Field required"),
        (b'{"model":["a"],"max_tokens":1}', "`model` must be a string"),
        (b'{"model":"a"}', "max_tokens: Field required"),
        (b'{"model":"a","max_tokens":"1"}', "`max_tokens` must be an integer"),
        (b'{"model":"a","max_tokens":1.5}', "`max_tokens` must be an integer"),
        (b'{"model":"a","max_tokens":-1}', "`max_tokens` must not be negative"),
        (b'{"model":"a","max_tokens":1,"stream":1}', "`stream` must be a boolean"),
        (b"[]", "must be a JSON object"),
        (b"{", "not valid JSON"),
        (b'{"model":"\xff"}', "not valid JSON"),
    ],
)
def test_a_bad_envelope_is_refused_by_the_name_of_the_field(body, said):
    with pytest.raises(InvalidRequest, match=said):
        _envelope(body)


def test_members_that_were_copied_are_members_all_the_same():
    envelope = _envelope(BODY)
    copied = {name: bytes(value) for name, value in envelope.fields.items()}
    same = Envelope(envelope.model, envelope.stream, copied)
    assert WIRE.retarget(BODY, same, "b") == WIRE.retarget(BODY, envelope, "b")


def test_counting_needs_no_bound():
    assert read_count_envelope(b'{"model":"a","messages":[]}', None, False).max_tokens is None


def test_the_same_model_leaves_the_body_as_it_is():
    assert WIRE.retarget(BODY, _envelope(BODY), "a") is BODY


def test_another_model_leaves_everything_else_byte_for_byte():
    sent = WIRE.retarget(BODY, _envelope(BODY), 'b"')
    assert (
        sent == b'{"model":"b\\"","max_tokens":7,"stream":true,"new":{"x" : [1.50]},"messages":[]}'
    )


@pytest.mark.parametrize("gap", [b"", b" "])
@pytest.mark.parametrize("again", [b'"model"', b'"mod\\u0065l"'])
def test_a_field_named_twice_is_sent_once_as_we_read_it(gap, again):
    """Else a provider that takes the first would serve a model or a bound that nobody checked."""
    twice = b'{"model":"dear","max_tokens":9,' + gap + again + b':"a"}'
    assert json.loads(WIRE.retarget(twice, _envelope(twice), "a"))["model"] == "a"
    assert b"dear" not in WIRE.retarget(twice, _envelope(twice), "a")


def _relay(data, sizes):
    meter = WIRE.meter(False)
    out, at = [], 0
    while at < len(data):
        size = next(sizes)
        out.append(meter.feed(data[at : at + size]))
        at += size
    return meter, out


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("name", ["stream_tools.jsonl", "stream_server_tools.jsonl"])
def test_a_stream_passes_unchanged_in_whole_events(name, newline):
    data = sse(sample_events(name), newline)
    chance = random.Random(3)
    meter, out = _relay(data, iter(lambda: chance.randint(1, 90), 0))
    assert b"".join(out) + meter.close() == data
    assert all(piece.endswith((newline * 2).encode()) for piece in out if piece)
    assert meter.text_bytes == len(data)


@pytest.mark.parametrize("name", ["stream_tools.jsonl", "stream_server_tools.jsonl"])
def test_usage_and_stop_are_those_of_a_full_reading(name):
    data = sse(sample_events(name))
    meter, _ = _relay(data, iter(lambda: 40, 0))
    events = read_stream(data)
    assert meter.usage == [e.usage for e in events if isinstance(e, UsageSeen)][-1]
    assert (meter.stop, meter.ended, meter.failed) == (events[-2].stop, True, False)


def test_the_end_is_known_before_its_bytes_leave():
    *head, stop = sample_events("stream_tools.jsonl")
    meter = WIRE.meter(False)
    meter.feed(sse(head))
    assert (meter.ended, meter.usage) == (False, Usage(210, 50, cache_read=200, reasoning=12))
    assert meter.feed(sse([stop])[:-1]) == b""
    assert not meter.ended
    meter.feed(b"\n")
    assert meter.ended


def test_an_ordinary_chunk_is_passed_without_copying():
    chunk = sse(sample_events("stream_tools.jsonl")[3:5])
    assert WIRE.meter(False).feed(chunk) is chunk


def test_words_of_the_protocol_inside_a_text_mean_nothing():
    delta = {"type": "text_delta", "text": '"message_stop" "error": {"type": "error"}'}
    event = {"type": "content_block_delta", "index": 0, "delta": delta}
    meter = WIRE.meter(False)
    meter.feed(sse([event]))
    assert (meter.ended, meter.failed) == (False, False)


def test_an_error_event_is_passed_on_and_noted():
    data = sse(sample_events("stream_error.jsonl"))
    meter = WIRE.meter(False)
    assert meter.feed(data) == data
    assert (meter.failed, meter.ended) == (True, False)


BARE = [
    {"type": "message_start", "message": {"id": "m", "model": "x", "content": None}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "max_tokens"}},
    {"type": "message_delta", "usage": {"input_tokens": 3, "output_tokens": 2}},
    {"type": "message_delta", "delta": {"stop_reason": None}},
    {"type": "message_stop"},
]
"""What a server sends that leaves out all it has nothing to say about, and says the rest one by one."""


def _as_the_sdk_has_it(data):
    """What Anthropic's SDK gathers from a stream; it raises where an event does not fit."""
    message = None
    for event in written_data(data):
        built = construct_type(value=event, type_=RawMessageStreamEvent)
        message = accumulate_event(event=built, current_snapshot=message, json_bufs={})
    return message


def test_what_begins_and_ends_a_message_is_whole_for_the_sdk():
    for size in (7, 9999):
        meter, relayed = _relay(sse(BARE), repeat(size))
        message = _as_the_sdk_has_it(b"".join(relayed))
        assert (message.content[0].text, message.stop_reason) == ("a", "max_tokens")
        assert (message.role, message.usage.output_tokens) == ("assistant", 2)
        assert (meter.stop, meter.usage, meter.ended) == ("length", Usage(input=3, output=2), True)


def test_a_full_reading_keeps_the_stop_over_nulls_that_follow():
    ends = [event for event in read_stream(sse(BARE)) if isinstance(event, ChoiceEnded)]
    assert [end.stop for end in ends] == ["length"]


def test_a_byte_order_mark_costs_no_event():
    data = sse(sample_events("stream_tools.jsonl"))
    meter, relayed = _relay(b"\xef\xbb\xbf" + data, repeat(99))
    assert (b"".join(relayed), meter.ended) == (data, True)


@pytest.mark.parametrize("data", [b'{"message": "x"}', b'{"type": "error", "message": "x"}'])
def test_an_error_of_another_dialects_shape_is_one(data):
    [*_, last] = read_stream(b"event: error\ndata: " + data + b"\n\n")
    assert (type(last), last.message) == (Failed, "x")


def test_a_last_event_without_its_empty_line_is_completed():
    data = sse(sample_events("stream_tools.jsonl"))
    meter = WIRE.meter(False)
    assert meter.feed(data[:-1]) + meter.close() == data
    assert meter.ended


def test_an_event_that_has_its_type_in_its_name_only_is_understood():
    meter = WIRE.meter(False)
    meter.feed(b'event: message_delta\ndata: {"delta":{"stop_reason":"refusal"}}\n\n')
    meter.feed(b"event: message_stop\ndata: {}\n\n")
    assert (meter.stop, meter.ended) == ("content_filter", True)


@pytest.mark.parametrize("tail", [b"", b'event: message_stop\ndata: {"type":"mess', b"event: x"])
def test_a_piece_of_an_event_is_dropped(tail):
    meter = WIRE.meter(False)
    assert (meter.feed(tail), meter.close(), meter.ended) == (b"", b"", False)


def test_an_endless_event_is_not_hoarded():
    meter = WIRE.meter(False)
    megabyte = b"data: " + b"x" * 2**20
    for _ in range(MAX_EVENT_BYTES // len(megabyte)):
        assert meter.feed(megabyte) == b""
    with pytest.raises(ProviderBroken):
        meter.feed(megabyte * 2)


def test_a_whole_answer_is_skimmed():
    skimmed = WIRE.skim_answer(sample("answer_tools.json"))
    assert (skimmed.usage.input, skimmed.stop) == (240, "tool_calls")


def test_the_path_is_that_below_the_version():
    assert WIRE.request_path("claude-opus-5", True) == "/messages"
