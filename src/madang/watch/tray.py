"""The rows of finished requests, laid aside for those who count them, and handed on many at a time."""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Final

from madang.model import Attempt

_MOST: Final = 256
"""Requests that are laid aside at most: half a second of a loaded process."""

Taker = Callable[[Sequence[Attempt]], None]


class Tray:
    """For one thread. A request pays for being laid aside; `takers` get the rows of many at once."""

    __slots__ = ("_laid", "takers")

    def __init__(self, *takers: Taker) -> None:
        self.takers = list(takers)
        self._laid: list[Sequence[Attempt]] = []

    def lay(self, attempts: Sequence[Attempt]) -> None:
        """Take the attempts of one finished request."""
        laid = self._laid
        laid.append(attempts)
        if len(laid) >= _MOST:
            self.hand_on()

    def hand_on(self) -> None:
        """Give all that was laid aside to those who count."""
        laid, self._laid = self._laid, []
        if laid:
            rows = list(chain.from_iterable(laid))
            for take in self.takers:
                take(rows)
