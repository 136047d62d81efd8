"""Whole answers in a relay: mended where a client library would break, else the very same bytes."""

import json

import pytest
from chat_traffic import CONTEXT, answers, write_stream
from openai.types.chat import ChatCompletion

from madang.model import (
    Answer,
    Choice,
    ChoiceEnded,
    Ended,
    PartEnded,
    PartStarted,
    Started,
    Text,
    ToolCall,
)
from madang.wire.chat import WIRE
from stand.streams import written_data
from stand.traffic import needs_recordings


def answer(**message):
    head = {"id": "a-1", "object": "chat.completion", "created": 1, "model": "m"}
    message = {"role": "assistant", "content": None, **message}
    choice = {"index": 0, "finish_reason": "stop", "logprobs": None, "message": message}
    return json.dumps({**head, "choices": [choice]}).encode()


def mended(**message):
    """The message that the SDK's own types accept."""
    body = json.loads(WIRE.repair_answer(answer(**message)))
    return ChatCompletion.model_validate(body).choices[0].message


def test_what_is_empty_because_a_program_in_go_wrote_it_is_nothing():
    """As a call it would have no name, which no other provider takes back."""
    nothing = {"function_call": {"name": "", "arguments": ""}}
    nothing["audio"] = {"id": "", "data": "", "expires_at": 0, "transcript": ""}
    read = WIRE.read_answer(answer(**nothing, content="a"))
    assert read.choices[0].parts == (Text("a"),)


def test_a_byte_order_mark_is_not_passed_on():
    body = answer(content="a")
    marked = b"\xef\xbb\xbf" + body
    assert WIRE.read_answer(marked) == WIRE.read_answer(body)
    assert WIRE.repair_answer(marked) == body


def test_a_call_gets_its_id_and_its_type_and_its_arguments_as_text():
    function = {"name": "f", "arguments": {"a": [1]}}
    calls = [{"function": function}, {"id": "x", "function": function}, {"id": "x"}]
    calls[2]["custom"] = {"name": "g", "input": "free"}
    first, second, third = mended(tool_calls=calls).tool_calls
    assert (first.id, first.type, first.function.arguments) == (
        "call_a-1_0",
        "function",
        '{"a":[1]}',
    )
    assert (second.id, third.type, third.custom.input) == ("x", "custom", "free")
    assert len({first.id, second.id, third.id}) == 3


def test_content_in_parts_becomes_text_and_thoughts():
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}], "signature": "s"}
    message = mended(content=[thought, {"type": "text", "text": "Yes"}, "!"])
    assert message.content == "Yes!"
    assert message.reasoning_content == "Hm."
    assert message.reasoning_details[0]["signature"] == "s"


def test_content_as_an_object_becomes_its_json():
    assert mended(content={"a": [1, "x"]}).content == '{"a": [1, "x"]}'


@pytest.mark.parametrize(
    "body",
    [
        b'{"tool_calls"',
        b'["tool_calls", 12345678901234567890123]',
        b'{"choices": [{"message": {"content": "\\"content\\":[", "tool_calls": null}}]}',
        b'{"choices": [5, {"message": 5}, {"message": {"tool_calls": [5, {}]}}], "content":[}',
        b'{"content":[' + b"[" * 100_000,
        b'{"choices": {}, "content": "\xff", "tool_calls": []}',
        answer(content="plain"),
        answer(
            tool_calls=[{"id": "x", "type": "function", "function": {"name": "f", "arguments": ""}}]
        ),
    ],
)
def test_what_is_right_or_cannot_be_read_comes_back_as_it_is(body):
    assert WIRE.repair_answer(body) is body


@pytest.mark.recordings
@needs_recordings
def test_recorded_answers_are_rarely_mended_and_say_the_same():
    for name, _, body in answers(streamed=False):
        relayed = WIRE.repair_answer(body)
        assert relayed is body or b'"content": [' in body or b'"id": null' in body, name
        again = WIRE.read_answer(relayed)
        assert [c.stop for c in again.choices] == [c.stop for c in WIRE.read_answer(body).choices]


def test_calls_of_another_provider_leave_with_an_id_each():
    calls = tuple(ToolCall(call_id, "f", "{}") for call_id in ("x", "x", "", "y"))
    foreign = Answer(model="m", choices=(Choice(parts=calls, stop="tool_calls"),))
    message = json.loads(WIRE.write_answer(foreign, CONTEXT))["choices"][0]["message"]
    whole = [call["id"] for call in message["tool_calls"]]
    events = [Started("m")]
    for index, call in enumerate(calls):
        events += [PartStarted(0, index, call), PartEnded(0, index)]
    chunks = written_data(write_stream([*events, ChoiceEnded(0, "tool_calls"), Ended()]))
    deltas = [
        choice["delta"] for chunk in chunks if chunk != "[DONE]" for choice in chunk["choices"]
    ]
    streamed = [
        call["id"] for delta in deltas for call in delta.get("tool_calls", ()) if "id" in call
    ]
    assert whole == streamed
    assert (whole[0], whole[3], len({*whole})) == ("x", "y", 4)
