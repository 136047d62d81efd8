"""Near before far, and over to the far while the near are too slow: candidates in zones, each ordered by itself."""

from collections.abc import Sequence
from typing import Final

from madang.routing.board import READY, RESTING
from madang.routing.case import Case
from madang.routing.pulse import Candidate, to_look_at
from madang.routing.route import Route
from madang.routing.sessions import fraction

ROOM: Final = 0.8
"""At this share of its latency budget a region has all of its traffic, at the whole of it none, in between a part."""

_THIRD_DRAW: Final = 104_729.0


def zones(
    route: Route, candidates: list[Candidate], case: Case, now: float, chance: float
) -> Sequence[list[Candidate]]:
    """Candidates by the order that the caller wishes and by distance, the first to be asked first.

    A region that is lost rests as its targets do, and comes back as they do. One that is over the
    latency budget comes after those that are not, but for a look now and then.
    """
    wished = case.wishes is not None and bool(case.wishes.order)
    if not route.near and not wished:
        return (candidates,)
    found: dict[tuple[int, int], list[Candidate]] = {}
    for one in candidates:
        place = case.wishes.place(one.target) if wished and case.wishes is not None else 0
        found.setdefault((place, route.distance(one.target)), []).append(one)
    ordered = [found[key] for key in sorted(found)]
    if route.budget_s is None or wished or len(ordered) == 1:
        return ordered
    draw = fraction(case.session) if case.session is not None else (chance * _THIRD_DRAW) % 1.0
    in_time = [zone for zone in ordered if draw < _share(zone, route.budget_s, now)]
    late = [zone for zone in ordered if zone not in in_time]
    if not in_time or in_time[0] is ordered[0]:
        return [*in_time, *late]
    probe = _worth_a_look(ordered[0], in_time[0], now)
    if probe is None:
        return [*in_time, *late]
    case.notes.probe = probe.target
    late[0] = [one for one in late[0] if one is not probe]
    return [[probe], *in_time, *late]


def _worth_a_look(
    late: Sequence[Candidate], in_time: Sequence[Candidate], now: float
) -> Candidate | None:
    """One of the nearest, which are too slow, to see whether they are in time again."""
    best = min((latency for one in in_time if (latency := one.latency_s(now))), default=0.0)
    if not best:
        return None
    return to_look_at([one for one in late if one.readiness == READY], 0.0, best)


def _share(zone: Sequence[Candidate], budget_s: float, now: float) -> float:
    """How much of its traffic a region gets: less, the nearer its fastest healthy target comes to the budget."""
    known = [one.latency_s(now) for one in zone if one.readiness != RESTING]
    if not known or 0.0 in known:
        return 1.0
    return (budget_s - min(known)) / (budget_s * (1.0 - ROOM))
