"""Calls at once at a provider, of one process: its part of what all of them may have."""

from collections import OrderedDict
from collections.abc import Callable


class Slots:
    """`limit` calls at once (None: any number). Whoever waits leaves word, and is told in turn."""

    __slots__ = ("_waiting", "limit", "taken")

    def __init__(self, limit: int | None, processes: int = 1) -> None:
        self.taken = 0
        self.limit = _ENDLESS
        self._waiting: OrderedDict[Callable[[], None], None] = OrderedDict()
        self.configure(limit, processes)

    def configure(self, limit: int | None, processes: int) -> None:
        """Another limit is in force; every process has at least one call."""
        self.limit = _ENDLESS if limit is None else max(1, limit // processes)

    def tell(self, wake: Callable[[], None]) -> None:
        """Have `wake` called when one is free; once."""
        self._waiting[wake] = None

    def give(self) -> None:
        """One call less."""
        self.taken -= 1
        while self._waiting and self.taken < self.limit:
            wake, _ = self._waiting.popitem(last=False)
            wake()


_ENDLESS = 1 << 62
