"""Streams, read and written."""

import pytest
from messages_traffic import read_stream, sample_events, write_stream

from madang.model import (
    ChoiceEnded,
    Citation,
    CitationAdded,
    Ended,
    Failed,
    Opaque,
    PartEnded,
    PartStarted,
    Refusal,
    SignatureDelta,
    Started,
    Text,
    TextDelta,
    Thinking,
    ToolCall,
    Usage,
    UsageSeen,
)
from stand.streams import sse, written_data

START = {"type": "message_start", "message": {"model": "m", "usage": {"input_tokens": 3}}}
STOP = {"type": "message_stop"}


def _read(*events):
    return read_stream(sse([START, *events, STOP]))


def _block(index, **block):
    return {"type": "content_block_start", "index": index, "content_block": block}


def _delta(index, **delta):
    return {"type": "content_block_delta", "index": index, "delta": delta}


def _text_of(events):
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def _written(*events):
    return written_data(write_stream([Started("m"), *events]))


def test_a_stream_with_tools_is_read():
    events = read_stream(sse(sample_events("stream_tools.jsonl")))
    assert events[:2] == [
        Started("claude-sonnet-4-5-20250929", id="msg_3"),
        UsageSeen(Usage(input=210, output=1, cache_read=200)),
    ]
    assert [event.part for event in events if isinstance(event, PartStarted)] == [
        Thinking("", origin="messages"),
        Text(""),
        ToolCall("toolu_1", "get_weather", ""),
        ToolCall("toolu_2", "get_time", ""),
    ]
    assert SignatureDelta(0, 0, "c2ln") in events
    assert not any(isinstance(event, TextDelta) and event.index == 3 for event in events)
    usage = Usage(input=210, output=50, cache_read=200, reasoning=12)
    end = ChoiceEnded(0, "tool_calls", "tool_use")
    assert events[-3:] == [UsageSeen(usage), end, Ended()]


def test_parts_open_and_close_in_order():
    events = read_stream(sse(sample_events("stream_tools.jsonl")))
    bracketed = [e for e in events if isinstance(e, PartStarted | PartEnded)]
    kinds = [type(event) for event in bracketed]
    assert kinds == [PartStarted, PartEnded] * 4
    assert [event.index for event in bracketed] == [0, 0, 1, 1, 2, 2, 3, 3]


def test_a_block_that_only_this_dialect_knows_comes_whole_and_in_place():
    events = read_stream(sse(sample_events("stream_server_tools.jsonl")))
    parts = [event.part for event in events if isinstance(event, PartStarted)]
    assert parts[0] == Thinking("", "cmVk", redacted=True, origin="messages")
    assert isinstance(parts[1], Opaque)
    assert parts[1].value["input"] == {"query": "cats"}
    assert parts[2].kind == "web_search_tool_result"
    (source,) = [event.citation for event in events if isinstance(event, CitationAdded)]
    assert (source.url, source.quote) == ("https://example.com", "they purr")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("name", ["stream_tools.jsonl", "stream_server_tools.jsonl"])
def test_every_cut_gives_the_same_events(name, newline):
    data = sse(sample_events(name), newline)
    whole = read_stream(data)
    assert read_stream(data, range(len(data))) == whole
    assert whole == read_stream(sse(sample_events(name)))


def test_an_error_event_fails_the_stream_with_its_kind():
    events = read_stream(sse(sample_events("stream_error.jsonl")) + b"data: more\n\n")
    assert events[-1] == Failed("Overloaded", "overloaded", "overloaded_error")


@pytest.mark.parametrize("kept", range(1, 20))
def test_without_message_stop_a_stream_is_broken(kept):
    events = read_stream(sse(sample_events("stream_tools.jsonl")[:kept]))
    assert (type(events[-1]), events[-1].kind) == (Failed, "broken")
    assert not any(isinstance(event, ChoiceEnded) for event in events)


@pytest.mark.parametrize("data", [b"data: {\n\n", b'data: "\xff"\n\n', b"<html>oops</html>", b""])
def test_what_is_no_stream_is_broken(data):
    assert read_stream(data)[-1].kind == "broken"


def test_blocks_that_never_ended_are_ended():
    events = _read(
        _block(0, type="text", text="a"),
        _block(1, type="tool_use", id="1", name="f", input={"a": 1}),
        _block(2, type="mcp_tool_use", id="2", input={}),
        _delta(2, type="input_json_delta", partial_json='{"b"'),
    )
    parts = [event.part for event in events if isinstance(event, PartStarted)]
    assert parts[:2] == [Text(""), ToolCall("1", "f", "")]
    assert parts[2].value["input"] == '{"b"'
    assert _text_of(events) == 'a{"a":1}'
    assert sum(isinstance(event, PartEnded) for event in events) == 3


def test_whole_calls_that_never_ended_keep_their_arguments():
    events = _read(
        _block(0, type="tool_use", id="1", name="f", input={"a": 1}),
        _block(1, type="tool_use", id="2", name="g", input={"b": 2}),
    )
    assert _text_of(events) == '{"a":1}{"b":2}'
    assert sum(isinstance(event, PartEnded) for event in events) == 2


def test_a_text_behind_a_call_that_never_ended_costs_it_no_arguments():
    events = _read(
        _block(0, type="tool_use", id="1", name="f", input={"a": 1}),
        _block(1, type="text", text=""),
        _delta(1, type="text_delta", text="b"),
    )
    assert _text_of(events) == '{"a":1}b'


def test_calls_that_interleave_are_put_in_order():
    events = _read(
        _block(0, type="tool_use", id="1", name="f", input={}),
        _block(1, type="tool_use", id="2", name="g", input={}),
        _delta(0, type="input_json_delta", partial_json='{"a":'),
        _delta(1, type="input_json_delta", partial_json='{"b":2}'),
        _delta(0, type="input_json_delta", partial_json="1}"),
        {"type": "content_block_stop", "index": 0},
    )
    assert _text_of(events) == '{"a":1}{"b":2}'
    assert [event.part.name for event in events if isinstance(event, PartStarted)] == ["f", "g"]


def test_pieces_without_a_start_begin_their_part():
    text = _delta(0, type="text_delta", text="a")
    thought = _delta(1, type="thinking_delta", thinking="b")
    events = read_stream(sse([text, thought, STOP]))
    assert [type(event.part) for event in events if isinstance(event, PartStarted)] == [
        Text,
        Thinking,
    ]
    assert (events[0], events[-2:]) == (Started(""), [ChoiceEnded(0, "stop"), Ended()])


def test_a_second_start_and_whatever_is_not_known_are_passed_over():
    noise = [{"type": "ping"}, START, {"type": "yet_to_come"}]
    events = read_stream(
        sse([START, *noise]) + b"data: [DONE]\n\n: comment\n\ndata: 7\n\n" + sse([STOP])
    )
    assert sum(isinstance(event, Started) for event in events) == 1
    assert events[-1] == Ended()


@pytest.mark.parametrize("name", ["stream_tools.jsonl", "stream_server_tools.jsonl"])
def test_a_stream_is_written_as_it_was_read(name):
    """Deltas may be split otherwise, but every block holds the same."""
    read = read_stream(sse(sample_events(name)))
    again = read_stream(write_stream(read))
    assert _joined(again) == _joined(read)


def _joined(events):
    """The parts of a stream with their text, and its end."""
    parts = {}
    for event in events:
        if isinstance(event, PartStarted):
            parts[event.index] = [event.part, ""]
        elif isinstance(event, TextDelta):
            parts[event.index][1] += event.text
        elif isinstance(event, SignatureDelta | CitationAdded):
            parts[event.index].append(event)
    return parts, events[-3:]


def test_the_final_event_repeats_every_figure():
    usage = Usage(input=100, output=9, cache_read=60, cache_write=30, reasoning=4)
    *_, delta, stop = _written(UsageSeen(usage), ChoiceEnded(0, "stop"), Ended())
    assert delta["delta"] == {"stop_reason": "end_turn", "stop_sequence": None}
    assert delta["usage"] == {
        "input_tokens": 10,
        "cache_creation_input_tokens": 30,
        "cache_read_input_tokens": 60,
        "output_tokens": 9,
        "cache_creation": {"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 0},
        "output_tokens_details": {"thinking_tokens": 4},
    }
    assert stop == {"type": "message_stop"}


def test_a_signature_is_written_once_and_whole():
    """The official client keeps the last piece only."""
    written = _written(
        PartStarted(0, 0, Thinking("", origin="messages")),
        SignatureDelta(0, 0, "ab"),
        SignatureDelta(0, 0, "cd"),
        PartEnded(0, 0),
    )
    deltas = [event["delta"] for event in written if event["type"] == "content_block_delta"]
    assert deltas == [{"type": "signature_delta", "signature": "abcd"}]


@pytest.mark.parametrize(
    ("pieces", "sent"),
    [
        (["", '{"a"', ": 1}"], ['{"a"', ": 1}"]),
        ([" ", "\n{}"], [" \n{}"]),
        (["nu", "ll"], ["{}"]),
        (["free", " text"], ['{"_raw":"free text"}']),
        ([], []),
    ],
)
def test_arguments_flow_once_they_look_like_an_object(pieces, sent):
    call = PartStarted(0, 0, ToolCall("", "f", ""))
    deltas = [TextDelta(0, 0, piece) for piece in pieces]
    written = _written(call, *deltas, PartEnded(0, 0))
    assert written[1]["content_block"]["id"]
    assert [e["delta"]["partial_json"] for e in written if "delta" in e] == sent


def test_an_empty_part_leaves_no_trace_and_no_gap():
    written = _written(
        PartStarted(0, 0, Text("")),
        PartEnded(0, 0),
        PartStarted(0, 1, Opaque("chat", "executed_tool", {})),
        PartEnded(0, 1),
        PartStarted(0, 2, Refusal("no")),
        TextDelta(0, 2, "pe"),
        PartEnded(0, 2),
    )
    assert [event.get("index") for event in written] == [None, 0, 0, 0, 0]


def test_only_the_first_choice_is_written():
    other = [PartStarted(1, 0, Text("")), TextDelta(1, 0, "b"), PartEnded(1, 0)]
    assert len(_written(*other, ChoiceEnded(1, "length"), Ended())) == 3


def test_a_foreign_source_is_written_as_a_web_result():
    cited = CitationAdded(0, 0, Citation(url="https://example.com", title="T"))
    written = _written(PartStarted(0, 0, Text("")), cited, CitationAdded(0, 0, Citation()))
    assert [e["delta"]["citation"]["url"] for e in written if "delta" in e] == [
        "https://example.com"
    ]


def test_after_a_failure_nothing_follows():
    data = write_stream([Started("m"), Failed("It broke.", "broken"), Ended()])
    *_, error = written_data(data)
    assert (error["type"], error["error"]["type"]) == ("error", "api_error")
    assert error["request_id"] == "req_01abc"
    assert b"message_stop" not in data
