"""A job: what was ordered, where it stands, and how it is written down.

    queued ── a provider is about to be asked ──▶ sending ── it took the order ──▶ running ──▶ storing ──▶ completed
       ▲                                            │ ╲ no answer                    │            │
       └──────────── refused: the next is asked ────┘   ▶ unsure ── found ──────────▶┤            │
                                                          └ never found ▶ failed ◀───┴────────────┘

A job that is over stays open until its row is in the ledger.
"""

import secrets
from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct, field

from madang.media.money import Caller
from madang.model import Attempt, Decision, Target
from madang.model.media import Handle, VideoAsk
from madang.model.money import dollars
from madang.routing.pacing import NORMAL, Priority
from madang.state.jobs import StoredJob

State = Literal[
    "queued", "sending", "unsure", "running", "storing", "completed", "failed", "cancelled"
]
OVER: Final[frozenset[State]] = frozenset(("completed", "failed", "cancelled"))
_SHOWN: Final[Mapping[State, str]] = {
    "queued": "queued",
    "sending": "queued",
    "unsure": "queued",
    "running": "in_progress",
    "storing": "in_progress",
    "completed": "completed",
    "failed": "failed",
    "cancelled": "failed",
}


class Content(Struct, frozen=True, kw_only=True):
    """A finished file: its name in the store, and that of its thumbnail, if there is one.

    `origin` is what its maker calls it, where that is not its job.
    """

    file: str
    mime: str
    size: int
    duration_ms: int | None = None
    thumbnail: str | None = None
    thumbnail_mime: str = "image/jpeg"
    thumbnail_size: int = 0
    origin: str | None = None


class Job(Struct, kw_only=True):
    """One job. Moments are Unix µs.

    `seconds` and `size` are the caller's own words. `chosen` are the targets of `video:auto`, best
    first, and `decision` says why; `unpriced` are those that a budget keeps from being asked. `n`
    numbers the attempt that is under way; the target is where that went, with a key that begins with
    `key_prefix`, as our `order`, under the handle `name`. It comes to `counts` as its adapter says,
    and to `billed` as its provider does; `digest` is of what was sent. `past` are the provider's ids
    of earlier attempts, `made_from` the job whose clip it is made from. `row` is the row of the
    ledger that ended it.
    """

    id: str
    secret: str
    caller: Caller
    state: State = "queued"
    seconds: str | None = None
    size: str | None = None
    priority: Priority = NORMAL
    reserved_nusd: int = 0
    chosen: tuple[Target, ...] = ()
    unpriced: tuple[Target, ...] = ()
    decision: Decision | None = None
    n: int = 0
    again: int = 0
    target: Target | None = None
    key_prefix: str | None = None
    order: str = ""
    name: str = ""
    digest: bytes = b""
    past: tuple[str, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    losses: tuple[str, ...] = ()
    sent_us: int = 0
    handle: Handle | None = None
    progress: int = 0
    billed: dict[str, int] = field(default_factory=dict)
    content: Content | None = None
    made_from: str | None = None
    error: tuple[str, str] | None = None
    ended_us: int | None = None
    row: Attempt | None = None
    is_closed: bool = False

    @property
    def is_over(self) -> bool:
        """Whether nothing will change any more but the ledger."""
        return self.state in OVER


_encode: Final = msgspec.msgpack.Encoder().encode
_jobs: Final = msgspec.msgpack.Decoder(Job)
_asks: Final = msgspec.msgpack.Decoder(VideoAsk)


def new_id() -> tuple[str, str]:
    """The id of a new job, and the word that opens its file; neither can be guessed."""
    return f"video_{secrets.token_hex(16)}", secrets.token_urlsafe(24)


def packed_ask(ask: VideoAsk) -> bytes:
    """An order as it is kept."""
    return _encode(ask)


def read_ask(stored: StoredJob) -> VideoAsk:
    """The order of a job."""
    return _asks.decode(stored.ask)


def stored(job: Job, holder: str, ask: bytes, *, is_open: bool = True) -> StoredJob:
    """A job as it is kept."""
    return StoredJob(
        id=job.id,
        key_id=job.caller.key_id,
        at_us=job.caller.at_us,
        state=job.state,
        secret=job.secret,
        ask=ask,
        record=_encode(job),
        provider=job.target.provider if job.target is not None else None,
        handle=job.handle.id if job.handle is not None else None,
        holder=holder,
        is_open=is_open,
    )


def read_job(stored: StoredJob) -> Job:
    """A job from what was kept of it."""
    return _jobs.decode(stored.record)


def shown(job: Job, prompt: str | None, base_url: str) -> dict[str, Any]:
    """A job as OpenAI's video object, with `url` and `cost_usd` beside it."""
    status = "in_progress" if job.is_over and not job.is_closed else _SHOWN[job.state]
    ended_s = job.ended_us // 1_000_000 if job.ended_us is not None else None
    said: dict[str, Any] = {
        "id": job.id,
        "object": "video",
        "model": job.caller.asked_model,
        "status": status,
        "progress": 100 if status == "completed" else min(job.progress, 99),
        "created_at": job.caller.at_us // 1_000_000,
        "completed_at": ended_s if status == "completed" else None,
        "expires_at": None,
        "seconds": _seconds(job),
        "size": job.size,
        "prompt": prompt,
        "remixed_from_video_id": job.made_from,
        "error": None,
        "provider": job.target.provider if job.target is not None else None,
        "request_id": job.caller.request_id,
    }
    if job.state == "unsure":
        said["maybe_charged"] = True
    if job.error is not None and job.is_closed:
        said["error"] = {"code": job.error[0], "message": job.error[1]}
    if job.content is not None and job.is_closed:
        said["url"] = f"{base_url}/media/{job.secret}"
        if job.content.thumbnail is not None:
            said["thumbnail_url"] = f"{said['url']}/thumbnail.jpg"
    if job.row is not None and job.is_closed:
        nusd = job.row.cost_nusd
        said["cost_usd"] = None if nusd is None else dollars(nusd)
        said["usage"] = job.row.units
    return said


def _seconds(job: Job) -> str | None:
    """How long the clip is: as it was made, else as it was asked for."""
    made_ms = job.content.duration_ms if job.content is not None else None
    if made_ms is None:
        return job.seconds
    return str(made_ms // 1000) if made_ms % 1000 == 0 else f"{made_ms / 1000:g}"
