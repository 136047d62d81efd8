"""A request on its way through the house, and what comes back."""

import re
from collections.abc import Awaitable, Callable
from typing import Final, Literal, NamedTuple, Protocol

from msgspec import Struct

from madang.errors import MadangError
from madang.keys import Key
from madang.model import Attempt, Decision, Embed, Request, Target, Usage
from madang.model.attempt import Cached
from madang.model.trace import Trace
from madang.pipeline.conversation import Conversation
from madang.pipeline.joint import Joint
from madang.routing.canary.split import Lot, Side
from madang.routing.case import Case
from madang.routing.limits import Reservation
from madang.routing.pacing import NORMAL, Priority
from madang.routing.preferences import Preference
from madang.wire.contract import AnyWire, Envelope, StreamWriter

_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")
_MAX_HEADER_VALUE = 1000
_CLOCK_STEP_S = 0.005  # timers may ring a little early
_UNREAD: Final = Envelope("", stream=False, fields={})

Chunk = Literal["map-reduce", "plan"]


def header_value(text: str) -> bytes:
    """Text as it may stand in a header, whoever wrote it: printable ASCII, and not endless."""
    return _UNPRINTABLE.sub("?", text[:_MAX_HEADER_VALUE]).encode("ascii")


class Steer(NamedTuple):
    """What headers say of a call's way: what matters most, and the session it belongs to (None: nothing)."""

    prefer: Preference | None = None
    session: str | None = None


class Call(Struct, kw_only=True, eq=False):
    """One request: what the caller said, and the rows of the ledger it has caused so far.

    Most calls leave most fields as they are: a Struct sets those seven times as fast as an `__init__`.

    `forward` holds ready header lines (ending in CRLF) that go on to a provider of the same
    dialect. `started` is loop time in seconds, `at_us` Unix time in µs. `upstream_s` sums the time
    spent waiting for providers, `waited_s` the part of it for a turn to ask them; `overhead_us` is
    Madang's own share of the time up to the answer's head. `priority` orders the calls of one key
    that wait for a turn. `conversation` is what a call of the Responses dialect goes on with. `asked` counts the
    targets that were asked. `may_lose`: the caller takes an answer to less than the whole request;
    `is_last_resort`: no target is left that could answer all of it. `may_go_on`: the caller wants
    a stream that breaks to be gone on with by another target, and `continuation` does that where it
    is possible; `seam` says for the ledger where the present attempt goes on, or which part of the
    request it answers (None: all of it, from the beginning).
    `reservation` is held against the key's limits for all rows but the first `settled`,
    `reserved_nusd` is what was set aside in all. `most_tokens` bounds the answer to what that pays
    (None: all that the caller asks for); `is_thrifty`: a budget wants the cheapest targets first;
    `unpriced` are those that it keeps from answering, because nobody knows what they cost.
    `lines` are ready header lines that tell the caller of its limits. `slots` are those of the
    attempts on record as under way. `cached` is what the cache did, for its rows.
    `parts` links the calls that one request is answered by; the rows of each are numbered from its
    `first_n`. `before` is what parts have used that the answer's usage has to tell as well (None:
    it is not to be touched). `chunk`: the caller wishes to have a long text split.
    `lot` is its side in the trial of a new target (None: there is none), `wants_arm` the one that it asks for.
    `steer` is what its headers say of its way, `case` what its way was decided by, `decision` the same
    where many calls go one way (all None: nothing), and `told` are ready header lines that tell the
    caller of that. `trace` is the one that its caller says it belongs to (None: none).
    """

    id: str
    wire: AnyWire
    key: Key
    at_us: int
    started: float
    body: bytes = b""
    envelope: Envelope = _UNREAD
    path_model: str | None = None
    path_stream: bool = False
    priority: Priority = NORMAL
    cached: Cached | None = None
    parts: "Parts | None" = None
    first_n: int = 0
    before: Usage | None = None
    chunk: Chunk | None = None
    array: bool = False
    tags: dict[str, str] = {}
    forward: bytes = b""
    deadline_s: float | None = None
    request: Request | Embed | None = None
    losses: tuple[str, ...] = ()
    asked: int = 0
    may_lose: bool = False
    is_last_resort: bool = False
    rows: list[Attempt] = []
    upstream_s: float = 0.0
    waited_s: float = 0.0
    overhead_us: int = 0
    reservation: Reservation | None = None
    reserved_nusd: int | None = None
    most_tokens: int | None = None
    is_thrifty: bool = False
    unpriced: frozenset[Target] = frozenset()
    lines: bytes = b""
    conversation: Conversation | None = None
    may_go_on: bool = False
    continuation: "Continuing | None" = None
    seam: str | None = None
    settled: int = 0
    slots: list[int] = []
    steer: Steer | None = None
    case: Case | None = None
    decision: Decision | None = None
    lot: Lot | None = None
    wants_arm: Side | None = None
    told: bytes = b""
    trace: Trace | None = None

    def is_late(self, now: float) -> bool:
        """Whether the caller's deadline has come, so that another attempt would be in vain."""
        return self.deadline_s is not None and now - self.started >= self.deadline_s - _CLOCK_STEP_S

    @property
    def is_part(self) -> bool:
        """Whether its answer is for another call to make use of."""
        return self.parts is not None and self.parts.whole is not self


class Parts:
    """What the calls have in common that one request is answered by; `whole` is the caller's own.

    Their rows are of one request. Where `are_admitted`, the reservation of `whole` is for all of
    them, and it fails with any; else it does without one that fails. `have_failed`: a part has
    ended the request, whose final row that part has then. `nusd` is what the parts have cost so far
    (None: that is not known).
    """

    __slots__ = ("are_admitted", "have_failed", "nusd", "whole")

    def __init__(self, whole: Call) -> None:
        self.whole = whole
        self.are_admitted = False
        self.have_failed = False
        self.nusd: int | None = 0


class Caller(Protocol):
    """Where a stream goes."""

    @property
    def congested(self) -> bool:
        """Whether the caller is slow to read."""

    async def writable(self) -> None:
        """Wait until the caller has read most of what was sent."""

    def send(self, data: bytes) -> None:
        """Send a piece."""


class Continuing(Protocol):
    """How a stream goes on after its provider has failed it."""

    @property
    def joint(self) -> Joint | None:
        """What all attempts are written through; None until the first has begun."""

    @property
    def is_under_way(self) -> bool:
        """Whether there is text already, so that no attempt begins the answer any more."""

    def join(self, make: Callable[[], StreamWriter]) -> Joint:
        """What the events of the attempt that now begins are written to; `make` makes the caller's own writer."""

    def can_go_on(self, error: MadangError) -> bool:
        """Whether another target may be asked for the rest, after this failure."""

    def losses(self) -> tuple[str, ...]:
        """What is lost of the present attempt or its answer, because it goes on with another's."""

    async def go_on(self, to: Caller, joint: Joint, usage: Usage, error: MadangError) -> None:
        """Send the rest of the stream, whoever it comes from; it ends well and is settled in any case.

        `usage` is that of the attempt that failed, whose row there is.
        """

    def answerers(self) -> str:
        """The providers whose texts the answer is made of."""


class Whole(NamedTuple):
    """A complete answer. `head`: header lines, each with its CRLF."""

    status: int
    head: bytes
    body: bytes


class Streamed(NamedTuple):
    """A streamed answer: `relay` sends it, and must be called; the ledger is written before its last bytes."""

    status: int
    head: bytes
    relay: Callable[[Caller], Awaitable[None]]


Reply = Whole | Streamed
