"""Adaptive concurrency against servers of a known capacity, simulated event by event."""

import heapq
import random
from typing import NamedTuple

import pytest

from madang.catalog.paces import load_paces
from madang.config.sections.providers import Provider
from madang.model import Target
from madang.routing.health import Standing
from madang.routing.pacing import Pacing, Terms
from madang.routing.pacing.ceiling import Ceiling
from madang.state.table import Table

SERVICE_S = 1.0
MOST = 500
TARGET = Target("box", "m", "chat")


class Seen(NamedTuple):
    """Of the second half of a run: the mean ceiling, and answers per second."""

    ceiling: float
    goodput: float


class Server:
    """It works on `capacity` calls at once; others wait, or (`refuses`) are sent away. `spread`: of their duration."""

    def __init__(self, capacity: int, *, refuses: bool, spread: float) -> None:
        self.capacity = capacity
        self._refuses = refuses
        self._spread = spread
        self._dice = random.Random(7)
        self._free: list[float] = [0.0] * capacity

    def ask(self, now: float) -> tuple[float, bool]:
        """When the call ends, and whether it is answered."""
        if len(self._free) > self.capacity:
            self._free = heapq.nlargest(self.capacity, self._free)
            heapq.heapify(self._free)
        begins = max(now, self._free[0])
        if self._refuses and begins > now:
            return now + 0.01, False
        takes = SERVICE_S
        if self._spread:
            takes = self._dice.gammavariate(1 / self._spread**2, SERVICE_S * self._spread**2)
        heapq.heapreplace(self._free, begins + takes)
        return begins + takes, True


def run(ceiling: Ceiling, server: Server, since: float, until: float) -> Seen:
    """Ask as much as the ceiling allows, for so long."""
    now, order, levels, answered = since, 0, [], 0
    under_way: list[tuple[float, int, float, bool]] = []
    half = (since + until) / 2
    while now < until:
        while ceiling.slots.taken < ceiling.slots.limit:
            ceiling.slots.taken += 1
            ends, ok = server.ask(now)
            heapq.heappush(under_way, (ends, order, now, ok))
            order += 1
        now, _, sent_at, ok = heapq.heappop(under_way)
        if ok:
            ceiling.answered(now - sent_at)
        else:
            ceiling.refused(sent_at, now)
        ceiling.slots.give()
        if now >= half:
            levels.append(ceiling.limit)
            answered += ok
    for _ in under_way:
        ceiling.slots.give()
    return Seen(sum(levels) / len(levels), answered / (until - half))


@pytest.mark.parametrize("capacity", [3, 10, 40, 120])
@pytest.mark.parametrize("refuses", [True, False])
@pytest.mark.parametrize("spread", [0.0, 0.2])
def test_the_ceiling_comes_within_a_fifth_of_what_the_server_bears(
    capacity: int, refuses: bool, spread: float
) -> None:
    server = Server(capacity, refuses=refuses, spread=spread)
    seen = run(Ceiling(MOST), server, 0.0, 400.0)
    assert abs(seen.ceiling - capacity) <= max(1.0, 0.2 * capacity)
    assert seen.goodput >= 0.9 * capacity / SERVICE_S


def test_where_the_server_loses_most_of_its_capacity_the_ceiling_follows() -> None:
    server, ceiling = Server(40, refuses=False, spread=0.1), Ceiling(MOST)
    run(ceiling, server, 0.0, 200.0)
    server.capacity = 10
    seen = run(ceiling, server, 200.0, 500.0)
    assert abs(seen.ceiling - 10) <= 2.5
    assert seen.goodput >= 9.0


def test_calls_of_very_different_length_cost_at_most_a_fifth_of_the_work() -> None:
    seen = run(Ceiling(MOST), Server(20, refuses=False, spread=0.5), 0.0, 600.0)
    assert seen.goodput >= 16.0


def test_refusals_of_what_went_together_count_once_and_the_way_back_up_is_quick() -> None:
    ceiling = Ceiling(MOST)
    run(ceiling, Server(40, refuses=True, spread=0.0), 0.0, 100.0)
    before = ceiling.limit
    for _ in range(10):
        ceiling.refused(sent_at=100.0, now=101.0)
    assert ceiling.limit >= 0.8 * before
    for at in range(102, 130):
        ceiling.refused(sent_at=at, now=at + 0.5)
    assert ceiling.limit == 1
    assert run(ceiling, Server(40, refuses=True, spread=0.0), 130.0, 330.0).goodput >= 36.0


def test_who_has_nothing_to_do_learns_nothing_and_the_most_is_never_passed() -> None:
    idle = Ceiling(MOST)
    for _ in range(1000):
        idle.answered(1.0)
    assert idle.limit == 2
    bounded = Ceiling(7)
    run(bounded, Server(100, refuses=True, spread=0.0), 0.0, 100.0)
    assert bounded.limit == 7
    bounded.configure(5)
    assert bounded.limit == 5


def test_a_target_of_an_adaptive_provider_lets_in_what_has_proved_right() -> None:
    terms = Terms(Provider(adaptive=True, limits="off"), None, load_paces())
    standing = Standing(turnstile=Pacing(Table()).turnstile(TARGET, ("k",), terms))
    turnstile = standing.turnstile
    assert turnstile is not None
    turns = [turn for _ in range(9) if (turn := turnstile.enter(1, 0.0))]
    assert len(turns) == 2
    for second in range(100):
        turn = turns.pop(0)
        standing.started(second)
        standing.answered(1.0, second, second)
        turn.end(None)
        while entered := turnstile.enter(1, second):
            turns.append(entered)
    assert len(turns) > 4
    before = len(turns)
    turns[0].refused("rate_limit", 429, None, 200.0)
    for turn in turns:
        turn.end(None)
    lowered = [turn for _ in range(99) if (turn := turnstile.enter(1, 300.0))]
    assert len(lowered) == int(before * 0.85)
