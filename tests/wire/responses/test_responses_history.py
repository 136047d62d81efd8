"""What a store remembers for `previous_response_id`, and how a request gets it back."""

import json

from responses_traffic import CONTEXT, read, relay, samples, write

from madang.model import Answer, Choice, Text, Thinking, ToolCall
from madang.wire.responses import (
    WIRE,
    body_with_history,
    conversation_items,
    with_history,
)
from stand.streams import sse

ASKED = {"model": "m", "input": "weather?", "instructions": "be brief"}
PARTS = (Thinking("hm", "c2ln", origin="messages"), Text("I look."), ToolCall("c", "f", "{}"))
ANSWER = WIRE.write_answer(
    Answer(model="m", choices=(Choice(parts=PARTS, stop="tool_calls"),)), CONTEXT
)
NEXT = {
    "model": "m",
    "previous_response_id": "resp_01abc",
    "input": [{"type": "function_call_output", "call_id": "c", "output": "7"}],
    "x": 1,
}


def _body(fields):
    return json.dumps(fields).encode()


def test_items_are_remembered_as_they_came():
    items = conversation_items(_body(ASKED), ANSWER)
    assert items[0] == {"type": "message", "role": "user", "content": "weather?"}
    assert items[1:] == json.loads(ANSWER)["output"]


def test_a_body_with_its_history_says_everything_itself():
    body = body_with_history(_body(NEXT), conversation_items(_body(ASKED), ANSWER))
    fields = json.loads(body)
    assert "previous_response_id" not in fields
    assert ([*fields], len(fields["input"])) == (["model", "input", "x"], 5)
    assert conversation_items(body, ANSWER)[:5] == fields["input"]


def test_a_request_with_its_history_is_the_same_as_its_body_read():
    items = conversation_items(_body(ASKED), ANSWER)
    request = WIRE.read_request(_body(NEXT), None, False)
    together = with_history(request, items)
    assert together.previous_response_id is None
    whole = WIRE.read_request(body_with_history(_body(NEXT), items), None, False)
    assert together == whole
    assert together.messages[-1].parts[0].name == "f"


def test_instructions_are_those_of_the_new_request():
    items = conversation_items(_body(ASKED), ANSWER)
    assert with_history(read(instructions="in French"), items).system == (Text("in French"),)


def test_phases_and_namespaces_find_their_items_again():
    history = samples("requests")[3]["body"]["input"]
    said = {"type": "message", "role": "assistant", "content": "one more", "phase": "commentary"}
    asked = {"type": "message", "role": "user", "content": "and?"}
    plain = with_history(read(input=[asked]), history)
    assert write(plain)[0]["input"] == [*history, asked]
    again = with_history(read(input=[said, asked]), history)
    assert write(again)[0]["input"] == [*history, said, asked]
    silent = [{"type": "message", "role": "assistant", "content": "before"}]
    assert write(with_history(again, silent))[0]["input"] == [*silent, *history, said, asked]


def test_a_stream_leaves_its_final_response_behind():
    """In the meter of a relay, and in the writer of a translation."""
    case = samples("streams")[1]
    _, meter = relay(sse(case["events"]))
    items = conversation_items(_body(ASKED), meter.response)
    assert [item["type"] for item in items] == ["message", "reasoning", "function_call"]
