"""Providers that lie, stall, cut and flood: each is named for what it is, and costs its connection."""

import asyncio
import gzip
import socket

import pytest
from upstream_servers import (
    CHUNKED,
    OK,
    SECRET,
    answering,
    ask,
    asking,
    calling,
    chunk,
    everything,
    serving,
)

from madang.errors import ProviderBroken, ProviderTimedOut, ProviderUnreachable
from madang.upstream.origin import Origin

HEAD = b"HTTP/1.1 200 OK\r\n"
FIVE = HEAD + b"content-length: 5\r\n\r\n"


def then_close(sent: bytes, *, reset: bool = False):
    async def script(visit):
        await visit.request()
        await visit.send(sent)
        if reset:
            await asyncio.sleep(0.02)
            visit.reset()

    return script


def then_stall(sent: bytes):
    async def script(visit):
        await visit.request()
        await visit.send(sent)
        await visit.until_gone()

    return script


async def failure(transport, origin, **asked) -> Exception:
    """What one exchange fails with, checked to hold no secret."""
    with pytest.raises((ProviderBroken, ProviderTimedOut, ProviderUnreachable)) as failed:
        await everything(await transport.send(asking(origin, **asked)))
    assert SECRET not in repr(failed.value)
    assert origin.host in str(failed.value)
    return failed.value


@pytest.mark.parametrize(
    "sent",
    [
        HEAD,
        FIVE,
        FIVE + b"hell",
        CHUNKED,
        CHUNKED + b"5\r\nhell",
        CHUNKED + chunk(b"hello"),
        HEAD[:4],
    ],
)
@pytest.mark.parametrize("reset", [False, True], ids=["fin", "rst"])
def test_an_answer_that_is_cut_is_broken(run, sent, reset):
    async def story():
        async with serving(then_close(sent, reset=reset)) as provider, calling() as transport:
            assert type(await failure(transport, provider.origin)) is ProviderBroken

    run(story)


def test_a_reset_does_not_complete_a_body_that_ends_with_the_connection(run):
    async def story():
        script = then_close(HEAD + b"\r\nhalf", reset=True)
        async with serving(script) as provider, calling() as transport:
            assert type(await failure(transport, provider.origin)) is ProviderBroken

    run(story)


@pytest.mark.parametrize("reset", [False, True], ids=["fin", "rst"])
def test_a_fresh_connection_that_dies_unanswered_is_not_tried_again(run, reset):
    async def story():
        async with serving(then_close(b"", reset=reset)) as provider, calling() as transport:
            assert isinstance(await failure(transport, provider.origin), ProviderUnreachable)
            assert provider.connections == 1

    run(story)


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        CHUNKED + b"zz\r\n",
        HEAD + b"content-encoding: br\r\ncontent-length: 1\r\n\r\nx",
        HEAD + b"content-encoding: gzip\r\ncontent-length: 5\r\n\r\nnope",
        HEAD + b"a: b\r\n" * 300,
        HEAD + b"a: " + b"b" * 100_000,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000,
    ],
)
def test_an_answer_that_is_no_answer_is_broken_and_its_connection_closed(run, sent):
    async def story():
        async with serving(then_stall(sent)) as provider, calling() as transport:
            assert type(await failure(transport, provider.origin)) is ProviderBroken
            await provider.left.wait()

    run(story)


@pytest.mark.parametrize("sent", [OK + b"excess", OK + OK, OK + b"HTTP/1.1 200 OK\r\n"])
def test_bytes_behind_an_answer_never_reach_another_request(run, sent):
    async def story():
        async with serving(then_stall(sent)) as provider, calling() as transport:
            for expected_connections in (1, 2, 3):
                assert await ask(transport, provider.origin) == b"ok"
                assert provider.connections == expected_connections

    run(story)


@pytest.mark.parametrize("late", [OK, b"\r\n", b"x"])
def test_bytes_on_an_idle_connection_never_reach_another_request(run, late):
    async def story():
        async def script(visit):
            await visit.request()
            await visit.send(OK)
            await asyncio.sleep(0.02)
            await visit.send(late)
            await visit.until_gone()

        async with serving(script) as provider, calling() as transport:
            assert await ask(transport, provider.origin) == b"ok"
            await provider.left.wait()
            assert await ask(transport, provider.origin) == b"ok"
            assert provider.connections == 2

    run(story)


def test_what_had_arrived_is_given_before_the_failure(run):
    async def story():
        sent = CHUNKED + chunk(b"hello") + b"zz\r\n"
        async with serving(then_stall(sent)) as provider, calling() as transport:
            incoming = await transport.send(asking(provider.origin))
            await provider.left.wait()
            assert await incoming.next() == b"hello"
            with pytest.raises(ProviderBroken):
                await incoming.next()

    run(story)


def test_a_body_read_as_a_whole_is_bounded_and_a_stream_is_not(run):
    async def story():
        sent = HEAD + b"content-length: 3000000\r\n\r\n" + bytes(3_000_000)
        bounded = calling(max_body_bytes=1_000_000)
        async with serving(then_stall(sent)) as provider, bounded as transport:
            incoming = await transport.send(asking(provider.origin))
            with pytest.raises(ProviderBroken):
                await incoming.read()
            await provider.left.wait()
            incoming = await transport.send(asking(provider.origin))
            assert sum(map(len, await everything(incoming))) == 3_000_000

    run(story)


def test_a_body_exactly_at_the_bound_is_read(run):
    async def story():
        bounded = calling(max_body_bytes=2)
        async with serving(answering(OK, FIVE + b"hello")) as provider, bounded as transport:
            assert await ask(transport, provider.origin) == b"ok"
            with pytest.raises(ProviderBroken):
                await ask(transport, provider.origin)

    run(story)


def test_a_compressed_answer_is_unfolded_and_no_longer_says_that_it_was(run):
    async def story():
        coded = gzip.compress(b"hello" * 1000)
        head = HEAD + b"Content-Encoding: GZIP \r\ncontent-length: %d\r\nx: y\r\n\r\n" % len(coded)
        async with serving(answering(head + coded, OK)) as provider, calling() as transport:
            incoming = await transport.send(asking(provider.origin))
            assert incoming.headers == {b"x": b"y"}
            assert await incoming.read() == b"hello" * 1000
            assert await ask(transport, provider.origin) == b"ok"
            assert provider.connections == 1

    run(story)


def test_a_decompression_bomb_is_bounded(run):
    async def story():
        bomb = gzip.compress(bytes(10_000_000))
        head = HEAD + b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(bomb)
        bounded = calling(max_body_bytes=1_000_000)
        async with serving(answering(head + bomb, head + bomb)) as provider, bounded as transport:
            incoming = await transport.send(asking(provider.origin))
            with pytest.raises(ProviderBroken, match="1000000"):
                await incoming.read()
            incoming = await transport.send(asking(provider.origin))
            assert len(await incoming.next()) == 262_144

    run(story)


def test_a_compressed_answer_that_is_cut_is_broken(run):
    async def story():
        cut = gzip.compress(b"hello" * 1000)[:-9]
        answer = HEAD + b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(cut) + cut
        async with serving(answering(answer)) as provider, calling() as transport:
            assert type(await failure(transport, provider.origin)) is ProviderBroken

    run(story)


def test_nobody_at_home_is_unreachable(run):
    async def story():
        with socket.create_server(("127.0.0.1", 0)) as taken:
            closed_port = taken.getsockname()[1]
        async with calling() as transport:
            refused = await failure(transport, Origin("http", "127.0.0.1", closed_port))
            assert type(refused) is ProviderUnreachable
            assert "refused" in str(refused)
            unknown = await failure(transport, Origin("http", "nowhere.invalid", 80))
            assert type(unknown) is ProviderUnreachable

    run(story)


def test_a_certificate_is_verified(run):
    async def story():
        async with serving(answering(OK), tls=True) as provider:
            async with calling(ssl_context=None) as transport:  # trusts the real authorities only
                refused = await failure(transport, provider.origin)
                assert type(refused) is ProviderUnreachable
                assert "certificate" in str(refused)
            async with calling() as transport:
                misnamed = Origin("https", "127.1", provider.origin.port)
                refused = await failure(transport, misnamed)
                assert "certificate" in str(refused)

    run(story)


@pytest.mark.parametrize("sent", [b"HTTP/1.1 400 Bad\r\n\r\n", b""], ids=["plaintext", "nothing"])
def test_a_server_that_speaks_no_tls_is_unreachable(run, sent):
    async def script(visit):
        await visit.reader.read(1)
        await visit.send(sent)

    async def story():
        async with serving(script) as provider, calling() as transport:
            origin = Origin("https", "localhost", provider.origin.port)
            assert type(await failure(transport, origin)) is ProviderUnreachable

    run(story)
