"""A caller's rate limits as each dialect's headers tell them.

Sources: https://platform.openai.com/docs/guides/rate-limits (x-ratelimit-…, times such as `6m0s` or
`20ms`) and https://platform.claude.com/docs/en/api/rate-limits (anthropic-ratelimit-…, moments in RFC
3339). Gemini has no such headers; what it has, RetryInfo, stands in its errors.
"""

from datetime import UTC, datetime
from typing import Final, NamedTuple

from madang.model import Dialect


class Level(NamedTuple):
    """A limit, what is left of it, and in how many µs all of it will be there again if nothing is used."""

    limit: int
    remaining: int
    reset_us: int


class Quota(NamedTuple):
    """The limits on requests and on tokens; None: there is none."""

    requests: Level | None
    tokens: Level | None


_NONE: Final = frozenset(("gemini", "gemini_embed", "gemini_batch_embed"))


def quota_lines(quota: Quota, dialect: Dialect, at_us: int) -> bytes:
    """The header lines, each with its CRLF. `at_us`: now, Unix µs."""
    if dialect in _NONE:
        return b""
    lines = b""
    for unit, level in ((b"requests", quota.requests), (b"tokens", quota.tokens)):
        if level is None:
            continue
        if dialect == "messages":
            lines += _ANTHROPIC % (
                *(unit, level.limit, unit, level.remaining),
                *(unit, _moment(at_us + level.reset_us)),
            )
        else:
            lines += _OPENAI % (
                *(unit, level.limit, unit, level.remaining),
                *(unit, _duration(level.reset_us)),
            )
    return lines


_OPENAI: Final = (
    b"x-ratelimit-limit-%b: %d\r\nx-ratelimit-remaining-%b: %d\r\nx-ratelimit-reset-%b: %b\r\n"
)
_ANTHROPIC: Final = (
    b"anthropic-ratelimit-%b-limit: %d\r\nanthropic-ratelimit-%b-remaining: %d\r\n"
    b"anthropic-ratelimit-%b-reset: %b\r\n"
)


def _duration(us: int) -> bytes:
    """`20ms`, `1.5s`, `6m0s`, `23h59m12s`; rounded up, so that it is never too early."""
    ms = -(-us // 1000)
    if ms < 1000:
        return b"%dms" % ms
    seconds, ms = divmod(ms, 1000)
    if seconds < 60:
        return b"%d.%03ds" % (seconds, ms) if ms else b"%ds" % seconds
    minutes, seconds = divmod(seconds + bool(ms), 60)
    hours, minutes = divmod(minutes, 60)
    return b"%dh%dm%ds" % (hours, minutes, seconds) if hours else b"%dm%ds" % (minutes, seconds)


def _moment(at_us: int) -> bytes:
    """RFC 3339 in UTC, rounded up to a second."""
    moment = datetime.fromtimestamp(-(-at_us // 1_000_000), UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
