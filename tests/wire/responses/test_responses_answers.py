"""Answers of any provider, as a caller of this dialect gets them: whole and streamed alike."""

import json
from dataclasses import replace

import pytest
from openai.types.responses import ResponseOutputText
from responses_traffic import CONTEXT, read, read_stream, write_stream

from madang.model import (
    Answer,
    Choice,
    ChoiceEnded,
    Citation,
    CitationAdded,
    Ended,
    Failed,
    Image,
    LogprobsAdded,
    Media,
    Opaque,
    PartEnded,
    PartStarted,
    Refusal,
    Started,
    Text,
    TextDelta,
    ToolCall,
    Usage,
    UsageSeen,
)
from madang.wire.responses import WIRE
from stand.streams import sse, written_data

PATCH = {"type": "custom", "name": "apply_patch", "format": {"type": "text"}}


def _whole(*parts, context=CONTEXT, **members):
    choice = Choice(parts=parts, stop=members.pop("stop", "stop"), **members)
    return json.loads(WIRE.write_answer(Answer(model="m", choices=(choice,)), context))


def _streamed(*parts, context=CONTEXT):
    """The final response of a stream that says these texts and calls."""
    events = [Started("m")]
    for index, part in enumerate(parts):
        said = part.arguments if isinstance(part, ToolCall) else part.text
        empty = ToolCall(part.id, part.name, "") if isinstance(part, ToolCall) else type(part)("")
        events += [PartStarted(0, index, empty), TextDelta(0, index, said), PartEnded(0, index)]
    written = write_stream([*events, ChoiceEnded(0, "stop"), Ended()], context)
    return written_data(written)[-1]["response"]


def test_texts_that_follow_one_another_are_one_message():
    for response in (_whole, _streamed):
        (message,) = response(Text("a"), Text("b"), Refusal("no"))["output"]
        assert [part["type"] for part in message["content"]] == ["output_text", "refusal"]
        assert message["content"][0]["text"] == "ab"


def test_sources_count_from_the_start_of_the_joined_text():
    own = Citation(origin="responses", raw={"type": "file_citation", "index": 1, "file_id": "f"})
    parts = (Text("ab"), Text("cd", citations=(Citation("https://a.example"), own)))
    annotations = _whole(*parts)["output"][0]["content"][0]["annotations"]
    assert [(one.get("start_index"), one.get("end_index")) for one in annotations] == [
        (2, 4),
        (None, None),
    ]
    assert annotations[1] == {"type": "file_citation", "index": 3, "file_id": "f"}


def test_a_source_that_comes_before_its_text_stands_behind_it():
    cite = CitationAdded(0, 0, Citation("https://a.example"))
    events = [
        *(Started("m"), PartStarted(0, 0, Text("")), cite, TextDelta(0, 0, "abc")),
        *(PartEnded(0, 0), ChoiceEnded(0, "stop"), Ended()),
    ]
    sent = written_data(write_stream(events))
    (added,) = [event for event in sent if event["type"].endswith("annotation.added")]
    assert (added["annotation"]["start_index"], added["annotation"]["end_index"]) == (0, 3)


def test_log_probabilities_have_every_member_that_clients_insist_on():
    bare = [{"token": "서", "logprob": -0.1, "bytes": None}]
    full = {"token": "서", "logprob": -0.1, "bytes": list("서".encode()), "top_logprobs": []}
    assert _whole(Text("서"), logprobs=bare)["output"][0]["content"][0]["logprobs"] == [full]
    events = [
        *(Started("m"), PartStarted(0, 0, Text("")), TextDelta(0, 0, "서")),
        *(LogprobsAdded(0, bare), PartEnded(0, 0), ChoiceEnded(0, "stop"), Ended()),
    ]
    last = written_data(write_stream(events))[-1]
    assert last["response"]["output"][0]["content"][0]["logprobs"] == [full]


def test_so_have_those_of_other_tokens_in_its_place():
    """A token that is no text, such as the end of a turn, has null for its bytes in Chat Completions."""
    rivals = [{"token": "<|end|>", "logprob": -24.6, "bytes": None}]
    told = [{"token": "4", "logprob": 0.0, "bytes": [52], "top_logprobs": rivals}]
    [content] = _whole(Text("4"), logprobs=told)["output"][0]["content"]
    ResponseOutputText.model_validate(content, strict=True)
    assert [one["token"] for one in content["logprobs"][0]["top_logprobs"]] == ["<|end|>"]


STOPS = [
    ("stop", "completed", None),
    ("tool_calls", "completed", None),
    ("pause", "completed", None),
    (None, "completed", None),
    ("length", "incomplete", "max_output_tokens"),
    ("content_filter", "incomplete", "content_filter"),
    ("error", "incomplete", "content_filter"),
]


@pytest.mark.parametrize(("stop", "status", "reason"), STOPS)
def test_why_an_answer_ended(stop, status, reason):
    response = _whole(Text("a"), stop=stop)
    assert response["status"] == status
    assert (response["incomplete_details"] or {}).get("reason") == reason
    if stop is not None:
        last = written_data(write_stream([Started("m"), ChoiceEnded(0, stop), Ended()]))[-1]
        assert last["type"] == f"response.{status}"
        assert last["response"]["incomplete_details"] == response["incomplete_details"]


def test_what_was_cut_short_says_so():
    """A client runs a complete call."""
    call = ToolCall("c", "f", '{"a')
    for part, kind in ((Text("a"), "message"), (call, "function_call")):
        assert _whole(Text("b"), part, stop="length")["output"][-1]["status"] == "incomplete"
        events = [
            *(Started("m"), PartStarted(0, 0, part), PartEnded(0, 0)),
            *(ChoiceEnded(0, "length"), Ended()),
        ]
        done = written_data(write_stream(events))[-2]
        assert (done["item"]["type"], done["item"]["status"]) == (kind, "incomplete")


def test_a_stream_that_fails_completes_nothing():
    call = [PartStarted(0, 1, ToolCall("c", "f", "")), TextDelta(0, 1, "{}"), PartEnded(0, 1)]
    text = [PartStarted(0, 0, Text("")), TextDelta(0, 0, "a"), PartEnded(0, 0)]
    sent = written_data(write_stream([Started("m"), *text, *call, Failed("gone", "broken")]))
    done = [event["item"]["type"] for event in sent if event["type"].endswith("item.done")]
    output = [item["type"] for item in sent[-1]["response"]["output"]]
    assert done == output == ["message"]


def test_an_answer_made_in_the_background_is_not_there_yet():
    body = b'{"id":"r","status":"queued","output":[],"background":true}'
    answer = WIRE.read_answer(body)
    assert answer.choices[0].stop is None
    written = json.loads(WIRE.write_answer(answer, CONTEXT))
    assert (written["status"], written["background"]) == ("queued", True)


def test_usage_has_every_figure():
    usage = Usage(input=10, output=5, cache_read=4, cache_write=3, reasoning=2)
    events = [Started("m"), UsageSeen(usage), ChoiceEnded(0, "stop"), Ended()]
    told = written_data(write_stream(events))[-1]["response"]["usage"]
    assert told == {
        "input_tokens": 10,
        "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 3},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 15,
    }
    assert _whole(Text("a"))["usage"] is None


@pytest.mark.parametrize(
    ("tier", "told"),
    [("priority", "priority"), ("standard", "default"), ("batch", None), (None, None)],
)
def test_a_tier_is_told_in_openais_words(tier, told):
    answer = Answer(model="m", choices=(), service_tier=tier)
    assert json.loads(WIRE.write_answer(answer, CONTEXT)).get("service_tier") == told
    first = written_data(write_stream([Started("m", service_tier=tier)]))[0]
    assert first["response"].get("service_tier") == told


def test_what_only_others_understand_leaves_no_trace():
    parts = (Opaque("messages", "server_tool_use", {}), Image(Media(url="u")), Text("a"))
    assert [item["type"] for item in _whole(*parts)["output"]] == ["message"]


def test_a_response_repeats_its_request():
    asked = read(
        instructions="be brief",
        temperature=0.3,
        tools=[PATCH],
        metadata={"a": "b"},
        reasoning={"effort": "low"},
        text={"verbosity": "low"},
    )
    context = replace(CONTEXT, asked=asked)
    for response in (_whole, _streamed):
        told = response(Text("a"), context=context)
        assert (told["instructions"], told["temperature"]) == ("be brief", 0.3)
        assert (told["tools"], told["metadata"]) == ([PATCH], {"a": "b"})
        assert told["reasoning"] == {"effort": "low", "summary": None}
        assert told["text"] == {"format": {"type": "text"}, "verbosity": "low"}


@pytest.mark.parametrize(
    ("arguments", "text"),
    [('{"input": "*** Begin\\n"}', "*** Begin\n"), ("free", "free"), ('{"a":1}', '{"a":1}')],
)
def test_a_custom_tools_call_is_free_text_again(arguments, text):
    """A provider without custom tools was offered a function instead."""
    context = replace(CONTEXT, asked=read(tools=[PATCH]))
    for response in (_whole, _streamed):
        (call,) = response(ToolCall("c", "apply_patch", arguments), context=context)["output"]
        assert (call["type"], call["input"]) == ("custom_tool_call", text)
        (call,) = response(ToolCall("c", "other", arguments), context=context)["output"]
        assert (call["type"], call["arguments"]) == ("function_call", arguments)


def test_ids_of_calls_are_unique_and_there():
    calls = (ToolCall("", "f", ""), ToolCall("c", "f", ""), ToolCall("c", "f", ""))
    for response in (_whole, _streamed):
        items = response(*calls)["output"]
        assert len({item["call_id"] for item in items}) == 3
        assert all(item["call_id"] and item["arguments"] == "{}" for item in items)


def test_a_stream_of_more_than_one_choice_tells_the_first():
    events = [Started("m"), PartStarted(1, 0, Text("")), TextDelta(1, 0, "b"), PartEnded(1, 0)]
    first = [PartStarted(0, 0, Text("")), TextDelta(0, 0, "a"), PartEnded(0, 0)]
    ends = [ChoiceEnded(1, "length"), ChoiceEnded(0, "stop"), Ended()]
    said = read_stream(write_stream([*events, *first, *ends]))
    assert [event.text for event in said if isinstance(event, TextDelta)] == ["a"]
    assert [event.stop for event in said if isinstance(event, ChoiceEnded)] == ["stop"]


def test_nothing_follows_the_end():
    writer = WIRE.stream_writer(CONTEXT)
    writer.feed(Ended())
    assert writer.feed(TextDelta(0, 0, "late")) == writer.feed(Ended()) == b""
    reader = WIRE.stream_reader()
    reader.feed(sse([{"type": "response.completed", "response": {"output": []}}]))
    assert reader.feed(b"data: {}\n\n") == reader.close() == []
