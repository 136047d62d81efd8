"""What a dialect offers: a row of functions, and the small readers and writers of a stream.

`Wire` is the whole interface between the pipeline and a wire format. A package under `wire/` builds
one and calls it `WIRE`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, NoReturn, Protocol, TypeVar

from msgspec import Struct

from madang.errors import InternalError, MadangError, ProviderError
from madang.model import Answer, Dialect, Embed, Embedded, Event, Request, Stop, Usage


class Envelope(Struct, frozen=True):
    """The few facts that routing needs, read from a request without decoding the rest.

    `fields` are the raw top-level members (JSON text), so that one can be replaced and the others
    stay byte for byte. `max_tokens` is the caller's bound on the answer.
    """

    model: str
    stream: bool
    fields: dict[str, bytes]
    include_usage: bool = False
    max_tokens: int | None = None


class Rendered(Struct, frozen=True):
    """A request in a provider's dialect. `losses` names what it could not carry, such as `seed` or `top_k`."""

    body: bytes
    losses: tuple[str, ...] = ()


class StreamReader(Protocol):
    """Turns a provider's stream into neutral events (their order is promised in `model`)."""

    def feed(self, data: bytes) -> list[Event]:
        """Take the next bytes, cut anywhere; return what they complete. Never raises on bad input: it says Failed."""

    def close(self) -> list[Event]:
        """The connection ended: return the rest, ending in Ended, or in Failed(kind="broken") without an end."""


class StreamWriter(Protocol):
    """Turns neutral events into a caller's stream."""

    def feed(self, event: Event) -> bytes:
        """The bytes for one event (possibly none). After Ended or Failed the stream is complete and well-formed."""


class Meter(Protocol):
    """Watches a same-dialect relay: passes bytes on, reads usage and the end on the side, without a full parse.

    `feed` returns the bytes to relay (whole events only; it holds back an incomplete one, and drops
    what the caller did not ask for, such as the usage chunk that Madang asked for itself). `ended`
    becomes true with the dialect's terminal event, before its bytes are relayed. `close` returns
    what is still held, if it is a whole event. `failed` is set when the provider reported an error
    inside the stream. `text_bytes` counts the bytes relayed, the base of an estimate when the
    provider never reports usage.
    """

    stop: Stop | None
    ended: bool
    failed: bool
    text_bytes: int

    @property
    def usage(self) -> Usage | None:
        """What the provider has reported so far."""

    def feed(self, data: bytes) -> bytes:
        """Take bytes from the provider, return the bytes for the caller."""

    def close(self) -> bytes:
        """The provider closed: return the last complete event that was held, if any."""


class Pump(Protocol):
    """The common face of a `Meter` and a `Translation`: provider's bytes in, caller's bytes out."""

    @property
    def usage(self) -> Usage | None:
        """What the provider has reported so far."""

    @property
    def stop(self) -> Stop | None:
        """Why the answer ended, once known."""

    @property
    def ended(self) -> bool:
        """The terminal event has been seen."""

    @property
    def failed(self) -> bool:
        """The provider reported an error inside the stream; its event has been (or is about to be) passed on."""

    @property
    def text_bytes(self) -> int:
        """How much text has passed, for an estimate."""

    def feed(self, data: bytes) -> bytes:
        """Take bytes from the provider, return the bytes for the caller."""

    def close(self) -> bytes:
        """The provider closed the connection: return what is left."""


class Answered(Struct, frozen=True):
    """What the ledger needs from a whole answer, read on the side.

    `is_sound`: it was seen that no client library stumbles over it, so that it need not be repaired.
    """

    usage: Usage | None = None
    stop: Stop | None = None
    is_sound: bool = False


@dataclass(frozen=True, slots=True)
class WriteContext:
    """What a writer needs to know of the request it answers.

    `model` is the name to report, `request_id` unique per request (a writer derives its ids from
    it), `created_s` Unix time in seconds. `include_usage` is Chat Completions' stream option;
    `array` is Gemini's JSON-array stream. `asked` is the request itself, where it was translated.
    """

    request_id: str
    model: str
    created_s: int
    include_usage: bool = False
    array: bool = False
    asked: Request | Embed | None = None


def not_offered(*_: object) -> NoReturn:
    """Stand in for what a dialect does not have; routing never leads here."""
    raise InternalError("This wire format has no such side.")


def unchanged(body: bytes) -> bytes:
    """The same bytes."""
    return body


Asked = TypeVar("Asked", Request, Embed)
Said = TypeVar("Said", Answer, Embedded)


@dataclass(frozen=True, slots=True)
class Wire(Generic[Asked, Said]):
    """One dialect: everything the pipeline may ask of it.

    `Asked` and `Said` are what it is read into: Request and Answer, or Embed and Embedded. A
    dialect that only callers speak leaves out the provider's side, one that never streams the
    streams.

    read_envelope(body, path_model, path_stream): the facts for routing; for Gemini model and stream
    come from the path. retarget(envelope, model): the same request for another model name of the
    same dialect; also asks for usage where the dialect wants to be asked. Returns the original
    bytes where nothing has to change. read_request / write_request: full translation.
    `read_request` raises InvalidRequest naming the place. read_answer: raises ProviderBroken when
    it is not an answer, a ProviderError when a 200 carries an error. skim_answer: usage and stop
    only, fast; never raises. repair_answer: a whole answer that is relayed to a caller of the same
    dialect, mended where it would break a client library; usually the very same bytes, never
    raises. write_error: (HTTP status, body) for any MadangError, such that the
    official SDK raises its right class. write_stream_error: a well-formed end for a stream in this
    dialect, whose first bytes are already out. read_error: a provider's error answer as the right
    ProviderError, judged by status, code and structure. meter(keep_usage): watches a relay;
    keep_usage says whether the caller asked for the usage chunk itself. request_path(model,
    stream): the path below a provider's base URL, such as `/chat/completions`. estimate: the tokens
    of a request for embeddings where no provider counts them; never raises.
    """

    dialect: Dialect
    read_envelope: Callable[[bytes, str | None, bool], Envelope]
    read_request: Callable[[bytes, str | None, bool], Asked]
    write_answer: Callable[[Said, WriteContext], bytes]
    write_error: Callable[[MadangError], tuple[int, bytes]]
    # the provider's side
    retarget: Callable[[bytes, Envelope, str], bytes] = not_offered
    write_request: Callable[[Asked, str], Rendered] = not_offered
    read_answer: Callable[[bytes], Said] = not_offered
    skim_answer: Callable[[bytes], Answered] = not_offered
    repair_answer: Callable[[bytes], bytes] = unchanged
    read_error: Callable[[int, Mapping[bytes, bytes], bytes], ProviderError] = not_offered
    request_path: Callable[[str, bool], str] = not_offered
    # streams
    stream_reader: Callable[[], StreamReader] = not_offered
    stream_writer: Callable[[WriteContext], StreamWriter] = not_offered
    meter: Callable[[bool], Meter] = not_offered
    write_stream_error: Callable[[MadangError, WriteContext], bytes] = not_offered
    # embeddings
    estimate: Callable[[bytes], int] = not_offered


AnyWire = Wire[Any, Any]
"""A dialect of either kind, as the pipeline sees it: it hands over what it does not look into."""
