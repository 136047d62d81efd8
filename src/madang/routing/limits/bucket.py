"""A rate with a burst: what is not used gathers up to `burst`, and comes back steadily.

The generic cell rate algorithm: one number, the moment at which the bucket would be full again. In
any span of t seconds at most `burst` + rate · t is taken.
"""

from typing import Final

from madang.routing.limits.memory import Cells, Place


class Bucket:
    """`limit` per `span_us` in the long run, `burst` at once at most. Moments as in `Window`."""

    SIZE: Final = 1
    KIND: Final = 2

    __slots__ = ("_at", "_burst_ns", "_cells", "_one_ns", "_rate", "_span_ns", "limit")

    def __init__(self, place: Place, limit: int, span_us: int, burst: int) -> None:
        self._cells: Cells = place.cells
        self._at = place.at
        self._rate = max(1, limit // place.share)
        self._span_ns = span_us * 1000
        self.limit = burst // place.share
        self._burst_ns = self._ns(self.limit)
        self._one_ns = self._ns(1)

    def room(self, now_us: int) -> int:
        """How much may be taken now; negative after more was used than had been reserved."""
        filled_ns = max(0, self._cells[self._at] - now_us * 1000)
        return (self._burst_ns - filled_ns) * self._rate // self._span_ns

    def take(self, amount: int, now_us: int) -> int:
        """Take it, right after `room`."""
        full_ns = max(self._cells[self._at], now_us * 1000)
        self._cells[self._at] = full_ns + self._ns(amount)
        return 0

    def take_one(self, now_us: int) -> bool:
        """Take 1 where it is there: `room` and `take` in one step, for those who are in a hurry."""
        now_ns = now_us * 1000
        full_ns = self._cells[self._at]
        full_ns = max(full_ns, now_ns) + self._one_ns
        if full_ns - now_ns > self._burst_ns:
            return False
        self._cells[self._at] = full_ns
        return True

    def correct(self, mark: int, difference: int) -> None:  # noqa: ARG002 - one moment stands for all
        """More or less than was taken has been used."""
        self._cells[self._at] += self._ns(difference)

    def wait_us(self, amount: int, now_us: int) -> int:
        """0 when there is room for `amount` now, else how long until there is, if nobody else takes it."""
        ahead_ns = self._cells[self._at] + self._ns(amount) - self._burst_ns - now_us * 1000
        return max(0, -(-ahead_ns // 1000)) if self.room(now_us) < amount else 0

    def reset_us(self, now_us: int) -> int:
        """How long until the whole burst is there again, if nothing is taken."""
        return max(0, -(-self._cells[self._at] // 1000) - now_us)

    def _ns(self, amount: int) -> int:
        """The time in which `amount` comes back, rounded up."""
        return -(-amount * self._span_ns // self._rate)
