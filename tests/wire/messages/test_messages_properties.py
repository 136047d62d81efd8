"""What holds for every stream, every body and every conversation, however odd."""

import json

from hypothesis import given
from hypothesis import strategies as st
from messages_traffic import CONTEXT, read_stream, sample_events, write_stream

from madang.errors import InvalidRequest, ProviderError
from madang.model import (
    Answer,
    Choice,
    ChoiceEnded,
    Ended,
    Failed,
    PartEnded,
    PartStarted,
    Started,
    Text,
    Thinking,
    ToolCall,
    Usage,
)
from madang.wire.messages import WIRE
from stand.streams import sse

SAMPLES = [
    sse(sample_events(f"stream_{name}.jsonl")) for name in ("tools", "server_tools", "error")
]

TYPES = st.sampled_from(
    [
        *("message_start", "content_block_start", "content_block_delta", "content_block_stop"),
        *(
            "message_delta",
            "message_stop",
            "ping",
            "error",
            "other",
            "text_delta",
            "thinking_delta",
        ),
        *("signature_delta", "input_json_delta", "citations_delta", "text", "thinking"),
        *("redacted_thinking", "tool_use", "server_tool_use", "image", "document", "tool_result"),
    ]
)
NAMES = st.sampled_from(
    [
        *(
            "type",
            "index",
            "content_block",
            "delta",
            "message",
            "usage",
            "error",
            "text",
            "thinking",
        ),
        *("signature", "partial_json", "id", "name", "input", "data", "stop_reason", "citations"),
        *("citation", "output_tokens", "model", "content", "role", "source", "tool_use_id"),
    ]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | TYPES
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=12,
)
EVENTS = st.dictionaries(NAMES, JSON, max_size=4) | st.builds(
    lambda kind, index, block, delta: {
        "type": kind,
        "index": index,
        "content_block": block,
        "delta": delta,
        "message": delta,
        "usage": block,
    },
    TYPES,
    st.integers(0, 2),
    st.dictionaries(NAMES, JSON, max_size=4),
    st.dictionaries(NAMES, JSON, max_size=4),
)
SAMPLE_EVENTS = [sample_events(f"stream_{name}.jsonl") for name in ("tools", "server_tools")]


def _spoilt(events, others):
    """A real stream with strange events in it, or in place of its own."""
    for place, event, kept in others:
        at = place % len(events)
        events = [*events[:at], event, *events[at + (not kept) :]]
    return events


STREAMS = st.lists(EVENTS, max_size=12) | st.builds(
    _spoilt,
    st.sampled_from(SAMPLE_EVENTS),
    st.lists(st.tuples(st.integers(0, 60), EVENTS, st.booleans()), max_size=4),
)


def _framed(events):
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)


@given(st.sampled_from(SAMPLES), st.lists(st.integers(0, 10_000), max_size=30))
def test_any_split_gives_the_same_events(data, cuts):
    inside = [cut % len(data) for cut in cuts]
    assert read_stream(data, inside) == read_stream(data)


@given(STREAMS, st.lists(st.integers(0, 2_000), max_size=4))
def test_a_reader_survives_everything_and_ends_once(events, cuts):
    data = _framed(events)
    read = read_stream(data, [cut % (len(data) + 1) for cut in cuts])
    assert isinstance(read[-1], Ended | Failed)
    assert sum(isinstance(event, Ended | Failed) for event in read) == 1
    _assert_bracketed(read)


@given(st.binary())
def test_a_reader_survives_noise(noise):
    assert isinstance(read_stream(noise)[-1], Ended | Failed)


@given(STREAMS)
def test_whatever_was_read_can_be_written(events):
    written = write_stream(read_stream(_framed(events)))
    assert isinstance(read_stream(written)[-1], Ended | Failed)


def _assert_bracketed(events):
    """Started first and once; one part open at a time, numbered from 0; nothing after the end."""
    opened, is_open, started = -1, False, 0
    for event in events:
        if isinstance(event, Started):
            started += 1
            assert (opened, started) == (-1, 1)
        elif isinstance(event, PartStarted):
            opened += 1
            assert (event.index, is_open, started) == (opened, False, 1)
            is_open = True
        elif isinstance(event, PartEnded):
            assert (event.index, is_open) == (opened, True)
            is_open = False
        elif isinstance(event, ChoiceEnded):
            assert not is_open
        elif hasattr(event, "index"):
            assert (event.index, is_open) == (opened, True)


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_readers_of_bodies_raise_only_what_they_promise(body):
    WIRE.skim_answer(body)
    WIRE.read_error(400, {b"retry-after": body}, body)
    for reader, expected in (
        (WIRE.read_answer, ProviderError),
        (lambda sent: WIRE.read_request(sent, None, False), InvalidRequest),
        (lambda sent: WIRE.read_envelope(sent, None, False), InvalidRequest),
    ):
        try:
            reader(body)
        except expected:
            continue


BLOCKS = st.dictionaries(NAMES, JSON, max_size=5)
REQUESTS = st.fixed_dictionaries(
    {"model": st.text(), "max_tokens": st.integers(0, 10)},
    optional={
        "messages": st.lists(
            st.fixed_dictionaries(
                {
                    "role": st.sampled_from(["user", "assistant", "system"]),
                    "content": st.text() | st.lists(BLOCKS, max_size=3),
                }
            ),
            min_size=1,
            max_size=3,
        ),
        "system": JSON,
        "tools": st.lists(BLOCKS, max_size=2),
        "tool_choice": BLOCKS,
        "thinking": BLOCKS,
        "output_config": BLOCKS,
        "metadata": BLOCKS,
        "tools.x": JSON,
    },
)

PLAIN = st.builds(lambda text: {"type": "text", "text": text}, st.text(min_size=1))
ODD_IN_ONE = st.builds(
    lambda turns, odd: {"model": "m", "max_tokens": 9, "messages": turns, **odd},
    st.lists(
        st.fixed_dictionaries(
            {
                "role": st.sampled_from(["user", "assistant"]),
                "content": st.text(min_size=1) | st.lists(PLAIN | PLAIN | BLOCKS, min_size=1),
            }
        ),
        min_size=1,
        max_size=3,
    ),
    st.dictionaries(st.sampled_from(["system", "tools", "thinking", "other"]), JSON, max_size=1),
)
"""Requests with little that is odd: of those that are odd everywhere none is ever written."""


@given(REQUESTS | ODD_IN_ONE)
def test_a_request_is_refused_or_can_be_written(body):
    try:
        request = WIRE.read_request(json.dumps(body).encode(), None, False)
        rendered = WIRE.write_request(request, "claude-sonnet-4-6")
    except InvalidRequest:
        return
    assert isinstance(json.loads(rendered.body)["messages"], list)


WORDS = st.text(min_size=1)
ARGUMENTS = st.dictionaries(st.text(), st.integers() | st.text() | st.booleans()).map(json.dumps)
PARTS = st.one_of(
    st.builds(Text, WORDS),
    st.builds(Thinking, WORDS, WORDS, origin=st.just("messages")),
    st.builds(ToolCall, st.uuids().map(str), WORDS, ARGUMENTS),
)


@given(st.lists(PARTS, max_size=6, unique_by=id), st.integers(0, 10**9), st.integers(0, 10**9))
def test_an_answer_survives_writing_and_reading(parts, fresh, cached):
    calls = any(isinstance(part, ToolCall) for part in parts)
    stop = ("tool_calls", "tool_use") if calls else ("stop", "end_turn")
    choice = Choice(parts=tuple(map(_plain, parts)), stop=stop[0], stop_raw=stop[1])
    usage = Usage(input=fresh + cached, output=fresh, cache_read=cached)
    answer = Answer(model="asked-for", choices=(choice,), id="msg_01abc", usage=usage)
    again = WIRE.read_answer(WIRE.write_answer(answer, CONTEXT))
    read = Choice(parts=tuple(map(_plain, again.choices[0].parts)), stop=stop[0], stop_raw=stop[1])
    assert (read, again.usage, again.id) == (choice, usage, "msg_01abc")


def _plain(part):
    """Arguments as values: how their text is spaced does not matter."""
    if not isinstance(part, ToolCall):
        return part
    return ToolCall(part.id, part.name, json.dumps(json.loads(part.arguments)))
