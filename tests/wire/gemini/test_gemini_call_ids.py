"""Ids of function calls in a relay: given to the caller where Gemini gave none, taken off on the way back."""

import json
import re

import pytest
from gemini_views import CONTEXT, collect, read_stream, sse, write_stream

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
from madang.wire.gemini import WIRE
from madang.wire.gemini.call_ids import CallIds


def test_ids_differ_between_answers_and_repeat_for_the_same_one():
    first, again, other = CallIds("r/1"), CallIds("r/1"), CallIds("r2")
    assert [first.next(None), first.next("")] == ["gcall_r1_0", "gcall_r1_1"]
    assert again.next(None) == "gcall_r1_0"
    assert other.next(None) == "gcall_r2_0"
    assert other.next("given") == "given"


def test_ids_fit_what_other_providers_accept():
    made = CallIds("ü" + "x" * 400).next(None)
    assert made.replace("_", "").isalnum()
    assert len(made) <= 40


ANSWER = (
    b'{ "candidates": [ {"content":{"parts":[{"text":"\\u00e9 functionCall"},'
    b'{"functionCall" : {"name":"f", "args":{"n": 1.50, "id": null}},"thoughtSignature":"s"},'
    b'{"functionCall":{"id":"own","name":"g"}},{"functionCall":{"name":"f","id":""}}]} }],'
    b' "responseId":"r-1", "odd":12345678901234567890123}'
)


def test_a_nameless_call_of_a_whole_answer_gets_an_id_and_the_rest_stays_byte_for_byte():
    named = WIRE.repair_answer(ANSWER)
    for kept in (
        b'{"text":"\\u00e9 functionCall"}',
        b'"args":{"n": 1.50, "id": null}',
        b'{"functionCall":{"id":"own","name":"g"}}',
        b"12345678901234567890123",
    ):
        assert kept in named
    parts = json.loads(named)["candidates"][0]["content"]["parts"]
    ids = [part["functionCall"]["id"] for part in parts if "functionCall" in part]
    assert ids == ["gcall_r-1_0", "own", "gcall_r-1_2"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'"functionCall"',
        b'{"functionCall":',
        b'[{"functionCall": 5}]',
        b'{"candidates": {"content": [[{"functionCall": {"name": "f"}}]]}}',
        b'{"candidates":[{"content":{"parts":[{"functionCall":{"id":"x","name":"f"}}]}}]}',
        b'{"candidates":[{"content":{"parts":[{"functionCall":{"name":5}},{"text":"\xff"}]}}]}',
        b'{"candidates":' + b"[" * 100_000 + b'"functionCall"',
    ],
)
def test_what_needs_no_id_or_is_no_answer_comes_back_as_it_is(body):
    assert WIRE.repair_answer(body) is body


@pytest.mark.parametrize("before", [b"\n\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf \r\n"])
def test_bytes_before_an_answer_hide_no_call(before):
    call = b'{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}}]}}]}'
    assert WIRE.repair_answer(before + call) == WIRE.repair_answer(call) != call
    assert WIRE.read_answer(before + call) == WIRE.read_answer(call)
    assert WIRE.skim_answer(before + call) == WIRE.skim_answer(call)


def test_every_call_of_a_stream_gets_an_id_of_its_own_and_pieces_of_one_do_not():
    parts = [
        {"functionCall": {"name": "f", "args": {}}},
        {"functionCall": {"name": "g", "willContinue": True}},
        {"functionCall": {"partialArgs": [{"jsonPath": "$.a", "numberValue": 1}]}},
        {"functionCall": {}},
    ]
    chunks = [{"candidates": [{"content": {"parts": [part]}}], "responseId": "r"} for part in parts]
    body = sse(*chunks, {"candidates": [{"finishReason": "STOP"}]})
    meter = WIRE.meter(True)
    relayed = b"".join(meter.feed(body[at : at + 9]) for at in range(0, len(body), 9))
    assert relayed.count(b'"gcall_r_0"') == relayed.count(b'"gcall_r_1"') == 1
    assert relayed.count(b'"id"') == 2
    answer, failed = collect(read_stream(relayed))
    calls = [part for part in answer.choices[0].parts if isinstance(part, ToolCall)]
    assert failed is None
    assert [(call.name, call.arguments) for call in calls] == [("f", "{}"), ("g", '{"a":1}')]


def test_a_byte_order_mark_does_not_double_an_event():
    call = {"candidates": [{"content": {"parts": [{"functionCall": {"name": "f"}}]}}]}
    named = WIRE.meter(False).feed(b"\xef\xbb\xbf" + sse(call))
    assert named == WIRE.meter(False).feed(sse(call))


def test_an_event_of_several_lines_keeps_its_other_lines():
    call = '{"candidates":[{"content":{"parts":[\ndata: {"functionCall":{"name":"f"}}]}}]}'
    meter = WIRE.meter(True)
    relayed = meter.feed(f": odd\nid: 7\ndata: {call}\n\n".encode())
    assert relayed.startswith(b": odd\nid: 7\ndata: ")
    assert relayed.endswith(b"}\n\n")
    [started, *_] = [event for event in read_stream(relayed) if hasattr(event, "part")]
    assert started.part.id == "gcall_0"


def request(call_id):
    called = {"functionCall": {"id": call_id, "name": "f", "args": {"id": "gcall_in_arguments"}}}
    answered = {"function_response": {"id": call_id, "name": "f", "response": {"id": "gcall_x"}}}
    contents = [{"role": "model", "parts": [called]}, {"role": "user", "parts": [answered]}]
    return json.dumps({"contents": contents, "x": 1}).encode()


def test_ids_that_were_made_here_never_reach_gemini():
    body = request(CallIds("r").next(None))
    sent = WIRE.retarget(body, WIRE.read_envelope(body, "m", False), "m")
    called, answered = (turn["parts"][0] for turn in json.loads(sent)["contents"])
    assert called["functionCall"] == {"name": "f", "args": {"id": "gcall_in_arguments"}}
    assert answered["function_response"] == {"name": "f", "response": {"id": "gcall_x"}}


def test_a_callers_own_ids_go_on_untouched():
    body = request("pyd_ai_1").replace(b"gcall_", b"other_")
    assert WIRE.retarget(body, WIRE.read_envelope(body, "m", False), "m") is body


@pytest.mark.parametrize("contents", [b'"gcall_"', b'["gcall_", {"parts": 5}]', b'[{"parts":[1]}]'])
def test_odd_turns_are_for_gemini_to_judge(contents):
    body = b'{"contents": ' + contents + b', "x": "gcall_"}'
    sent = WIRE.retarget(body, WIRE.read_envelope(body, "m", False), "m")
    assert json.loads(sent) == json.loads(body)


CALLS = tuple(ToolCall(call_id, "f", "{}") for call_id in ("x", "x", "", "y"))


def test_calls_of_another_provider_leave_with_an_id_each():
    answer = Answer(model="m", choices=(Choice(parts=CALLS, stop="tool_calls"),))
    written = json.loads(WIRE.write_answer(answer, CONTEXT))["candidates"][0]["content"]["parts"]
    whole = [part["functionCall"]["id"] for part in written]
    events = [Started("m")]
    for index, call in enumerate(CALLS):
        events += [PartStarted(0, index, call), PartEnded(0, index)]
    stream = write_stream([*events, ChoiceEnded(0, "tool_calls"), Ended()])
    streamed = re.findall(rb'"functionCall":\{"id":"(\w+)"', stream)
    assert whole == [given.decode() for given in streamed]
    assert (whole[0], whole[3], len({*whole})) == ("x", "y", 4)


def test_a_call_that_says_nothing_is_none():
    empty = [{"functionCall": {}}, {"text": "x"}]
    body = {"candidates": [{"content": {"parts": empty}, "finishReason": "STOP"}]}
    [choice] = WIRE.read_answer(json.dumps(body).encode()).choices
    assert (choice.stop, len(choice.parts)) == ("stop", 1)


@pytest.mark.parametrize(
    ("stop_raw", "reason"), [(None, "STOP"), ("queued", None)], ids=["not said", "not over"]
)
def test_a_whole_answer_without_a_stop_has_ended_unless_its_provider_says_otherwise(
    stop_raw, reason
):
    choice = Choice(parts=(Text("x"),), stop=None, stop_raw=stop_raw)
    written = json.loads(WIRE.write_answer(Answer(model="m", choices=(choice,)), CONTEXT))
    assert written["candidates"][0].get("finishReason") == reason
