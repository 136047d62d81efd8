"""What is known of each target right now: calls under way, latency, and whether it is worth trying.

Pure bookkeeping: the clock is an argument. A target that failed three times in a row rests for 30
seconds (G11); resting only moves it to the end of the queue, so the last target left is always
tried.
"""

from dataclasses import dataclass
from typing import Final

from madang.model import Target
from madang.routing.pacing import Pacing, Turnstile
from madang.state.table import Table

FAILURES_TO_OPEN = 3
OPEN_S = 30.0
READY: Final = 0
FULL: Final = 1
RESTING: Final = 2
_OLD_WEIGHT = 0.7  # moving average of latency: 0.7 old, 0.3 new (G8)


@dataclass(slots=True)
class Standing:
    """One target's state. `latency_s` is the moving average of answered calls (0.0: none yet).

    `in_flight` counts those who wait for a turn, too; `waiting` are those alone. `turnstile` is the
    way to it in the configuration in force (None: nobody went yet).
    """

    in_flight: int = 0
    failures: int = 0
    open_until: float = 0.0
    latency_s: float = 0.0
    turnstile: Turnstile | None = None
    waiting: int = 0

    def readiness(self, now: float) -> int:
        """READY, FULL (a request would wait for its turn), or RESTING: after failures, or as its provider wishes."""
        if self.is_resting(now):
            return RESTING
        return FULL if self.turnstile is not None and self.turnstile.is_full(now) else READY

    def is_resting(self, now: float) -> bool:
        """Whether others should be asked first: after failures, or as the provider wishes."""
        if self.open_until > now:
            return True
        return self.turnstile is not None and self.turnstile.is_closed(
            now, in_line=self.waiting > 0
        )

    def started(self) -> None:
        """A call began."""
        self.in_flight += 1

    def answered(self, latency_s: float) -> None:
        """A call ended well."""
        self.in_flight -= 1
        self.failures = 0
        self.open_until = 0.0
        old = self.latency_s
        self.latency_s = (
            latency_s if old == 0.0 else _OLD_WEIGHT * old + (1 - _OLD_WEIGHT) * latency_s
        )

    def failed(self, now: float) -> None:
        """A call ended by the provider's fault."""
        self.in_flight -= 1
        self.failures += 1
        if self.failures >= FAILURES_TO_OPEN:
            self.open_until = now + OPEN_S

    def released(self) -> None:
        """A call ended by nobody's fault: the caller left, or the request itself was wrong."""
        self.in_flight -= 1


class Board:
    """The standings of all targets, and what is known of providers' keys, kept across configuration reloads."""

    def __init__(self, pacing: Pacing | None = None) -> None:
        """`pacing`: None for a process that serves alone, or not at all."""
        self.pacing = pacing or Pacing(Table())
        self._standings: dict[tuple[str, str], Standing] = {}

    def standing(self, target: Target) -> Standing:
        """The standing of a target, created at first sight."""
        key = (target.provider, target.model)
        found = self._standings.get(key)
        if found is None:
            found = self._standings[key] = Standing()
        return found

    def forget_idle(self) -> None:
        """Forget every target without a call under way, when there are too many to remember."""
        self._standings = {key: one for key, one in self._standings.items() if one.in_flight}
        self.pacing.forget_idle()

    def items(self) -> list[tuple[tuple[str, str], Standing]]:
        """Every (provider, model) seen, with its standing."""
        return list(self._standings.items())
