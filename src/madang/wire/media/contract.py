"""What a media adapter offers: rows of functions that write what is sent and read what comes back.

No I/O and no clock here: who calls them sends an `Outgoing`, and hands back what was answered. The
provider's key and base URL are added by the sender; `path` is below the base URL, or a whole URL
that the provider gave. Writers raise UnsupportedFeature for what the model cannot do,
ContextOverflow for a prompt over its bound. Readers raise a ProviderError judged by status, code
and structure, and ProviderBroken for what is no answer at all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from msgspec import Struct

from madang.model.media import (
    Change,
    Handle,
    ImageAsk,
    Images,
    JobSeen,
    Speech,
    SpeechAsk,
    TranscribeAsk,
    Transcript,
    VideoAsk,
)


class Outgoing(Struct, frozen=True, kw_only=True):
    """A call to a provider. `losses` names what the request could not carry; `keyed`: the key goes with it.

    `counts`: what it comes to if all goes well, as usage counts it (`video_ms.1080p`, `characters`;
    empty: not known): durations are those that the provider takes, not those asked for. `name`: the
    handle that the provider was given where it is not the ask's own. `aside`: it goes to the address
    of the provider's administration (`platform_url`), with the same key.
    """

    method: str
    path: str
    headers: Mapping[str, str] = {}
    body: bytes = b""
    losses: tuple[str, ...] = ()
    keyed: bool = True
    counts: Mapping[str, int] = {}
    name: str | None = None
    aside: bool = False


class Incoming(Struct, frozen=True):
    """An answer. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Lost(Struct, frozen=True, kw_only=True):
    """An order whose answer was lost, as it was sent: under which handle, for which model, when (Unix s).

    `body` is empty where it would be written otherwise today, so that it cannot be told by it.
    """

    name: str
    model: str
    body: bytes
    sent_s: float


class Sought(Struct, frozen=True):
    """What a provider answers when it is asked for a lost order.

    `found`: the jobs that it may be, likeliest first. `cursor`: where its list goes on (None: this
    was all). `is_blind`: there is something that cannot be told from the order, so that its absence
    says nothing.
    """

    found: tuple[Handle, ...] = ()
    cursor: str | None = None
    is_blind: bool = False


class Notice(Struct, frozen=True):
    """A webhook that has proved to be the provider's: of which job it tells, and what.

    `seen` None: it only says that something changed, so the job has to be polled. `delivery` is the
    same whenever the same event is sent again.
    """

    job: str
    delivery: str
    seen: JobSeen | None = None


class Hook(Protocol):
    """Reads a provider's webhooks."""

    def __call__(
        self, headers: Mapping[str, str], body: bytes, secrets: Mapping[str, Any], now_s: float
    ) -> Notice:
        """Check a webhook and read it. Raises Unauthenticated (bad signature, too old), InvalidRequest."""


class Remake(Struct, frozen=True):
    """How a provider makes a clip out of one of its own: by which model (None: the same), and of what.

    handle: it knows the clip by its job. file: it wants the bytes. address: the bytes, or where they are.
    """

    wants: Literal["handle", "file", "address"] = "handle"
    model: str | None = None


@dataclass(frozen=True, slots=True)
class VideoWire:
    """A provider that makes clips as jobs.

    submit(ask, model) → submitted(answer): send a job, find its handle. poll(handle) →
    polled(answer): how it fares; `again_ms` of what is seen overrides `poll_ms`. fetch: a further
    call that has the result where polling does not (fal); its answer is read by `fetched`. cancel
    and delete: None where there is no such thing. `hook` reads webhooks. `remakes`: what it makes out
    of finished clips (`VideoAsk.source`), which `submit` writes.

    What is known of an order whose answer was lost. find(lost, cursor) → found(answer, lost): the
    provider is asked for it, by its name or in a list; what is not there `shows_s` after it was sent
    has not arrived. `starts`: it gives up by itself what it has not begun within `VideoAsk.start_s`,
    and `shows_s` counts from there. regain(id, lost): the handle of a job of which only its id is
    known, from a webhook or from a person; `calls_s`: so long webhooks are sent again that nobody took. used(model,
    day) → uses(answer, model): the credits that the provider says it has charged for a model since a
    day (`YYYY-MM-DD`, UTC), which are settled within `shows_s`. None of these: nothing can be known.
    """

    submit: Callable[[VideoAsk, str], Outgoing]
    submitted: Callable[[Incoming], Handle]
    poll: Callable[[Handle], Outgoing]
    polled: Callable[[Incoming], JobSeen]
    poll_ms: int = 5_000
    fetch: Callable[[Handle], Outgoing] | None = None
    fetched: Callable[[Incoming], JobSeen] | None = None
    cancel: Callable[[Handle], Outgoing] | None = None
    hook: Hook | None = None
    remakes: Mapping[Change, Remake] = field(default_factory=dict)
    find: Callable[[Lost, str | None], Outgoing] | None = None
    found: Callable[[Incoming, Lost], Sought] | None = None
    regain: Callable[[str, Lost], Handle] | None = None
    used: Callable[[str, str], Outgoing] | None = None
    uses: Callable[[Incoming, str], int] | None = None
    starts: bool = False
    shows_s: float = 10.0
    calls_s: float = 0.0


@dataclass(frozen=True, slots=True)
class SpeechWire:
    """A provider that speaks. write(ask, model) → read(answer, ask)."""

    write: Callable[[SpeechAsk, str], Outgoing]
    read: Callable[[Incoming, SpeechAsk], Speech]


@dataclass(frozen=True, slots=True)
class ImageWire:
    """A provider that draws. write(ask, model) → read(answer)."""

    write: Callable[[ImageAsk, str], Outgoing]
    read: Callable[[Incoming], Images]


@dataclass(frozen=True, slots=True)
class TranscribeWire:
    """A provider that listens. write(ask, model) → read(answer)."""

    write: Callable[[TranscribeAsk, str], Outgoing]
    read: Callable[[Incoming], Transcript]
