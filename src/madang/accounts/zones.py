"""Days of a time zone: when they begin, and on which a moment falls."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from madang.errors import InvalidRequest


def zone(name: str) -> tzinfo:
    """The time zone of an IANA name such as `Asia/Seoul`. Raises InvalidRequest."""
    if name == "UTC":  # also on a machine without a database of time zones
        return UTC
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):  # also for paths, folders and empty names
        raise InvalidRequest(
            f"{name!r} is not a time zone; write for example UTC or Asia/Seoul.", param="time_zone"
        ) from None


def day_start_us(day: date, where: tzinfo) -> int:
    """The moment at which a day begins there, in Unix µs."""
    return int(datetime(day.year, day.month, day.day, tzinfo=where).timestamp()) * 1_000_000


def day_of(at_us: int, where: tzinfo) -> date:
    """The day on which a moment (Unix µs) falls there."""
    return (
        (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us)).astimezone(where).date()
    )
