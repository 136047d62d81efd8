"""How a drama stands, said in records that people and programs can read."""

from msgspec import Struct

from madang_studio.batch.delivery import stand_ins
from madang_studio.graph.survey import survey
from madang_studio.store import Project


class Part(Struct, frozen=True, kw_only=True):
    """A place. `takes`: how many versions ever stood there. `gate`: who holds it."""

    place: str
    state: str
    why: tuple[str, ...]
    gate: str | None
    takes: int


class Overview(Struct, frozen=True, kw_only=True):
    """A drama. `whole`: all its parts are known; `stand_ins`: what is not the real thing, in words."""

    drama: str
    state: str
    code: str | None
    words: str | None
    whole: bool
    cost_nusd: int
    unpriced: int
    stand_ins: tuple[str, ...]
    parts: tuple[Part, ...]


def overview(project: Project, drama: str) -> Overview:
    """How a drama stands now. Raises StudioError."""
    stands, seen = project.dramas.get(drama), survey(project, drama)
    spent = project.money.spent(drama)
    takes = project.shelf.counts(drama)
    return Overview(
        drama=drama,
        state=stands.state,
        code=stands.code,
        words=stands.words,
        whole=seen.whole,
        cost_nusd=spent.nusd,
        unpriced=spent.unpriced,
        stand_ins=tuple(stand_ins(seen.standing)),
        parts=tuple(
            Part(place=key, state=it.state, why=it.why, gate=it.gate, takes=takes.get(key, 0))
            for key, it in seen.standing.items()
        ),
    )
