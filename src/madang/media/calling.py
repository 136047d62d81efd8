"""One call to a provider of media: its key and its address are added here, and what it says is bounded.

Rule: a key goes to the provider's own address and nowhere else, another host that it names is reached
only on the public Internet and where `media.allow_private` says, and what is paid for each time it arrives
is never sent twice.
"""

from typing import Final, TypeVar
from urllib.parse import urlsplit

from msgspec.structs import replace

from madang import __version__
from madang.errors import ProviderBroken, ProviderError, ProviderTimedOut
from madang.pipeline.lane import Berth
from madang.routing.causes import remedy_for
from madang.routing.pacing import Turn
from madang.upstream.origin import Origin, parse_base_url
from madang.upstream.providers import Provider
from madang.upstream.transport import Incoming, Transport, Unanswered
from madang.upstream.transport import Outgoing as Sent
from madang.wire.media.contract import Incoming as Answer
from madang.wire.media.contract import Outgoing

T = TypeVar("T")
MOST_ANSWER_BYTES: Final = 160 * 1024 * 1024
"""The largest answer that is read as a whole: a clip in base64."""

_LOST_STATUSES: Final = (408, 502, 504)
"""What a proxy says for a provider that did not answer: it may have taken the request."""

_FOREIGN_HEAD: Final = "accept: */*\r\naccept-encoding: identity\r\nuser-agent: madang/%s\r\n"


def is_lost(error: BaseException) -> bool:
    """Whether a failed call may have been taken by its provider all the same."""
    if isinstance(error, ProviderTimedOut):
        return error.phase != "connect"
    if isinstance(error, Unanswered | ProviderBroken):
        return True
    return isinstance(error, ProviderError) and error.upstream_status in _LOST_STATUSES


async def call(
    transport: Transport,
    provider: Provider,
    outgoing: Outgoing,
    key: int | None = None,
    *,
    once: bool = False,
    total_s: float | None = None,
) -> Answer:
    """Ask a provider, with its key of this number; return what it answers, whatever the status.

    `once`: never on a connection that may be dead. Raises ProviderError where no answer comes.
    """
    incoming = await open_call(transport, provider, outgoing, key, once=once, total_s=total_s)
    try:
        body = bytearray()
        while piece := await incoming.next():
            body += piece
            if len(body) > MOST_ANSWER_BYTES:
                raise ProviderBroken(f"{provider.name} sent more than {MOST_ANSWER_BYTES} bytes")
    finally:
        incoming.close()
    headers = {
        name.decode("latin-1"): value.decode("latin-1") for name, value in incoming.headers.items()
    }
    return Answer(incoming.status, headers, bytes(body))


async def open_call(
    transport: Transport,
    provider: Provider,
    outgoing: Outgoing,
    key: int | None = None,
    *,
    once: bool = False,
    total_s: float | None = None,
) -> Incoming:
    """The same, with the answer still to be read."""
    origin, head = _addressed(provider, outgoing, key)
    timeouts = provider.timeouts
    if total_s is not None:
        timeouts = replace(timeouts, total_s=min(total_s, timeouts.total_s))
    return await transport.send(Sent(origin, head, outgoing.body, timeouts, once=once))


def _addressed(provider: Provider, outgoing: Outgoing, key: int | None) -> tuple[Origin, bytes]:
    """Where a call goes, and its head."""
    path = outgoing.path
    if not path.startswith(("http://", "https://")):
        return provider.origin, _head(provider, outgoing, provider.prefix + path, key)
    origin, target = _split(path)
    if origin == provider.origin:
        return origin, _head(provider, outgoing, target, key)
    if outgoing.keyed:
        raise ProviderBroken(
            f"{provider.name} wants its key sent to another address: {origin.host}"
        )
    lines = f"{outgoing.method} {target} HTTP/1.1\r\nhost: {origin.authority}\r\n"
    stranger = origin.host != provider.origin.host
    return origin._replace(stranger=stranger), (lines + _FOREIGN_HEAD % __version__).encode()


def _head(provider: Provider, outgoing: Outgoing, target: str, key: int | None) -> bytes:
    if not target.isascii() or not target.isprintable() or " " in target:
        raise ProviderBroken(f"{provider.name} gave an address that is none")
    fixed = provider.head(None, "/", key=key).partition(b"\r\n")[2]
    if not outgoing.keyed:
        fixed = _without(fixed, provider)
    for name, value in outgoing.headers.items():
        fixed = _replaced(fixed, name.lower(), value)
    return f"{outgoing.method} {target} HTTP/1.1\r\n".encode() + fixed


def _without(head: bytes, provider: Provider) -> bytes:
    """The head without the line that has the key, which is the last one."""
    if not provider.keys:
        return head
    return head[: head.rstrip(b"\r\n").rfind(b"\r\n") + 2]


def _replaced(head: bytes, name: str, value: str) -> bytes:
    line = f"{name}: {value}".encode("latin-1", "replace").replace(b"\r", b"").replace(b"\n", b"")
    start = b"\r\n%b:" % name.encode()
    at = (b"\r\n" + head).find(start)
    if at < 0:
        return head + line + b"\r\n"
    end = head.find(b"\r\n", at)
    return head[:at] + line + head[end:]


def _split(url: str) -> tuple[Origin, str]:
    try:
        parts = urlsplit(url)
        origin, _ = parse_base_url(f"{parts.scheme}://{parts.netloc}")
    except ValueError as error:
        raise ProviderBroken("the provider gave an address that is none") from error
    target = parts.path or "/"
    target += f"?{parts.query}" if parts.query else ""
    if not target.isascii() or not target.isprintable() or " " in target:
        raise ProviderBroken("the provider gave an address that is none")
    return origin, target


def told_refusal(
    berth: Berth, turn: Turn, error: ProviderError, now: float, began_at: float
) -> None:
    """Let the target's standing and the key that was used hear of a failure; secrets leave its words."""
    error.message = berth.provider.redact(error.message.encode("utf-8", "replace")).decode()
    if error.raw is not None:
        error.raw = None  # another dialect's words, or ours to say
    turn.refused(error.kind, error.upstream_status, error.retry_after_s, now)
    remedy = remedy_for(error)
    if remedy.is_fault:
        berth.standing.failed(now, began_at)
    else:
        berth.standing.released(now, began_at)
    if remedy.rest_s:
        berth.standing.past.gone_until = now + remedy.rest_s
