"""How far dramas are: how many stand how, what was paid, what is to come, how long it still takes.

Rule: figures to come are told from what was made before; what nobody knows is None, never nothing.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from madang_studio.store import Project
from madang_studio.store.dramas import Drama

OVER = frozenset({"done", "failed", "cancelled"})


class Held(Struct, frozen=True):
    """A drama that does not go on by itself, and why."""

    drama: str
    theme: str
    state: str
    code: str | None
    why: str | None


class Tally(Struct, frozen=True, kw_only=True):
    """How far some dramas are. `coming_nusd`, `left_s` None: none is finished yet from which to tell.

    `states`: how many dramas stand in each. `unpriced`: requests whose price nobody knows.
    """

    dramas: int
    states: Mapping[str, int]
    spent_nusd: int
    unpriced: int
    coming_nusd: int | None
    left_s: float | None
    held: tuple[Held, ...]

    @property
    def done(self) -> int:
        """How many are finished."""
        return self.states.get("done", 0)


class Counter:
    """Tallies some dramas, as often as one likes; time is measured from its making. `now`: seconds."""

    def __init__(self, project: Project, dramas: Sequence[str], now: float) -> None:
        self._project, self._dramas, self._begun = project, tuple(dramas), now
        self._before: int | None = None
        self._before = self.tally(now).done

    def tally(self, now: float) -> Tally:
        """How far they are at this moment."""
        wanted = set(self._dramas)
        found = [each for each in self._project.dramas.all() if each.id in wanted]
        spent = {each.id: self._project.money.spent(each.id) for each in found}
        done = [each for each in found if each.state == "done"]
        to_come = [each for each in found if each.state not in OVER]
        states: dict[str, int] = {}
        for each in found:
            states[each.state] = states.get(each.state, 0) + 1
        return Tally(
            dramas=len(found),
            states=states,
            spent_nusd=sum(each.nusd for each in spent.values()),
            unpriced=sum(each.unpriced for each in spent.values()),
            coming_nusd=_coming(
                [spent[it.id].nusd for it in done], [spent[it.id].nusd for it in to_come]
            ),
            left_s=self._left_s(now, len(done), sum(it.state == "going" for it in found)),
            held=tuple(_held(each) for each in found if each.state not in ("going", "done")),
        )

    def _left_s(self, now: float, done: int, going: int) -> float | None:
        """As long as it took for each that was finished since we began."""
        if not going:
            return 0.0
        finished = 0 if self._before is None else done - self._before
        return (now - self._begun) / finished * going if finished > 0 else None


def _coming(done: Sequence[int], begun: Sequence[int]) -> int | None:
    """What those begun still cost if each costs as much as those done, on the whole."""
    if not begun:
        return 0
    if not done:
        return None
    mean = sum(done) / len(done)
    return round(sum(max(0.0, mean - spent) for spent in begun))


def _held(drama: Drama) -> Held:
    return Held(drama.id, drama.brief.theme, drama.state, drama.code, drama.words)
