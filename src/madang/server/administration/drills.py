"""Operations on drills: faults injected into few requests of this gateway, for a bounded time."""

from functools import partial

from msgspec import Struct

from madang.config.sections.drills import Drill
from madang.errors import InvalidRequest
from madang.pipeline.chaos.book import DrillBook, DrillShown
from madang.pipeline.chaos.faults import fits
from madang.server.administration.operation import Operation
from madang.server.process.runtime import Runtime

_SOMEBODY = "somebody wanted it"


class Drills(Struct):
    """The latest drills, the newest first."""

    drills: list[DrillShown]


def list_drills(runtime: Runtime, _: str, __: None) -> Drills:
    """Drills that go on and those that are over, with what they showed."""
    return Drills(list(DrillBook(runtime.store).latest()))


def show_drill(runtime: Runtime, id_: str, _: None) -> DrillShown:
    """One drill, and what it showed."""
    return DrillBook(runtime.store).get(id_)


def start_drill(runtime: Runtime, _: str, wanted: Drill, by: str) -> DrillShown:
    """Have a fault strike some requests for a while."""
    stranger = fits(wanted, list(runtime.pipeline.snapshot.providers))
    if stranger is not None:
        raise InvalidRequest(f"No provider in force is `{stranger[:100]}`.", param="targets")
    return DrillBook(runtime.store).start(wanted, by)


def stop_drill(runtime: Runtime, id_: str, _: None) -> DrillShown:
    """End a drill at once; one that is over stays as it is."""
    book = DrillBook(runtime.store)
    book.stop(_SOMEBODY, id_)
    return book.get(id_)


def stop_drills(runtime: Runtime, _: str, __: None) -> Drills:
    """End every drill at once; gives those that it has ended."""
    return Drills(DrillBook(runtime.store).stop(_SOMEBODY))


_Signed = partial(Operation, signed=True)
DRILLS: tuple[Operation, ...] = (
    Operation("GET", "/api/drills", list_drills, Drills),
    _Signed("POST", "/api/drills", start_drill, DrillShown, Drill, 201),
    Operation("DELETE", "/api/drills", stop_drills, Drills),
    Operation("GET", "/api/drills/{id}", show_drill, DrillShown),
    Operation("DELETE", "/api/drills/{id}", stop_drill, DrillShown),
)
