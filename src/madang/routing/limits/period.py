"""Days and months where people live: which one a moment belongs to, and where it begins."""

from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

Per = Literal["day", "month", "ever"]
_US = 1_000_000
_EVER = 1
_ENDLESS_US = 1 << 62


class Calendar:
    """The periods of one kind in one time zone, numbered so that later ones have higher numbers.

    A period begins at its first midnight on the clocks of the zone.
    """

    __slots__ = ("_per", "_zone")

    def __init__(self, per: Per, zone: str = "UTC") -> None:
        self._per = per
        self._zone = ZoneInfo(zone)

    def period(self, at_us: int) -> tuple[int, int, int]:
        """Of the period that holds a moment (Unix µs) the number, when it began, and when the next begins."""
        if self._per == "ever":
            return _EVER, 0, _ENDLESS_US
        day = datetime.fromtimestamp(at_us // _US, self._zone).date()
        if self._per == "day":
            number = day.toordinal()
            first, after = day, date.fromordinal(number + 1)
        else:
            number = day.year * 12 + day.month
            first = day.replace(day=1)
            after = date(day.year + day.month // 12, day.month % 12 + 1, 1)
        return number, self._midnight_us(first), self._midnight_us(after)

    def number(self, at_us: int) -> int:
        """The number of the period that holds a moment."""
        return self.period(at_us)[0]

    def start_us(self, at_us: int) -> int:
        """When the period that holds a moment began (Unix µs); 0: it holds all time."""
        return self.period(at_us)[1]

    def _midnight_us(self, day: date) -> int:
        return int(datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp()) * _US
