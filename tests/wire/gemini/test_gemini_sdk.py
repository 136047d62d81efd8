"""Google's own SDK, over a real socket, sends the requests and reads the answers."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest
from gemini_views import CONTEXT
from google import genai
from google.genai import errors as sdk_errors
from google.genai import types

import madang.errors as errors
from madang.model import (
    Answer,
    Choice,
    ChoiceEnded,
    Ended,
    Event,
    Failed,
    Format,
    Image,
    Media,
    Message,
    PartEnded,
    PartStarted,
    Reasoning,
    Request,
    Started,
    Text,
    TextDelta,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Usage,
    UsageSeen,
)
from madang.wire.gemini import WIRE, count_answer, read_count_request
from stand import providers
from stand.providers import Asked, Reply, gemini_client

T = TypeVar("T")
MODEL = "gemini-2.5-flash"
WEATHER = types.FunctionDeclaration(
    name="weather",
    description="Weather in a city.",
    parameters=types.Schema(
        type=types.Type.OBJECT,
        properties={"city": types.Schema(type=types.Type.STRING, nullable=True)},
    ),
)


def talk(
    replies: list[Reply], say: Callable[[genai.Client], Awaitable[T]]
) -> tuple[T, list[Asked]]:
    """Let the SDK talk to a server that gives these replies; also what it was asked."""

    async def run() -> tuple[T, list[Asked]]:
        async with gemini_client(*replies) as (client, asked):
            return await say(client), asked

    return asyncio.run(run())


def asked_for(asked: Asked) -> Request:
    """A request of the SDK, read as the server would."""
    path, body = asked
    assert re.match(rf"/v1(beta)?/models/{MODEL}:", path)
    return WIRE.read_request(body, MODEL, ":streamGenerateContent?alt=sse" in path)


def whole(*parts: Any, stop: Any = "stop") -> Reply:
    choice = Choice(parts=parts, stop=stop)
    usage = Usage(input=10, output=7, cache_read=4, reasoning=5)
    answer = Answer(model=MODEL, choices=(choice,), usage=usage)
    return providers.whole(WIRE.write_answer(answer, CONTEXT))


def streamed(*events: Event) -> Reply:
    """One write to the socket per event."""
    writer = WIRE.stream_writer(CONTEXT)
    return providers.streamed([writer.feed(event) for event in events])


def said(index: int, kind: Any, *pieces: str) -> list[Event]:
    deltas = [TextDelta(0, index, piece) for piece in pieces]
    return [PartStarted(0, index, kind), *deltas, PartEnded(0, index)]


END = [ChoiceEnded(0, "stop"), UsageSeen(Usage(input=3, output=2)), Ended()]


def test_a_plain_answer_with_thoughts_a_call_and_usage():
    reply = whole(
        Thinking("hm"), Text("Let me look."), ToolCall("c1", "weather", '{"city":"서울"}')
    )
    response, _ = talk([reply], lambda c: c.aio.models.generate_content(model=MODEL, contents="hi"))
    thought, text, call = response.candidates[0].content.parts
    assert (thought.thought, thought.text, text.text) == (True, "hm", "Let me look.")
    assert (call.function_call.id, call.function_call.name) == ("c1", "weather")
    assert call.function_call.args == {"city": "서울"}
    assert response.candidates[0].finish_reason == types.FinishReason.STOP
    usage = response.usage_metadata
    assert (usage.prompt_token_count, usage.candidates_token_count) == (10, 2)
    assert (usage.thoughts_token_count, usage.cached_content_token_count) == (5, 4)
    assert (usage.total_token_count, response.model_version) == (17, MODEL)


def test_what_the_sdk_sends_is_understood():
    config = types.GenerateContentConfig(
        system_instruction="Be kind.",
        temperature=0.5,
        top_k=40,
        max_output_tokens=99,
        stop_sequences=["END"],
        response_mime_type="application/json",
        response_json_schema={"type": "object"},
        thinking_config=types.ThinkingConfig(thinking_budget=1024, include_thoughts=True),
        tools=[types.Tool(function_declarations=[WEATHER])],
        tool_config=types.ToolConfig(
            function_calling_config=types.FunctionCallingConfig(mode="ANY")
        ),
    )
    picture = types.Part.from_bytes(data=b"\xff\xef\xbe", mime_type="image/png")
    _, (asked,) = talk(
        [whole(Text("ok"))],
        lambda c: c.aio.models.generate_content(
            model=MODEL, contents=["What is this?", picture], config=config
        ),
    )
    request = asked_for(asked)
    assert request.messages == (
        Message("user", (Text("What is this?"), Image(Media("image/png", data="/+++")))),
    )
    assert (request.system, request.stop) == ((Text("Be kind."),), ("END",))
    assert (request.temperature, request.top_k, request.max_tokens) == (0.5, 40, 99)
    assert request.format == Format("json_schema", {"type": "object"})
    assert request.reasoning == Reasoning(budget_tokens=1024, show=True)
    assert request.tool_choice == ToolChoice("required")
    city = {"type": ["string", "null"]}
    schema = {"type": "object", "properties": {"city": city}}
    assert request.tools == (Tool("weather", "Weather in a city.", schema),)
    assert not request.extra


def test_a_stream_arrives_piece_by_piece():
    reply = streamed(
        Started("m"),
        *said(0, Thinking(""), "hm"),
        *said(1, Text(""), "안", "녕"),
        *said(2, ToolCall("c1", "weather", ""), '{"city":', '"Seoul"}'),
        *END,
    )

    async def say(client: genai.Client) -> list[types.GenerateContentResponse]:
        stream = await client.aio.models.generate_content_stream(model=MODEL, contents="hi")
        return [chunk async for chunk in stream]

    chunks, (asked,) = talk([reply], say)
    parts = [part for chunk in chunks for part in chunk.candidates[0].content.parts]
    assert [part.text for part in parts if part.thought] == ["hm"]
    assert [part.text for part in parts if part.text and not part.thought] == ["안", "녕"]
    assert [part.function_call.args for part in parts if part.function_call] == [{"city": "Seoul"}]
    assert chunks[-1].candidates[0].finish_reason == types.FinishReason.STOP
    assert chunks[-1].usage_metadata.total_token_count == 5
    assert asked_for(asked).stream


def test_a_tool_loop_in_a_chat_keeps_ids_and_history():
    """The SDK drops a turn from its history when one of its chunks does not look whole to it."""
    call = streamed(Started("m"), *said(0, ToolCall("c1", "weather", ""), '{"city":"Seoul"}'), *END)
    answer = streamed(Started("m"), *said(0, Text(""), "It is ", "21."), *END)

    async def say(client: genai.Client) -> str:
        chat = client.aio.chats.create(model=MODEL)
        turn: Any = "weather in Seoul?"
        for _ in range(2):
            chunks = [chunk async for chunk in await chat.send_message_stream(turn)]
            called = [one for chunk in chunks for one in chunk.function_calls or []]
            turn = [
                types.Part(
                    function_response=types.FunctionResponse(
                        id=one.id, name=one.name, response={"result": "21"}
                    )
                )
                for one in called
            ]
        assert len(chat.get_history(curated=True)) >= 4
        return "".join(chunk.text or "" for chunk in chunks)

    text, asked = talk([call, answer], say)
    assert text == "It is 21."
    user, model, result = asked_for(asked[1]).messages
    assert user.parts == (Text("weather in Seoul?"),)
    assert ToolCall("c1", "weather", '{"city":"Seoul"}') in model.parts
    assert result.parts == (ToolResult("c1", (Text("21"),), name="weather"),)


@pytest.mark.parametrize(
    ("error", "kind", "code", "status"),
    [
        (errors.InvalidRequest("no"), sdk_errors.ClientError, 400, "INVALID_ARGUMENT"),
        (errors.Unauthenticated("no"), sdk_errors.ClientError, 401, "UNAUTHENTICATED"),
        (errors.OutOfCredit("no"), sdk_errors.ClientError, 402, "FAILED_PRECONDITION"),
        (errors.UnknownModel("no"), sdk_errors.ClientError, 404, "NOT_FOUND"),
        (errors.RateLimited("no"), sdk_errors.ClientError, 429, "RESOURCE_EXHAUSTED"),
        (errors.ProviderUnreachable("no"), sdk_errors.ServerError, 502, "INTERNAL"),
        (errors.Overloaded("no"), sdk_errors.ServerError, 503, "UNAVAILABLE"),
    ],
)
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_errors_raise_the_right_class(error, kind, code, status, stream):
    async def say(client: genai.Client) -> sdk_errors.APIError:
        models = client.aio.models
        generate = models.generate_content_stream if stream else models.generate_content
        with pytest.raises(kind) as caught:
            async for _ in await generate(model=MODEL, contents="hi"):
                pass
        return caught.value

    answered, body = WIRE.write_error(error)
    raised, _ = talk([providers.whole(body, answered)], say)
    assert (raised.code, raised.status, raised.message) == (code, status, "no")


def test_an_error_inside_a_stream_is_raised_after_what_came_before():
    reply = streamed(
        Started("m"),
        PartStarted(0, 0, Text("")),
        TextDelta(0, 0, "half"),
        Failed("The provider went away.", "overloaded"),
    )

    async def say(client: genai.Client) -> tuple[list[str | None], int]:
        seen: list[str | None] = []
        stream = await client.aio.models.generate_content_stream(model=MODEL, contents="hi")

        async def listen() -> None:
            async for chunk in stream:
                seen.append(chunk.text)

        with pytest.raises(sdk_errors.APIError) as caught:
            await listen()
        return seen, caught.value.code

    found, _ = talk([reply], say)
    assert found == (["half"], 503)


def test_tokens_are_counted():
    response, ((path, body),) = talk(
        [providers.whole(count_answer(42))],
        lambda c: c.aio.models.count_tokens(model=MODEL, contents="hi"),
    )
    assert response.total_tokens == 42
    assert path.endswith(":countTokens")
    assert read_count_request(body, MODEL).messages == (Message("user", (Text("hi"),)),)
