"""Server-sent events: whatever the cuts, the same events; however long an event, each byte is searched once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang.errors import ProviderBroken
from madang.wire.estimate import text_bytes
from madang.wire.sse import MAX_EVENT_BYTES, EventDecoder

PIECES = [
    b"\r",
    b"\n",
    b"\r\n",
    b"\n\n",
    b"data: ",
    b"data:",
    b"event: a",
    b"x",
    b":",
    b"\xef\xbb\xbf",
]
streams = st.lists(st.sampled_from(PIECES), max_size=14).map(b"".join)


@given(streams, st.lists(st.integers(1, 5), min_size=1, max_size=20))
def test_cuts_change_nothing(stream, sizes):
    decoder = EventDecoder()
    at, cut = 0, []
    for size in sizes * len(stream):
        cut += decoder.feed(stream[at : at + size])
        at += size
        if at >= len(stream):
            break
    whole = EventDecoder()
    assert cut + decoder.close() == whole.feed(stream) + whole.close()


@pytest.mark.parametrize("mark", [b"\n\n", b"\r\n\r\n", b"\n\r\n", b"\r\n\n"])
@pytest.mark.parametrize("cut", range(1, 4))
def test_the_end_of_an_event_may_be_cut(mark, cut):
    stream = b"data: one" + mark + b"data: two" + mark
    at = len(b"data: one") + cut
    decoder = EventDecoder()
    events = decoder.feed(stream[:at]) + decoder.feed(stream[at:])
    assert [event.data for event in events] == [b"one", b"two"]


def test_an_event_without_end_is_refused():
    """In small pieces: if each was searched with all before it, this would take minutes."""
    decoder = EventDecoder()
    piece = b"x" * 16_384
    for _ in range(MAX_EVENT_BYTES // len(piece)):
        assert decoder.feed(piece) == []
    with pytest.raises(ProviderBroken):
        decoder.feed(b"x")


@pytest.mark.parametrize(
    ("events", "said"),
    [
        (b'data: {"choices":[{"delta":{"content":"Once "}}]}\n\n', 5),
        (b'data: {"delta":{"type":"text_delta","text":"a\\"b"}}\n\n', 4),
        (b'data: {"candidates": [{"content": {"parts": [{"text": "\\u4f60"}]}}]}\n\n', 3),
        (b'data: {"delta":{"type":"input_json_delta","partial_json":"{"}}\n\n', 1),
        (b'data: {"choices":[{"delta":{"role":"assistant"},"finish_reason":"stop"}]}\n\n', 0),
        (b"data: [DONE]\n\n", 0),
        (b'{"tool_calls":[{"type":"function","function":{"name":"weather","arguments":""}}]}', 7),
        (b'{"content_block":{"type":"tool_use","id":"toolu_1","name":"weather","input":{}}}', 7),
        (b'{"parts":[{"functionCall":{"name":"weather"}}]}', 7),
        (b'{"item":{"type":"function_call","arguments":"","call_id":"c","name":"weather"}}', 7),
        (b'{"tools":[{"type":"function","name":"weather","parameters":{}}]}', 0),
    ],
)
def test_text_is_told_from_its_wrapping(events, said):
    """What an estimate of a broken relay is based on, counted by hand."""
    assert text_bytes(events) == said
