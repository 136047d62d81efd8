"""Errors: what a provider's answer means, and what a caller is told."""

import json
from typing import get_args

import pytest
from messages_traffic import CONTEXT

from madang import errors
from madang.errors import (
    ContextOverflow,
    InvalidRequest,
    Kind,
    MadangError,
    ProviderBroken,
    ProviderFailed,
    ProviderLacksModel,
    ProviderOutOfQuota,
    ProviderOverloaded,
    ProviderRateLimited,
    ProviderRefusedKey,
    ProviderRejected,
    ProviderTimedOut,
)
from madang.wire.chat import WIRE as CHAT
from madang.wire.gemini import WIRE as GEMINI
from madang.wire.messages import WIRE


def _body(kind, message="It went wrong.", **more):
    return json.dumps(
        {"type": "error", "error": {"type": kind, "message": message, **more}}
    ).encode()


def _read(status, kind="api_error", message="It went wrong.", **more):
    return WIRE.read_error(status, {}, _body(kind, message, **more))


@pytest.mark.parametrize(
    ("status", "kind", "meant"),
    [
        (400, "invalid_request_error", ProviderRejected),
        (401, "authentication_error", ProviderRefusedKey),
        (402, "billing_error", ProviderOutOfQuota),
        (403, "permission_error", ProviderRefusedKey),
        (404, "not_found_error", ProviderLacksModel),
        (409, "conflict_error", ProviderRejected),
        (413, "request_too_large", ProviderRejected),
        (422, "unheard_of", ProviderRejected),
        (400, "billing_error", ProviderOutOfQuota),
        (429, "rate_limit_error", ProviderRateLimited),
        (500, "api_error", ProviderFailed),
        (500, "overloaded_error", ProviderOverloaded),
        (500, "invalid_request_error", ProviderFailed),
        (502, "", ProviderFailed),
        (503, "api_error", ProviderOverloaded),
        (504, "timeout_error", ProviderFailed),
        (529, "overloaded_error", ProviderOverloaded),
    ],
)
def test_an_error_is_judged_by_status_then_by_type(status, kind, meant):
    error = _read(status, kind)
    assert type(error) is meant
    assert (error.message, error.upstream_status) == ("It went wrong.", status)
    assert error.raw == _body(kind)


def test_a_rejection_keeps_the_providers_status():
    assert [_read(status).status for status in (400, 409, 413, 422)] == [400, 409, 413, 422]


@pytest.mark.parametrize(
    ("message", "meant"),
    [
        ("prompt is too long: 3333404 tokens > 200000 maximum", ContextOverflow),
        ("input length and `max_tokens` exceed: 188240 + 21333 > 200000", ContextOverflow),
        ("max_tokens: 9000 > 8192, which is the maximum for this model", ProviderRejected),
        ("the word 429 and overloaded_error, quoted", ProviderRejected),
    ],
)
def test_an_overflow_is_told_by_its_numbers(message, meant):
    assert type(_read(400, "invalid_request_error", message)) is meant


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(b"30", 30), (b"0.5", 0.5), (b"-1", None), (b"nan", None), (b"inf", None), (b"Fri, 1", None)],
)
def test_the_wait_is_read_in_seconds(header, seconds):
    error = WIRE.read_error(429, {b"retry-after": header}, _body("rate_limit_error"))
    assert error.retry_after_s == seconds


def test_the_most_exact_code_is_kept():
    assert _read(429, "rate_limit_error").code == "rate_limit_error"
    details = {"error_code": "ramp_limit_exceeded"}
    assert _read(429, "rate_limit_error", details=details).code == "ramp_limit_exceeded"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "HTTP 502"),
        (b"<html>Bad gateway</html>", "the provider answered 502: <html>Bad gateway</html>"),
        (b'{"error":"plain words"}', "plain words"),
        (b'{"error":{"message":7}}', 'the provider answered 502: {"error":{"message":7}}'),
        (b"\xff\xfe", "the provider answered 502: ��"),
    ],
)
def test_what_is_not_in_this_shape_still_says_something(body, message):
    error = WIRE.read_error(502, {}, body)
    assert (type(error), error.message) == (ProviderFailed, message)


def _every_error():
    waiting, found = [MadangError], []
    while waiting:
        found.append(waiting.pop())
        waiting += found[-1].__subclasses__()
    return [kind for kind in found if kind.__module__ == errors.__name__]


@pytest.mark.parametrize("kind", _every_error())
def test_every_error_can_be_told(kind):
    error = kind("Sorry.", phase="idle") if kind is ProviderTimedOut else kind("Sorry.")
    status, body = WIRE.write_error(error)
    said = json.loads(body)
    assert 400 <= status < 600
    assert (said["type"], said["error"].keys() >= {"type", "message"}) == ("error", True)


def test_every_kind_has_a_row():
    told = {kind.kind for kind in _every_error()}
    assert told == set(get_args(Kind))


def test_what_went_wrong_behind_us_is_told_by_a_code():
    _, body = WIRE.write_error(ProviderBroken("Cut off."))
    assert json.loads(body)["error"]["details"] == {"error_code": "broken"}
    _, body = WIRE.write_error(ProviderFailed("Odd.", code="odd_failure"))
    assert json.loads(body)["error"]["details"] == {"error_code": "odd_failure"}


@pytest.mark.parametrize("status", [401, 402])
def test_trouble_with_our_own_account_is_told_in_our_own_words(status):
    """The provider's may quote the key."""
    error = WIRE.read_error(status, {}, _body("authentication_error", "invalid key sk-secret"))
    status, body = WIRE.write_error(error)
    assert (status, b"secret" in body) == (502, False)
    assert b"secret" not in WIRE.write_stream_error(error, CONTEXT)
    code = json.loads(body)["error"]["details"]["error_code"]
    assert code in {"provider_auth", "provider_quota"}


@pytest.mark.parametrize(("theirs", "ours"), [(500, 500), (502, 502), (507, 502), (504, 504)])
def test_a_failure_keeps_a_status_that_says_more(theirs, ours):
    assert WIRE.write_error(_read(theirs))[0] == ours


def test_a_providers_complaint_about_the_request_is_passed_on_as_it_came():
    complaint = _read(413, "request_too_large", "Too big.", extra=1)
    assert WIRE.write_error(complaint) == (413, complaint.raw)


@pytest.mark.parametrize("raw", [b"<html>", b'{"error":{"message":"x"}}', b"[]", None])
def test_but_not_in_another_shape(raw):
    error = ProviderRejected("Too odd.", raw=raw)
    error.status = 422
    status, body = WIRE.write_error(error)
    assert (status, json.loads(body)["error"]["type"]) == (422, "invalid_request_error")


def test_a_stream_ends_with_an_error_event():
    data = WIRE.write_stream_error(InvalidRequest("No."), CONTEXT)
    assert data.startswith(b"event: error\ndata: ")
    assert data.endswith(b"\n\n")
    said = json.loads(data.split(b"data: ")[1])
    assert (said["error"]["type"], said["request_id"]) == ("invalid_request_error", "req_01abc")


@pytest.mark.parametrize("write", [WIRE.write_error, GEMINI.write_error])
def test_an_unknown_model_keeps_the_status_that_its_provider_gave(write):
    """OpenAI answers 400 for a model that does not exist in some of its paths, 404 in others."""
    body = b'{"error": {"code": "model_not_found", "message": "no such model"}}'
    for status in (400, 404):
        assert write(CHAT.read_error(status, {}, body))[0] == status
