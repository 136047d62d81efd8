"""Days and months where people live: which one a moment belongs to, and where it begins."""

from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

Per = Literal["day", "month", "ever"]
_US = 1_000_000
_EVER = 1


class Calendar:
    """The periods of one kind in one time zone, numbered so that later ones have higher numbers.

    A period begins at its first midnight on the clocks of the zone. The latest answer is kept, so
    that asking again costs two comparisons.
    """

    __slots__ = ("_from_us", "_number", "_per", "_to_us", "_zone")

    def __init__(self, per: Per, zone: str = "UTC") -> None:
        self._per = per
        self._zone = ZoneInfo(zone)
        self._number = _EVER
        self._from_us = self._to_us = 0

    def number(self, at_us: int) -> int:
        """The number of the period that holds a moment (Unix µs)."""
        if not self._from_us <= at_us < self._to_us and self._per != "ever":
            self._turn(at_us)
        return self._number

    def start_us(self, at_us: int) -> int:
        """When the period that holds a moment began (Unix µs); 0: it holds all time."""
        self.number(at_us)
        return self._from_us

    def _turn(self, at_us: int) -> None:
        day = datetime.fromtimestamp(at_us // _US, self._zone).date()
        if self._per == "day":
            self._number = day.toordinal()
            first, after = day, date.fromordinal(day.toordinal() + 1)
        else:
            self._number = day.year * 12 + day.month
            first = day.replace(day=1)
            after = date(day.year + day.month // 12, day.month % 12 + 1, 1)
        self._from_us, self._to_us = self._midnight_us(first), self._midnight_us(after)

    def _midnight_us(self, day: date) -> int:
        return int(datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp()) * _US
