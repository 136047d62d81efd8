"""How many calls at once a target bears, found out by trying: additive increase, multiplicative decrease.

Answers are judged in rounds. A round that was full and as quick as the quickest raises the ceiling by
one; one that is slower than that lowers it, by one while calls only queue a little, by a share once
they take twice as long. A refusal or a time-out lowers it by that share at once. How quick the target
is without a queue is measured again now and then, with fewer calls. Pure: moments are arguments.
"""

from math import inf, sqrt
from typing import Final

from madang.routing.pacing.slots import Slots

LOWERED: Final = 0.85
"""What is left after a refusal, or when calls take twice as long as they need."""

QUICK: Final = 1.05
QUEUED: Final = 1.12
OVERRUN: Final = 2.0
"""A round's mean latency beside one without a queue: up to the first more is dared, then less, then much less."""

FIRST: Final = 2
CLIMB: Final = 1.5
"""Until the first sign of too much, the ceiling grows by half each round."""

_ROUND: Final = 20  # answers at least
_ALONE: Final = 2.0  # below this there is one call at a time, and no queue of ours
_REMEASURE: Final = 50  # rounds
_EASED: Final = 0.7
_SURE: Final = 1.5  # standard errors


class Ceiling:
    """That of one target in one process. `slots` are what it bounds; `most` is the limit of the limit."""

    def __init__(self, most: int) -> None:
        self.slots = Slots(None)
        self._most = most
        self._level = float(min(FIRST, most))
        self._proven = inf  # where it was last too much; not found yet
        self._is_falling = False
        self._lowered_at = -inf
        self._least_s = 0.0  # a call's mean latency without a queue; not measured yet
        self._rounds = 0
        self._eased_from: float | None = None
        self._outdated = 0
        self._begin()
        self._set(self._level)

    @property
    def limit(self) -> int:
        """Calls at once that are dared now."""
        return self.slots.limit

    def configure(self, most: int) -> None:
        """Another limit of the limit is in force."""
        self._most = most
        self._set(self._level)

    def answered(self, latency_s: float) -> None:
        """A call ended well; it still has its slot."""
        if self._outdated > 0:
            self._outdated -= 1
            return
        self._count += 1
        self._sum += latency_s
        self._squares += latency_s * latency_s
        if self.slots.taken >= self.slots.limit:
            self._was_full = True
        if self._count >= max(_ROUND, 2 * self._level):
            self._judge()

    def refused(self, sent_at: float, now: float) -> None:
        """A call sent at `sent_at` was too much, or too slow. What went before the last lowering changes nothing."""
        if sent_at > self._lowered_at:
            self._lowered_at = now
            self._lower()

    def _judge(self) -> None:
        """A round has ended."""
        mean = self._sum / self._count
        spread = sqrt(max(0.0, self._squares / self._count - mean * mean))
        doubt = spread / sqrt(self._count)
        if self._least_s == 0.0 or self._eased_from is not None or self._level < _ALONE:
            self._least_s = (self._least_s + mean) / 2 if self._least_s else mean
        surely = (mean - _SURE * doubt) / self._least_s
        was_full = self._was_full
        self._rounds += 1
        if self._eased_from is not None:
            self._set(self._eased_from)
            self._eased_from = None
        elif surely > OVERRUN:
            self._lower()
        elif surely > QUEUED:
            self._proven = min(self._proven, self._level)
            self._set(self._level / surely)
        elif was_full and surely <= QUICK:
            self._raise()
        if was_full and self._rounds % _REMEASURE == 0:
            self._ease()
        self._begin()

    def _raise(self) -> None:
        """One more; much more where it is far below what it bore."""
        self._is_falling = False
        is_far = self._level < self._proven / 2
        self._set(self._level * CLIMB if is_far else self._level + 1)

    def _lower(self) -> None:
        if not self._is_falling:
            self._proven = self._level
        self._is_falling = True
        self._eased_from = None
        self._set(self._level * LOWERED)
        self._begin()

    def _ease(self) -> None:
        """Have a round with fewer calls, in which nothing queues, to measure again."""
        self._eased_from = self._level
        self._set(self._level * _EASED)

    def _set(self, level: float) -> None:
        self._level = max(1.0, min(level, float(self._most)))
        self.slots.limit = int(self._level)

    def _begin(self) -> None:
        self._count = 0
        self._sum = 0.0
        self._squares = 0.0
        self._was_full = False
        self._outdated = self.slots.taken  # they began under another ceiling
