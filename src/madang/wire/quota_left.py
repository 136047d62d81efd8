"""What a provider's headers say is left of its own limits: the other side of `quota`.

Sources: https://platform.openai.com/docs/guides/rate-limits (`x-ratelimit-limit-requests`,
`-remaining-requests`, `-reset-requests: 6m0s`, and the same of tokens) and
https://platform.claude.com/docs/en/api/rate-limits (`anthropic-ratelimit-requests-limit`, `-remaining`,
`-reset: 2026-11-20T10:00:00Z`). Moments are measured from the answer's own `date`, so that no clock is
read here; without one they say nothing.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from madang.wire.openai_errors.retry_after import date_of, seconds_of
from madang.wire.quota import Level, Quota

_US: Final = 1_000_000
_LONGEST: Final = 64
_MOST_DIGITS: Final = 15
_OPENAI: Final = "x-ratelimit-{what}-{unit}"
_ANTHROPIC: Final = "anthropic-ratelimit-{unit}-{what}"
_REQUESTS: Final = ((_OPENAI, "requests"), (_ANTHROPIC, "requests"))
_TOKENS: Final = (
    *((_OPENAI, "tokens"), (_ANTHROPIC, "tokens")),
    *((_ANTHROPIC, "input-tokens"), (_ANTHROPIC, "output-tokens")),
)
_Row = tuple[str, str]


def quota_left(headers: Mapping[bytes, bytes]) -> Quota:
    """What is left, of several limits on one thing the one with least. `headers` have lower-case names."""
    return Quota(_least(headers, _REQUESTS), _least(headers, _TOKENS))


def _least(headers: Mapping[bytes, bytes], rows: tuple[_Row, ...]) -> Level | None:
    levels = [level for row in rows if (level := _level(headers, row)) is not None]
    return min(levels, key=lambda level: level.remaining / level.limit, default=None)


def _level(headers: Mapping[bytes, bytes], row: _Row) -> Level | None:
    name, unit = row

    def said(what: str) -> bytes:
        return headers.get(name.format(what=what, unit=unit).encode(), b"")

    limit, left = _whole(said("limit")), _whole(said("remaining"))
    reset_s = _reset_s(headers, said("reset")) if limit else None
    if not limit or left is None or reset_s is None:
        return None
    return Level(limit, left, int(reset_s * _US))


def _reset_s(headers: Mapping[bytes, bytes], said: bytes) -> float | None:
    text = said[:_LONGEST].decode("latin-1").strip()
    date = date_of(headers)
    wait_s = seconds_of(text, date)
    if wait_s is not None or date is None:
        return wait_s
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - date).total_seconds())


def _whole(value: bytes) -> int | None:
    if not value.isdigit() or len(value) > _MOST_DIGITS:
        return None
    return int(value)
