"""Conversations with the simulator, which judges requests as OpenAI does and knows nothing of this code."""

import asyncio
import json
from contextlib import asynccontextmanager

import openai
import pytest
from responses_traffic import foreign, read_stream

from madang.drills.simulator import serve
from madang.model import (
    Format,
    Message,
    PartStarted,
    Reasoning,
    SignatureDelta,
    Text,
    TextDelta,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
)
from madang.wire import chat, gemini, messages
from madang.wire.responses import WIRE
from stand.traffic import needs_recordings, recorded, recording

WEATHER = Tool(
    "get_weather",
    "The weather of a city",
    {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)


@asynccontextmanager
async def provider():
    """The official client of a simulated provider."""
    running = await serve()
    client = openai.AsyncOpenAI(base_url=f"{running.url}/v1", api_key="sk-test", max_retries=0)
    try:
        yield client
    finally:
        await client.close()
        await running.close()


async def ask(client, request, model="gpt-5"):
    """Send a request as we write it; return what the provider sent back."""
    body = json.loads(WIRE.write_request(request, model).body)
    answer = await client.responses.with_raw_response.create(**body)
    return await answer.http_response.aread()


def parts_of(body):
    """The parts of a streamed answer."""
    parts = []
    for event in read_stream(body):
        match event:
            case PartStarted():
                parts.append(event.part)
            case TextDelta() if isinstance(parts[-1], ToolCall):
                last = parts[-1]
                parts[-1] = ToolCall(last.id, last.name, last.arguments + event.text)
            case TextDelta():
                parts[-1] = _grown(parts[-1], text=parts[-1].text + event.text)
            case SignatureDelta():
                parts[-1] = _grown(parts[-1], signature=event.signature)
    return tuple(parts)


def _grown(part, **members):
    if isinstance(part, Thinking):
        known = {"text": part.text, "signature": part.signature, "id": part.id} | members
        return Thinking(**known, origin=part.origin)
    return Text(members["text"])


def test_a_tool_loop_of_an_anthropic_caller_keeps_its_encrypted_reasoning():
    """Refused where it came back altered, in another place, or without its item."""

    async def converse():
        wish = Reasoning(budget_tokens=2000)
        question = Message("user", (Text("Weather in Seoul?"),))
        async with provider() as client:
            asked = {"tools": (WEATHER,), "reasoning": wish, "stream": True}
            said = parts_of(await ask(client, foreign(messages=(question,), **asked)))
            call = next(part for part in said if isinstance(part, ToolCall))
            turn = Message("assistant", said)
            result = Message("user", (ToolResult(call.id, (Text("21 degrees"),)),))
            again = foreign(messages=(question, turn, result), **asked)
            return said, parts_of(await ask(client, again))

    said, answered = asyncio.run(converse())
    assert isinstance(said[0], Thinking)
    assert said[0].text
    assert said[0].signature.startswith("gAAAA")
    assert json.loads(said[-1].arguments) == {"city": "Seoul"}
    assert "21 degrees" in "".join(part.text for part in answered if isinstance(part, Text))


@pytest.mark.parametrize("model", ["gpt-4.1", "gpt-5"])
def test_a_format_is_kept_or_taken_as_a_wish(model):
    schema = {"type": "object", "properties": {"minutes": {"type": "integer"}}}

    async def asked(form):
        async with provider() as client:
            return await ask(client, foreign(dialect="gemini", format=form), model)

    for form in (Format("json_schema", schema, "n"), Format("json")):
        (text,) = WIRE.read_answer(asyncio.run(asked(form))).choices[0].parts[-1:]
        json.loads(text.text)


DIALECTS = {
    "openai_chat": chat.WIRE,
    "anthropic_messages": messages.WIRE,
    "gemini_generate": gemini.WIRE,
}


@pytest.mark.recordings
@needs_recordings
@pytest.mark.parametrize("api", DIALECTS)
def test_what_was_recorded_in_another_dialect_is_accepted(api):
    async def replay():
        async with provider() as client:
            for name in recorded(api=api, status=200)[::7]:
                recorded_request = recording(name)["request"]
                path = recorded_request["path"]
                body = json.dumps(recorded_request["body"]).encode()
                named = path.rpartition("/")[2].partition(":")[0]
                request = DIALECTS[api].read_request(body, named, "stream" in path)
                answer = await ask(client, request, "gpt-5" if request.reasoning else "gpt-4.1")
                assert read_stream(answer) if request.stream else WIRE.read_answer(answer), name

    asyncio.run(replay())
