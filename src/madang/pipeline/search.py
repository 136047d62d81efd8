"""Who is asked for a call, one target after another, until one answers or nobody is left.

Every candidate of the plan has its turn before any is asked again. Then the round begins anew with
those whose failure may have passed, whoever may be asked soonest, each after its wait (see
`routing.retries`). Nothing is begun that cannot end within the time of the call.
"""

from collections.abc import Callable
from typing import NamedTuple

from madang.config.retries import Retries
from madang.errors import MadangError, ProviderOverloaded, ProviderRateLimited
from madang.model import Target
from madang.pipeline.call import Call
from madang.pipeline.failures import Failures
from madang.pipeline.lane import Lane, Snapshot
from madang.pipeline.settle import Account
from madang.routing.causes import Remedy, remedy_for
from madang.routing.directory import Route
from madang.routing.plan import Plan
from madang.routing.retries import wait_s

_QUICK: float = 0.05
"""The share of a target's answers that is taken for as quick as it can be."""

_BUSY = (ProviderRateLimited, ProviderOverloaded)


class Following(NamedTuple):
    """A target to be asked, in so many seconds."""

    target: Target
    wait_s: float = 0.0


class _Failed:
    """A target that may be asked again, once it is `ready_at` (monotonic seconds)."""

    __slots__ = ("lane", "ready_at", "stands_in_line", "times")

    def __init__(self, lane: Lane, times: int, ready_at: float, *, stands_in_line: bool) -> None:
        self.lane = lane
        self.times = times
        self.ready_at = ready_at
        self.stands_in_line = stands_in_line  # its wait is that of the line before its provider


class Search:
    """The search of one call, by the configuration that it began with. `lane` is the one asked last."""

    __slots__ = (
        "_chance",
        "_failed",
        "_failures",
        "_keys_tried",
        "_plan",
        "call",
        "lane",
        "route",
        "snapshot",
    )

    def __init__(
        self,
        call: Call,
        snapshot: Snapshot,
        route: Route,
        plan: Plan,
        chance: Callable[[], float],
    ) -> None:
        """`chance` gives a number in [0, 1) each time."""
        self.call = call
        self.snapshot = snapshot
        self.route = route
        self.lane: Lane | None = None
        self._plan = plan
        self._chance = chance
        self._failures: Failures | None = None
        self._failed: dict[Target, _Failed] = {}
        self._keys_tried: dict[Target, int] = {}

    def first(self) -> Target:
        """Who is asked first."""
        return next(self._plan)

    def asks(self, lane: Lane, now: float) -> None:
        """A target is about to be asked."""
        self.lane = lane
        if lane.target not in self._failed:  # else it is a retry, and has been counted as one
            lane.standing.past.retries.asked(now)

    @property
    def settings(self) -> Retries:
        """How often and how soon a target is asked again."""
        return self.snapshot.patience.retries(self.route.name)

    def failed(self, lane: Lane, error: MadangError, now: float) -> None:
        """A target failed, or was passed over."""
        if self._failures is None:
            self._failures = Failures()
        self._failures.add(lane.target, error)
        remedy, target = remedy_for(error), lane.target
        before = self._failed.pop(target, None)
        if not remedy.again:
            return
        times = before.times + 1 if before is not None else 1
        in_line = isinstance(error, ProviderRateLimited) and lane.line.turnstile.is_paced
        pause_s = 0.0
        if not in_line:
            wanted = wait_s(self.settings, times, self._chance(), error.retry_after_s)
            if wanted is None:
                return
            pause_s = wanted
        self._failed[target] = _Failed(lane, times, now + pause_s, stands_in_line=in_line)

    def after(self, lane: Lane, error: MadangError, now: float) -> Following | None:
        """Who follows after a failure; None: nobody."""
        remedy = remedy_for(error)
        lot = self.call.lot
        is_new = lot is not None and lot.arm(lane.target) == "canary"
        if remedy.elsewhere == "none" and not is_new:
            return None
        if remedy.other_key and self._has_other_key(lane, now):
            return Following(lane.target)
        following = self._candidate(error, remedy, now)
        return self._again(now) if following is None else Following(following)

    def after_break(self, error: MadangError, now: float) -> Following | None:
        """Who goes on where the target asked last has broken off; None: nobody."""
        lane = self.lane
        if lane is None:
            return None
        self.failed(lane, error, now)
        return self.after(lane, error, now)

    def answered(self, account: Account) -> None:
        """A target has answered, or its stream has begun."""
        if account.first_byte_at is not None:
            past = account.lane.standing.past
            past.gone_until = 0.0
            sketch = past.streamed if self.call.envelope.stream else past.plain
            sketch.add(account.first_byte_at - account.sent_at)

    def telling(self, error: MadangError, now: float) -> MadangError:
        """The failure for the caller, after the last one; where others should wait it says for how long."""
        telling = (self._failures.telling if self._failures else None) or error
        if telling.retry_after_s is None and isinstance(telling, _BUSY) and self._failed:
            ready_at = min(one.ready_at for one in self._failed.values())
            telling.retry_after_s = max(1.0, ready_at - now)
        return telling

    def _has_other_key(self, lane: Lane, now: float) -> bool:
        """Whether it was one of the target's keys that failed, and another may be used at once."""
        turnstile = lane.line.turnstile
        tried = self._keys_tried[lane.target] = self._keys_tried.get(lane.target, 0) + 1
        return tried < len(turnstile.keys) and turnstile.has_room(now)

    def _candidate(self, error: MadangError, remedy: Remedy, now: float) -> Target | None:
        """Who has not been asked yet: the next of the plan, else one that was passed over."""
        while True:
            try:
                target = self._plan.send(error)
            except StopIteration:
                break
            if self._fits(self.snapshot.lane(target), now):
                return target
        if remedy.elsewhere == "named" or self._failures is None:
            return None
        return self._failures.last_resort(self.call)

    def _again(self, now: float) -> Following | None:
        """A target that has failed and may do better by now."""
        settings = self.settings
        if self.call.asked >= settings.attempts:
            return None
        ready = [(one, max(now, one.ready_at)) for one in self._failed.values()]
        ready.sort(key=lambda it: (it[0].lane.standing.is_resting(it[1]), it[1]))
        for one, at in ready:
            lane = one.lane
            if not self._fits(lane, at):
                continue
            if one.stands_in_line or lane.standing.past.retries.take(settings.budget, now):
                return Following(lane.target, at - now)
        return None

    def _fits(self, lane: Lane, at: float) -> bool:
        """Whether an attempt that begins then can end in time."""
        call = self.call
        most_s = lane.provider.timeouts.total_s if call.seam is None else None
        if call.deadline_s is not None:
            most_s = call.deadline_s
        if most_s is None:
            return True
        known = lane.standing.past.answers(streamed=call.envelope.stream)
        quickest_s = known.quantile_s(_QUICK) or 0.0
        return at + quickest_s < call.started + most_s
