"""How the calls of the last minute or so ended: counts over a window that slides in ten steps.

Counts only grow; what they were at the beginning of each step is remembered, so that counting a call
is one addition. Moments are seconds of a monotonic clock.
"""

from collections import deque
from typing import Final, NamedTuple

STEPS: Final = 10


class Counts(NamedTuple):
    """Calls, and how many of them failed or were slow."""

    calls: int = 0
    failed: int = 0
    slow: int = 0


class Tally:
    """Whoever counts looks first whether the step has ended: `if now >= tally.ends_at: tally.roll(now)`."""

    __slots__ = ("_marks", "_step_s", "calls", "ends_at", "failed", "slow")

    def __init__(self, window_s: float) -> None:
        self.calls = 0
        self.failed = 0
        self.slow = 0
        self.ends_at = 0.0
        self._step_s = window_s / STEPS
        self._marks: deque[Counts] = deque(maxlen=STEPS)
        self.clear()

    def roll(self, now: float) -> None:
        """One step has ended, or many, in which nothing was counted."""
        steps = self._ended(now)
        self._marks.extend([Counts(self.calls, self.failed, self.slow)] * steps)
        self.ends_at = max(self.ends_at + steps * self._step_s, now)

    def within(self, now: float) -> Counts:
        """What was counted in the window that ends now. It changes nothing, so that any thread may ask."""
        marks = self._marks
        outdated = max(0, len(marks) + self._ended(now) - STEPS)
        if outdated >= len(marks):
            return Counts()
        calls, failed, slow = marks[outdated]
        return Counts(self.calls - calls, self.failed - failed, self.slow - slow)

    def _ended(self, now: float) -> int:
        """How many steps have ended since the last one that was noted."""
        return 0 if now < self.ends_at else min(STEPS, 1 + int((now - self.ends_at) / self._step_s))

    def clear(self) -> None:
        """Begin anew."""
        self._marks.clear()
        self._marks.append(Counts(self.calls, self.failed, self.slow))
