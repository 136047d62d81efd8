"""The OpenAPI document as its readers use it: schemas as validators, bodies made from schemas."""

from functools import cache
from typing import Any

import jsonschema_rs
import schemathesis
from hypothesis import strategies as st

from madang.server.administration.table import openapi
from madang.wire import gemini, messages
from madang.wire.registry import WIRES

PASSED_ON = "x-passed-on"
"""The document's mark for what Madang does not check."""

HELLO = [{"role": "user", "content": "hi"}]
TURN = {"role": "user", "parts": [{"text": "hi"}]}
SMALLEST: dict[str, tuple[str, dict[str, Any]]] = {
    "ChatRequest": ("/v1/chat/completions", {"model": "m", "messages": HELLO}),
    "CompletionRequest": ("/v1/completions", {"model": "m", "prompt": "hi"}),
    "ResponsesRequest": ("/v1/responses", {"model": "m", "input": "hi"}),
    "MessagesRequest": ("/v1/messages", {"model": "m", "messages": HELLO, "max_tokens": 5}),
    "MessagesCountRequest": ("/v1/messages/count_tokens", {"model": "m", "messages": HELLO}),
    "GeminiRequest": ("/v1beta/models/{model}:generateContent", {"contents": [TURN]}),
    "GeminiCountRequest": ("/v1beta/models/{model}:countTokens", {"contents": [TURN]}),
    "EmbeddingRequest": ("/v1/embeddings", {"model": "m", "input": "hi"}),
    "GeminiEmbedRequest": ("/v1beta/models/{model}:embedContent", {"content": TURN}),
    "GeminiBatchRequest": (
        "/v1beta/models/{model}:batchEmbedContents",
        {"requests": [{"content": TURN}]},
    ),
}
"""For each schema of a body: a path that takes it, and a request with no more than it needs."""

_WIRES = {
    "ChatRequest": "chat",
    "CompletionRequest": "completions",
    "ResponsesRequest": "responses",
    "MessagesRequest": "messages",
    "GeminiRequest": "gemini",
    "EmbeddingRequest": "embeddings",
    "GeminiEmbedRequest": "gemini_embed",
    "GeminiBatchRequest": "gemini_batch_embed",
}
_COUNTS = {
    "MessagesCountRequest": messages.read_count_request,
    "GeminiCountRequest": lambda body: gemini.read_count_request(body, "m"),
}


@cache
def document() -> dict[str, Any]:
    """The document, as it is served."""
    return openapi()


def validator(schema: dict[str, Any]) -> Any:
    """A judge of values by a schema of the document."""
    whole = {**schema, "components": document()["components"]}
    return jsonschema_rs.Draft202012Validator(whole)


def validator_of(name: str) -> Any:
    """The same by a schema's name."""
    return validator({"$ref": f"#/components/schemas/{name}"})


def read(name: str, body: bytes) -> Any:
    """A body as Madang reads it for another dialect. Raises InvalidRequest."""
    if name in _COUNTS:
        return _COUNTS[name](body)
    wire = WIRES[_WIRES[name]]
    in_path = "m" if "{model}" in SMALLEST[name][0] else None
    wire.read_envelope(body, in_path, False)
    return wire.read_request(body, in_path, False)


def bodies(name: str) -> st.SearchStrategy[Any]:
    """Bodies that the document allows."""
    schema = schemathesis.openapi.from_dict(document())
    mode = schemathesis.GenerationMode.POSITIVE
    cases = schema[SMALLEST[name][0]]["POST"].as_strategy(generation_mode=mode)
    return cases.map(lambda case: as_whole_numbers(case.body))


def as_whole_numbers(value: Any) -> Any:
    """A value whose integers are written as such: to JSON Schema 2.0 is one too."""
    if isinstance(value, dict):
        return {name: as_whole_numbers(member) for name, member in value.items()}
    if isinstance(value, list):
        return [as_whole_numbers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
