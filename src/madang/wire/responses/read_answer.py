"""A whole response into the neutral model, and what a provider's output items mean."""

from typing import Any, Final

from madang.errors import ProviderBroken, ProviderFailed
from madang.model import (
    Answer,
    Choice,
    Image,
    Json,
    Media,
    Opaque,
    Part,
    Refusal,
    Text,
    ToolCall,
)
from madang.wire import json
from madang.wire.openai_errors import carries_error, error_inside
from madang.wire.responses.citations import read_annotation
from madang.wire.responses.members import object_of, objects_of, text_of
from madang.wire.responses.stops import read_stop, read_stop_raw
from madang.wire.responses.thinking import read_reasoning
from madang.wire.responses.usage import read_usage

KEPT: Final = (
    "background",
    "completed_at",
    "conversation",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "moderation",
    "parallel_tool_calls",
    "previous_response_id",
    "prompt",
    "prompt_cache_key",
    "prompt_cache_retention",
    "reasoning",
    "safety_identifier",
    "store",
    "temperature",
    "text",
    "tool_choice",
    "tool_usage",
    "tools",
    "top_logprobs",
    "top_p",
    "truncation",
    "user",
)
"""Members of a response that repeat the request or that only this dialect knows: they travel in `extra`."""

FAILED: Final = frozenset(("failed", "cancelled"))
"""Statuses of a response that is no answer."""

_ANSWERED: Final = frozenset(("completed", "incomplete"))

CALLS: Final = frozenset(("function_call", "custom_tool_call"))
"""Items that the caller has to answer."""


def read_answer(body: bytes) -> Answer:
    """Read a response.

    Raises ProviderBroken when it is none, another ProviderError when it carries an error.
    """
    data = json.answer_object(body)
    status, reason = data.get("status"), object_of(data, "incomplete_details").get("reason")
    if status in FAILED or (carries_error(data) and status not in _ANSWERED):
        raise error_inside(data, body) or ProviderFailed(
            f"the provider's response ended as {status}"
        )
    if not isinstance(data.get("output"), list):
        raise ProviderBroken("the provider's answer has no output")
    output = objects_of(data, "output")
    called = any(item.get("type") in CALLS for item in output)
    choice = Choice(
        parts=tuple(part for item in output for part in read_item(item)),
        stop=read_stop(status, reason, called=called),
        stop_raw=read_stop_raw(status, reason),
        logprobs=[one for item in output for one in _logprobs(item)] or None,
    )
    return Answer(
        model=text_of(data, "model") or "",
        choices=(choice,),
        id=text_of(data, "id"),
        created_s=created_s(data),
        usage=read_usage(data),
        service_tier=text_of(data, "service_tier"),
        extra={name: data[name] for name in KEPT if data.get(name) is not None},
    )


def created_s(response: dict[str, Any]) -> int | None:
    """When the response was made; some providers say it as a float."""
    value = response.get("created_at")
    return int(value) if isinstance(value, int | float) and 0 <= value < 1e12 else None


def read_item(item: dict[str, Any]) -> list[Part]:
    """Read one output item; what is not known here is kept as it is."""
    kind = text_of(item, "type") or ""
    match kind:
        case "message":
            parts = [read_part(part) for part in objects_of(item, "content")]
            return [part for part in parts if part is not None]
        case "reasoning":
            return [*read_reasoning(item)]
        case "function_call" | "custom_tool_call":
            return [read_call(item)]
        case "image_generation_call" if isinstance(item.get("result"), str):
            return [Image(Media(_picture_type(item), item["result"]))]
    return [Opaque("responses", kind, item)]


def read_part(part: dict[str, Any]) -> Part | None:
    """Read one content part of a message; None where it says nothing."""
    if part.get("type") == "refusal":
        refusal = text_of(part, "refusal")
        return Refusal(refusal) if refusal else None
    text = text_of(part, "text")
    if not text:
        return None
    annotations = objects_of(part, "annotations")
    return Text(text, citations=tuple(read_annotation(raw) for raw in annotations))


def read_call(item: dict[str, Any]) -> ToolCall:
    """Read a call, whole or just begun."""
    custom = item.get("type") == "custom_tool_call"
    return ToolCall(
        id=text_of(item, "call_id") or text_of(item, "id") or "",
        name=text_of(item, "name") or "",
        arguments=arguments_of(item.get("input" if custom else "arguments")),
        custom=custom,
    )


def arguments_of(value: Json) -> str:
    """Return a call's arguments as JSON text; some servers send the object itself."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.text(value)


def _logprobs(item: dict[str, Any]) -> list[Json]:
    """The log probabilities of a message's texts."""
    if item.get("type") != "message":
        return []
    return [one for part in objects_of(item, "content") for one in objects_of(part, "logprobs")]


def _picture_type(item: dict[str, Any]) -> str:
    return f"image/{text_of(item, 'output_format') or 'png'}"
