"""Whatever is sent, the simulator answers with a status of HTTP, and serves on."""

import asyncio
import json

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from madang.drills.simulator import Behaviour
from madang.drills.simulator.app import Simulator

PATHS = (
    "/v1/chat/completions",
    "/v1/responses",
    "/v1/messages",
    "/v1/messages/count_tokens",
    "/v1/embeddings",
    "/v1beta/models/gemini-3-pro:generateContent",
    "/v1beta/models/gemini-3-pro:countTokens",
    "/v1beta/models/gemini-3-pro:batchEmbedContents",
    "/__sim",
)
MEMBERS = """
    model messages input contents parts role content type text tools function name parameters properties
    items required enum $ref anyOf allOf tool_choice tool_calls id tool_call_id response_format json_schema
    schema stream max_tokens thinking system instructions generationConfig responseSchema
    functionDeclarations minItems pattern
"""
WORDS = """
    user assistant system tool model function gpt-4.1 text json_schema json_object object array string required
"""
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(WORDS.split())
    | st.text(max_size=9)
)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(MEMBERS.split()), inner, max_size=5)
    ),
    max_leaves=25,
)


def call(method, path, body):
    """One request to the application itself; its status."""
    statuses = []

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    headers = [(b"authorization", b"Bearer k")]
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": headers,
    }
    asyncio.run(Simulator(Behaviour(), seed=0)(scope, receive, send))
    return statuses


@given(st.sampled_from(PATHS), ANYTHING)
def test_any_json_gets_an_answer(path, value):
    if isinstance(value, dict):
        value = {"model": "gpt-4.1", "max_tokens": 9, **value}
    method = "PUT" if path == "/__sim" else "POST"
    (status,) = call(method, path, json.dumps(value).encode())
    assert status in {200, 400, 404}


@given(st.sampled_from(PATHS), st.binary(max_size=60))
def test_any_bytes_get_an_answer(path, body):
    (status,) = call("POST", path, body)
    assert status in {200, 400, 404}


@pytest.mark.parametrize("depth", [500, 100_000])
def test_deep_nesting_is_refused(sim, depth):
    body = b'{"model":"gpt-4.1","messages":' + b"[" * depth + b"]" * depth + b"}"
    answer = requests.post(
        f"{sim.url}/v1/chat/completions",
        data=body,
        headers={"authorization": "Bearer k"},
        timeout=10,
    )
    assert answer.status_code == 400


def test_a_deep_schema_is_filled_or_refused(sim):
    schema: dict = {"type": "string"}
    for _ in range(200):
        schema = {"type": "object", "properties": {"a": schema}, "required": ["a"]}
    body = {"contents": [{"parts": [{"text": "x"}]}]}
    body["generationConfig"] = {
        "responseMimeType": "application/json",
        "responseJsonSchema": schema,
    }
    url = f"{sim.url}/v1beta/models/gemini-2.5-flash:generateContent"
    assert requests.post(
        url, json=body, headers={"x-goog-api-key": "k"}, timeout=10
    ).status_code in {200, 400}
