"""A batch taken up, run and reported. Running it again goes on: a drama is found again by its name."""

from collections.abc import Iterator

from msgspec import Struct

from madang_studio.batch.wanted import WantedBatch
from madang_studio.errors import StudioError
from madang_studio.runner import orders
from madang_studio.store import Project


class Row(Struct, frozen=True, kw_only=True):
    """A drama of a report. `made_s`: from its being taken up to its last change, waiting included."""

    drama: str
    theme: str
    state: str
    code: str | None
    why: str | None
    cost_nusd: int
    unpriced: int
    made_s: float


class Report(Struct, frozen=True, kw_only=True):
    """What came of a batch. `took_s`: of this run alone."""

    batch: str
    budget_nusd: int | None
    states: dict[str, int]
    cost_nusd: int
    unpriced: int
    took_s: float
    dramas: tuple[Row, ...]


def take_up(project: Project, wanted: WantedBatch) -> list[str]:
    """Begin the dramas of a batch, or go on with them; their ids.

    One whose brief has changed is made again as far as it depends on that; what failed or was blocked is
    tried again; what was paused or cancelled stays so.
    """
    project.dramas.add_batch(wanted.name, wanted.budget_nusd)
    known = {each.id: each for each in project.dramas.all()}
    for one in wanted.dramas:
        old = known.get(one.name)
        if old is None:
            project.dramas.add(one.brief, name=one.name, batch=wanted.name)
        elif old.batch != wanted.name:
            raise StudioError(f"Drama {one.name} is there already, and not of batch {wanted.name}.")
        elif old.brief != one.brief:
            project.dramas.change(one.name, brief=one.brief)
        elif old.state in ("failed", "blocked"):
            orders.resume(project, one.name)
    return [one.name for one in wanted.dramas]


def report(project: Project, batch: str, took_s: float) -> Report:
    """How the dramas of a batch stand. Raises StudioError."""
    rows = tuple(_rows(project, batch))
    states: dict[str, int] = {}
    for row in rows:
        states[row.state] = states.get(row.state, 0) + 1
    spent = project.money.spent_by_batch(batch)
    return Report(
        batch=batch,
        budget_nusd=project.dramas.batch(batch).budget_nusd,
        states=states,
        cost_nusd=spent.nusd,
        unpriced=spent.unpriced,
        took_s=took_s,
        dramas=rows,
    )


def _rows(project: Project, batch: str) -> Iterator[Row]:
    for each in project.dramas.all(batch=batch):
        spent = project.money.spent(each.id)
        yield Row(
            drama=each.id,
            theme=each.brief.theme,
            state=each.state,
            code=each.code,
            why=each.words,
            cost_nusd=spent.nusd,
            unpriced=spent.unpriced,
            made_s=each.changed - each.created,
        )
