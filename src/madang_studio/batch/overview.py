"""How a drama stands, said in records that people and programs can read."""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from madang_studio.batch.delivery import clip_file, stand_ins
from madang_studio.graph.gates import shown_at
from madang_studio.graph.standing import Standing
from madang_studio.graph.survey import Survey, survey
from madang_studio.store import Project
from madang_studio.store.money import Spent

_NOTHING: Final = Spent(0, 0)


class Part(Struct, frozen=True, kw_only=True):
    """A place. `takes`: how many versions ever stood there. `gate`: who holds it.

    `cost_nusd`: what all of them and what came to nothing have cost, `unpriced` requests aside.
    """

    place: str
    state: str
    why: tuple[str, ...]
    gate: str | None
    takes: int
    cost_nusd: int = 0
    unpriced: int = 0


class Shown(Struct, frozen=True):
    """What a gate asks people to look at: the prompt of a shot, or the name of a clip's file (`delivery.files_of`)."""

    place: str
    prompt: str | None = None
    file: str | None = None


class Overview(Struct, frozen=True, kw_only=True):
    """A drama. `whole`: all its parts are known; `stand_ins`: what is not the real thing, in words.

    `to_approve`: what waits for an approval now.
    """

    drama: str
    state: str
    code: str | None
    words: str | None
    whole: bool
    cost_nusd: int
    unpriced: int
    stand_ins: tuple[str, ...]
    parts: tuple[Part, ...]
    to_approve: tuple[Shown, ...] = ()


def overview(project: Project, drama: str) -> Overview:
    """How a drama stands now. Raises StudioError."""
    stands, seen = project.dramas.get(drama), survey(project, drama)
    spent = project.money.spent(drama)
    takes, costs = project.shelf.counts(drama), project.money.by_place(drama)
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
            _part(it, takes.get(key, 0), costs.get(key, _NOTHING))
            for key, it in seen.standing.items()
        ),
        to_approve=tuple(_to_approve(project, seen)),
    )


def _to_approve(project: Project, seen: Survey) -> Iterator[Shown]:
    approved = project.wishes.approved(seen.drama)
    held = {it.gate for it in seen.standing.values() if it.state == "waiting"}
    for gate in (it for it in seen.brief.gates if it in held):
        for place in shown_at(gate, seen.nodes):
            it = seen.standing[place]
            if it.state == "fresh" and it.artefact and (place, it.content) not in approved:
                file = clip_file(place) if gate == "clips" else None
                yield Shown(place, it.artefact.facts.get("prompt"), file)


def _part(standing: Standing, takes: int, spent: Spent) -> Part:
    return Part(
        place=standing.node.key,
        state=standing.state,
        why=standing.why,
        gate=standing.gate,
        takes=takes,
        cost_nusd=spent.nusd,
        unpriced=spent.unpriced,
    )
