"""Deadlines: each phase has its own, and none runs while it is us who wait."""

import asyncio

import pytest
from upstream_servers import (
    CHUNKED,
    OK,
    answering,
    ask,
    asking,
    calling,
    chunk,
    echoing,
    everything,
    serving,
)

from madang.errors import ProviderTimedOut
from madang.upstream.origin import Origin

HEAD = b"HTTP/1.1 200 OK\r\n"


def stalling(*sent: bytes, every_s: float = 0.0):
    """Send the pieces, waiting before each but the first; then say nothing more."""

    async def script(visit):
        await visit.request()
        for number, piece in enumerate(sent):
            await asyncio.sleep(every_s if number else 0)
            await visit.send(piece)
        await visit.until_gone()

    return script


async def timed_out(transport, origin, **asked) -> str:
    """The phase that one exchange runs out of time in."""
    with pytest.raises(ProviderTimedOut) as failed:
        await everything(await transport.send(asking(origin, **asked)))
    assert origin.host in str(failed.value)
    return failed.value.phase


@pytest.mark.parametrize(
    ("sent", "asked", "phase"),
    [
        ([], {"first_byte_s": 0.06}, "first_byte"),
        ([HEAD + b"a: "], {"first_byte_s": 0.06}, "first_byte"),
        ([b"HTTP/1.1 100 Continue\r\n\r\n"], {"first_byte_s": 0.06}, "first_byte"),
        ([], {"first_token_s": 0.06, "streaming": True}, "first_token"),
        ([CHUNKED], {"first_token_s": 0.06, "streaming": True}, "first_token"),
        ([CHUNKED, b"5"], {"first_token_s": 0.06, "streaming": True}, "first_token"),
        ([CHUNKED], {"idle_s": 0.06, "first_token_s": 0.03}, "idle"),
        ([CHUNKED + chunk(b"x")], {"idle_s": 0.06, "streaming": True}, "idle"),
        ([HEAD + b"content-length: 9\r\n\r\n1234"], {"idle_s": 0.06}, "idle"),
        ([], {"total_s": 0.06}, "total"),
        ([CHUNKED + chunk(b"x")], {"total_s": 0.06}, "total"),
    ],
)
def test_a_stall_is_named_by_its_phase_and_ends_the_connection(run, sent, asked, phase):
    async def story():
        async with serving(stalling(*sent)) as provider, calling() as transport:
            assert await timed_out(transport, provider.origin, **asked) == phase
            await provider.left.wait()

    run(story)


def test_a_head_that_drips_does_not_extend_its_time(run):
    async def story():
        script = stalling(HEAD, *[b"a: b\r\n"] * 100, every_s=0.01)
        async with serving(script) as provider, calling() as transport:
            assert await timed_out(transport, provider.origin, first_byte_s=0.1) == "first_byte"

    run(story)


def test_total_ends_a_stream_that_never_pauses(run):
    async def story():
        script = stalling(CHUNKED, *[chunk(b"x")] * 100, every_s=0.01)
        async with serving(script) as provider, calling() as transport:
            asked = {"idle_s": 0.15, "total_s": 0.2, "streaming": True}
            assert await timed_out(transport, provider.origin, **asked) == "total"

    run(story)


def test_a_stream_may_last_longer_than_every_deadline_but_total(run):
    async def story():
        script = stalling(CHUNKED, *[chunk(b"x")] * 10, b"0\r\n\r\n", every_s=0.02)
        limits = {"first_byte_s": 0.15, "first_token_s": 0.15, "idle_s": 0.15}
        async with serving(script) as provider, calling() as transport:
            incoming = await transport.send(asking(provider.origin, streaming=True, **limits))
            assert b"".join(await everything(incoming)) == b"x" * 10

    run(story)


def test_silence_before_the_first_token_is_not_silence_within_a_stream(run):
    async def story():
        script = stalling(CHUNKED, chunk(b"x") + b"0\r\n\r\n", every_s=0.2)
        limits = {"first_token_s": 5, "idle_s": 0.05}
        async with serving(script) as provider, calling() as transport:
            incoming = await transport.send(asking(provider.origin, streaming=True, **limits))
            assert await everything(incoming) == [b"x"]

    run(story)


def test_a_deadline_that_was_met_does_not_end_a_later_exchange(run):
    async def story():
        async def script(visit):
            await visit.request()
            await visit.send(OK)
            await visit.request()
            await asyncio.sleep(0.15)
            await visit.send(OK)

        async with serving(script) as provider, calling() as transport:
            limits = {"first_byte_s": 0.1, "idle_s": 0.1, "total_s": 0.1}
            await (await transport.send(asking(provider.origin, **limits))).read()
            await asyncio.sleep(0.15)
            assert await ask(transport, provider.origin) == b"ok"
            assert provider.connections == 1

    run(story)


@pytest.mark.parametrize("phase", ["first_byte", "first_token", "total"])
def test_a_kept_connection_observes_shorter_deadlines_than_before(run, phase):
    async def story():
        async with serving(answering(OK, b"")) as provider, calling() as transport:
            assert await ask(transport, provider.origin) == b"ok"
            asked = {f"{phase}_s": 0.05, "streaming": True}
            assert await timed_out(transport, provider.origin, **asked) == phase
            assert provider.connections == 1

    run(story)


def test_connecting_has_its_own_deadline_which_tls_is_part_of(run):
    async def script(visit):
        await visit.until_gone()  # accepts, and never shakes hands

    async def story():
        async with serving(script) as provider, calling() as transport:
            origin = Origin("https", "127.0.0.1", provider.origin.port)
            assert await timed_out(transport, origin, connect_s=0.2) == "connect"
            await provider.left.wait()
            assert await timed_out(transport, origin, total_s=0.1) == "total"

    run(story)


def test_waiting_for_a_free_connection_counts_as_connecting(run):
    async def story():
        one = calling(max_connections_per_origin=1)
        async with serving(answering()) as provider, one as transport:
            busy = asyncio.create_task(transport.send(asking(provider.origin)))
            await asyncio.sleep(0.02)
            assert await timed_out(transport, provider.origin, connect_s=0.1) == "connect"
            busy.cancel()

    run(story)


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_a_slow_upload_is_not_a_missing_answer(run, tls):
    """The time to the first byte begins when the request is out, as long as it makes progress."""

    async def script(visit):
        for _ in range(16):
            await asyncio.sleep(0.05)
            await visit.reader.readexactly(1_500_000)
        await visit.send(OK)
        await visit.until_gone()

    async def story():
        slow = serving(script, tls=tls, receive_buffer_bytes=65_536)
        async with slow as provider, calling() as transport:
            upload = asking(provider.origin, bytes(24_000_000), first_byte_s=0.6)
            assert await (await transport.send(upload)).read() == b"ok"

    run(story)


def test_an_upload_that_nobody_takes_is_a_missing_answer(run):
    async def script(visit):
        visit.writer.transport.pause_reading()
        await asyncio.sleep(5)

    async def story():
        async with serving(script) as provider, calling() as transport:
            asked = {"body": bytes(30_000_000), "first_byte_s": 0.1}
            assert await timed_out(transport, provider.origin, **asked) == "first_byte"

    run(story)


def test_an_idle_connection_is_closed_after_its_time(run):
    async def story():
        async with serving(echoing()) as provider, calling(idle_keep_s=0.1) as transport:
            await ask(transport, provider.origin)
            await provider.left.wait()
            await ask(transport, provider.origin)
            assert provider.connections == 2

    run(story)
