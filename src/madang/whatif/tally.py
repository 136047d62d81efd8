"""Sums by group that stay small whatever is in the rows: counted at once in one table, folded when it is full."""

from collections.abc import Iterable
from datetime import date
from typing import Final, TypeVar

from msgspec import json

from madang.ledger.days import DAY_US
from madang.whatif.report import UNLISTED, Group, Money

MOST_GROUPS: Final = 10_000
_FOLD_AT: Final = 50_000

M = TypeVar("M", bound=Money)

_EPOCH: Final = date(1970, 1, 1).toordinal()
_Sums = list[int]
"""requests, then, then unknown, now, now unknown, compared, compared then, compared now"""

_Key = tuple[int, str, str]
"""day since 1970, key, tags as JSON"""


class Tally:
    """Requests with both costs, in total and by key, tag and day."""

    __slots__ = ("_by", "_fresh", "total")

    def __init__(self) -> None:
        self.total: _Sums = [0] * 8
        self._fresh: dict[_Key, _Sums] = {}
        self._by: dict[str, dict[str | None, _Sums]] = {"key": {}, "tag": {}, "day": {}}

    def add(self, at_us: int, whose: tuple[str, str], then: int | None, now: int | None) -> None:
        """Count a request of a key with tags; costs in nano-dollars, None: unknown."""
        key = (at_us // DAY_US, *whose)
        sums = self._fresh.get(key)
        if sums is None:
            if len(self._fresh) >= _FOLD_AT:
                self._fold()
            sums = self._fresh[key] = [0] * 8
        sums[0] += 1
        if then is None:
            sums[2] += 1
        else:
            sums[1] += then
        if now is None:
            sums[4] += 1
        else:
            sums[3] += now
            if then is not None:
                sums[5] += 1
                sums[6] += then
                sums[7] += now

    def groups(self, by: str) -> list[Group]:
        """The rows of `key`, `tag` or `day`, in the order of their names."""
        self._fold()
        found = self._by[by]
        ordered = sorted(found, key=lambda one: (one is not None, one or ""))
        return [_filled(Group(name=one), found[one]) for one in ordered]

    def all(self) -> Money:
        """The sums over everything."""
        self._fold()
        return _filled(Money(), self.total)

    @property
    def days(self) -> tuple[date, date] | None:
        """The first and the last day with a request; None: there was none."""
        self._fold()
        days = [date.fromisoformat(day) for day in self._by["day"] if day and day != UNLISTED]
        return (min(days), max(days)) if days else None

    def _fold(self) -> None:
        for (day, key, tags), sums in self._fresh.items():
            _plus(self.total, sums)
            self._into("day", _day(day), sums)
            self._into("key", key or None, sums)
            for tag in _names(tags):
                self._into("tag", tag, sums)
        self._fresh.clear()

    def _into(self, by: str, name: str | None, sums: _Sums) -> None:
        groups = self._by[by]
        kept = groups.get(name)
        if kept is None:
            if len(groups) >= MOST_GROUPS:
                name = UNLISTED
            kept = groups.setdefault(name, [0] * 8)
        _plus(kept, sums)


def _filled(money: M, sums: _Sums) -> M:
    money.requests, money.then_nusd, money.then_unknown = sums[:3]
    money.now_nusd, money.now_unknown, money.compared_requests = sums[3:6]
    paid, would = money.compared_then_nusd, money.compared_now_nusd = sums[6], sums[7]
    money.difference_nusd = would - paid
    money.difference_share = (would - paid) / paid if paid else None
    return money


def _day(number: int) -> str:
    return date.fromordinal(_EPOCH + number).isoformat()


def _plus(total: _Sums, sums: _Sums) -> None:
    for at, one in enumerate(sums):
        total[at] += one


def _names(tags: str) -> Iterable[str | None]:
    if tags == "{}":
        return (None,)
    return [f"{name}={value}" for name, value in _decode(tags).items()]


_decode = json.Decoder(dict[str, str]).decode
