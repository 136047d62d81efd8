"""A request on its way to a provider."""

from msgspec import Struct

from madang.config.sections.providers import Timeouts
from madang.upstream.origin import Origin


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
