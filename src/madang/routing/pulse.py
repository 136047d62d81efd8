"""How fast each target has been of late, how long it has said nothing, how much of its work it gets back after a rest.

Bookkeeping beside the board: the clock is an argument, and the standings are read whenever a plan
looks at them. What it is for: docs/routing.md, "The fastest" and "Coming back".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

from madang.model import Target
from madang.routing.board import RESTING, Board, Standing

SMOOTHING: Final = 0.05
"""Weight of a new reading of the moving average: one lucky answer must not move all traffic."""

JUMP: Final = 2.0
"""A reading so many times higher or lower than the level is no luck: it counts at once."""

FALLEN: Final = 0.85
"""A reading below this share of the one before: the target may have become faster, and is asked again to be sure."""

PRICE_OF_A_LOOK: Final = 0.005
"""What looking at one slower target again may add to the mean latency, as a share of the best."""

MOST_PASSED: Final = 500
"""However slow a target was, so many requests later it is looked at again."""

RETURN_STEPS: Final = ((5.0, 0.1), (10.0, 0.25), (20.0, 0.5))
"""Until so many seconds after its rest a target gets at most this share of what it would get."""

RETURN_S: Final = 20.0
"""Then it gets all of it."""

_MAX_REMEMBERED: Final = 20_000


@dataclass(slots=True)
class Pulse:
    """One target's. `level_s` is its smoothed latency (0.0: unknown), `earlier_s` the reading before the last.

    `name` is `provider/model`; `standing` is there for a target that the board never forgets (None:
    it has to be asked). `silent_since` is when it was last heard, or idle; `passed` are requests of
    its routes that went elsewhere since it was asked, `readings` how many its level is made of.
    `returned_at` is when its last rest ended, `heard_at` when it was first heard.
    """

    name: str = ""
    standing: Standing | None = None
    level_s: float = 0.0
    reading_s: float = 0.0
    earlier_s: float = 0.0
    silent_since: float = 0.0
    passed: int = 0
    readings: int = 0
    is_away: bool = False
    returned_at: float = -inf
    heard_at: float = -inf

    def latency_s(self, now: float) -> float:
        """Seconds that an answer takes: a target that is asked and says nothing is at least so slow."""
        silence = now - self.silent_since
        return silence if silence > JUMP * self.level_s > 0.0 else self.level_s

    def share(self, now: float, *, is_racing: bool = False) -> float:
        """How much of its work it gets, 0 to 1; `is_racing`: less, too, while its latency is hardly known."""
        if is_racing and self.level_s == 0.0:
            return 0.0
        since = now - (max(self.returned_at, self.heard_at) if is_racing else self.returned_at)
        if since >= RETURN_S:
            return 1.0
        return next(share for until, share in RETURN_STEPS if since < until)

    @property
    def has_fallen(self) -> bool:
        """Whether its last answers were much faster than those before."""
        return self.reading_s < FALLEN * self.earlier_s

    def hear(self, reading: float, now: float) -> None:
        """Take in another reading of its moving average."""
        level = self.level_s
        if level == 0.0:
            self.heard_at = now
        if level / JUMP < reading < level * JUMP:
            self.readings += 1
            self.level_s = level + max(SMOOTHING, 1 / self.readings) * (reading - level)
        else:
            self.readings = 1
            self.level_s = reading
        self.earlier_s, self.reading_s = self.reading_s, reading
        self.silent_since = now


class Pulses:
    """The pulses of all targets of one board that stand beside others on some route."""

    def __init__(self) -> None:
        self.by_target: dict[Target, Pulse] = {}
        self._by_name: dict[tuple[str, str], Pulse] = {}

    def of(self, target: Target, board: Board, now: float) -> Pulse:
        """The pulse of a target, begun at first sight; one for all ways to ask it."""
        key = (target.provider, target.model)
        found = self._by_name.get(key)
        if found is None:
            if len(self.by_target) >= _MAX_REMEMBERED:
                self.by_target.clear()
                self._by_name.clear()
            found = self._by_name[key] = Pulse("/".join(key), silent_since=now)
        standing = board.standing(target)
        if standing.is_known:
            found.standing = standing
        self.by_target[target] = found
        return found


@dataclass(slots=True, eq=False)
class Candidate:
    """A target as the plan of one request sees it. `score`: what it is ordered by (None: nothing)."""

    target: Target
    standing: Standing
    pulse: Pulse
    readiness: int
    score: float | None = None

    def latency_s(self, now: float) -> float:
        """Seconds that its answers take; 0.0: unknown."""
        return self.pulse.latency_s(now)


def look_at(
    targets: tuple[Target, ...], board: Board, pulses: Pulses, now: float
) -> list[Candidate]:
    """The targets with how they stand now. On the path of every request with a choice, so it calls little."""
    seen, known = [], pulses.by_target
    for target in targets:
        pulse = known.get(target) or pulses.of(target, board, now)
        standing = pulse.standing or board.standing(target)
        readiness = standing.readiness(now)
        if standing.latency_s != pulse.reading_s:
            pulse.hear(standing.latency_s, now)
        elif standing.in_flight <= 0:
            pulse.silent_since = now
        if readiness == RESTING:
            pulse.is_away = True
        elif pulse.is_away:
            pulse.is_away = False
            pulse.returned_at = now
        seen.append(Candidate(target, standing, pulse, readiness))
    return seen


def to_look_at(candidates: Sequence[Candidate], above_s: float, best_s: float) -> Candidate | None:
    """One that nobody is asking, and that is unknown, or slower than `above_s` and worth another look.

    It is where it was passed by often enough, or has become faster: the slower, the more seldom, so
    that looking costs about the same for each.
    """
    for one in candidates:
        if one.standing.in_flight > 0:
            continue
        if one.pulse.level_s == 0.0:
            return one
        slower = one.pulse.level_s
        due = min((slower / best_s - 1.0) / PRICE_OF_A_LOOK, MOST_PASSED)
        if slower > above_s and (one.pulse.has_fallen or one.pulse.passed >= due):
            return one
    return None
