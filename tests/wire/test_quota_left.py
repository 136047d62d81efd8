"""Providers' rate-limit headers, as their documentation shows them."""

import pytest

from madang.wire.quota import Level, Quota, quota_lines
from madang.wire.quota_left import quota_left

OPENAI = {
    b"x-ratelimit-limit-requests": b"60",
    b"x-ratelimit-limit-tokens": b"150000",
    b"x-ratelimit-remaining-requests": b"59",
    b"x-ratelimit-remaining-tokens": b"149984",
    b"x-ratelimit-reset-requests": b"1s",
    b"x-ratelimit-reset-tokens": b"6m0s",
}
ANTHROPIC = {
    b"date": b"Fri, 20 Nov 2026 10:00:00 GMT",
    b"anthropic-ratelimit-requests-limit": b"50",
    b"anthropic-ratelimit-requests-remaining": b"49",
    b"anthropic-ratelimit-requests-reset": b"2026-11-20T10:00:01Z",
    b"anthropic-ratelimit-tokens-limit": b"100000",
    b"anthropic-ratelimit-tokens-remaining": b"90000",
    b"anthropic-ratelimit-tokens-reset": b"2026-11-20T10:00:06Z",
    b"anthropic-ratelimit-input-tokens-limit": b"50000",
    b"anthropic-ratelimit-input-tokens-remaining": b"1000",
    b"anthropic-ratelimit-input-tokens-reset": b"2026-11-20T10:01:00Z",
}


def test_openais_headers_are_read_as_they_are_documented():
    requests, tokens = quota_left(OPENAI)
    assert requests == Level(60, 59, 1_000_000)
    assert tokens == Level(150_000, 149_984, 360_000_000)


def test_of_anthropics_token_limits_the_scarcest_counts_by_the_answers_own_clock():
    requests, tokens = quota_left(ANTHROPIC)
    assert requests == Level(50, 49, 1_000_000)
    assert tokens == Level(50_000, 1000, 60_000_000)


@pytest.mark.parametrize("name", list(ANTHROPIC))
@pytest.mark.parametrize("value", [b"", b"-1", b"9" * 400, b"soon", b"1e9", b"\xff", b"0", None])
def test_headers_that_make_no_sense_say_nothing_and_break_nothing(name, value):
    headers = {**ANTHROPIC, name: value}
    if value is None:
        del headers[name]
    for level in quota_left(headers):
        assert level is None or (level.limit > 0 and level.remaining >= 0 and level.reset_us >= 0)


def test_what_we_tell_callers_is_what_we_would_read():
    """Both sides of one format: a gateway behind a gateway."""
    quota = Quota(Level(60, 7, 30_000_000), Level(1000, 10, 45_000_000))
    lines = quota_lines(quota, "chat", 0).decode().splitlines()
    headers = {name.encode(): value.encode() for name, value in (one.split(": ") for one in lines)}
    assert quota_left(headers) == quota


def test_where_there_are_no_headers_nothing_is_known():
    assert quota_left({}) == Quota(None, None)
