"""Which addresses are of the public Internet: the rule for places that somebody else names. No I/O.

Others may be reached only where the configuration names them: by their host, or by their network.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, NamedTuple

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


class Private(NamedTuple):
    """Places of one's own: `hosts` wherever their names lead, and whatever is in `networks`."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def of(cls, entries: Iterable[str]) -> "Private":
        """Read hosts, addresses and networks, as the configuration has checked them."""
        hosts, networks = set[str](), list[IPv4Network | IPv6Network]()
        for entry in entries:
            try:
                networks.append(ip_network(entry))
            except ValueError:
                hosts.add(entry.lower())
        return cls(frozenset(hosts), tuple(networks))

    def permits(self, host: str, address: str) -> bool:
        """Whether a host may be reached at an address: a public one, or one of these places."""
        if host in self.hosts or is_public(address):
            return True
        found = ip_address(address.partition("%")[0])
        inner = _inner(found) if isinstance(found, IPv6Address) else None
        return any(one in network for network in self.networks for one in (found, inner) if one)


NOWHERE: Final = Private()
"""Public addresses only."""


def _inner(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)
