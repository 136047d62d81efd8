"""Who is asked for a call, one target after another, until one answers or nobody is left.

Every candidate of the plan has its turn before any is asked again. Then the round begins anew with
those whose failure may have passed, whoever may be asked soonest, each after its wait (see
`routing.retries`). Nothing is begun that cannot end within the time of the call.
"""

from collections.abc import Callable
from typing import NamedTuple

from madang.config.sections.retries import Retries
from madang.errors import (
    MadangError,
    ProviderOverloaded,
    ProviderRateLimited,
    ProviderTimedOut,
)
from madang.model import Target
from madang.pipeline.call import Call
from madang.pipeline.failures import Failures
from madang.pipeline.lane import Lane, Snapshot
from madang.pipeline.settle import Account
from madang.routing.causes import Remedy, remedy_for
from madang.routing.plan import Plan
from madang.routing.retries import wait_s
from madang.routing.route import Route

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

    def hedge_after_s(self, lane: Lane, now: float) -> float | None:
        """How long a target may be slow before a second one is asked as well; None: as long as it likes."""
        hedge = self.snapshot.patience.hedges.get(self.route.name)
        call = self.call
        if hedge is None or any((call.conversation, call.continuation, call.parts, call.lot)):
            return None  # what these stand for is written to, or counted, by one attempt alone
        past = lane.standing.past
        past.hedges.asked(now)
        if hedge.after != "p95":
            return hedge.after
        return past.answers(streamed=call.envelope.stream).quantile_s(0.95)

    def second(self, lane: Lane, pays: Callable[[Call], bool], now: float) -> Lane | None:
        """Who is asked beside a slow target; None: nobody.

        The plan hears of it as of a time-out, and goes on from there whatever becomes of either. So
        it is only asked where others follow whatever the failure.
        """
        hedge, past = self.snapshot.patience.hedges[self.route.name], lane.standing.past
        if not self._has_others() or self.call.is_late(now):
            return None
        if not past.hedges.take(hedge.budget, now, 1):
            return None
        if pays(self.call):
            slow = ProviderTimedOut(f"{lane.target.provider} is slow", phase="first_byte")
            target = self._proposed(slow, now)
            if target is not None:
                return self.snapshot.lane(target)
        past.hedges.give_back()
        return None

    def _has_others(self) -> bool:
        route = self.route
        return len(route.targets) > 1 or any(not one.causes for one in route.fallbacks)

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
            past, streamed = account.lane.standing.past, self.call.envelope.stream
            seconds = account.first_byte_at - account.sent_at
            past.answered(seconds, streamed=streamed)
            if self.route.name in self.snapshot.patience.hedges:
                past.answers(streamed=streamed).add(seconds)

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
        target = self._proposed(error, now)
        if target is not None:
            return target
        if remedy.elsewhere == "named" or self._failures is None:
            return None
        return self._failures.last_resort(self.call)

    def _proposed(self, error: MadangError, now: float) -> Target | None:
        """Who the plan proposes after a failure, as far as there is time; None: nobody any more."""
        while True:
            try:
                target = self._plan.send(error)
            except StopIteration:
                return None
            if self._fits(self.snapshot.lane(target), now):
                return target

    def _again(self, now: float) -> Following | None:
        """A target that has failed and may do better by now."""
        settings = self.settings
        if self.call.asked >= settings.attempts:
            return None
        ready = [(one, max(now, one.ready_at)) for one in self._failed.values()]
        ready.sort(key=lambda it: (it[0].lane.standing.is_resting(it[1]), it[1]))
        for one, at in ready:
            lane = one.lane
            if not self._fits(lane, at) or not self._is_soon(at - now):
                continue
            retries = lane.standing.past.retries
            if one.stands_in_line or retries.take(settings.budget, now, settings.least):
                return Following(lane.target, at - now)
        return None

    def _is_soon(self, wait_s: float) -> bool:
        """Whether a caller who has stated no deadline would still wait so long."""
        if self.call.deadline_s is not None:
            return True
        return self.call.waited_s + wait_s <= self.settings.wait_s

    def _fits(self, lane: Lane, at: float) -> bool:
        """Whether an attempt that begins then can end in time."""
        call = self.call
        most_s = lane.provider.timeouts.total_s if call.seam is None else None
        if call.deadline_s is not None:
            most_s = call.deadline_s
        if most_s is None:
            return True
        quickest_s = lane.standing.past.quickest_s(streamed=call.envelope.stream)
        return at + quickest_s < call.started + most_s
