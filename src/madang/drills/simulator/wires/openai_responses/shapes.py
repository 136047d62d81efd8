"""The shapes of OpenAI Responses requests, as the API reference lists them (November 2026)."""

from typing import Any

from msgspec import Struct


class ContentPart(Struct):
    """A part of a message or of a tool's output."""

    type: str = ""
    text: str | None = None
    refusal: str | None = None
    image_url: str | None = None
    file_id: str | None = None
    file_url: str | None = None
    file_data: str | None = None
    filename: str | None = None
    detail: str | None = None


class Item(Struct):
    """An input item: a message where `type` is missing. Members of all kinds stand side by side."""

    type: str | None = None
    role: str | None = None
    content: str | list[ContentPart] | None = None
    id: str | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None
    output: str | list[ContentPart] | None = None
    encrypted_content: str | None = None


class ToolDefinition(Struct):
    """A tool on offer; only functions are played."""

    type: str = ""
    name: str | None = None
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class TextFormat(Struct):
    """text, json_object or json_schema."""

    type: str = "text"
    name: str | None = None
    schema: dict[str, Any] | None = None
    strict: bool | None = None
    description: str | None = None


class TextOptions(Struct):
    """The `text` member."""

    format: TextFormat | None = None
    verbosity: str | None = None


class Reasoning(Struct):
    """The `reasoning` member."""

    effort: str | None = None
    summary: str | None = None
    generate_summary: str | None = None


class ResponsesRequest(Struct):
    """A request of `POST /v1/responses`: every member that the API reference lists (November 2026).

    `client_metadata` is not listed; Codex sends it to OpenAI with every request.
    """

    model: str | None = None
    input: str | list[dict[str, Any]] | None = None
    access_programs: Any = None
    background: bool | None = None
    client_metadata: dict[str, Any] | None = None
    context_management: Any = None
    conversation: Any = None
    image: Any = None
    include: list[str] | None = None
    instructions: str | None = None
    max_output_tokens: int | None = None
    max_tool_calls: int | None = None
    metadata: dict[str, Any] | None = None
    moderation: Any = None
    parallel_tool_calls: bool | None = None
    previous_response_id: str | None = None
    prompt: Any = None
    prompt_cache_key: str | None = None
    prompt_cache_options: Any = None
    prompt_cache_retention: str | None = None
    reasoning: Reasoning | None = None
    safety_identifier: str | None = None
    service_tier: str | None = None
    store: bool | None = None
    stream: bool | None = None
    stream_options: Any = None
    temperature: float | None = None
    text: TextOptions | None = None
    tool_choice: str | dict[str, Any] | None = None
    tools: list[dict[str, Any]] | None = None
    top_logprobs: int | None = None
    top_p: float | None = None
    truncation: str | None = None
    user: str | None = None


class StrictResponsesRequest(ResponsesRequest, forbid_unknown_fields=True):
    """The same as api.openai.com takes it: other members are refused."""
