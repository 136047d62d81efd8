"""What the processes of an installation tell one another of their targets, in the table that they share.

Whoever has seen the latest change of a breaker is right; the moments are of one machine's monotonic
clock. Nothing is told of names that callers have made up, and nothing where there is one process.
"""

from collections.abc import Iterable
from typing import Final

from madang.routing.health.breaker import CLOSED, HALF_OPEN, OPEN, Cause, Known, State
from madang.routing.health.standing import Standing
from madang.routing.limits.memory import Memory, Place

KIND: Final = 5
SIZE: Final = 6
"""since, state, cause, open until, times doubled, last asked for something free (below 0: in vain); moments in µs."""

_STATES: Final[tuple[State, ...]] = (CLOSED, OPEN, HALF_OPEN)
_CAUSES: Final[tuple[Cause | None, ...]] = (None, "failures", "error_rate", "slow")
_US: Final = 1_000_000


class Bulletin:
    """One process's view of what all of them know."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def trade(self, standings: Iterable[tuple[tuple[str, str], Standing]], now: float) -> None:
        """Tell what was seen here last, and take over what was seen later elsewhere."""
        memory = self._memory
        if memory.workers == 1:
            return
        places = [
            (memory.claim(f"health:{'/'.join(name)}", KIND, SIZE), standing)
            for name, standing in standings
            if standing.is_known
        ]
        with memory.lock:
            for place, standing in places:
                if place.share == 1:
                    _trade_breaker(place, standing)
                    _trade_probe(place, standing, now)


def _trade_breaker(place: Place, standing: Standing) -> None:
    cells, at = place.cells, place.at
    own = standing.breaker.known
    since_us = round(own.since * _US)
    if since_us > cells[at]:
        cells[at] = since_us
        cells[at + 1] = _STATES.index(own.state)
        cells[at + 2] = _CAUSES.index(own.cause)
        cells[at + 3] = round(own.open_until * _US)
        cells[at + 4] = own.times
    elif since_us < cells[at]:
        state, cause = _STATES[cells[at + 1]], _CAUSES[cells[at + 2]]
        standing.breaker.adopt(
            Known(state, cause, cells[at] / _US, cells[at + 3] / _US, cells[at + 4])
        )


def _trade_probe(place: Place, standing: Standing, now: float) -> None:
    cells, at = place.cells, place.at + 5
    probed_us = round(standing.probed_at * _US)
    if probed_us > abs(cells[at]):
        cells[at] = -probed_us if standing.is_unreachable else probed_us
    elif probed_us < abs(cells[at]):
        if cells[at] > 0:
            standing.reached(now)
        else:
            standing.missed(now)
        standing.probed_at = abs(cells[at]) / _US
