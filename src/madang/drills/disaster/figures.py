"""What a drill has measured, and the judgement of it. Pure: no clock, no network."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from madang.drills.disaster.audit import Audit
from madang.drills.disaster.caller import Told
from madang.drills.disaster.rows import Drill

SLOWEST_S = 8.0
"""No request may take longer: the total time that a target is given, whatever else is tried."""
RECOVERY_S = 3.0
"""By then a target that is well again must have been asked: its longest rest here is one second."""


class Moments(NamedTuple):
    """When the fault began and ended, in seconds of the callers' clock."""

    struck_s: float
    healed_s: float


class Figures(NamedTuple):
    """Shares are fractions, times seconds. None: it did not happen, or does not apply.

    detected_s: from the fault's beginning to the first request that went past the struck targets without
    trying them. recovered_s: from its end to the first answer of one of them. kinds: what callers saw
    that was no right answer. unended: answers that did not end as HTTP and their dialect say. p50_s,
    p95_s, p99_s: of requests that came while the fault lasted.
    """

    requests: int
    answered: float
    kinds: dict[str, int]
    unended: int
    p50_s: float
    p95_s: float
    p99_s: float
    slowest_s: float
    detected_s: float | None
    recovered_s: float | None


class Objective(NamedTuple):
    """Something that has to hold, and whether it did."""

    what: str
    held: bool


class Outcome(NamedTuple):
    """A drill that was held."""

    drill: Drill
    figures: Figures
    audit: Audit
    objectives: tuple[Objective, ...]

    @property
    def passed(self) -> bool:
        """Whether every objective held."""
        return all(one.held for one in self.objectives)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that so large a share does not exceed; 0 for none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


def measured(drill: Drill, told: Sequence[Told], moments: Moments) -> Figures:
    """The figures of what callers saw."""
    during = [one.took_s for one in told if moments.struck_s <= one.at_s < moments.healed_s]
    kinds = Counter(one.kind for one in told)
    good = kinds.pop("ok", 0)
    return Figures(
        requests=len(told),
        answered=good / len(told) if told else 0.0,
        kinds=dict(kinds.most_common()),
        unended=sum(1 for one in told if not one.ended),
        p50_s=percentile(during, 0.50),
        p95_s=percentile(during, 0.95),
        p99_s=percentile(during, 0.99),
        slowest_s=max((one.took_s for one in told), default=0.0),
        detected_s=_detected(drill, told, moments),
        recovered_s=_recovered(drill, told, moments),
    )


def _detected(drill: Drill, told: Sequence[Told], moments: Moments) -> float | None:
    past = [
        one.at_s - moments.struck_s
        for one in told
        if one.at_s >= moments.struck_s
        and one.attempts == 1
        and one.provider not in ("", *drill.struck)
    ]
    return min(past, default=None) if drill.struck else None


def _recovered(drill: Drill, told: Sequence[Told], moments: Moments) -> float | None:
    back = [
        one.at_s + one.took_s - moments.healed_s
        for one in told
        if one.at_s >= moments.healed_s and one.kind == "ok" and one.provider in drill.struck
    ]
    return min(back, default=None)


def judged(drill: Drill, figures: Figures, audit: Audit) -> tuple[Objective, ...]:
    """The drill's objectives."""
    objectives = [
        Objective(f"{drill.answered:.1%} answered rightly", figures.answered >= drill.answered),
        Objective("every answer ends as its dialect says", figures.unended == 0),
        Objective(f"nobody waits longer than {SLOWEST_S:g} s", figures.slowest_s <= SLOWEST_S),
        Objective("the ledger is exact", audit.exact and audit.difference_nusd == 0),
    ]
    if drill.struck and drill.noticed:
        objectives.append(Objective("the fault is noticed", figures.detected_s is not None))
    if drill.struck and drill.recovers:
        back = figures.recovered_s is not None and figures.recovered_s <= RECOVERY_S
        objectives.append(Objective(f"it is asked again within {RECOVERY_S:g} s", back))
    return tuple(objectives)
