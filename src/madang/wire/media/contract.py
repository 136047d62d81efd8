"""What a media adapter offers: rows of functions that write what is sent and read what comes back.

No I/O and no clock here: who calls them sends an `Outgoing`, and hands back what was answered. The
provider's key and base URL are added by the sender; `path` is below the base URL, or a whole URL
that the provider gave. Writers raise UnsupportedFeature for what the model cannot do,
ContextOverflow for a prompt over its bound. Readers raise a ProviderError judged by status, code
and structure, and ProviderBroken for what is no answer at all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from msgspec import Struct

from madang.model.media import (
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
    handle that the provider was given where it is not the ask's own; `find` is called with it.
    """

    method: str
    path: str
    headers: Mapping[str, str] = {}
    body: bytes = b""
    losses: tuple[str, ...] = ()
    keyed: bool = True
    counts: Mapping[str, int] = {}
    name: str | None = None


class Incoming(Struct, frozen=True):
    """An answer. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


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


@dataclass(frozen=True, slots=True)
class VideoWire:
    """A provider that makes clips as jobs.

    submit(ask, model) → submitted(answer): send a job, find its handle. poll(handle) →
    polled(answer): how it fares; `again_ms` of what is seen overrides `poll_ms`. fetch: a further
    call that has the result where polling does not (fal); its answer is read by `fetched`. cancel
    and delete: None where there is no such thing. `hook` reads webhooks. `handled`: the provider
    refuses a second job of the same `VideoAsk.name`, so a lost answer can be reconciled by `find`
    (asks for jobs by that name) and `found`; without, an unanswered submit stays ambiguous.
    """

    submit: Callable[[VideoAsk, str], Outgoing]
    submitted: Callable[[Incoming], Handle]
    poll: Callable[[Handle], Outgoing]
    polled: Callable[[Incoming], JobSeen]
    poll_ms: int = 5_000
    fetch: Callable[[Handle], Outgoing] | None = None
    fetched: Callable[[Incoming], JobSeen] | None = None
    cancel: Callable[[Handle], Outgoing] | None = None
    find: Callable[[str], Outgoing] | None = None
    found: Callable[[Incoming], Handle | None] | None = None
    hook: Hook | None = None


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
