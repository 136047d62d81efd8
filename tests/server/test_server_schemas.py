"""The request schemas of the OpenAPI document say what Madang enforces, no more and no less."""

import json

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from server_schemas import PASSED_ON, SMALLEST, bodies, document, read, validator_of

from madang.errors import InvalidRequest
from madang.model import EMBEDDING
from madang.wire.registry import WIRES

VALUES = [
    *(None, True, False, 0, -1, 1, 1.5, 10**30, "", "x", [], {}),
    *([1], ["x"], [""], [None], [{}], [0.5], [[1]], [["x"]], {"x": 1}),
]
EXCUSED = "must be the same in all requests of a batch"
"""What a schema cannot say: it stands in the member's description."""

GENERATING = [name for name in WIRES if name not in (*EMBEDDING, "completions")]
EMBEDDERS = ["embeddings", "gemini_batch_embed"]


def _variants(name):
    """The smallest request, with every member of the schema (and of its members) given every kind of value."""
    _, smallest = SMALLEST[name]
    yield smallest
    for member, schema in document()["components"]["schemas"][name].get("properties", {}).items():
        yield {other: value for other, value in smallest.items() if other != member}
        if PASSED_ON not in json.dumps(schema):
            yield from ({**smallest, member: value} for value in VALUES)
        for inner, schema_of_inner in schema.get("properties", {}).items():
            if PASSED_ON not in schema_of_inner:
                yield from ({**smallest, member: {inner: value}} for value in VALUES)


def _is_read(name, body):
    try:
        read(name, json.dumps(body).encode())
    except InvalidRequest:
        return False
    return True


@pytest.mark.parametrize("name", SMALLEST)
def test_the_document_allows_what_is_read_and_forbids_what_is_refused(name):
    judge = validator_of(name)
    assert judge.is_valid(SMALLEST[name][1])
    variants = list(_variants(name))
    wrong = [body for body in variants if judge.is_valid(body) != _is_read(name, body)]
    assert not wrong


@pytest.mark.hypothesis
@pytest.mark.parametrize("name", SMALLEST)
def test_whatever_the_document_allows_is_read_and_written_for_everybody(name):
    """No writer may fail, though it may say that its dialect has no words for something."""

    @settings(
        max_examples=max(1, settings.default.max_examples // 5),
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )
    @given(st.data())
    def judged(data):
        body = data.draw(bodies(name))
        try:
            request = read(name, json.dumps(body).encode())
        except InvalidRequest as refused:
            assert EXCUSED in refused.message, body  # noqa: PT017 - the exception to the rule
            return
        for target in EMBEDDERS if "mbed" in name or "Batch" in name else GENERATING:
            try:
                WIRES[target].write_request(request, "gpt-5")
            except InvalidRequest as refused:
                assert refused.message  # noqa: PT017 - it may, with words

    judged()


@pytest.mark.parametrize("unnamed", [{"functionResponse": {}}, {"functionCall": {"args": {}}}])
def test_a_part_of_gemini_is_judged_by_every_member_that_it_has(unnamed):
    body = {"contents": [{"parts": [{"text": "hi", **unnamed}]}]}
    assert not validator_of("GeminiRequest").is_valid(body)
    assert not _is_read("GeminiRequest", body)
