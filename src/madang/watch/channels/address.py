"""Where alerts may be sent: a name is resolved once, every address behind it is judged, and dialled as it was judged.

Rule: nothing private, link-local or loopback, nor anything else that is not of the public Internet, is reached unless
the channel allows it; and no second look-up lies between the judgement and the connection.
"""

import socket
from typing import ClassVar, Final

from madang.errors import Kind, MadangError
from madang.upstream.public import is_public

CONNECT_S: Final = 10.0


class Undeliverable(MadangError):
    """Something could not be told. `final`: trying again would change nothing."""

    status = 502
    kind: ClassVar[Kind] = "unreachable"

    def __init__(self, message: str, *, final: bool = False) -> None:
        super().__init__(message)
        self.final = final


def dial(host: str, port: int, timeout_s: float, *, allow_private: bool) -> socket.socket:
    """A connection to a host. Raises Undeliverable, also for an address that may not be reached."""
    failure = "it has no address"
    for address in resolved(host, port, allow_private=allow_private):
        try:
            return socket.create_connection((address, port), timeout_s)
        except OSError as error:
            failure = error.strerror or type(error).__name__
    raise Undeliverable(f"no connection to {host}: {failure}")


def resolved(host: str, port: int, *, allow_private: bool) -> list[str]:
    """The addresses of a host. Raises Undeliverable where one of them may not be reached."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Undeliverable(f"{host} does not resolve") from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not allow_private and not all(map(is_public, addresses)):
        raise Undeliverable(
            f"{host} is a private address; set `allow_private: true` of the channel to allow that",
            final=True,
        )
    return addresses
