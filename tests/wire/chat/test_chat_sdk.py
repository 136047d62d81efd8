"""The official OpenAI client, on a real socket, as the judge of what we write and relay."""

import asyncio
import json

import openai
import pytest
from chat_traffic import (
    CONTEXT,
    answers,
    chunk,
    read_stream,
    relay,
    sample_streams,
    sse,
    write_stream,
)

from madang import errors
from madang.model import Answer, Choice, Citation, Text, Thinking, ToolCall, Usage
from madang.wire.chat import WIRE
from stand.providers import openai_client, stream, whole
from stand.traffic import needs_recordings, score

ASKED = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


async def gathered(body, piece=0):
    """The completion that the official `stream()` helper gathers from a stream."""
    async with (
        openai_client(stream(body, piece)) as client,
        client.chat.completions.stream(**ASKED, stream_options={"include_usage": True}) as helper,
    ):
        async for _ in helper:
            pass
        return await helper.get_final_completion()


async def chunks_of(body):
    """The chunks that the official client yields."""
    async with openai_client(stream(body)) as client:
        chunks = await client.chat.completions.create(**ASKED, stream=True)
        return [chunk async for chunk in chunks]


async def answered(body, status=200):
    """The completion that the official client reads from a whole answer."""
    async with openai_client(whole(body, status)) as client:
        return await client.chat.completions.create(**ASKED)


RAISED = [
    (errors.InvalidRequest("m", param="x"), openai.BadRequestError),
    (errors.Unauthenticated("m"), openai.AuthenticationError),
    (errors.Forbidden("m"), openai.PermissionDeniedError),
    (errors.UnknownModel("m"), openai.NotFoundError),
    (errors.Conflict("m"), openai.ConflictError),
    (errors.RateLimited("m"), openai.RateLimitError),
    (errors.ContextOverflow("m"), openai.BadRequestError),
    (errors.ContentFiltered("m"), openai.BadRequestError),
    (errors.ProviderRefusedKey("m"), openai.InternalServerError),
    (errors.ProviderOverloaded("m"), openai.InternalServerError),
    (errors.ProviderTimedOut("m", phase="total"), openai.InternalServerError),
    (errors.InternalError("m"), openai.InternalServerError),
    (WIRE.read_error(422, {}, b"{}"), openai.UnprocessableEntityError),
]


@pytest.mark.parametrize(("error", "raised"), RAISED, ids=lambda value: str(value)[:40])
def test_the_client_raises_its_own_class(error, raised):
    status, body = WIRE.write_error(error)
    with pytest.raises(raised) as caught:
        asyncio.run(answered(body, status))
    assert caught.value.code == json.loads(body)["error"]["code"]
    assert caught.value.param == error.param


def test_the_client_reads_a_whole_answer():
    parts = (
        Thinking("why", origin="messages", signature="s"),
        Text("a", citations=(Citation("https://a.example", "A"),)),
        Text("b"),
        ToolCall("", "f", ""),
    )
    answer = Answer(
        model="m", choices=(Choice(parts=parts, stop="tool_calls"),), usage=Usage(input=3, output=2)
    )
    completion = asyncio.run(answered(WIRE.write_answer(answer, CONTEXT)))
    message = completion.choices[0].message
    assert (message.content, message.reasoning_content) == ("ab", "why")
    assert message.annotations[0].url_citation.end_index == 1
    assert message.tool_calls[0].id
    assert message.tool_calls[0].function.arguments == "{}"
    assert completion.usage.total_tokens == 5


CUT_SHORT = {"length", "content_filter"}
"""Stops after which the helper's own parser raises."""

NOT_FOR_THE_HELPER = ("A custom tool", "Before November 2023")
STREAMS = [
    case
    for case in sample_streams()
    if case["stop"] not in CUT_SHORT and not case["about"].startswith(NOT_FOR_THE_HELPER)
]


@pytest.mark.parametrize("case", STREAMS, ids=[case["about"] for case in STREAMS])
def test_the_client_gathers_what_was_said(case):
    """Written and relayed; the raw bytes of several of these stop the client."""
    raw = sse(case["chunks"])
    for body in (write_stream(read_stream(raw)), relay(raw)[0]):
        message = asyncio.run(gathered(body, piece=50)).choices[0].message
        told = [[c.function.name, c.function.arguments] for c in message.tool_calls or []]
        calls = [part[1:] for part in case["says"] if part[0] == "call"]
        assert [[n, a or "{}"] for n, a in told] == [[n, a or "{}"] for n, a in calls]
        text = "".join(part[-1] for part in case["says"] if part[0] == "text")
        assert (message.content or "") == text


def test_the_client_raises_on_a_stream_that_fails():
    broken = [chunk({"content": "a"}), {"error": {"message": "gone", "code": 503}}]
    for body in (write_stream(read_stream(sse(broken))), relay(sse(broken))[0]):
        with pytest.raises(openai.APIError, match="gone"):
            asyncio.run(chunks_of(body))


def test_usage_comes_last_and_only_when_asked_for():
    finish = [chunk({"content": "a"}), chunk(finish="stop"), "[DONE]"]
    usage = {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}
    events = read_stream(sse([*finish[:2], usage, finish[2]]))
    last = asyncio.run(chunks_of(write_stream(events)))[-1]
    assert (last.choices, last.usage.total_tokens) == ([], 5)
    silent = type(CONTEXT)("r", "m", 1)
    assert all(c.choices for c in asyncio.run(chunks_of(write_stream(events, silent))))


@pytest.mark.recordings
@needs_recordings
def test_the_client_gathers_recorded_streams():
    for name, recording, body in answers(streamed=True)[::8]:
        want = score().native_view(recording)
        if want["stop"] in CUT_SHORT:
            continue
        for sent in (write_stream(read_stream(body)), relay(body)[0]):
            message = asyncio.run(gathered(sent)).choices[0].message
            assert (message.content or "") == want["text"], name
            calls = [
                (c.function.name, json.loads(c.function.arguments))
                for c in message.tool_calls or []
            ]
            assert calls == [(c["name"], c["args"]) for c in want["tool_calls"]], name
