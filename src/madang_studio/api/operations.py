"""Every operation of the API as a row: what is asked, what is answered. Routes and document follow from it."""

from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct

from madang_studio.api.desk import PATH, Desk
from madang_studio.api.words import (
    Approve,
    Approved,
    BatchShown,
    CreateBatch,
    CreateDrama,
    DramaShown,
    FileShown,
    Resume,
    Retake,
    Retaken,
)
from madang_studio.batch.overview import Overview
from madang_studio.batch.rewriting import Taken
from madang_studio.batch.run import Report
from madang_studio.graph.plan import Plan
from madang_studio.model.script import Script


class Operation(Struct, frozen=True, kw_only=True):
    """`takes` is the body (None: there is none), `gives` the answer. `does` gets names of the path, then the body."""

    method: str
    path: str
    name: str
    about: str
    gives: Any
    does: Callable[..., Any]
    takes: type[Struct] | None = None
    status: int = 200
    query: tuple[str, ...] = ()


_DRAMA: Final = f"{PATH}/dramas/{{drama}}"
_BATCH: Final = f"{PATH}/batches/{{batch}}"

OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        method="GET", path=f"{PATH}/dramas", name="listDramas", about="List dramas.",
        gives=list[DramaShown], does=Desk.all, query=("batch", "state"),
    ),
    Operation(
        method="POST", path=f"{PATH}/dramas", name="createDrama", about="Take a drama up.",
        takes=CreateDrama, gives=DramaShown, does=Desk.create, status=201,
    ),
    Operation(
        method="GET", path=_DRAMA, name="getDrama", about="Show a drama.",
        gives=DramaShown, does=Desk.show,
    ),
    Operation(
        method="GET", path=f"{_DRAMA}/status", name="getStatus",
        about="How it stands, place by place, and why.", gives=Overview, does=Desk.status,
    ),
    Operation(
        method="GET", path=f"{_DRAMA}/plan", name="getPlan",
        about="What would be made now, what it costs and how long it takes.",
        gives=Plan, does=Desk.plan,
    ),
    Operation(
        method="GET", path=f"{_DRAMA}/script", name="getScript",
        about="The script, with people's edits.", gives=Script, does=Desk.script,
    ),
    Operation(
        method="PUT", path=f"{_DRAMA}/script", name="putScript",
        about="Take a changed script in: lines, emotions, people, places.",
        takes=Script, gives=Taken, does=Desk.change_script,
    ),
    Operation(
        method="POST", path=f"{_DRAMA}/retake", name="retake",
        about="Have a clip or voice made again, or pick an earlier take.",
        takes=Retake, gives=Retaken, does=Desk.retake,
    ),
    Operation(
        method="POST", path=f"{_DRAMA}/approve", name="approve", about="Approve what a gate shows.",
        takes=Approve, gives=Approved, does=Desk.approve,
    ),
    Operation(
        method="POST", path=f"{_DRAMA}/pause", name="pause", about="Begin nothing new of it.",
        gives=DramaShown, does=Desk.pause,
    ),
    Operation(
        method="POST", path=f"{_DRAMA}/resume", name="resume",
        about="Let it go on, and try again what failed.",
        takes=Resume, gives=DramaShown, does=Desk.resume,
    ),
    Operation(
        method="POST", path=f"{_DRAMA}/cancel", name="cancel",
        about="Give it up; what was made stays.", gives=DramaShown, does=Desk.cancel,
    ),
    Operation(
        method="GET", path=f"{_DRAMA}/files", name="listFiles",
        about="List films, captions and the package, as far as they are up to date.",
        gives=list[FileShown], does=Desk.files,
    ),
    Operation(
        method="GET", path=f"{PATH}/batches", name="listBatches", about="List batches.",
        gives=list[BatchShown], does=Desk.batches,
    ),
    Operation(
        method="POST", path=f"{PATH}/batches", name="createBatch",
        about="Take a batch up, or go on with the one of that name.",
        takes=CreateBatch, gives=BatchShown, does=Desk.create_batch, status=201,
    ),
    Operation(
        method="GET", path=_BATCH, name="getBatch", about="Show a batch and how far it is.",
        gives=BatchShown, does=Desk.batch,
    ),
    Operation(
        method="GET", path=f"{_BATCH}/report", name="getReport", about="What came of each drama of a batch.",
        gives=Report, does=Desk.report,
    ),
)  # fmt: skip
