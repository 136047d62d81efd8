"""How long a provider asks to be left alone.

Sources: RFC 9110 §10.2.3 for `retry-after`; https://platform.openai.com/docs/guides/rate-limits for
`x-ratelimit-reset-*`, whose values are durations such as `6m0s` or `20ms`. Some providers give
points in time instead; they are measured from the answer's own `date`, so that no clock is read
here.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+")
_NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,9})?")
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_MOST_S: Final = 86400.0
"""Beyond a day the value is a point in time or a mistake."""

_LONGEST: Final = 64
_RESET: Final = b"x-ratelimit-reset"


def retry_after(headers: Mapping[bytes, bytes]) -> float | None:
    """Seconds to wait, or None where nothing usable is said. `headers` have lower-case names."""
    milliseconds = _number(_text(headers, b"retry-after-ms"))
    if milliseconds is not None:
        return min(milliseconds / 1000, _MOST_S)
    date = date_of(headers)
    said = _text(headers, b"retry-after")
    wait = seconds_of(said, date)
    if wait is None and said and date is not None and (until := _date(said)) is not None:
        wait = max(0.0, min((until - date).total_seconds(), _MOST_S))
    return wait if wait is not None else _reset(headers, date)


def _reset(headers: Mapping[bytes, bytes], date: datetime | None) -> float | None:
    """The longest reset among the limits that are used up; where none is known to be, the shortest of all."""
    used_up: list[float] = []
    others: list[float] = []
    for name in headers:
        if not name.startswith(_RESET):
            continue
        wait = seconds_of(_text(headers, name), date)
        if wait is None:
            continue
        left = _text(headers, name.replace(b"-reset", b"-remaining"))
        (used_up if left == "0" else others).append(wait)
    if used_up:
        return max(used_up)
    return min(others, default=None)


def date_of(headers: Mapping[bytes, bytes]) -> datetime | None:
    """When the answer was written, by its own account."""
    return _date(_text(headers, b"date"))


def seconds_of(text: str, date: datetime | None) -> float | None:
    """Seconds from `7`, `1m20.5s`, or a Unix time in seconds or milliseconds."""
    number = _number(text)
    if number is None:
        if not _DURATION.fullmatch(text):
            return None
        number = sum(float(value) * _SECONDS[unit] for value, unit in _PART.findall(text))
        return number if number <= _MOST_S else None
    if number <= _MOST_S:
        return number
    if date is None:
        return None
    seconds = number / 1000 if number > 1e11 else number
    wait = seconds - date.timestamp()
    return wait if 0 <= wait <= _MOST_S else None


def _text(headers: Mapping[bytes, bytes], name: bytes) -> str:
    return headers.get(name, b"")[:_LONGEST].decode("latin-1").strip()


def _number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text) else None


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return date if date.tzinfo is not None else date.replace(tzinfo=UTC)
