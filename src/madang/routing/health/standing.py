"""What is known of one target right now: calls under way, latency, and whether it is worth trying."""

from dataclasses import dataclass, field
from math import inf
from typing import Final, Literal

from madang.routing.health.breaker import CLOSED, OPEN, Breaker
from madang.routing.pacing import Turnstile
from madang.routing.past import Past

READY: Final = 0
FULL: Final = 1
RESTING: Final = 2
_OLD_WEIGHT = 0.7  # moving average of latency: 0.7 old, 0.3 new (G8)

Health = Literal["healthy", "degraded", "failed"]


@dataclass(slots=True)
class Standing:
    """One target's state. `latency_s` is the moving average of answered calls (0.0: none yet).

    `in_flight` counts those who wait for a turn, too; `waiting` are those alone. `turnstile` is the
    way to it in the configuration in force (None: nobody went yet). `answered_at` and `heard_at` are
    when a call last ended well, and at all (None: none has). `probed_at` is when its provider was last
    asked for something free, `is_unreachable` that this was in vain, and it has not answered since.
    `is_known`: the configuration or the catalogue has it, as against a name that a caller made up.
    `past` is for asking it again.
    """

    in_flight: int = 0
    latency_s: float = 0.0
    turnstile: Turnstile | None = None
    waiting: int = 0
    breaker: Breaker = field(default_factory=Breaker)
    answered_at: float | None = None
    heard_at: float | None = None
    probed_at: float = 0.0
    is_unreachable: bool = False
    is_known: bool = False
    past: Past = field(default_factory=Past)

    @property
    def failures(self) -> int:
        """Failures in a row."""
        return self.breaker.failures

    @property
    def open_until(self) -> float:
        """The moment until which it rests for its failures."""
        return self.breaker.open_until

    def readiness(self, now: float) -> int:
        """READY, FULL (a request would wait for its turn), or RESTING: after failures, or as its provider wishes."""
        if self.breaker.open_until > now or self.past.gone_until > now:
            return RESTING
        turnstile = self.turnstile
        if turnstile is None or turnstile.is_free:
            return READY
        if turnstile.is_closed(now, in_line=self.waiting > 0):
            return RESTING
        return FULL if turnstile.is_full(now) else READY

    def is_resting(self, now: float) -> bool:
        """Whether others should be asked first: after failures, or as the provider wishes."""
        if self.breaker.open_until > now or self.past.gone_until > now:
            return True
        return self.turnstile is not None and self.turnstile.is_closed(
            now, in_line=self.waiting > 0
        )

    def started(self, now: float = inf) -> None:
        """A call began. Without a moment it is after anything that is known."""
        self.in_flight += 1
        if self.breaker.state != CLOSED and now != inf:
            self.breaker.asked(now)

    def answered(self, latency_s: float, now: float = 0.0, began_at: float = inf) -> None:
        """A call that had its turn at `began_at` ended well. Without moments it is the latest that is known of."""
        self.in_flight -= 1
        self.answered_at = self.heard_at = now
        self.is_unreachable = False
        old = self.latency_s
        self.latency_s = (
            latency_s if old == 0.0 else _OLD_WEIGHT * old + (1 - _OLD_WEIGHT) * latency_s
        )
        self.breaker.answered(latency_s, now, began_at)
        turnstile = self.turnstile
        if turnstile is not None and turnstile.ceiling is not None:
            turnstile.ceiling.answered(latency_s)

    def failed(self, now: float, began_at: float = inf) -> None:
        """A call ended by the provider's fault."""
        self.in_flight -= 1
        self.heard_at = now
        self.breaker.failed(now, began_at)

    def released(self, now: float = 0.0, began_at: float = inf) -> None:
        """A call ended by nobody's fault: the caller left, or the request itself was wrong."""
        self.in_flight -= 1
        if self.breaker.state != CLOSED:
            self.breaker.released(now, began_at)

    def reached(self, now: float) -> None:
        """Its provider has answered when it was asked for something free."""
        self.probed_at = now
        self.is_unreachable = False
        self.breaker.reached(now)

    def missed(self, now: float) -> None:
        """Its provider has not answered, or with a failure, when it was asked for something free."""
        self.probed_at = now
        self.is_unreachable = True

    def is_quiet(self, now: float, for_s: float) -> bool:
        """Whether it has rested, or no call has ended, for so long."""
        if self.breaker.state != CLOSED:
            return now - self.breaker.since >= for_s
        return self.in_flight == 0 and (self.heard_at is None or now - self.heard_at >= for_s)

    def health(self, now: float) -> Health:
        """`failed`: it rests for failures and has not been asked since. `degraded`: something speaks against it."""
        if self.breaker.state == OPEN:
            return "failed"
        if self.breaker.state != CLOSED or self.is_unreachable or self.is_resting(now):
            return "degraded"
        return "degraded" if self.breaker.is_ailing(now) else "healthy"
