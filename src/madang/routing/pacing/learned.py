"""What a provider itself says of its limits, for one of its keys and one model: by refusals, and by headers.

A refusal (429) closes the way until the stated moment and lowers the pace: halved at once, then
slowly raised again (additive increase, multiplicative decrease), until twice the pace that was too
fast is reached and the matter forgotten. Headers that show little left are mirrored by a bucket that
refills as the provider's does.

Pure: moments are seconds of a monotonic clock.
"""

from math import inf
from typing import Final

from madang.wire.quota import Level

CAUTION: Final = 0.5
"""What a refusal leaves of the pace."""

RECOVERY_S: Final = 30.0
"""In so many seconds without a refusal the pace grows by what it was when it was too fast."""

NEAR: Final = 1 / 8
"""Less than this share of a limit is little."""

SLOWEST: Final = 0.1
FIRST_PAUSE_S: Final = 1.0
_SPAN_S: Final = 1.0
_LONGEST_S: Final = 3600.0


class Mirror:
    """A bucket at the provider as its headers show it: what is left, how it refills, and when it is full."""

    __slots__ = ("_at", "_left", "_limit", "_rate", "full_at")

    def __init__(self, limit: float, left: float, reset_s: float, now: float) -> None:
        self._limit = limit
        self._left = left
        self._rate = (limit - left) / reset_s
        self._at = now
        self.full_at = now + reset_s

    def wait_s(self, amount: float, now: float) -> float:
        """How long until there is room for `amount`, or for all there can be."""
        missing = min(amount, self._limit) - self._level(now)
        return max(0.0, missing / self._rate)

    def take(self, amount: float, now: float) -> None:
        """It goes to the provider."""
        self._left = self._level(now) - amount
        self._at = now

    def share(self, now: float) -> float:
        """What is left of the limit, 0 to 1."""
        return max(0.0, self._level(now) / self._limit)

    def _level(self, now: float) -> float:
        return min(self._limit, self._left + (now - self._at) * self._rate)


class Learned:
    """What one key has been told about one model. `is_quiet`: nothing that would matter now."""

    __slots__ = (
        "_asked",
        "_base",
        "_lowered_at",
        "_next_at",
        "_rate",
        "_since",
        "closed_until",
        "is_quiet",
        "requests",
        "tokens",
    )

    def __init__(self) -> None:
        self.is_quiet = True
        self.closed_until = 0.0
        self.requests: Mirror | None = None
        self.tokens: Mirror | None = None
        self._asked = 0  # since `_since`
        self._since = 0.0
        self._rate = 0.0  # requests per second lately
        self._base = 0.0  # the pace that was too fast; 0: none is known to be
        self._lowered_at = 0.0
        self._next_at = 0.0

    def wait_s(self, tokens: int, now: float) -> float:
        """How long until a request of so many tokens may go."""
        if self.is_quiet:
            return 0.0
        self._forget(now)
        wait_s = max(0.0, self.closed_until - now)
        if self._base:
            wait_s = max(wait_s, self._next_at - now)
        if self.requests is not None:
            wait_s = max(wait_s, self.requests.wait_s(1, now))
        if self.tokens is not None:
            wait_s = max(wait_s, self.tokens.wait_s(tokens, now))
        return wait_s

    def took(self, tokens: int, now: float) -> None:
        """A request of so many tokens goes."""
        self._asked += 1
        if now - self._since >= _SPAN_S:
            self._rate = self._asked / (now - self._since)
            self._asked, self._since = 0, now
        if self.is_quiet:
            return
        if self._base:
            self._next_at = max(self._next_at, now) + 1 / self.pace(now)
        if self.requests is not None:
            self.requests.take(1, now)
        if self.tokens is not None:
            self.tokens.take(tokens, now)

    def refused(
        self, sent_at: float, now: float, retry_after_s: float | None, *, is_known: bool
    ) -> None:
        """The provider has answered 429 to what was sent at `sent_at`.

        Several refusals of what was sent before the pace was lowered count as one. `is_known`: its
        limit is configured, so that the moment it states is all there is to learn.
        """
        if retry_after_s is not None:
            self.close(now, retry_after_s)
            if is_known:
                return
        self.is_quiet = False
        if sent_at < self._lowered_at:
            return
        rate = self.pace(now) if self._base else self._lately(now)
        self._base = max(rate, SLOWEST / CAUTION)
        self._lowered_at = now
        pause_s = FIRST_PAUSE_S if retry_after_s is None else 0.0
        self._next_at = max(now + min(pause_s, 1 / self.pace(now)), self.closed_until)

    def close(self, now: float, for_s: float) -> None:
        """The provider wants to be left alone, though not for the pace."""
        self.is_quiet = False
        self.closed_until = max(self.closed_until, now + min(for_s, _LONGEST_S))

    def heard(self, level: Level, on_the_way: int, now: float) -> Mirror | None:
        """What headers say of requests or tokens, as a mirror where little is left.

        `on_the_way` may be what the provider has not counted yet.
        """
        reset_s, left = level.reset_us / 1_000_000, level.remaining - on_the_way
        if level.limit <= 0 or not 0 < reset_s <= _LONGEST_S or left >= level.limit * NEAR:
            return None
        self.is_quiet = False
        return Mirror(level.limit, min(max(0, left), level.limit - 1), reset_s, now)

    def pace(self, now: float) -> float:
        """Requests per second that are dared now; infinite where nothing is known against it."""
        if not self._base:
            return inf
        return self._base * (CAUTION + (now - self._lowered_at) / RECOVERY_S)

    def share(self, now: float) -> float:
        """What is left of the provider's limits as far as is known, 0 to 1."""
        mirrors = [one for one in (self.requests, self.tokens) if one is not None]
        return min((one.share(now) for one in mirrors), default=1.0)

    def _lately(self, now: float) -> float:
        """Requests per second that went of late; a single one says little."""
        span = now - self._since
        recent = self._asked / max(span, _SPAN_S)
        return max(recent, self._rate if span < 2 * _SPAN_S else 0.0, 1.0)

    def _forget(self, now: float) -> None:
        """Drop what does not matter any more."""
        if self.requests is not None and now >= self.requests.full_at:
            self.requests = None
        if self.tokens is not None and now >= self.tokens.full_at:
            self.tokens = None
        if self._base and self.pace(now) >= 2 * self._base:
            self._base = 0.0
        self.is_quiet = (
            now >= self.closed_until
            and not self._base
            and self.requests is None
            and self.tokens is None
        )
