"""What goes over the wire: the records that are sent and answered."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from madang_studio.batch.tally import Tally
from madang_studio.model.brief import Brief, Gate

Place = Annotated[str, Meta(min_length=1, max_length=200)]


class DramaShown(Struct, frozen=True, kw_only=True):
    """A drama. `code` and `words` say why it stands still; times are Unix seconds."""

    id: str
    batch: str | None
    brief: Brief
    state: str
    code: str | None
    words: str | None
    priority: int
    created: float
    changed: float
    cost_nusd: int
    unpriced_requests: int


class CreateDrama(Struct, frozen=True, forbid_unknown_fields=True):
    """A drama that is wanted. Lower `priority` goes first."""

    brief: Brief
    priority: Annotated[int, Meta(ge=-1000, le=1000)] = 0


class Retake(Struct, frozen=True, forbid_unknown_fields=True):
    """A place (`clip/1.2`, `voice/1.3`) once more; with `take` an earlier one, counted from 1."""

    place: Place
    take: Annotated[int, Meta(ge=1)] | None = None


class Retaken(Struct, frozen=True):
    """Which take stands there, or will."""

    place: str
    take: int


class Approve(Struct, frozen=True, forbid_unknown_fields=True):
    """What a gate shows now, or some of its places."""

    gate: Gate
    places: Annotated[tuple[Place, ...], Meta(max_length=5000)] | None = None


class Approved(Struct, frozen=True):
    """How many places were approved."""

    gate: str
    approved: int


class Resume(Struct, frozen=True, forbid_unknown_fields=True):
    """Go on; `budget_usd`: dollars it may cost from now on, in all.

    `video`, `speech`, `burned`: another model, or another language of captions in the picture (`none`: none).
    `pay_again`: also what was charged, or may have been, and made nothing is asked for again.
    """

    budget_usd: Annotated[float, Meta(gt=0, le=1_000_000)] | None = None
    pay_again: bool = False
    video: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    speech: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    burned: Annotated[str, Meta(min_length=2, max_length=35)] | None = None


class FileShown(Struct, frozen=True):
    """A file of a drama. `path` is where to get it."""

    name: str
    bytes: int
    path: str


class CreateBatch(Struct, frozen=True, forbid_unknown_fields=True):
    """A batch as its file has it: `dramas` are themes or briefs, `defaults` hold for each of them."""

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$(?!\n)")]
    dramas: Annotated[list[Any], Meta(min_length=1, max_length=10_000)]
    defaults: dict[str, Any] = {}
    budget_usd: Annotated[float, Meta(gt=0, le=10_000_000)] | None = None


class BatchShown(Struct, frozen=True, kw_only=True):
    """A batch and how far it is."""

    id: str
    budget_nusd: int | None
    tally: Tally


class Problem(Struct, frozen=True):
    """Why something was not done: `code` for programs, `message` for people."""

    code: str
    message: str


class Failure(Struct, frozen=True):
    """The body of every answer that is no success."""

    error: Problem
