"""The official SDKs as callers: each asks, reads to the end, and says what it has understood.

What an SDK has understood is its own object as JSON: an answer of its dialect, put together by the
SDK where it was streamed. For Gemini it is a list of them, one for each event.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anthropic
import openai
from google import genai
from google.genai import types
from recordings_stage import KEY

from stand.traffic import score

HELLO: Any = [{"role": "user", "content": "hello"}]
REFUSED = (openai.APIStatusError, anthropic.APIStatusError, genai.errors.APIError)
"""What the SDKs raise for an error answer."""


class StreamFailed(Exception):
    """The error event of Responses, which its SDK hands to the caller instead of raising it."""


BROKEN = (openai.APIError, anthropic.APIError, genai.errors.APIError, StreamFailed)
"""What they raise for an error inside a stream."""

Sdk = Callable[[str, bool], Awaitable[Any]]
"""Asks `model`, streamed or not; returns what was understood."""


@asynccontextmanager
async def sdks(url: str, *, strict: bool) -> AsyncIterator[dict[str, Sdk]]:
    """One SDK for each dialect, all of them asking the gateway at `url`, none of them trying twice.

    `strict`: what does not fit an SDK's types is an error.
    """
    more: Any = {"api_key": KEY, "max_retries": 0, "_strict_response_validation": strict}
    openai_client = openai.AsyncOpenAI(base_url=f"{url}/v1", **more)
    anthropic_client = anthropic.AsyncAnthropic(base_url=url, **more)
    google = genai.Client(api_key=KEY, http_options=types.HttpOptions(base_url=url)).aio

    async def chat(model: str, stream: bool) -> Any:
        return await _chat(openai_client, model, stream)

    async def responses(model: str, stream: bool) -> Any:
        return await _responses(openai_client, model, stream)

    async def messages(model: str, stream: bool) -> Any:
        return await _messages(anthropic_client, model, stream)

    async def gemini(model: str, stream: bool) -> Any:
        return await _gemini(google, model, stream)

    try:
        yield {"chat": chat, "responses": responses, "messages": messages, "gemini": gemini}
    finally:
        await openai_client.close()
        await anthropic_client.close()
        await google.aclose()


async def _chat(client: openai.AsyncOpenAI, model: str, stream: bool) -> Any:
    if not stream:
        answer = await client.chat.completions.create(model=model, messages=HELLO)
        return _json(answer)
    asked = {"model": model, "messages": HELLO, "stream_options": {"include_usage": True}}
    async with client.chat.completions.stream(**asked) as events:
        try:
            async for _ in events:
                pass
            answer = await events.get_final_completion()
        except (openai.LengthFinishReasonError, openai.ContentFilterFinishReasonError):
            answer = events.current_completion_snapshot  # how this helper says `length`
    return _json(answer)


async def _responses(client: openai.AsyncOpenAI, model: str, stream: bool) -> Any:
    if not stream:
        answer = await client.responses.create(model=model, input="hello")
        return _json(answer)
    async with client.responses.stream(model=model, input="hello") as events:
        async for event in events:
            last = event
    if last.type in ("error", "response.failed"):
        raise StreamFailed(last.type)
    answer = last.response  # the helper's own last word knows `response.completed` only
    return _json(answer)


async def _messages(client: anthropic.AsyncAnthropic, model: str, stream: bool) -> Any:
    asked: Any = {"model": model, "messages": HELLO, "max_tokens": 999}
    if not stream:
        answer = await client.messages.create(**asked)
        return _json(answer)
    async with client.messages.stream(**asked) as events:
        async for _ in events:
            pass
        answer = await events.get_final_message()
    return _json(answer)


async def _gemini(client: Any, model: str, stream: bool) -> Any:
    if not stream:
        return [_google(await client.models.generate_content(model=model, contents="hello"))]
    found = await client.models.generate_content_stream(model=model, contents="hello")
    return [_google(chunk) async for chunk in found]


def viewed(client: str, said: Any, *, stream: bool) -> dict[str, Any]:
    """The judge's view of what an SDK has understood."""
    if client == "gemini":
        return score().gemini_view_chunks(said, stream)
    views = {"chat": "chat_view", "responses": "responses_view", "messages": "anthropic_view"}
    return {**getattr(score(), views[client])(said), "stream": stream}


def _google(answer: types.GenerateContentResponse) -> dict[str, Any]:
    return answer.model_dump(mode="json", by_alias=True, exclude_none=True)


def _json(answer: Any) -> dict[str, Any]:
    """What an SDK has understood; blocks it has no types for do not make it a noisy one."""
    return answer.model_dump(mode="json", warnings=False)
