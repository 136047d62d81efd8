"""What stands in a cell, as a number, an amount, a moment or a name. Raises ValueError that says what is wrong.

Rule: what could mean two things is refused: a comma in a number, a day and month in an unknown order.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from madang.errors import InvalidRequest

MOST_TOKENS: Final = 1_000_000_000
MOST_USD: Final = 1_000_000
MOST_REQUESTS: Final = 1_000_000
"""In one row."""

_EARLIEST_US: Final = 946_684_800_000_000  # 2000-01-01
_LATEST_US: Final = 7_258_118_400_000_000  # 2200-01-01
_MICROSECOND: Final = timedelta(microseconds=1)
_UNIX: Final = re.compile(r"\d{9,10}(\.\d{1,6})?|\d{12,13}|\d{15,16}", re.ASCII)
_OFFSET: Final = re.compile(r"([+-])([01]\d):([0-5]\d)", re.ASCII)
_MOST_NAME: Final = 200
_SECRET: Final = re.compile(r"(sk|pk|key|hf|gsk|xai|AIza)[-_]?\w", re.ASCII)
_SHOWN: Final = 8


def read_zone(name: str) -> tzinfo:
    """`UTC`, `Asia/Seoul`, or an offset such as `+09:00`. Raises InvalidRequest."""
    offset = _OFFSET.fullmatch(name)
    if offset is not None:
        ahead = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return timezone(-ahead if offset[1] == "-" else ahead)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidRequest(
            f"A time zone is such as Asia/Seoul or +09:00; not {name[:100]!r}."
        ) from None


def moment_us(text: str, zone: tzinfo) -> int:
    """Unix µs of `2026-11-20T09:00:00Z` or of Unix seconds, milliseconds or microseconds; without a zone, in `zone`."""
    text = text.strip()
    at_us = _unix_us(text) if _UNIX.fullmatch(text) else _written_us(text, zone)
    if not _EARLIEST_US <= at_us < _LATEST_US:
        raise ValueError(f"{_told(text)} is no time of this century or the next")
    return at_us


def _unix_us(text: str) -> int:
    digits = len(text.partition(".")[0])
    return int(Decimal(text) * (1 if digits > 13 else 1_000 if digits > 10 else 1_000_000))


def _written_us(text: str, zone: tzinfo) -> int:
    utc = text.endswith(" UTC")
    try:
        at = datetime.fromisoformat(f"{text.removesuffix(' UTC')}Z" if utc else text)
    except ValueError:
        raise ValueError(f"a time is such as 2026-11-20T09:00:00Z; not {_told(text)}") from None
    if at.tzinfo is None:
        at = at.replace(tzinfo=zone)
    return (at - datetime.fromtimestamp(0, UTC)) // _MICROSECOND


def count(text: str, most: int = MOST_TOKENS) -> int:
    """A whole number; nothing is 0."""
    number = _number(text)
    if number != number.to_integral_value():
        raise ValueError(f"{_told(text)} is no whole number")
    if number > most:
        raise ValueError(f"{_told(text)} is more than {most:,}")
    return int(number)


def nusd(text: str) -> int | None:
    """Dollars as nano-dollars, rounded half up; None: the cell is empty, and the amount not known."""
    if not text.strip():
        return None
    dollars = _number(text.strip().removeprefix("$"))
    if dollars > MOST_USD:
        raise ValueError(f"{_told(text)} is more than ${MOST_USD:,}")
    return int((dollars * 1_000_000_000).to_integral_value(ROUND_HALF_UP))


def milliseconds_us(text: str, factor: int = 1_000) -> int:
    """Milliseconds (with `factor` 1,000,000: seconds) as µs, a day at most."""
    return min(int(_number(text) * factor), 86_400_000_000)


def name(text: str) -> str:
    """A name: printable, of at most 200 characters; of what may be a secret key the first 8."""
    shown = "".join(one if one.isprintable() else " " for one in text[:_MOST_NAME]).strip()
    if _SECRET.match(shown) and len(shown) > 2 * _SHOWN and "/" not in shown:
        return shown[:_SHOWN] + "…"
    return shown


def _number(text: str) -> Decimal:
    text = text.strip()
    if not text:
        return Decimal()
    if "," in text:
        raise ValueError(
            f"{_told(text)} has a comma: write 1234.56, with a point and without groups"
        )
    if len(text) > 40 or not text.isascii() or "_" in text:
        raise ValueError(f"{_told(text)} is no number")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{_told(text)} is no number") from None
    if not number.is_finite() or abs(number.adjusted()) > 30:
        raise ValueError(f"{_told(text)} is no number")
    if number < 0:
        raise ValueError(f"{_told(text)} is below zero")
    return number


def _told(text: str) -> str:
    return repr(text[:60])
