"""A host that somebody else has named leads nowhere but to the public Internet, whatever its name says next."""

import asyncio
import socket

import pytest
from upstream_servers import OK, asking, calling, serving

from madang.errors import ProviderBroken
from madang.upstream.public import Private
from madang.upstream.transport import Transport


async def _answer(visit):
    while True:
        await visit.request()
        await visit.send(OK)


def _lookups(monkeypatch, *addresses):
    """Let `rebind.example` resolve to each of these in turn; the list of what was looked up."""
    real, asked = socket.getaddrinfo, []

    def resolve(host, port, *args, **kwargs):
        if host != "rebind.example":
            return real(host, port, *args, **kwargs)
        asked.append(host)
        address = addresses[min(len(asked), len(addresses)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "0.0.0.0", "2130706433"])
def test_a_stranger_at_a_private_address_is_not_dialled(host):
    async def story():
        async with serving(_answer) as provider, calling() as transport:
            known = await transport.send(asking(provider.origin))
            assert await known.read() == b"ok"
            with pytest.raises(ProviderBroken, match="private"):
                await transport.send(asking(provider.origin._replace(host=host, stranger=True)))
            return provider.connections

    assert asyncio.run(story()) == 1


def test_a_stranger_is_dialled_where_it_was_judged(monkeypatch):
    """The name is looked up once for a connection: what it would answer a moment later is never asked."""
    asked = _lookups(monkeypatch, "127.0.0.1", "10.0.0.1")

    async def story():
        async with serving(_answer) as provider, calling() as transport:
            transport.allow_private(Private.of(["127.0.0.1"]))
            origin = provider.origin._replace(host="rebind.example", stranger=True)
            return await (await transport.send(asking(origin))).read()

    assert asyncio.run(story()) == b"ok"
    assert asked == ["rebind.example"]


def test_a_name_that_rebinds_is_refused_at_the_next_connection(monkeypatch):
    _lookups(monkeypatch, "10.0.0.1")

    async def story():
        async with serving(_answer) as provider, calling() as transport:
            origin = provider.origin._replace(host="rebind.example", stranger=True)
            with pytest.raises(ProviderBroken, match="rebind"):
                await transport.send(asking(origin))

    asyncio.run(story())


def test_strangers_share_no_connection_with_those_that_are_known():
    """Else a connection that was opened without being judged would be lent to a stranger."""

    async def story():
        async with serving(_answer) as provider, calling() as transport:
            await (await transport.send(asking(provider.origin))).read()
            with pytest.raises(ProviderBroken):
                await transport.send(asking(provider.origin._replace(stranger=True)))

    asyncio.run(story())


def test_behind_a_proxy_a_private_stranger_is_refused_as_well():
    async def story():
        async with serving(_answer) as proxy:
            environ = {"http_proxy": f"http://127.0.0.1:{proxy.origin.port}"}
            transport = Transport(environ=environ)
            origin = proxy.origin._replace(host="10.0.0.9", port=80, stranger=True)
            with pytest.raises(ProviderBroken):
                await transport.send(asking(origin))
            await transport.close()
            return proxy.connections

    assert asyncio.run(story()) == 0


def test_strangers_that_are_gone_are_forgotten():
    """A provider that names another host for each clip must not fill the memory."""

    async def story():
        async with serving(_answer) as provider, calling() as transport:
            for number in range(1, 30):
                named = provider.origin._replace(host=f"127.0.0.{number}", stranger=True)
                with pytest.raises(ProviderBroken):
                    await transport.send(asking(named))
            await (await transport.send(asking(provider.origin))).read()
            return len(transport._pools)

    assert asyncio.run(story()) == 2


def test_a_host_that_is_listed_is_reached_wherever_its_name_leads(monkeypatch):
    _lookups(monkeypatch, "127.0.0.1")

    async def story():
        async with serving(_answer) as provider, calling() as transport:
            transport.allow_private(Private.of(["Rebind.Example"]))
            origin = provider.origin._replace(host="rebind.example", stranger=True)
            return await (await transport.send(asking(origin))).read()

    assert asyncio.run(story()) == b"ok"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "rebind.example"])
def test_what_is_not_listed_stays_refused(monkeypatch, host):
    """Another host, another network, and a name with one address in it and one beside it."""
    _lookups(monkeypatch, "127.0.0.1")

    async def story():
        async with serving(_answer) as provider, calling() as transport:
            transport.allow_private(Private.of(["files.example", "10.0.0.0/8", "127.0.0.2"]))
            with pytest.raises(ProviderBroken, match="allow_private"):
                await transport.send(asking(provider.origin._replace(host=host, stranger=True)))
            return provider.connections

    assert asyncio.run(story()) == 0


def test_every_address_of_a_name_has_to_be_allowed(monkeypatch):
    real = socket.getaddrinfo

    def both(host, port, *args, **kwargs):
        if host != "rebind.example":
            return real(host, port, *args, **kwargs)
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in ("127.0.0.1", "169.254.169.254")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", both)

    async def story():
        async with serving(_answer) as provider, calling() as transport:
            transport.allow_private(Private.of(["127.0.0.0/8"]))
            origin = provider.origin._replace(host="rebind.example", stranger=True)
            with pytest.raises(ProviderBroken):
                await transport.send(asking(origin))

    asyncio.run(story())


def test_what_is_listed_no_more_is_closed_also_where_a_connection_was_kept():
    async def story():
        async with serving(_answer) as provider, calling() as transport:
            origin = provider.origin._replace(stranger=True)
            transport.allow_private(Private.of(["127.0.0.0/8"]))
            await (await transport.send(asking(origin))).read()
            transport.allow_private(Private())
            with pytest.raises(ProviderBroken):
                await transport.send(asking(origin))

    asyncio.run(story())


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("10.20.0.9", True),
        ("::ffff:10.20.0.9", True),
        ("10.21.0.1", False),
        ("::ffff:10.21.0.1", False),
        ("fd00::1", True),
        ("fd01::1", False),
        ("fe80::1%eth0", False),
        ("93.184.215.14", True),
    ],
)
def test_a_network_holds_its_addresses_however_they_are_written(address, allowed):
    places = Private.of(["10.20.0.0/16", "fd00::/64"])
    assert places.permits("any.example", address) is allowed
