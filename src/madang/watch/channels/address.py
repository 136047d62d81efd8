"""Where alerts may be sent: a name is resolved once, every address behind it is judged, and dialled as it was judged.

Rule: nothing private, link-local or loopback, nor anything else that is not of the public Internet, is reached unless
the channel allows it; and no second look-up lies between the judgement and the connection.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import ClassVar, Final

from madang.errors import Kind, MadangError

_NAT64: Final = IPv6Network("64:ff9b::/96")
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


def is_public(address: str) -> bool:
    """Whether an address is of the public Internet, also the IPv4 address that an IPv6 address may stand for."""
    bare = address.partition("%")[0]
    found = ip_address(bare)
    if isinstance(found, IPv6Address):
        inner = _inner(found)
        if inner is not None:
            return inner.is_global and not inner.is_multicast
    return found.is_global and not found.is_multicast and bare == address


def _inner(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)
