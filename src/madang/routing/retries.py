"""How long to wait before a target is asked again, and how often that may happen to it.

Pure: moments are seconds of a monotonic clock, chance a number in [0, 1).
"""

from typing import Final

from madang.config.sections.retries import Retries

SPAN_S: Final = 10.0
"""What was asked of a target is counted over so long."""


def wait_s(settings: Retries, n: int, chance: float, retry_after_s: float | None) -> float | None:
    """How long to wait before the n-th retry (from 1) of a target; None: too long to wait for.

    Exponential backoff with full jitter
    (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), after what the
    provider itself has asked for: those whom it told the same moment do not all come back in it.
    """
    least_s = retry_after_s or 0.0
    if least_s > settings.most_s:
        return None
    return least_s + chance * min(settings.first_s * 2.0 ** (n - 1), settings.most_s)


class Allowance:
    """How many extra requests a target gets beside those that callers cause: a share of them, or a few.

    The more fail, the fewer of them are tried again: an outage is not multiplied.
    """

    __slots__ = ("_asked", "_ends_at", "_extra")

    def __init__(self) -> None:
        self._ends_at = 0.0
        self._asked = 0
        self._extra = 0

    def asked(self, now: float) -> None:
        """A request goes to the target, not an extra one."""
        if now >= self._ends_at:
            self._begin(now)
        self._asked += 1

    def take(self, share: float, now: float, least: int) -> bool:
        """Whether there may be an extra request now; it is counted then. `least`: so many need no share in a span."""
        if now >= self._ends_at:
            self._begin(now)
        if share <= 0 or self._extra >= max(least, int(share * self._asked)):
            return False
        self._extra += 1
        return True

    def give_back(self) -> None:
        """An extra request that was taken is not sent after all."""
        self._extra = max(0, self._extra - 1)

    def _begin(self, now: float) -> None:
        self._ends_at = now + SPAN_S
        self._asked = self._extra = 0
