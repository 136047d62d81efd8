"""Which addresses are of the public Internet: the rule for places that somebody else names. No I/O."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

_NAT64: Final = IPv6Network("64:ff9b::/96")


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
