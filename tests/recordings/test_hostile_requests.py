"""Recorded requests, spoilt in every way: never a failure of ours, never silence, always words that a caller knows."""

import copy
import json
from collections import Counter
from functools import cache
from typing import Any

import httpx
import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recordings_asking import question
from recordings_stage import KEY
from recordings_traffic import ALL, DIALECTS, recordings

from stand.traffic import needs_recordings

pytestmark = [pytest.mark.recordings, needs_recordings]

EXAMPLES = 10_000 if ALL else 300
_LONGEST = 30_000
_DEEP = "a place for deep nesting"
_ODD = st.sampled_from(
    [
        *(None, True, False, 0, -1, 1.5, 1e308, 10**30, -(2**63), float("nan"), float("inf")),
        *(
            "",
            " ",
            "\ud83d",
            "\udc00x",
            "\x00",
            "\ufeff",
            "\u202ee\u0301",
            "data:image/png;base64,*",
            "x" * 9,
        ),
        *(
            [],
            {},
            [[]],
            [None],
            {"type": None},
            {"type": "text"},
            {"$ref": "#"},
            {"role": "tool"},
            _DEEP,
        ),
    ]
)
_values = (
    _ODD.map(copy.deepcopy)
    | st.text(max_size=20)
    | st.integers()
    | st.floats()
    | st.just("w" * 100_000)
)


@cache
def bases() -> tuple[tuple[str, bool, dict[str, Any]], ...]:
    """Recorded requests: dialect, whether streamed, body."""
    return tuple(
        (recording.dialect, recording.streaming, body)
        for recording in recordings()
        if isinstance(body := recording.norm["request"]["body"], dict)
        and len(json.dumps(body)) < _LONGEST
    )


@cache
def answers() -> dict[tuple[str, bool], dict[str, Any]]:
    """A good answer for every dialect, whole and streamed."""
    return {(r.dialect, r.has_stream): r.norm for r in recordings() if r.status == 200}


def places(node: Any) -> list[tuple[Any, Any]]:
    """Every place of a document, as a container and a key."""
    members = (
        node.items()
        if isinstance(node, dict)
        else enumerate(node)
        if isinstance(node, list)
        else ()
    )
    found: list[tuple[Any, Any]] = []
    for key, value in members:
        found += [(node, key), *places(value)]
    return found


@st.composite
def requests(draw):
    """A dialect to ask in, a dialect to ask for, whether streamed, and the bytes of a spoilt body."""
    dialect, streamed, original = draw(st.sampled_from(bases()))
    body = copy.deepcopy(original)
    for _ in range(draw(st.integers(1, 4))):
        found = places(body)
        if not found:
            break
        container, key = draw(st.sampled_from(found))
        change = draw(st.sampled_from(["replace", "drop", "swap", "repeat", "wrap", "add"]))
        if change == "drop":
            container.pop(key, None) if isinstance(container, dict) else container.pop(key)
        elif change == "swap":
            other, name = draw(st.sampled_from(found))
            container[key] = copy.deepcopy(other[name])
        elif change == "repeat" and isinstance(container, list):
            container += [copy.deepcopy(container[key])] * draw(st.integers(1, 30))
        elif change == "wrap":
            container[key] = [container[key]] if draw(st.booleans()) else {"x": container[key]}
        elif change == "add" and isinstance(container, dict):
            container[draw(st.text(max_size=9))] = draw(_values)
        else:
            container[key] = draw(_values)
    junk = draw(st.binary(max_size=3)) if draw(st.integers(0, 9)) == 0 else None
    return dialect, draw(st.sampled_from(DIALECTS)), streamed, body, junk


def encoded(body: Any, junk: bytes | None) -> bytes:
    """The body as bytes, with deep nesting where it belongs and junk in the middle."""
    depth = 20_000
    text = json.dumps(body).replace(json.dumps(_DEEP), "[" * depth + "]" * depth)
    data = text.encode()
    return data if junk is None else data[: len(data) // 2] + junk + data[len(data) // 2 :]


@pytest.fixture(scope="module")
def http(gateway):
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    with httpx.Client(base_url=gateway.url, headers=headers, timeout=20, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def refusals(http):
    """A judge of refusals for every dialect, by the document that the gateway serves."""
    served = http.get("/api/openapi.json").json()
    names = {"messages": "AnthropicError", "gemini": "GeminiError"}
    return {
        dialect: jsonschema_rs.Draft202012Validator(
            {
                "$ref": f"#/components/schemas/{names.get(dialect, 'OpenAIError')}",
                "components": served["components"],
            }
        )
        for dialect in DIALECTS
    }


@pytest.fixture(scope="module")
def statuses(tell):
    """How many answers had which status."""
    counted = Counter()
    yield counted
    tell(f"spoilt requests: {dict(counted)}")


@settings(max_examples=EXAMPLES, suppress_health_check=[*HealthCheck], database=None)
@given(asking=requests())
def test_a_spoilt_request_is_answered_or_refused(upstream, http, statuses, refusals, asking):
    dialect, target, streamed, body, junk = asking
    slot = DIALECTS.index(target)
    norm = answers()[target, streamed]
    upstream.server.load(norm, key=f"s{slot}")
    asked = question(dialect, f"{target}{slot}/m", stream=streamed, body=body)
    answer = http.post(asked.path, content=encoded(asked.body, junk))
    statuses[answer.status_code] += 1
    assert answer.status_code in (200, 400, 404, 422, 502), answer.text
    if answer.status_code != 200:
        told = answer.json()
        refusals[dialect].validate(told)
        assert told["error"]["message"], told
        assert "defect" not in answer.text, told
