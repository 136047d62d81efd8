"""Odd streams of every kind of provider, made by hand: what they say, and that it survives writing."""

import json

import msgspec
import pytest
from chat_traffic import (
    CONTEXT,
    chunk,
    fold,
    read_stream,
    relay,
    sample,
    sample_streams,
    sse,
    write_stream,
)

from madang.model import Answer, Choice, Usage
from madang.wire.chat import WIRE
from madang.wire.chat.usage import read_usage, write_usage
from stand.streams import check_promise, written_data

STREAMS = sample_streams()
every_stream = pytest.mark.parametrize("case", STREAMS, ids=[case["about"] for case in STREAMS])


@every_stream
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_stream_says_what_its_provider_meant(case, newline):
    events = read_stream(sse(case["chunks"], newline))
    check_promise(events)
    said = fold(events)
    assert said["choices"] == {0: case["says"]}
    assert said["stops"] == {0: case["stop"]}
    assert said["end"] == "ended"


@every_stream
def test_what_was_read_and_written_reads_the_same(case):
    """Up to a call's empty arguments, which are written as the JSON that clients expect."""
    once = read_stream(sse(case["chunks"]))
    again = fold(read_stream(write_stream(once)))
    expected = [
        [*part[:2], part[2] or "{}"] if part[0] == "call" else part for part in case["says"]
    ]
    # logprobs and sources have no fixed place among the chunks
    assert sorted(map(str, again["choices"][0])) == sorted(map(str, expected))
    assert again["stops"] == {0: case["stop"]}


@every_stream
def test_every_call_leaves_with_index_id_and_name_once(case):
    for data in (write_stream(read_stream(sse(case["chunks"]))), relay(sse(case["chunks"]))[0]):
        opened = {}
        for sent in written_data(data):
            for choice in sent["choices"] if isinstance(sent, dict) else []:
                for call in (choice.get("delta") or {}).get("tool_calls") or []:
                    if "id" in call:
                        assert call["index"] == len(opened)
                        opened[call["index"]] = call["id"]
                    assert call["index"] in opened
        assert all(opened.values())
        assert len(set(opened.values())) == len(opened)


@every_stream
def test_a_relay_says_what_the_stream_said(case):
    original = sse(case["chunks"])
    assert fold(read_stream(relay(original)[0])) == fold(read_stream(original))


@pytest.mark.parametrize("case", sample("usage.json"), ids=lambda case: case["about"])
def test_usage_is_counted_in_every_shape(case):
    usage = read_usage(case["usage"])
    assert usage == Usage(**case["counts"])
    assert read_usage(write_usage(usage)) == usage


@pytest.mark.parametrize("place", ["with the finish", "alone", "x_groq", "before the finish"])
def test_usage_is_found_wherever_it_stands(place):
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    finish = chunk(finish="stop")
    chunks = {
        "with the finish": [{**finish, "usage": usage}],
        "alone": [finish, {"choices": [], "usage": usage}],
        "x_groq": [{**finish, "x_groq": {"id": "r", "usage": usage}}],
        "before the finish": [{**chunk({"content": ""}), "usage": usage}, finish],
    }[place]
    data = sse([chunk({"content": "a"}), *chunks, "[DONE]"])
    expected = Usage(input=3, output=2)
    assert fold(read_stream(data))["usage"] == expected
    _, meter = relay(data)
    assert meter.usage == expected
    assert (meter.stop, meter.ended, meter.failed) == ("stop", True, False)


def test_choices_that_interleave_are_kept_apart():
    chunks = [chunk({"content": text}, index=i) for i, text in [(1, "b"), (0, "a"), (1, "B")]]
    chunks += [chunk(finish="stop", index=1), chunk(finish="length", index=0), "[DONE]"]
    events = read_stream(sse(chunks))
    check_promise(events)
    said = fold(events)
    assert said["choices"] == {1: [["text", "bB"]], 0: [["text", "a"]]}
    assert said["stops"] == {1: "stop", 0: "length"}
    order = [c["choices"][0]["index"] for c in written_data(write_stream(events))[:2]]
    assert order == [0, 1], "the SDK wants to meet choice 0 first"


ENDS = {
    "finish and no [DONE]": ([chunk({"content": "a"}), chunk(finish="stop")], "ended"),
    "[DONE] and no finish": ([chunk({"content": "a"}), "[DONE]"], "ended"),
    "[DONE] too early": (
        [chunk({"content": "a"}), "[DONE]", chunk({"content": "b"}, "stop")],
        "ended",
    ),
    "neither": ([chunk({"content": "a"})], "failed: broken"),
    "one of two choices": ([chunk(finish="stop"), chunk(index=1)], "failed: broken"),
    "nothing at all": ([], "failed: broken"),
    "only [DONE]": (["[DONE]"], "failed: broken"),
    "broken JSON": ([chunk({"content": "a"}), '{"choices":['], "failed: broken"),
    "an error": (
        [chunk({"content": "a"}), {"error": {"message": "x", "code": 429}}, "[DONE]"],
        "failed: rate_limit",
    ),
    "an error in a choice": (
        [{"choices": [{"delta": {}, "finish_reason": "error", "error": {"code": 502}}]}],
        "failed: provider_failed",
    ),
    "an error by name": (
        [
            chunk({"content": "a"}),
            'event: error\ndata: {"message": "x", "type": "overloaded_error"}',
        ],
        "failed: overloaded",
    ),
    "vLLM's old error": (
        [{"object": "error", "message": "x", "type": "BadRequestError", "code": 400}],
        "failed: invalid_request",
    ),
}


@pytest.mark.parametrize("name", ENDS)
def test_only_a_proper_end_is_one(name):
    chunks, end = ENDS[name]
    events = read_stream(sse(chunks))
    check_promise(events)
    assert fold(events)["end"] == end
    written = write_stream(events)
    assert written.endswith(b"data: [DONE]\n\n")
    assert (b'"finish_reason":"' in written) == (end == "ended")
    assert (b'"error":' in written) == (end != "ended")


def test_a_whole_answer_of_an_odd_shape():
    body = {
        "choices": [
            {
                "message": {
                    "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
                    "reasoning": "why",
                    "tool_calls": [
                        {"id": "0", "function": {"name": "one", "arguments": {"n": 1}}},
                        {"id": "0", "function": {"name": "two", "arguments": None}},
                        {"custom": {"name": "three", "input": "x"}},
                    ],
                },
                "finish_reason": "stop",
            }
        ],
        "citations": ["https://a.example"],
    }
    answer = WIRE.read_answer(msgspec.json.encode(body))
    thought, first, second, *calls = answer.choices[0].parts
    assert (thought.text, first.text, second.text) == ("why", "a", "b")
    assert first.citations[0].url == "https://a.example"
    assert [(call.name, call.arguments) for call in calls] == [
        ("one", '{"n":1}'),
        ("two", ""),
        ("three", "x"),
    ]
    assert len({call.id for call in calls} - {""}) == 3
    assert answer.choices[0].stop == "tool_calls"


@pytest.mark.parametrize(
    ("tier", "written"), [("standard", "default"), ("priority", "priority"), ("batch", None)]
)
def test_a_tier_is_told_in_openais_words_or_not_at_all(tier, written):
    answer = Answer(model="m", choices=(Choice(parts=(), stop="stop"),), service_tier=tier)
    assert json.loads(WIRE.write_answer(answer, CONTEXT)).get("service_tier") == written
