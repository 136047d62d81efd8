"""The circuit breaker of a target: a table of what follows from what, and the rules that open it.

    closed ──── tripped ───▶ open ─── asked, its rest over ───▶ half-open
      ▲                       │ ▲                                 │   │
      └─ a call answered ─────┘ └──── a probe failed: longer ─────┘   │
      └───────────────────────── a probe answered ────────────────────┘

One rule: only calls that began after the last change say anything. Whoever was under way before it
speaks of the past. Pure: moments are seconds of a monotonic clock.
"""

from collections.abc import Callable
from math import inf
from typing import ClassVar, Final, Literal, NamedTuple

from madang.config.sections.health import DEFAULT_RULES, Rules
from madang.routing.health.crowd import Crowd
from madang.routing.health.tally import Counts, Tally

State = Literal["closed", "open", "half-open"]
Event = Literal["tripped", "asked", "answered", "failed", "released", "reached"]
Cause = Literal["failures", "error_rate", "slow"]

CLOSED: Final = "closed"
OPEN: Final = "open"
HALF_OPEN: Final = "half-open"
_LONGEST_SERIES: Final = 20


class Known(NamedTuple):
    """What processes tell one another of a breaker; see there."""

    state: State
    cause: Cause | None
    since: float
    open_until: float
    times: int


class Breaker:
    """One target's. While `open_until` lies ahead others are to be asked first.

    `failures` counts those in a row; `cause` is why it is not closed (None: it is); `since` is the
    moment of the last change; `times` how often the rest was doubled; `opened` how often it opened.
    """

    __slots__ = (
        *("_crowds", "_is_doubted", "_is_woken", "_probes_left", "_rules", "_slow_s"),
        *("cause", "failures", "open_until", "opened", "since", "state", "tally", "times"),
    )

    def __init__(self, rules: Rules = DEFAULT_RULES) -> None:
        self.state: State = CLOSED
        self.cause: Cause | None = None
        self.failures = 0
        self.open_until = 0.0
        self.since = 0.0
        self.times = 0
        self.opened = 0
        self.tally = Tally(rules.window_s)
        self._crowds: tuple[Crowd, ...] = ()
        self._rules = rules
        self._slow_s = inf if rules.slow_s is None else rules.slow_s
        self._probes_left = 0
        self._is_woken = False
        self._is_doubted = False

    def configure(self, rules: Rules, crowds: tuple[Crowd, ...]) -> None:
        """Other rules are in force, and it stands beside others on the routes of `crowds`."""
        if rules.window_s != self._rules.window_s:
            self.tally = Tally(rules.window_s)
        self._crowds = crowds
        self._rules = rules
        self._slow_s = inf if rules.slow_s is None else rules.slow_s

    @property
    def is_ejected(self) -> bool:
        """Whether it rests for a rate, and nothing was heard since that would speak for it."""
        return self.state != CLOSED and self.cause != "failures"

    def asked(self, now: float) -> None:
        """A call begins. Once the rest is over it is a probe, of which there are only so many."""
        if self.state != CLOSED and now >= self.open_until:
            self._on("asked", now)

    def answered(self, latency_s: float, now: float, began_at: float) -> None:
        """A call ended well."""
        tally = self.tally
        if now >= tally.ends_at:
            tally.roll(now)
        tally.calls += 1
        if latency_s >= self._slow_s:
            self._slow(now, began_at)
        elif self.state == CLOSED:
            self.failures = 0
        elif began_at >= self.since:
            self._on("answered", now)

    def failed(self, now: float, began_at: float) -> None:
        """A call ended by the provider's fault."""
        if began_at < self.since:
            return
        tally = self.tally
        if now >= tally.ends_at:
            tally.roll(now)
        tally.calls += 1
        tally.failed += 1
        self.failures += 1
        self._judge(now)

    def released(self, now: float, began_at: float) -> None:
        """A call ended without saying anything about the target."""
        if self.state != CLOSED and began_at >= self.since:
            self._on("released", now)

    def reached(self, now: float) -> None:
        """Somebody has asked for something free, and got an answer."""
        if self.state != CLOSED:
            self._on("reached", now)

    def adopt(self, known: Known) -> None:
        """Take over what another process has seen later."""
        if known.state == CLOSED:
            self.recover(known.since)
        elif known.cause is None or self._may_rest(known.cause):
            self.state, self.cause, self.since = known.state, known.cause, known.since
            self._is_doubted = self._is_doubted or (self._is_woken and known.times > self.times)
            self.open_until, self.times = known.open_until, known.times
            self._probes_left = 0
            self._is_woken = False

    @property
    def known(self) -> Known:
        """What another process should know."""
        return Known(self.state, self.cause, self.since, self.open_until, self.times)

    def recover(self, now: float) -> None:
        """Close: the target has answered, here or elsewhere."""
        if self.cause == "failures":
            self.times = 0  # a rate is not refuted by one answer: see `_trip`
        self.state, self.cause, self.since, self.open_until = CLOSED, None, now, 0.0
        self.failures = 0
        self._is_doubted = False
        self.tally.clear()

    def rates(self, now: float) -> Counts:
        """How the calls of the window ended."""
        return self.tally.within(now)

    def is_ailing(self, now: float) -> bool:
        """Whether half of what would open it is there, on half as many calls."""
        calls, failed, slow = self.tally.within(now)
        rules = self._rules
        if self.failures > 0:
            return True
        if 2 * calls < rules.min_calls:
            return False
        return 2 * failed >= rules.error_rate * calls or 2 * slow >= rules.slow_rate * calls

    def _slow(self, now: float, began_at: float) -> None:
        """An answer came, too late to speak for the target."""
        if began_at < self.since:
            return
        self.tally.slow += 1
        self.failures = 0
        if self.state != CLOSED and self.cause != "slow":
            self._on("answered", now)
        else:
            self._judge(now)

    def _judge(self, now: float) -> None:
        """Something bad was counted, which may open the breaker."""
        if self.state != CLOSED:
            self._on("failed", now)
        elif (cause := self._verdict(now)) is not None:
            self.cause = cause
            self._on("tripped", now)

    def _verdict(self, now: float) -> Cause | None:
        rules = self._rules
        if self.failures >= rules.failures:
            return "failures"
        calls, failed, slow = self.tally.within(now)
        if calls < rules.min_calls:
            return None
        cause: Cause | None = None
        if failed >= rules.error_rate * calls:
            cause = "error_rate"
        elif slow and slow >= rules.slow_rate * calls:
            cause = "slow"
        return cause if cause is not None and self._may_rest(cause) else None

    def _may_rest(self, cause: Cause) -> bool:
        return cause == "failures" or all(crowd.can_spare_one() for crowd in self._crowds)

    def _on(self, event: Event, now: float) -> None:
        found = self._TABLE.get((self.state, event))
        if found is None:
            return
        following, effect = found
        effect(self, now)
        if following != self.state:
            self.state, self.since = following, now

    def _trip(self, now: float) -> None:
        """Rest; where a rate opens it again right after it closed, longer than the last time."""
        again = self.cause != "failures" and now - self.since < self._rules.window_s
        self.times = self.times + 1 if again and self.opened else 0
        self._lie_down(now)

    def _rest_longer(self, now: float) -> None:
        """A probe has failed: what was said for the target meanwhile was wrong."""
        self.times = min(self.times + 1, _LONGEST_SERIES)
        self._is_doubted = self._is_doubted or self._is_woken
        self._lie_down(now)

    def _lie_down(self, now: float) -> None:
        rules = self._rules
        self.open_until = now + min(rules.rest_s * 2**self.times, rules.longest_rest_s)
        self.opened += 1
        self._probes_left = 0
        self._is_woken = False

    def _admit(self, now: float) -> None:
        """A probe goes. When there is no other left, nobody follows until it is heard, or long overdue."""
        if self._probes_left == 0:
            self._probes_left = self._rules.probes
        self._probes_left -= 1
        if self._probes_left == 0:
            self.open_until = now + self._rules.rest_s

    def _readmit(self, now: float) -> None:
        """A probe has ended undecided: another may go."""
        self._probes_left = min(self._probes_left + 1, self._rules.probes)
        self.open_until = min(self.open_until, now)

    def _wake(self, now: float) -> None:
        """End the rest before its time, unless that was wrong before."""
        if not self._is_doubted and self.open_until > now:
            self.open_until = now
            self._is_woken = True

    _TABLE: ClassVar[
        dict[tuple[State, Event], tuple[State, Callable[["Breaker", float], None]]]
    ] = {
        (CLOSED, "tripped"): (OPEN, _trip),
        (OPEN, "asked"): (HALF_OPEN, _admit),
        (OPEN, "answered"): (CLOSED, recover),
        (OPEN, "reached"): (OPEN, _wake),
        (HALF_OPEN, "asked"): (HALF_OPEN, _admit),
        (HALF_OPEN, "answered"): (CLOSED, recover),
        (HALF_OPEN, "failed"): (OPEN, _rest_longer),
        (HALF_OPEN, "released"): (HALF_OPEN, _readmit),
    }
    """What is not in it changes nothing: a failure while open was to be expected."""
