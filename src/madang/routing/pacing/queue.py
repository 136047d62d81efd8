"""Whose turn it is: fair among callers' keys, and by priority within a key.

Start-time fair queueing (Goyal, Vin, Cheng 1996): each key has a virtual time at which its next
request starts; the earliest goes first, and its key's time moves on by what the request costs. A
key that asks for ever so much waits for itself alone. Joining, leaving and the next turn take
O(log keys).
"""

import heapq
from collections import OrderedDict
from typing import Final, Generic, Literal, TypeVar

T = TypeVar("T")
Priority = Literal[0, 1, 2]
HIGH: Final = 0
NORMAL: Final = 1
LOW: Final = 2


class _Flow(Generic[T]):
    """What one key has waiting, by priority. `start`: the virtual time of its next request."""

    __slots__ = ("lines", "start")

    def __init__(self, start: float) -> None:
        self.start = start
        self.lines: tuple[OrderedDict[T, float], ...] = (
            OrderedDict(),
            OrderedDict(),
            OrderedDict(),
        )

    def __len__(self) -> int:
        return sum(map(len, self.lines))

    def first(self) -> OrderedDict[T, float]:
        """The line whose head is next."""
        return next(line for line in self.lines if line)


class FairQueue(Generic[T]):
    """Waiters (anything that can be a key of a dict), each in the name of a caller's key.

    `cost` is what a turn takes of what is scarce, in a unit of the user's choice; `total` is the
    cost of all that wait, `waiting` their number.
    """

    def __init__(self) -> None:
        self._flows: dict[str, _Flow[T]] = {}
        self._order: list[tuple[float, str]] = []
        self._finished: dict[str, float] = {}
        self._now = 0.0
        self.waiting = 0
        self.total = 0.0

    def __len__(self) -> int:
        return self.waiting

    def push(self, waiter: T, key: str, priority: Priority, cost: float) -> None:
        """Join, behind those of the same key and priority."""
        flow = self._flows.get(key)
        if flow is None:
            start = max(self._now, self._finished.pop(key, 0.0))
            flow = self._flows[key] = _Flow(start)
            heapq.heappush(self._order, (start, key))
        flow.lines[priority][waiter] = cost
        self.waiting += 1
        self.total += cost

    def head(self) -> T | None:
        """Whose turn it is; None: nobody waits."""
        flow = self._next()
        return None if flow is None else next(iter(flow.first()))

    def pop(self) -> None:
        """The head has had its turn."""
        flow = self._next()
        if flow is None:
            return
        _, key = heapq.heappop(self._order)
        self._now = flow.start
        _, cost = flow.first().popitem(last=False)
        flow.start += cost
        self.waiting -= 1
        self.total -= cost
        if flow:
            heapq.heappush(self._order, (flow.start, key))
        else:
            self._part(key, flow)

    def leave(self, waiter: T, key: str, priority: Priority) -> None:
        """Give a place up, wherever in the line it is; nothing where it is not in it any more."""
        flow = self._flows.get(key)
        cost = None if flow is None else flow.lines[priority].pop(waiter, None)
        if flow is None or cost is None:
            return
        self.waiting -= 1
        self.total -= cost
        if not flow:  # its entry in the order is found to be stale when it comes up
            self._part(key, flow)

    def gives_way(self, key: str, priority: Priority) -> T | None:
        """Who has to go for one that joins a full line; None: nobody has.

        That is the last of those of lowest priority, below its own, of the key with most of them; but of
        a key that has fewer waiting than its own, nobody.
        """
        own = self._flows.get(key)
        at_least = 0 if own is None else len(own)
        flows = [flow for flow in self._flows.values() if len(flow) >= at_least]
        for lower in range(LOW, priority, -1):
            longest = max((flow.lines[lower] for flow in flows), key=len, default=None)
            if longest:
                return next(reversed(longest))
        return None

    def ahead(self, key: str) -> float:
        """The cost of what goes before one who joins now in the name of a key, about: an equal share of each key."""
        own = self._flows.get(key)
        mine = 1 + (len(own) if own is not None else 0)
        count = sum(min(len(flow), mine) for flow in self._flows.values())
        return count * self.total / self.waiting if self.waiting else 0.0

    def _next(self) -> _Flow[T] | None:
        while self._order:
            start, key = self._order[0]
            flow = self._flows.get(key)
            if flow is not None and flow.start == start:
                return flow
            heapq.heappop(self._order)
        return None

    def _part(self, key: str, flow: _Flow[T]) -> None:
        """A key has nothing waiting; what it has had is remembered for as long as others wait."""
        del self._flows[key]
        if self._flows:
            self._finished[key] = flow.start
        else:
            self._finished.clear()
            self._order.clear()
            self._now = self.total = 0.0
