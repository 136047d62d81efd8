"""A key that rests: the provider has refused it, or says that its account has no money left.

After 60 seconds, then two minutes, doubling up to an hour, one live request probes it (half open);
an answer ends the rest. Pure: moments are seconds of a monotonic clock.
"""

from typing import Final

from madang.errors import Kind

FIRST_S: Final = 60.0
LONGEST_S: Final = 3600.0
_HALF_TIME_S: Final = 900.0
"""A probe that has said nothing for so long is given up, so that the next request is one."""


class Rest:
    """The rest of one key. `cause` is why (None: it does not rest)."""

    __slots__ = ("_probing_until", "_times", "cause", "until")

    def __init__(self) -> None:
        self.until = 0.0
        self.cause: Kind | None = None
        self._times = 0
        self._probing_until = 0.0

    def allows(self, now: float) -> bool:
        """Whether a request may go: it is awake, or a probe is due and none is under way."""
        return self.cause is None or (now >= self.until and now >= self._probing_until)

    def asked(self, now: float) -> None:
        """A request goes; during a rest it is the probe."""
        if self.cause is not None:
            self._probing_until = now + _HALF_TIME_S

    def refused(self, cause: Kind, now: float) -> None:
        """The provider refuses the key. Refusals of requests sent before the rest began change nothing."""
        if self.cause is not None and now < self.until and not self._probing_until:
            return
        self.until = now + min(FIRST_S * 2**self._times, LONGEST_S)
        self._times = min(self._times + 1, 10)
        self.cause = cause
        self._probing_until = 0.0

    def answered(self) -> None:
        """The key works."""
        if self.cause is not None:
            self.cause, self.until, self._times, self._probing_until = None, 0.0, 0, 0.0

    def inconclusive(self) -> None:
        """A request has ended without saying anything about the key: another one may be the probe."""
        self._probing_until = 0.0
