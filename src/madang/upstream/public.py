"""Which addresses are of the public Internet: the rule for places that somebody else names. No I/O.

Others may be reached only where the configuration names them: by their host, or by their network.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, NamedTuple

_NAT64: Final = IPv6Network("64:ff9b::/96")
_GLOBAL_V6: Final = IPv6Network("2000::/3")
"""All that is handed out (https://www.iana.org/assignments/ipv6-address-space): what Python calls global beyond it,
which differs from version to version, leads to translators, sites of one's own, or nowhere."""

_RESERVED: Final = (
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.88.99.0/24"),
    IPv6Network("3fff::/20"),
)
"""Of the special-purpose registries what older versions of Python do not know."""


def is_public(address: str) -> bool:
    """Whether an address is of the public Internet, also the IPv4 address that an IPv6 address may stand for."""
    bare = address.partition("%")[0]
    found = ip_address(bare)
    if isinstance(found, IPv6Address):
        inner = _inner(found)
        if inner is not None:
            return _is_global(inner)
    return _is_global(found) and bare == address


def _is_global(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _GLOBAL_V6:
        return False
    is_reserved = any(address in network for network in _RESERVED)
    return address.is_global and not address.is_multicast and not is_reserved


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
