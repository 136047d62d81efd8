"""Proxies from the environment: who goes through one, and what it is told."""

import asyncio
from base64 import b64encode

import pytest
from upstream_servers import (
    OK,
    SECRET,
    ask,
    asking,
    calling,
    echoing,
    serving,
)

from madang.errors import ProviderTimedOut, ProviderUnreachable
from madang.upstream.origin import Origin
from madang.upstream.proxy import proxy_for

CREDENTIALS = b64encode(f"user:{SECRET}@".encode())
PLAIN = Origin("http", "provider.test", 80)
SECURE = Origin("https", "provider.test", 443)


@pytest.mark.parametrize(
    ("environ", "target", "port"),
    [
        ({}, PLAIN, None),
        ({"HTTP_PROXY": "http://p:1"}, PLAIN, 1),
        ({"HTTP_PROXY": "http://p:1"}, SECURE, None),
        ({"HTTPS_PROXY": "http://p:1"}, SECURE, 1),
        ({"https_proxy": "http://p:1", "HTTPS_PROXY": "http://p:2"}, SECURE, 1),
        ({"https_proxy": "", "HTTPS_PROXY": "http://p:2"}, SECURE, None),
        ({"ALL_PROXY": "http://p:1"}, SECURE, 1),
        ({"all_proxy": "p:1"}, PLAIN, 1),
        ({"all_proxy": "p"}, PLAIN, 80),
        ({"all_proxy": "https://p"}, PLAIN, 443),
        ({"HTTP_PROXY": "http://p:1", "REQUEST_METHOD": "GET"}, PLAIN, None),
        ({"http_proxy": "http://p:1", "REQUEST_METHOD": "GET"}, PLAIN, 1),
        ({"ALL_PROXY": "p:1", "NO_PROXY": "provider.test"}, PLAIN, None),
        ({"ALL_PROXY": "p:1", "NO_PROXY": "other.test, .test"}, PLAIN, None),
        ({"ALL_PROXY": "p:1", "no_proxy": "provider.test:443"}, SECURE, None),
        ({"ALL_PROXY": "p:1", "no_proxy": "provider.test:444"}, SECURE, 1),
        ({"ALL_PROXY": "p:1", "no_proxy": "ider.test"}, SECURE, 1),
        ({"ALL_PROXY": "p:1", "no_proxy": "*"}, SECURE, None),
        ({"ALL_PROXY": "p:1"}, Origin("http", "127.0.0.9", 80), None),
        ({"ALL_PROXY": "p:1"}, Origin("http", "localhost", 80), None),
        ({"ALL_PROXY": "p:1"}, Origin("http", "::1", 80), None),
        ({"ALL_PROXY": "p:1"}, Origin("http", "10.0.0.5", 80), 1),
        ({"ALL_PROXY": "p:1", "NO_PROXY": "10.0.0.5"}, Origin("http", "10.0.0.5", 80), None),
        ({"ALL_PROXY": "p:1", "NO_PROXY": "x, 10.0.0.0/8"}, Origin("http", "10.0.0.5", 80), None),
        ({"ALL_PROXY": "p:1", "NO_PROXY": "x/y,11.0.0.0/8"}, Origin("http", "10.0.0.5", 80), 1),
    ],
)
def test_the_environment_decides_who_goes_through_a_proxy(environ, target, port):
    proxy = proxy_for(target, environ)
    assert (proxy.origin.port if proxy else None) == port


@pytest.mark.parametrize("url", ["socks5://p:1", "http://", "http://p:99999", "ftp://p"])
def test_a_proxy_that_cannot_be_used_is_an_error_and_not_a_direct_connection(url):
    with pytest.raises(ProviderUnreachable):
        proxy_for(PLAIN, {"ALL_PROXY": url})


def tunnel_to(provider, *, tls: bool = False, more: bytes = b""):
    """A proxy that connects everyone with the one provider that there is."""

    async def script(visit):
        visit.provider.heads.append(await visit.reader.readuntil(b"\r\n\r\n"))
        await visit.send(b"HTTP/1.1 200 Connection established\r\n\r\n" + more)
        reader, writer = await asyncio.open_connection("127.0.0.1", provider.origin.port)
        await asyncio.gather(pump(visit.reader, writer), pump(reader, visit.writer))

    return serving(script, tls=tls)


async def pump(reader, writer) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


def through(proxy) -> dict[str, str]:
    """The environment of someone behind this proxy."""
    scheme, host, port, _ = proxy.origin
    return {"ALL_PROXY": f"{scheme}://user:{SECRET}%40@{host}:{port}"}


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_a_plain_request_is_forwarded_with_its_whole_address(run, tls):
    async def story():
        async with serving(echoing(), tls=tls) as proxy:
            async with calling(environ=through(proxy)) as transport:
                assert await ask(transport, Origin("http", "provider.test", 8000), b"hi") == b"hi"
                assert await ask(transport, Origin("http", "provider.test", 8000), b"ho") == b"ho"
            line, *headers = proxy.heads[-1].split(b"\r\n")
            assert line == b"POST http://provider.test:8000/v1/x?key=%b HTTP/1.1" % SECRET.encode()
            assert b"proxy-authorization: Basic " + CREDENTIALS in headers
            assert b"host: provider.test:8000" in headers
            assert proxy.connections == 1

    run(story)


@pytest.mark.parametrize("tls", [False, True], ids=["plain proxy", "tls proxy"])
def test_an_encrypted_request_goes_through_a_tunnel(run, tls):
    async def story():
        async with (
            serving(echoing(), tls=True) as provider,
            tunnel_to(provider, tls=tls) as proxy,
            calling(environ=through(proxy)) as transport,
        ):
            large = bytes(300_000)
            assert await ask(transport, SECURE, large) == large
            assert await ask(transport, SECURE, b"hi") == b"hi"
            head = b"CONNECT provider.test:443 HTTP/1.1\r\nhost: provider.test:443\r\n"
            secret = b"proxy-authorization: Basic " + CREDENTIALS + b"\r\n\r\n"
            assert proxy.heads == [head + secret]
            assert CREDENTIALS not in b"".join(provider.heads)

    run(story)


def test_the_name_is_verified_at_the_end_of_the_tunnel(run):
    async def story():
        async with (
            serving(echoing(), tls=True) as provider,
            tunnel_to(provider) as proxy,
            calling(environ=through(proxy)) as transport,
        ):
            with pytest.raises(ProviderUnreachable, match="certificate"):
                await ask(transport, Origin("https", "elsewhere.test", 443))

    run(story)


def test_bytes_that_the_proxy_puts_into_the_tunnel_are_not_ignored(run):
    async def story():
        async with (
            serving(echoing(), tls=True) as provider,
            tunnel_to(provider, more=b"x") as proxy,
            calling(environ=through(proxy)) as transport,
        ):
            with pytest.raises(ProviderUnreachable, match="before it was asked"):
                await ask(transport, SECURE)

    run(story)


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 502 Bad Gateway\r\n\r\n",
        b"SSH-2.0-x\r\n\r\n",
        b"\r\n\r\n",
        b"x" * 100_000,
        b"HTTP/1.1 200 OK\r\n\r\nand more",
        b"HTTP/1.1 200 OK\r\n",
        b"",
    ],
)
def test_a_proxy_that_gives_no_tunnel_makes_the_provider_unreachable(run, reply):
    async def story():
        async def script(visit):
            await visit.reader.readuntil(b"\r\n\r\n")
            await visit.send(reply)

        async with serving(script) as proxy, calling(environ=through(proxy)) as transport:
            with pytest.raises(ProviderUnreachable, match=r"provider\.test") as refused:
                await ask(transport, SECURE)
            assert SECRET not in str(refused.value)
            assert CREDENTIALS.decode() not in str(refused.value)
            await proxy.left.wait()

    run(story)


def test_a_proxy_that_refuses_our_credentials_makes_the_provider_unreachable(run):
    async def story():
        async def script(visit):
            await visit.request()
            await visit.send(OK.replace(b"200 OK", b"407 Who are you"))
            await visit.until_gone()

        async with serving(script) as proxy, calling(environ=through(proxy)) as transport:
            with pytest.raises(ProviderUnreachable):
                await ask(transport, PLAIN)
        async with serving(script) as provider, calling() as transport:
            assert await ask(transport, provider.origin) == b"ok"

    run(story)


def test_a_proxy_that_stalls_counts_as_connecting_and_is_left(run):
    async def story():
        async def script(visit):
            await visit.until_gone()

        async with serving(script) as proxy, calling(environ=through(proxy)) as transport:
            with pytest.raises(ProviderTimedOut) as failed:
                await transport.send(asking(SECURE, connect_s=0.1))
            assert failed.value.phase == "connect"
            await proxy.left.wait()

    run(story)
