"""Moments and days of the ledger: moments are µs since 1970, days those of UTC."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

DAY_US: Final = 86_400_000_000
DAY_OF_ATTEMPT: Final = "date(at_us / 1000000, 'unixepoch')"
"""The day of an attempt as SQL has it, such as `2026-11-20`."""

_FIRST: Final = date(1970, 1, 1)


def start_us(day: date) -> int:
    """When a day begins."""
    return (day - _FIRST).days * DAY_US


def day_of(at_us: int) -> date:
    """The day that a moment belongs to."""
    return _FIRST + timedelta(days=at_us // DAY_US)


def moment(at_us: int) -> str:
    """A moment as `2026-11-20T09:15:00.123Z`."""
    at = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=at_us)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
