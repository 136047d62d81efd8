"""A look at the targets of a route that holds for a moment: under load the next requests go by it as well.

To look at every target, to order them and to say why costs a request with a choice as much as all the
rest of its routing. Within some milliseconds nothing of it changes but who is idle, and that is asked
each time; so is whether the one to be asked is still ready. Only the plainest choice is kept so: the
fastest of several, all known and ready, by nobody's wish. Pure: moments are arguments.
"""

from collections.abc import Sequence
from math import inf
from typing import Final

from msgspec.structs import replace

from madang.model import Decision, Target
from madang.routing.board import READY, Standing
from madang.routing.pulse import Candidate
from madang.routing.route import Route

HOLDS_S: Final = 0.01
"""So long it holds: a target that turns slow is noticed by its answers, which take longer than that."""

_MOST: Final = 1_000
_SECOND_DRAW: Final = 7919.0


class Way:
    """One of the fastest. `targets` are all, it the first, in the order of the plan; `decision` says why.

    It keeps this `share` of what it is drawn for; the rest goes to `other`, as it is only coming back.
    """

    __slots__ = (
        *("_beside", "candidate", "decision", "other", "share", "standing", "targets"),
        "was_taken",
    )

    def __init__(self, candidate: Candidate, targets: Sequence[Target], decision: Decision) -> None:
        self.candidate = candidate
        self.standing: Standing = candidate.standing
        self.targets = targets
        self.decision = decision
        self.share = 1.0
        self.other: Way | None = None
        self.was_taken = False
        self._beside: dict[str, Decision] = {}

    def beside(self, side: str) -> Decision:
        """The same decision for requests that take part in a trial; `side`: why they are on theirs."""
        found = self._beside.get(side)
        if found is None:
            found = self._beside[side] = replace(self.decision, side=side)
        return found


class _Glance:
    """One look: whom it may lead to, and how many requests went by it."""

    __slots__ = ("considered", "fastest", "requests", "route", "until")

    def __init__(
        self, route: Route, considered: Sequence[Candidate], fastest: Sequence[Way], until: float
    ) -> None:
        self.route = route
        self.considered = considered
        self.fastest = fastest
        self.until = until
        self.requests = 0

    def close(self) -> None:
        """Tell those who were passed by how often."""
        for one in self.considered:
            one.pulse.passed += self.requests
        for way in self.fastest:
            for taken in (way, way.other):
                if taken is not None and taken.was_taken:
                    taken.candidate.pulse.passed = 0


class Glances:
    """The latest looks of one process, by route."""

    def __init__(self) -> None:
        self._looks: dict[str, _Glance] = {}
        self._looked_at: dict[str, float] = {}

    def way(self, route: Route, now: float, chance: float) -> Way | None:
        """The way of a request by the latest look; None: it is time to look again.

        Of two of the fastest that `chance` draws the one with fewer calls under way is taken.
        """
        glance = self._looks.get(route.name)
        if glance is None or now >= glance.until or glance.route is not route:
            return None
        fastest = glance.fastest
        way = fastest[0]
        if len(fastest) > 1:
            first, second = two_of(len(fastest), chance)
            way, other = fastest[first], fastest[second]
            if other.standing.in_flight < way.standing.in_flight:
                way = other
        if way.other is not None and second_draw(chance) >= way.share:
            way = way.other
        if way.standing.readiness(now) != READY:
            return None
        glance.requests += 1
        way.was_taken = True
        return way

    def look(self, route: Route, now: float) -> bool:
        """Another look begins, and those who were passed by are told how often; whether the next will be soon, too."""
        name = route.name
        before = self._looked_at.get(name, -inf)
        if len(self._looked_at) >= _MOST:  # callers may make up names
            self._looked_at.clear()
        self._looked_at[name] = now
        glance = self._looks.pop(name, None)
        if glance is not None and glance.requests:
            glance.close()
        return now - before < 2 * HOLDS_S

    def keep(
        self, route: Route, considered: Sequence[Candidate], fastest: Sequence[Way], now: float
    ) -> None:
        """Go by this look for a moment."""
        self._looks[route.name] = _Glance(route, considered, fastest, now + HOLDS_S)


def second_draw(chance: float) -> float:
    """Another number in [0, 1), made of the first."""
    return (chance * _SECOND_DRAW) % 1.0


def two_of(count: int, chance: float) -> tuple[int, int]:
    """Two different places among `count` ≥ 2, each pair as likely, by a number in [0, 1)."""
    place = chance * count
    first = int(place)
    second = int((place - first) * (count - 1))
    return first, second + (second >= first)
