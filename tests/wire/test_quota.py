"""Rate-limit headers as OpenAI and Anthropic document them."""

import pytest

from madang.wire.quota import Level, Quota, quota_lines

AT_US = 1_763_640_000_000_000  # 2025-11-20T12:00:00Z


def test_openai_tells_limits_what_is_left_and_how_long_until_all_is_there_again():
    quota = Quota(Level(60, 59, 1_000_000), Level(150_000, 149_984, 361_000_000))
    assert quota_lines(quota, "chat", AT_US).decode().splitlines() == [
        "x-ratelimit-limit-requests: 60",
        "x-ratelimit-remaining-requests: 59",
        "x-ratelimit-reset-requests: 1s",
        "x-ratelimit-limit-tokens: 150000",
        "x-ratelimit-remaining-tokens: 149984",
        "x-ratelimit-reset-tokens: 6m1s",
    ]


def test_anthropic_tells_a_moment():
    quota = Quota(Level(50, 49, 60_000_001), None)
    assert quota_lines(quota, "messages", AT_US).decode().splitlines() == [
        "anthropic-ratelimit-requests-limit: 50",
        "anthropic-ratelimit-requests-remaining: 49",
        "anthropic-ratelimit-requests-reset: 2025-11-20T12:01:01Z",
    ]


@pytest.mark.parametrize(
    ("us", "spoken"),
    [
        (0, "0ms"),
        (1, "1ms"),
        (20_000, "20ms"),
        (1_500_000, "1.500s"),
        (59_999_999, "1m0s"),
        (360_000_000, "6m0s"),
        (86_400_000_000, "24h0m0s"),
    ],
)
def test_durations_are_rounded_up(us, spoken):
    lines = quota_lines(Quota(None, Level(1, 0, us)), "responses", AT_US).decode()
    assert lines.endswith(f"x-ratelimit-reset-tokens: {spoken}\r\n")


def test_gemini_has_no_such_headers():
    assert quota_lines(Quota(Level(1, 1, 0), None), "gemini", AT_US) == b""
