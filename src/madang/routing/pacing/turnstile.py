"""The way to one model of one provider: which of its keys takes a request, and whether it may go now.

Of the keys that may be used the least loaded one goes: fewest calls under way, then most budget
left, then longest unused.
"""

from math import inf
from typing import Final

from msgspec import Struct

from madang.config.sections.pacing import Pace
from madang.errors import Kind
from madang.routing.limits.memory import Memory
from madang.routing.pacing.ceiling import Ceiling
from madang.routing.pacing.provider_keys import KeyLane
from madang.routing.pacing.rates import seconds_of
from madang.routing.pacing.slots import Slots
from madang.wire.quota import Quota

FOREVER: Final = inf
SHORTLY_S: Final = 1.0
"""A provider that wants to be left alone for no longer is only full."""

_LEAST_COST_S: Final = 0.001
_LISTEN_EVERY: Final = 16
_RECOVERS_S: Final = 60.0
"""A provider that is down (503, 529) may be up again sooner than it says."""

_TOO_MUCH: Final[tuple[Kind, ...]] = ("rate_limit", "overloaded", "timeout")
_FORBIDDEN: Final = 403
_US: Final = 1_000_000
_NO_MARKS: Final[tuple[int, ...]] = ()


class Turn(Struct, eq=False):
    """The right to send one request with one key; given back by `end`, in any case.

    `key` is which of the provider's keys, `prefix` its first characters (None: there is no key).
    `is_plain`: whatever the provider answers, there is nothing to be learned of it here.
    `listens`: the answer's headers are worth reading: something is known already, or now and then.
    `marks` are what was taken of its meters for so many `tokens`.
    """

    turnstile: "Turnstile"
    lane: KeyLane
    tokens: int
    marks: tuple[int, ...]
    at: float
    key: int
    prefix: str | None
    listens: bool = False
    is_plain: bool = False
    is_open: bool = True

    def answered(self) -> None:
        """The provider has taken the key."""
        lane = self.lane
        if lane.key.rest.cause is not None or lane.barred.cause is not None:
            lane.key.rest.answered()
            lane.barred.answered()

    def heard(self, quota: Quota, now: float) -> None:
        """What the answer's headers say is left."""
        learned, on_the_way = self.lane.learned, self.lane.key.in_flight - 1
        if quota.requests is not None:
            learned.requests = learned.heard(quota.requests, on_the_way, now)
        if quota.tokens is not None:
            learned.tokens = learned.heard(quota.tokens, on_the_way * self.tokens, now)

    def refused(
        self, cause: Kind, status: int | None, retry_after_s: float | None, now: float
    ) -> None:
        """The provider has refused it, for a cause that may be the key's."""
        lane, may_rest = self.lane, len(self.turnstile.keys) > 1
        if (ceiling := self.turnstile.ceiling) is not None and cause in _TOO_MUCH:
            ceiling.refused(self.at, now)
        if cause == "rate_limit":
            lane.learned.refused(self.at, now, retry_after_s, is_known=lane.has_rates)
        elif cause == "overloaded" and retry_after_s is not None:
            lane.learned.close(now, min(retry_after_s, _RECOVERS_S))
        elif cause == "provider_auth" and may_rest:
            # a 403 may be about the model alone
            (lane.barred if status == _FORBIDDEN else lane.key.rest).refused(cause, now)
        elif cause == "provider_quota" and may_rest:
            lane.key.rest.refused(cause, now)

    def end(self, tokens: int | None) -> None:
        """The request is over; it has used so many tokens (None: as many as were taken)."""
        if self.is_open:
            self.is_open = False
            lane, turnstile = self.lane, self.turnstile
            if not self.is_plain:
                difference = 0 if tokens is None else tokens - self.tokens
                turnstile.true_up(lane, self.marks, difference)
            turnstile.leave(lane)


class Turnstile:
    """Pure but for the memory that its meters count in; moments are seconds of a monotonic clock."""

    def __init__(
        self,
        memory: Memory,
        keys: tuple[KeyLane, ...],
        slots: tuple[Slots, ...],
        paces: tuple[Pace | None, Pace | None],
        *,
        is_paced: bool,
        ceiling: Ceiling | None = None,
    ) -> None:
        """`paces`: that of the model, and that of each key. `ceiling`: of the one of `slots` that is found out.

        `counts_tokens`: it matters how many a request is said to need.
        """
        self.keys = keys
        self.ceiling = ceiling
        self.is_paced = is_paced
        self.counts_tokens = is_paced or any(lane.has_rates for lane in keys)
        self._only = keys[0] if len(keys) == 1 else None
        is_plain = self._only is not None and not is_paced and self._only.is_plain
        self._plain = self._only if is_plain else None
        self._lock = memory.lock
        self._slots = slots
        self._paces = paces

    def enter(self, tokens: int, now: float) -> Turn | None:
        """A turn for a request of about so many tokens; None: it has to wait, or there is no key (`cause`)."""
        for slots in self._slots:
            if slots.taken >= slots.limit:
                return None
        plain = self._plain
        if plain is None:
            return self._enter_bounded(tokens, now)
        for slots in self._slots:
            slots.taken += 1
        key = plain.key
        key.in_flight += 1
        key.turns += 1
        return Turn(self, plain, tokens, _NO_MARKS, now, plain.index, plain.prefix, False, True)  # noqa: FBT003 - names cost time

    def _enter_bounded(self, tokens: int, now: float) -> Turn | None:
        """The same where a key has to be chosen, or asked whether it has room."""
        lane = self._only or self._choose(tokens, now)
        if lane is None:
            return None
        if (self.is_paced or lane.slots is not None) and not self._is_free(lane, tokens, now):
            return None
        marks = _NO_MARKS
        if lane.has_rates:
            with self._lock:
                taken = lane.rates.take(tokens, int(now * _US))
            if taken is None:
                return None
            marks = taken
        for slots in self._slots:
            slots.taken += 1
        key = lane.key
        key.in_flight += 1
        key.turns += 1
        if lane.slots is not None:
            lane.slots.taken += 1
        if self.is_paced:
            lane.learned.took(tokens, now)
        if key.rest.cause is not None or lane.barred.cause is not None:
            key.rest.asked(now)
            lane.barred.asked(now)
        listens = self.is_paced and (not lane.learned.is_quiet or key.turns % _LISTEN_EVERY == 0)
        return Turn(self, lane, tokens, marks, now, lane.index, lane.prefix, listens)

    def true_up(self, lane: KeyLane, marks: tuple[int, ...], difference: int) -> None:
        """A turn has used so many tokens more than it took, and if its key is doubted, has said nothing for it."""
        if marks and difference:
            with self._lock:
                lane.rates.correct(marks, difference)
        if lane.key.rest.cause is not None or lane.barred.cause is not None:
            lane.key.rest.inconclusive()
            lane.barred.inconclusive()

    def leave(self, lane: KeyLane) -> None:
        """A turn is over: what it held is free for the next."""
        lane.key.in_flight -= 1
        if lane.slots is not None:
            lane.slots.give()
        for slots in self._slots:
            slots.give()

    def wait_s(self, tokens: int, now: float) -> float:
        """How long until `enter` may succeed; `FOREVER`: when a call under way has ended."""
        if any(slots.taken >= slots.limit for slots in self._slots):
            return FOREVER
        with self._lock:
            return min((self._wait_s(lane, tokens, now) for lane in self.keys), default=0.0)

    def blocked_by(self) -> list[Slots]:
        """The slots of which none is free."""
        own = [lane.slots for lane in self.keys if lane.slots is not None]
        return [slots for slots in (*self._slots, *own) if slots.taken >= slots.limit]

    def cost_s(self, tokens: int, call_s: float, now: float) -> float:
        """How long the limits need to make up for a request of so many tokens that takes `call_s` (0.0: not known)."""
        of_model, of_key = self._paces
        costs = [_LEAST_COST_S, seconds_of(of_model, tokens)]
        costs.append(seconds_of(of_key, tokens) / max(1, len(self.keys)))
        costs += [call_s / slots.limit for slots in self._slots]
        if self.is_paced:
            costs.append(1 / (sum(lane.learned.pace(now) for lane in self.keys) or FOREVER))
        return max(costs)

    def cause(self, now: float) -> Kind | None:
        """Why there is no key to be used; None: there is one."""
        if len(self.keys) < 2 or any(lane.allows(now) for lane in self.keys):
            return None
        return next(
            cause
            for lane in self.keys
            for cause in (lane.key.rest.cause, lane.barred.cause)
            if cause is not None
        )

    def awakes_in_s(self, now: float) -> float:
        """How long until the first key is probed."""
        return min(max(lane.key.rest.until, lane.barred.until) - now for lane in self.keys)

    @property
    def is_free(self) -> bool:
        """Whether a request may go at once, without a question: False says nothing yet."""
        if self._plain is None:
            return False
        for slots in self._slots:  # noqa: SIM110 - a generator costs more than the loop
            if slots.taken >= slots.limit:
                return False
        return True

    def is_full(self, now: float) -> bool:
        """Whether a request would have to wait, or could not go at all."""
        lane = self._only
        if lane is None or not lane.learned.is_quiet or lane.slots is not None:
            return self.wait_s(1, now) > 0
        for slots in self._slots:
            if slots.taken >= slots.limit:
                return True
        if not lane.has_rates:
            return False
        with self._lock:
            return not lane.rates.has_room(1, int(now * _US))

    def is_closed(self, now: float, *, in_line: bool) -> bool:
        """Whether no key may be used, or the provider itself holds us up with all of them.

        That is for more than a moment, or at all where others are `in_line` already.
        """
        if self._only is not None and self._only.learned.is_quiet:
            return False
        bearable_s = 0.0 if in_line else SHORTLY_S
        return all(
            not lane.allows(now) or (self.is_paced and lane.learned.wait_s(1, now) > bearable_s)
            for lane in self.keys
        )

    def has_room(self, now: float) -> bool:
        """Whether a request may go at once, with any key."""
        return self.cause(now) is None and not self.is_full(now)

    def _is_free(self, lane: KeyLane, tokens: int, now: float) -> bool:
        """Whether neither the provider's words nor the key's calls at once are in the way."""
        if self.is_paced and not lane.learned.is_quiet and lane.learned.wait_s(tokens, now) > 0:
            return False
        return lane.slots is None or lane.slots.taken < lane.slots.limit

    def _choose(self, tokens: int, now: float) -> KeyLane | None:
        """The least loaded of several keys, among those with room."""
        best: tuple[float, ...] | None = None
        chosen = None
        now_us = int(now * _US)
        with self._lock:
            for lane in self.keys:
                if not lane.allows(now) or not self._is_free(lane, tokens, now):
                    continue
                if best is not None and lane.key.in_flight > best[1] and not best[0]:
                    continue
                if not lane.rates.has_room(tokens, now_us):
                    continue
                learned = lane.learned
                left = lane.rates.share(now_us) if lane.has_rates else 1.0
                closed_s = 0.0
                if not learned.is_quiet:
                    left, closed_s = min(left, learned.share(now)), learned.wait_s(tokens, now)
                load = (closed_s, lane.key.in_flight, -left, lane.key.turns)
                if best is None or load < best:
                    best, chosen = load, lane
        return chosen

    def _wait_s(self, lane: KeyLane, tokens: int, now: float) -> float:
        if lane.slots is not None and lane.slots.taken >= lane.slots.limit:
            return FOREVER
        wait_s = lane.rates.wait_s(tokens, int(now * _US))
        if self.is_paced:
            wait_s = max(wait_s, lane.learned.wait_s(tokens, now))
        if len(self.keys) > 1 and not lane.allows(now):
            wait_s = max(wait_s, lane.key.rest.until - now, lane.barred.until - now, SHORTLY_S)
        return wait_s
