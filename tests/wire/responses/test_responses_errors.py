"""Errors, read by status, code and structure, and written so that OpenAI's clients understand them."""

import json
from typing import get_args

import pytest
from responses_traffic import CONTEXT, write_stream

from madang import errors
from madang.model import Failed
from madang.wire.openai_errors import retry_after
from madang.wire.openai_errors.write import _TABLE
from madang.wire.responses import WIRE
from stand.streams import written_data


def _read(status, error, **headers):
    named = {name.replace("_", "-").encode(): value for name, value in headers.items()}
    return WIRE.read_error(status, named, json.dumps({"error": error}).encode())


READ = [
    (400, {"code": "context_length_exceeded", "param": "input"}, errors.ContextOverflow),
    (400, {"code": "invalid_prompt"}, errors.ProviderRejected),
    (400, {"code": "invalid_encrypted_content"}, errors.ProviderRejected),
    (404, {"code": "previous_response_not_found"}, errors.ProviderLacksModel),
    (400, {"code": "model_not_found"}, errors.ProviderLacksModel),
    (401, {"code": "invalid_api_key"}, errors.ProviderRefusedKey),
    (429, {"code": "insufficient_quota"}, errors.ProviderOutOfQuota),
    (429, {"code": "rate_limit_exceeded"}, errors.ProviderRateLimited),
    (503, {"code": "server_is_overloaded"}, errors.ProviderOverloaded),
    (500, {"type": "server_error"}, errors.ProviderFailed),
    (400, {"code": "image_content_policy_violation"}, errors.ContentFiltered),
]


@pytest.mark.parametrize(("status", "error", "kind"), READ, ids=str)
def test_an_error_is_judged_by_status_and_code(status, error, kind):
    read = _read(status, {"message": "m", **error})
    assert type(read) is kind
    assert (read.message, read.upstream_status) == ("m", status)


def test_what_xai_says_beside_its_error_is_heard():
    body = b'{"code":"400","error":"Argument not supported: include"}'
    error = WIRE.read_error(400, {}, body)
    assert (type(error), error.message) == (
        errors.ProviderRejected,
        "Argument not supported: include",
    )


def test_a_rejection_keeps_the_status_of_its_provider():
    for status in (400, 409, 413, 422):
        assert WIRE.write_error(_read(status, {"message": "no"}))[0] == status


def test_waiting_times_are_read():
    error = _read(429, {}, retry_after=b"7")
    assert error.retry_after_s == 7.0 == retry_after({b"retry-after": b"7"})


def test_there_is_a_row_for_every_kind():
    assert _TABLE.keys() == set(get_args(errors.Kind))


@pytest.mark.parametrize("kind", get_args(errors.Kind))
def test_a_failed_response_has_a_code_that_clients_know(kind):
    known = {"server_error", "rate_limit_exceeded", "invalid_prompt", "context_length_exceeded"}
    (*_, last) = written_data(write_stream([Failed("m", kind, "sk-secret")]))
    assert last["response"]["error"]["code"] in known
    assert "sk-secret" not in json.dumps(last)


def test_our_own_key_is_not_the_callers_business():
    said = "Incorrect API key provided: sk-abc"
    error = _read(401, {"message": said, "code": "invalid_api_key"})
    assert b"sk-abc" not in WIRE.write_error(error)[1]
    assert b"sk-abc" not in WIRE.write_stream_error(error, CONTEXT)
    assert b"sk-abc" not in write_stream([Failed(error.message, error.kind, error.code)])


ANSWERED = [
    ({"status": "failed", "error": {"code": "server_error", "message": "m"}}, "provider_failed"),
    ({"status": "failed", "error": {"code": "rate_limit_exceeded"}}, "rate_limit"),
    ({"status": "cancelled"}, "provider_failed"),
    ({"error": {"message": "m", "type": "invalid_request_error"}}, "invalid_request"),
    ({"status": "completed"}, "broken"),
    ({}, "broken"),
    ([], "broken"),
]


@pytest.mark.parametrize(("body", "kind"), ANSWERED, ids=str)
def test_what_is_no_answer_is_an_error(body, kind):
    with pytest.raises(errors.ProviderError) as caught:
        WIRE.read_answer(json.dumps(body).encode())
    assert caught.value.kind == kind


def test_an_answer_that_is_complete_is_one_whatever_else_it_says():
    body = {"status": "completed", "error": {"code": "x"}, "output": []}
    assert WIRE.read_answer(json.dumps(body).encode()).choices[0].stop == "stop"
