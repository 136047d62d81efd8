"""What callers send, read: every kind of part, every older form, and the name of the place that is wrong."""

import base64
import json

import pytest
from chat_traffic import read_body

from madang.errors import InvalidRequest
from madang.model import (
    Audio,
    CacheMark,
    Document,
    Format,
    Image,
    Media,
    Message,
    Opaque,
    Reasoning,
    Refusal,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Video,
)
from madang.wire.chat import WIRE


def test_leading_system_and_developer_messages_are_the_system_prompt():
    request = read_body(
        messages=[
            {"role": "system", "content": "a"},
            {"role": "developer", "content": [{"type": "text", "text": "b"}]},
            {"role": "user", "content": "c", "name": "kim"},
            {"role": "system", "content": "d"},
        ]
    )
    assert request.system == (Text("a"), Text("b"))
    assert request.messages == (
        Message("user", (Text("c"),), "kim"),
        Message("system", (Text("d"),)),
    )


PARTS = [
    ({"type": "text", "text": "a"}, Text("a")),
    (
        {"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        Text("a", cache=CacheMark("1h")),
    ),
    (
        {"type": "image_url", "image_url": {"url": "https://a.example/b.png", "detail": "low"}},
        Image(Media(url="https://a.example/b.png"), "low"),
    ),
    (
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO"}},
        Image(Media("image/png", "iVBO")),
    ),
    (
        {"type": "image_url", "image_url": "data:image/svg+xml,%3Csvg%2F%3E"},
        Image(Media("image/svg+xml", base64.b64encode(b"<svg/>").decode())),
    ),
    (
        {"type": "input_audio", "input_audio": {"data": "AAE=", "format": "mp3"}},
        Audio(Media("audio/mp3", "AAE=")),
    ),
    ({"type": "input_audio", "input_audio": "AAE="}, Audio(Media(data="AAE="))),
    (
        {
            "type": "file",
            "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE"},
        },
        Document(Media("application/pdf", "JVBE"), title="a.pdf"),
    ),
    (
        {"type": "file", "file": {"file_data": "JVBERi0xLjQ="}},
        Document(Media("application/pdf", "JVBERi0xLjQ=")),
    ),
    ({"type": "file", "file": {"file_id": "file-1"}}, Document(Media(file_id="file-1"))),
    (
        {"type": "video_url", "video_url": {"url": "https://a.example/v.mp4"}},
        Video(Media(url="https://a.example/v.mp4")),
    ),
    (
        {"type": "document_url", "document_url": "https://a.example/d.pdf"},
        Document(Media(url="https://a.example/d.pdf")),
    ),
    ({"type": "refusal", "refusal": "no"}, Refusal("no")),
    ({"type": "hologram", "x": 1}, Opaque("chat", "hologram", {"type": "hologram", "x": 1})),
]


@pytest.mark.parametrize(("part", "neutral"), PARTS, ids=lambda value: str(value)[:40])
def test_every_part_has_its_neutral_form(part, neutral):
    request = read_body(messages=[{"role": "user", "content": [part]}])
    assert request.messages == (Message("user", (neutral,)),)


def test_tool_answers_that_follow_one_another_are_one_turn_and_know_their_tool():
    calls = [
        {"id": "a", "type": "function", "function": {"name": "one", "arguments": "{}"}},
        {"id": "b", "type": "custom", "custom": {"name": "two", "input": "x"}},
    ]
    request = read_body(
        messages=[
            {"role": "assistant", "content": None, "tool_calls": calls},
            {"role": "tool", "tool_call_id": "a", "content": "1"},
            {"role": "tool", "tool_call_id": "b", "content": [{"type": "text", "text": "2"}]},
            {"role": "user", "content": "go on"},
        ]
    )
    assert request.messages[0].parts == (
        ToolCall("a", "one", "{}"),
        ToolCall("b", "two", "x", custom=True),
    )
    assert request.messages[1].parts == (
        ToolResult("a", (Text("1"),), name="one"),
        ToolResult("b", (Text("2"),), name="two", custom=True),
    )
    assert request.messages[2].parts == (Text("go on"),)


def test_legacy_functions_become_tools_with_ids():
    request = read_body(
        messages=[
            {"role": "assistant", "function_call": {"name": "one", "arguments": "{}"}},
            {"role": "function", "name": "one", "content": "1"},
        ],
        functions=[{"name": "one", "parameters": {"type": "object"}}],
        function_call={"name": "one"},
    )
    call = request.messages[0].parts[0]
    assert call == ToolCall("call_0", "one", "{}")
    assert request.messages[1].parts == (ToolResult("call_0", (Text("1"),), name="one"),)
    assert request.tools == (Tool("one", schema={"type": "object"}),)
    assert request.tool_choice == ToolChoice("named", ("one",))


def test_signed_thoughts_of_the_past_are_given_back_to_their_maker():
    details = [
        {"type": "reasoning.text", "text": "a", "signature": "s", "format": "anthropic-claude-v1"},
        {"type": "reasoning.encrypted", "data": "e", "id": "rs_1", "format": "openai-responses-v1"},
    ]
    request = read_body(
        messages=[
            {"role": "assistant", "content": "b", "reasoning": "a", "reasoning_details": details}
        ]
    )
    assert request.messages[0].parts == (
        Thinking("a", "s", origin="messages"),
        Thinking("", "e", redacted=True, id="rs_1", origin="responses"),
        Text("b"),
    )


def test_geminis_signature_of_a_call_is_kept():
    call = {
        "id": "a",
        "function": {"name": "one", "arguments": "{}"},
        "extra_content": {"google": {"thought_signature": "sig"}},
    }
    request = read_body(messages=[{"role": "assistant", "tool_calls": [call]}])
    assert request.messages[0].parts == (ToolCall("a", "one", "{}", signature="sig"),)


REASONING = [
    ({"reasoning_effort": "low"}, Reasoning("low")),
    ({"reasoning_effort": "none"}, Reasoning("none", off=True)),
    ({"reasoning": {"effort": "high"}}, Reasoning("high", show=True)),
    (
        {"reasoning": {"max_tokens": 2000, "exclude": True}},
        Reasoning(budget_tokens=2000, show=False),
    ),
    ({"reasoning": {"enabled": True}}, Reasoning(adaptive=True, show=True)),
    ({"thinking": {"type": "enabled", "budget_tokens": 99}}, Reasoning(budget_tokens=99)),
    ({"thinking": {"type": "enabled"}}, Reasoning(adaptive=True)),
    ({"thinking": {"type": "disabled"}}, Reasoning(off=True)),
]


@pytest.mark.parametrize(("members", "reasoning"), REASONING, ids=lambda value: str(value)[:50])
def test_reasoning_is_understood_in_all_three_forms(members, reasoning):
    assert read_body(**members).reasoning == reasoning


CHOICES = [
    ("any", ToolChoice("required")),
    ("none", ToolChoice("none")),
    ({"type": "function", "function": {"name": "x"}}, ToolChoice("named", ("x",))),
    ({"type": "custom", "custom": {"name": "x"}}, ToolChoice("named", ("x",))),
    (
        {
            "type": "allowed_tools",
            "allowed_tools": {
                "mode": "required",
                "tools": [
                    {"type": "function", "function": {"name": "x"}},
                    {"type": "custom", "custom": {"name": "y"}},
                ],
            },
        },
        ToolChoice("required", ("x", "y")),
    ),
    ({"type": "search"}, ToolChoice("auto", origin="chat", raw={"type": "search"})),
]


@pytest.mark.parametrize(("choice", "neutral"), CHOICES, ids=lambda value: str(value)[:40])
def test_tool_choices(choice, neutral):
    assert read_body(tool_choice=choice).tool_choice == neutral


def test_tools_of_every_kind():
    grammar = {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: X"}}
    request = read_body(
        tools=[
            {"type": "function", "function": {"name": "a", "strict": True, "description": "d"}},
            {"type": "custom", "custom": {"name": "b", "format": grammar}},
            {"type": "openrouter:web_search", "parameters": {"max_uses": 1}},
        ]
    )
    function, custom, builtin = request.tools
    assert function == Tool("a", "d", strict=True)
    flat = {"type": "grammar", "syntax": "lark", "definition": "start: X"}
    assert (custom.custom, custom.format) == (True, flat)
    assert (builtin.origin, builtin.builtin["parameters"]) == ("chat", {"max_uses": 1})


def test_scalars_and_what_is_unknown():
    request = read_body(
        max_tokens=5,
        max_completion_tokens=7,
        stop="end",
        temperature=1,
        random_seed=3,
        response_format={"type": "json_schema", "json_schema": {"name": "n", "schema": {}}},
        stream=True,
        stream_options={"include_usage": True},
        prediction={"type": "content"},
        logit_bias=None,
    )
    assert (request.max_tokens, request.stop, request.temperature, request.seed) == (
        7,
        ("end",),
        1.0,
        3,
    )
    assert request.format == Format("json_schema", {}, "n")
    assert request.stream
    assert request.include_usage
    assert request.extra == {"prediction": {"type": "content"}}


WRONG = [
    ({"model": 4}, "model"),
    ({"messages": []}, "messages"),
    ({"messages": [1]}, "messages[0]"),
    ({"messages": [{"role": "robot"}]}, "messages[0].role"),
    ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
    (
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
        "messages[0].content[0].image_url.url",
    ),
    ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id"),
    (
        {"messages": [{"role": "assistant", "tool_calls": [{}]}]},
        "messages[0].tool_calls[0].function",
    ),
    ({"temperature": "hot"}, "temperature"),
    ({"temperature": 10**400}, "temperature"),
    ({"n": True}, "n"),
    ({"stop": [1]}, "stop"),
    ({"tools": [{"type": "function"}]}, "tools[0].function"),
    ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
    ({"tool_choice": "maybe"}, "tool_choice"),
    ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
]


@pytest.mark.parametrize(("members", "place"), WRONG, ids=lambda value: str(value)[:40])
def test_a_mistake_is_answered_with_its_place(members, place):
    with pytest.raises(InvalidRequest) as caught:
        read_body(**members)
    assert caught.value.param == place
    assert f"`{place}`" in caught.value.message


def test_a_body_that_is_no_object_is_refused():
    for body in (b"", b"[]", b"{", b'{"model": "\xff"}', json.dumps("x").encode()):
        with pytest.raises(InvalidRequest):
            WIRE.read_request(body, None, False)
        with pytest.raises(InvalidRequest):
            WIRE.read_envelope(body, None, False)


def test_a_file_that_is_no_base64_is_passed_on_as_bytes_of_an_unknown_kind():
    part = {"type": "file", "file": {"file_data": "\u00e4"}}
    read = read_body(messages=[{"role": "user", "content": [part]}])
    assert read.messages[0].parts == (
        Document(Media(mime="application/octet-stream", data="\u00e4")),
    )
