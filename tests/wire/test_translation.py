"""A stream between two dialects, and what it counts on the side."""

import json

from madang.wire import chat, gemini
from madang.wire.contract import WriteContext
from madang.wire.translation import Translation

CONTEXT = WriteContext(request_id="req_1", model="m", created_s=1)


def counted(*deltas):
    """How much text has passed when a stream of these deltas breaks off."""
    passed = Translation(chat.WIRE.stream_reader(), gemini.WIRE.stream_writer(CONTEXT))
    for delta in deltas:
        chunk = {"id": "c", "model": "m", "choices": [{"index": 0, "delta": delta}]}
        passed.feed(b"data: " + json.dumps(chunk).encode() + b"\n\n")
    return passed.text_bytes


def test_all_that_the_model_wrote_is_counted_in_bytes():
    call = {"index": 0, "id": "c1", "function": {"name": "weather", "arguments": '{"a":1}'}}
    assert counted({"content": "안녕"}, {"content": "!"}) == 7
    assert counted({"tool_calls": [call]}) == len('weather{"a":1}')


def test_a_call_that_breaks_off_after_its_bare_name_was_not_free():
    call = {"index": 0, "id": "c1", "type": "function", "function": {"name": "weather"}}
    assert counted({"tool_calls": [call]}) == len("weather")
