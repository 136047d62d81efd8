"""The served OpenAPI document, and a running gateway that keeps to it whatever it is asked.

Judged by schemathesis, in front of simulated vendors of every dialect. MADANG_CASES says how many
cases are asked in all.
"""

import json
import os
import re

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from server_gateway import ADMIN_KEY
from server_schemas import SMALLEST, document, validator, validator_of

CASES = int(os.environ.get("MADANG_CASES", "200"))
OPERATIONS = [
    (method.upper(), path) for path, item in document()["paths"].items() for method in item
]
GENERATING = ["gpt-4.1", "claude-sonnet-4", "gemini-2.5-flash", "items/gpt-4.1"]
EMBEDDING = ["text-embedding-3-small", "gemini-embedding-001"]
CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
PROVIDER_STATUSES = {"4XX", "5XX"}


def operation_of(method, path):
    """One operation of the document."""
    return document()["paths"][path][method.lower()]


def test_the_document_is_served_whole_and_every_reference_leads_somewhere(vendors):
    answer = vendors.call("GET", "/api/openapi.json", "")
    served = answer.json()
    assert re.fullmatch(r"3\.1\.\d", served["openapi"])
    assert served == json.loads(json.dumps(document()))
    for reference in set(re.findall(r'"#/([^"]+)"', answer.text)):
        found = served
        for step in reference.split("/"):
            found = found[step]


def test_every_schema_is_one():
    for name in document()["components"]["schemas"]:
        jsonschema_rs.meta.validate(document()["components"]["schemas"][name])


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_operation_says_how_it_is_asked_and_how_it_refuses(method, path):
    operation = operation_of(method, path)
    assert operation["summary"]
    placed = {one["name"] for one in operation.get("parameters", ()) if "name" in one}
    assert placed >= set(re.findall(r"\{(\w+)\}", path))
    for status, answer in operation["responses"].items():
        assert re.fullmatch(r"\d{3}|[45]XX", status)
        assert answer["description"]
        assert answer["content"]
    if "requestBody" in operation:
        assert {"400", "401", "413"} <= operation["responses"].keys()


def test_operations_have_names_of_their_own():
    names = [operation_of(method, path)["operationId"] for method, path in OPERATIONS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_answer_is_one_that_the_document_describes(vendors, method, path):
    schema = schemathesis.openapi.from_dict(document())
    operation = schema[path][method]
    cases = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in MODES))
    if not operation.body and not [*operation.iter_parameters()]:
        cases = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)

    @settings(
        max_examples=max(1, CASES // len(OPERATIONS)),
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )
    @given(cases, st.sampled_from(EMBEDDING if "mbed" in path else GENERATING), st.integers(0, 9))
    def judged(case, model, chance):
        if chance:
            _name(case, model)
        answer = case.call(
            base_url=vendors.url, headers={"authorization": f"Bearer {ADMIN_KEY}"}, timeout=20
        )
        assert answer.status_code != 500, (case.as_curl_command(), answer.text)
        case.validate_response(answer, checks=CHECKS)
        _judge_stream(operation_of(method, path), answer)

    judged()
    assert "a defect of ours" not in vendors.log


def _name(case, model):
    """Ask for a model that there is, so that more than the model's name is looked at."""
    if isinstance(case.body, dict) and "model" in case.body:
        case.body["model"] = model
    if isinstance(case.path_parameters, dict) and "model" in case.path_parameters:
        case.path_parameters["model"] = model


def _judge_stream(operation, answer):
    """Every event of a stream is one of those that the document describes."""
    described = operation["responses"].get("200", {}).get("content", {}).get("text/event-stream")
    if not answer.headers["content-type"][0].startswith("text/event-stream"):
        return
    judge = validator({"anyOf": [described["x-event"], *_errors(operation)]})
    events = re.findall(rb"^data: ?(.*)$", answer.content, re.MULTILINE)
    assert events
    for event in events:
        if event.strip() != b"[DONE]":
            judge.validate(json.loads(event))


def _errors(operation):
    return [operation["responses"]["500"]["content"]["application/json"]["schema"]]


@pytest.mark.parametrize("name", SMALLEST)
@pytest.mark.parametrize("streamed", [False, True])
def test_a_good_request_gets_what_the_document_promises(vendors, name, streamed):
    path, body = SMALLEST[name]
    if streamed and "stream" not in json.dumps(document()["components"]["schemas"][name]):
        if name != "GeminiRequest":
            pytest.skip("this operation does not stream")
        path = path.replace(":generate", ":streamGenerate").replace(
            "teContent", "teContent?alt=sse"
        )
    model = "text-embedding-3-small" if "mbed" in path.lower() else "gpt-4.1"
    asked = {**body, "model": model} if "model" in body else body
    if streamed and "model" in body:
        asked["stream"] = True
    answer = vendors.call("POST", path.replace("{model}", model), json=asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-request-id"]
    operation = operation_of("POST", path.partition("?")[0])
    content = operation["responses"]["200"]["content"]
    if streamed:
        _judge_stream(operation, schemathesis.Response.from_any(answer))
    else:
        validator(content["application/json"]["schema"]).validate(answer.json())


def test_the_error_of_every_dialect_is_described(vendors):
    for name, (path, body) in SMALLEST.items():
        answer = vendors.call("POST", path.replace("{model}", "m"), "", json=body)
        schema = operation_of("POST", path)["responses"]["401"]["content"]["application/json"]
        assert answer.status_code == 401, name
        validator(schema["schema"]).validate(answer.json())
    assert not validator_of("OpenAIError").is_valid(answer.json())
