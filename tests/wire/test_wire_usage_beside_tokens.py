"""What is priced and is no token: the service tier and the searches, where each dialect says them.

The shapes are those of the vendors' references: https://platform.openai.com/docs/api-reference/chat/object,
https://platform.openai.com/docs/api-reference/responses/object, https://docs.claude.com/en/api/messages,
https://ai.google.dev/api/generate-content#UsageMetadata.
"""

import json

import pytest

from madang.wire.registry import WIRES

CHAT = {
    "id": "c", "object": "chat.completion", "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
}  # fmt: skip
MESSAGES = {
    "id": "m", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
    "content": [{"type": "text", "text": "hi"}],
    "usage": {"input_tokens": 3, "output_tokens": 2},
}  # fmt: skip
GEMINI = {
    "candidates": [{"content": {"role": "model", "parts": [{"text": "hi"}]}, "finishReason": "STOP"}],
    "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5},
}  # fmt: skip
SAID = {"type": "message", "id": "i", "role": "assistant", "status": "completed", "content": []}
RESPONSES = {
    "id": "r", "object": "response", "model": "m", "status": "completed", "output": [SAID],
    "usage": {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5},
}  # fmt: skip


def usages(dialect, answer):
    """The usage as a translated and as a relayed answer tell it; both must agree."""
    wire, body = WIRES[dialect], json.dumps(answer).encode()
    read, skimmed = wire.read_answer(body).usage, wire.skim_answer(body).usage
    assert read == skimmed
    return read


@pytest.mark.parametrize("word", [None, "default", "standard", "auto", "on_demand", "STANDARD", 7])
def test_the_standard_tier_goes_without_saying(word):
    assert usages("chat", CHAT | {"service_tier": word}).tier is None
    assert usages("responses", RESPONSES | {"service_tier": word}).tier is None


@pytest.mark.parametrize("word", ["flex", "priority", "scale"])
def test_openai_says_the_tier_beside_the_usage(word):
    assert usages("chat", CHAT | {"service_tier": word}).tier == word
    assert usages("responses", RESPONSES | {"service_tier": word}).tier == word


def test_anthropic_and_gemini_say_the_tier_within_the_usage():
    used = MESSAGES["usage"] | {"service_tier": "batch"}
    assert usages("messages", MESSAGES | {"usage": used}).tier == "batch"
    used = GEMINI["usageMetadata"] | {"serviceTier": "flex"}
    assert usages("gemini", GEMINI | {"usageMetadata": used}).tier == "flex"


def test_anthropics_fast_mode_is_a_tier():
    used = MESSAGES["usage"] | {"service_tier": "standard", "speed": "fast"}
    assert usages("messages", MESSAGES | {"usage": used}).tier == "fast"


def test_anthropics_searches_are_counted():
    used = MESSAGES["usage"] | {"server_tool_use": {"web_search_requests": 2}}
    assert usages("messages", MESSAGES | {"usage": used}).units == {"searches": 2}
    assert usages("messages", MESSAGES).units == {}


def test_openais_searches_are_items_and_a_page_opened_is_none():
    search = {"type": "web_search_call", "id": "w", "status": "completed"}
    output = [search | {"action": {"type": kind}} for kind in ("search", "open_page", "search")]
    found = usages("responses", RESPONSES | {"output": [*output, search, SAID]})
    assert found.units == {"searches": 3}


def test_a_streams_last_chunk_says_the_tier():
    meter = WIRES["chat"].meter(True)
    chunk = {"object": "chat.completion.chunk", "choices": [], "usage": CHAT["usage"]}
    data = json.dumps(chunk | {"service_tier": "flex"})
    meter.feed(f"data: {data}\n\ndata: [DONE]\n\n".encode())
    assert meter.usage.tier == "flex"


def test_a_relayed_response_says_tier_and_searches():
    search = {"type": "web_search_call", "action": {"type": "search"}}
    response = RESPONSES | {"output": [search], "service_tier": "priority"}
    data = json.dumps({"type": "response.completed", "response": response})
    meter = WIRES["responses"].meter(True)
    meter.feed(f"event: response.completed\ndata: {data}\n\n".encode())
    assert (meter.usage.tier, meter.usage.units) == ("priority", {"searches": 1})
