"""Anthropic's own client as the judge, over a real socket."""

import asyncio

import anthropic
import pytest
from messages_traffic import CONTEXT, read_stream, sample, sample_events, write_stream

from madang.errors import (
    BodyTooLarge,
    Conflict,
    Forbidden,
    InternalError,
    InvalidRequest,
    NotFound,
    OutOfCredit,
    Overloaded,
    ProviderBroken,
    ProviderOverloaded,
    ProviderRefusedKey,
    ProviderTimedOut,
    RateLimited,
    Unauthenticated,
    UnknownModel,
)
from madang.model import (
    ChoiceEnded,
    Ended,
    Failed,
    PartEnded,
    PartStarted,
    Started,
    TextDelta,
    ToolCall,
    Usage,
    UsageSeen,
)
from madang.wire.messages import WIRE, count_answer
from stand.providers import anthropic_client, stream, whole
from stand.streams import sse

ASKED = {
    "model": "claude-opus-4-8",
    "max_tokens": 9,
    "messages": [{"role": "user", "content": "hi"}],
}


async def streamed(body, piece=0):
    """The message that the official `messages.stream()` helper gathers from a stream."""
    async with (
        anthropic_client(stream(body, piece)) as client,
        client.messages.stream(**ASKED) as helper,
    ):
        return await helper.get_final_message()


async def answered(body, status=200):
    """The message that the official client reads from a whole answer."""
    async with anthropic_client(whole(body, status)) as client:
        return await client.messages.create(**ASKED)


def _facts(message):
    """What a client sees of a message, but for the names that we give anew."""
    seen = message.model_dump(exclude_none=True)
    return {name: seen[name] for name in seen.keys() - {"id", "model", "usage"}}


@pytest.mark.parametrize("name", ["stream_tools.jsonl", "stream_server_tools.jsonl"])
def test_a_stream_gathers_to_the_same_message_as_the_providers(name):
    original = sse(sample_events(name))
    theirs = asyncio.run(streamed(original))
    ours = asyncio.run(streamed(write_stream(read_stream(original)), piece=17))
    assert _facts(ours) == _facts(theirs)
    assert (ours.id, ours.model) == ("msg_01abc", "asked-for")
    counted = theirs.usage.model_dump(exclude_none=True).items()
    assert counted <= ours.usage.model_dump(exclude_none=True).items()


def test_text_tools_thinking_and_usage_arrive():
    """The same, by hand."""
    message = asyncio.run(
        streamed(write_stream(read_stream(sse(sample_events("stream_tools.jsonl")))))
    )
    thinking, text, weather, time = message.content
    assert (thinking.thinking, thinking.signature) == ("Weather needs the tool — 서울.", "c2ln")
    assert text.text == 'I will\r\n\r\nlook up "message_stop" 🌦.'
    assert (weather.name, weather.input) == ("get_weather", {"city": "Seoul", "days": 2})
    assert (time.name, time.input, message.stop_reason) == ("get_time", {}, "tool_use")
    usage = message.usage
    assert (usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens) == (10, 200, 50)
    assert usage.output_tokens_details.thinking_tokens == 12


@pytest.mark.parametrize("name", ["answer_tools.json", "answer_server_tools.json"])
def test_an_answer_is_the_same_message_as_the_providers(name):
    ours = asyncio.run(answered(WIRE.write_answer(WIRE.read_answer(sample(name)), CONTEXT)))
    assert _facts(ours) == _facts(asyncio.run(answered(sample(name))))


def test_a_call_with_odd_arguments_does_not_stop_the_client():
    events = [Started("m"), PartStarted(0, 0, ToolCall("", "f", "")), TextDelta(0, 0, "oops")]
    events += [PartEnded(0, 0), UsageSeen(Usage(3, 4)), ChoiceEnded(0, "stop"), Ended()]
    message = asyncio.run(streamed(write_stream(events)))
    assert message.content[0].input == {"_raw": "oops"}
    assert (message.stop_reason, message.usage.output_tokens) == ("tool_use", 4)


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (InvalidRequest("x"), anthropic.BadRequestError),
        (Unauthenticated("x"), anthropic.AuthenticationError),
        (OutOfCredit("x"), anthropic.APIStatusError),
        (Forbidden("x"), anthropic.PermissionDeniedError),
        (UnknownModel("x"), anthropic.NotFoundError),
        (NotFound("x"), anthropic.NotFoundError),
        (Conflict("x"), anthropic.ConflictError),
        (BodyTooLarge("x"), anthropic._exceptions.RequestTooLargeError),
        (RateLimited("x", retry_after_s=3), anthropic.RateLimitError),
        (InternalError("x"), anthropic.InternalServerError),
        (Overloaded("x"), anthropic._exceptions.OverloadedError),
        (ProviderOverloaded("x"), anthropic._exceptions.OverloadedError),
        (ProviderRefusedKey("x"), anthropic.InternalServerError),
        (ProviderTimedOut("x", phase="idle"), anthropic._exceptions.GatewayTimeoutError),
    ],
)
def test_an_error_raises_the_class_that_callers_catch(error, raised):
    status, body = WIRE.write_error(error)
    with pytest.raises(anthropic.APIStatusError) as caught:
        asyncio.run(answered(body, status))
    assert isinstance(caught.value, raised)
    assert caught.value.status_code == status
    assert isinstance(caught.value.api_message, str)


def test_a_code_reaches_the_client_as_one():
    status, body = WIRE.write_error(ProviderRefusedKey("x"))
    with pytest.raises(anthropic.APIStatusError) as caught:
        asyncio.run(answered(body, status))
    assert (caught.value.type, caught.value.error_code) == ("api_error", "provider_auth")


@pytest.mark.parametrize("by_event", [True, False])
def test_a_stream_that_fails_raises_in_the_client(by_event):
    head = write_stream(read_stream(sse(sample_events("stream_tools.jsonl")))[:6])
    failure = ProviderBroken("It broke off.")
    if by_event:
        tail = write_stream([Failed(failure.message, failure.kind)])
    else:
        tail = WIRE.write_stream_error(failure, CONTEXT)
    with pytest.raises(anthropic.APIStatusError, match="It broke off"):
        asyncio.run(streamed(head + tail))


def test_a_count_is_read():
    async def count():
        async with anthropic_client(whole(count_answer(42))) as client:
            asked = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
            return await client.messages.count_tokens(**asked)

    assert asyncio.run(count()).input_tokens == 42
