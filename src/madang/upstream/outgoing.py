"""A request on its way to a provider."""

from msgspec import Struct

from madang.config.settings import Timeouts
from madang.upstream.origin import Origin

_JOIN_BELOW_BYTES = 65_536
"""Below this, copying the body behind its head is cheaper than a second write."""

_MAY_LACK_BODY = (b"GET ", b"DELETE ")


class Outgoing(Struct, frozen=True):
    """One request.

    `head` is the request line and the headers, each with its CRLF, prepared once per target:
    without content-length and without the final empty line, which depend on the body. It must not
    ask for HEAD or for an upgrade, whose answers are framed otherwise. `streaming` says that the
    body's first bytes count as the first token, so that `timeouts.first_token_s` applies to them.
    `once`: what it asks for is paid for each time it arrives, so that it leaves on a connection of
    its own and is never sent again, whatever becomes of that.
    """

    origin: Origin
    head: bytes
    body: bytes
    timeouts: Timeouts
    streaming: bool = False
    once: bool = False


def wire_parts(head: bytes, body: bytes) -> tuple[bytes, ...]:
    """Return what goes to the socket: one piece, or two where joining them would cost more."""
    if not body and head.startswith(_MAY_LACK_BODY):
        return (head + b"\r\n",)
    if len(body) < _JOIN_BELOW_BYTES:
        return (b"%bcontent-length: %d\r\n\r\n%b" % (head, len(body), body),)
    return (b"%bcontent-length: %d\r\n\r\n" % (head, len(body)), body)
