"""Errors, read by status, code and structure; and written so that OpenAI's clients understand them."""

import json
from typing import get_args

import pytest
from chat_traffic import CONTEXT, sample

from madang import errors
from madang.wire.chat import WIRE
from madang.wire.openai_errors import retry_after
from madang.wire.openai_errors.write import _TABLE


def read(case):
    body = case["body"]
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return WIRE.read_error(case["status"], {}, raw), raw


@pytest.mark.parametrize("case", sample("errors.json"), ids=lambda case: case["about"])
def test_an_error_is_judged_by_status_code_and_structure(case):
    error, raw = read(case)
    assert type(error).__name__ == case["error"]
    assert (error.upstream_status, error.raw) == (case["status"], raw)
    assert error.message


def test_a_rejection_keeps_the_status_of_its_provider():
    for status in (400, 409, 413, 422):
        error = WIRE.read_error(status, {}, b'{"error":{"message":"no","param":"seed"}}')
        assert WIRE.write_error(error)[0] == error.status == status
        assert (error.message, error.param) == ("no", "seed")


@pytest.mark.parametrize("name", ["message", "detail", "msg", "Message", "error_msg"])
def test_a_message_is_found_under_other_names(name):
    body = json.dumps({name: "no such voice", "code": 7}).encode()
    assert WIRE.read_error(400, {}, body).message == "no such voice"


def test_a_web_page_is_not_repeated():
    error = WIRE.read_error(502, {}, b"<html>" + b"x" * 999)
    assert "<" not in error.message
    assert WIRE.read_error(502, {}, b"upstream gone").message == "upstream gone"


def test_there_is_a_row_for_every_kind():
    assert _TABLE.keys() == set(get_args(errors.Kind))


WRITTEN = [
    (errors.InvalidRequest("m", param="p", code="c"), 400, "invalid_request_error", "c"),
    (errors.Unauthenticated("m"), 401, "authentication_error", "invalid_api_key"),
    (errors.OutOfCredit("m"), 402, "insufficient_quota", "insufficient_quota"),
    (errors.Forbidden("m"), 403, "permission_error", "permission_denied"),
    (errors.UnknownModel("m"), 404, "invalid_request_error", "model_not_found"),
    (errors.BodyTooLarge("m"), 413, "invalid_request_error", "request_too_large"),
    (errors.RateLimited("m"), 429, "rate_limit_error", "rate_limit_exceeded"),
    (
        errors.ContextOverflow("m", code="3051"),
        400,
        "invalid_request_error",
        "context_length_exceeded",
    ),
    (errors.ContentFiltered("m"), 400, "invalid_request_error", "content_filter"),
    (errors.ProviderRefusedKey("m", code="x"), 502, "server_error", "provider_auth_failed"),
    (errors.ProviderOutOfQuota("m"), 502, "server_error", "provider_quota"),
    (errors.ProviderLacksModel("m"), 404, "invalid_request_error", "model_not_found"),
    (errors.ProviderOverloaded("m"), 503, "overloaded_error", "overloaded"),
    (errors.ProviderTimedOut("m", phase="idle"), 504, "timeout_error", "idle_timeout"),
    (errors.StoreUnavailable("m"), 503, "server_error", "store_unavailable"),
    (errors.InternalError("m"), 500, "server_error", "internal_error"),
]


@pytest.mark.parametrize(
    ("error", "status", "kind", "code"), WRITTEN, ids=lambda v: type(v).__name__
)
def test_an_error_has_openais_shape(error, status, kind, code):
    got, body = WIRE.write_error(error)
    written = json.loads(body)["error"]
    assert (got, written["type"], written["code"]) == (status, kind, code)
    assert set(written) == {"message", "type", "param", "code"}
    assert written["param"] == error.param


def test_our_own_key_is_not_the_callers_business():
    error = WIRE.read_error(401, {}, b'{"error":{"message":"Incorrect API key: sk-abc123"}}')
    assert b"sk-abc123" not in WIRE.write_error(error)[1]


def test_a_stream_error_is_a_chunk_and_an_end():
    out = WIRE.write_stream_error(errors.ProviderOverloaded("busy"), CONTEXT)
    first, rest = out.split(b"\n\n", 1)
    assert json.loads(first.removeprefix(b"data: "))["error"]["message"] == "busy"
    assert rest == b"data: [DONE]\n\n"


DATE = b"Fri, 13 Nov 2026 10:00:00 GMT"
WAITS = [
    ({b"retry-after": b"7"}, 7.0),
    ({b"retry-after-ms": b"1500", b"retry-after": b"7"}, 1.5),
    ({b"retry-after": b"Fri, 13 Nov 2026 10:00:30 GMT", b"date": DATE}, 30.0),
    ({b"retry-after": b"Fri, 13 Nov 2026 10:00:30 GMT"}, None),
    ({b"x-ratelimit-reset-requests": b"1m20s"}, 80.0),
    ({b"x-ratelimit-reset-requests": b"1s", b"x-ratelimit-reset-tokens": b"20ms"}, 0.02),
    (
        {
            b"x-ratelimit-reset-requests": b"60s",
            b"x-ratelimit-remaining-requests": b"0",
            b"x-ratelimit-reset-tokens": b"20ms",
        },
        60.0,
    ),
    ({b"x-ratelimit-reset": b"1794564045", b"date": DATE}, 45.0),
    ({b"x-ratelimit-reset": b"1794564045000", b"date": DATE}, 45.0),
    ({b"retry-after": b"soon"}, None),
    ({b"retry-after": b"-4"}, None),
    ({}, None),
]


@pytest.mark.parametrize(("headers", "seconds"), WAITS, ids=str)
def test_how_long_to_wait(headers, seconds):
    assert retry_after(headers) == pytest.approx(seconds)
    error = WIRE.read_error(429, headers, b"{}")
    assert error.retry_after_s == pytest.approx(seconds)
