"""Callers' connections, without a gateway behind them: framing, order, back-pressure, and what is left behind."""

import asyncio
import contextlib
import gc

import httptools
import pytest
import uvloop
from uvicorn.server import ServerState

from madang.server.protocol import Bounds, protocol_for
from madang.upstream.outbox import Outbox

BIG = b"x" * 20_000_000


def served(serve, talk, bounds=None):
    """Run `talk(reader, writer, state)` against a server whose requests `serve` answers."""

    async def story():
        state = ServerState()
        connect = protocol_for(serve, bounds or Bounds(), Outbox())
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: connect(server_state=state), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            return await asyncio.wait_for(talk(reader, writer, state), 10)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
            server.close()

    return uvloop.run(story())


def post(body=b"", *lines, method=b"POST", version=b"1.1", length=True):
    """A request."""
    head = [b"%b /p%%20q?a=b HTTP/%b" % (method, version), *lines]
    if length:
        head.append(b"content-length: %d" % len(body))
    return b"\r\n".join([*head, b"", b""]) + body


async def echo(request):
    """Answer with the body."""
    parts = []
    while True:
        parts.append(request.take())
        if request.whole:
            break
        await request.more()
    request.respond(200, b"x: y\r\n", b"".join(parts))


def answers(heard):
    """Status and body of each answer, by an independent parser."""

    class Hearer:
        def __init__(self):
            self.found = []

        def on_message_begin(self):
            self.found.append([0, b""])

        def on_headers_complete(self):
            self.found[-1][0] = parser.get_status_code()

        def on_body(self, body):
            self.found[-1][1] += body

    hearer = Hearer()
    parser = httptools.HttpResponseParser(hearer)
    parser.feed_data(heard)
    return [tuple(one) for one in hearer.found]


def test_a_body_may_come_in_chunks_cut_anywhere():
    async def talk(reader, writer, _):
        whole = post(b"5\r\nhello\r\n1;x=y\r\n!\r\n0\r\ntrailer: z\r\n\r\n", length=False)
        whole = whole.replace(b"\r\n\r\n", b"\r\ntransfer-encoding: chunked\r\n\r\n", 1)
        for byte in whole:
            writer.write(b"%c" % byte)
            await writer.drain()
        writer.write(post(b"next", b"connection: close"))
        return await reader.read()

    assert answers(served(echo, talk)) == [(200, b"hello!"), (200, b"next")]


def test_a_request_tells_its_method_path_query_and_headers():
    async def tell(request):
        said = f"{request.method} {request.path} {request.query} {request.headers[b'a-b']}"
        request.respond(200, b"", said.encode())

    async def talk(reader, writer, _):
        writer.write(post(b"", b"A-b: 1", b"a-B: 2", b"connection: close", method=b"PUT"))
        return await reader.read()

    assert answers(served(tell, talk)) == [(200, b"PUT /p q b'a=b' b'2'")]


def test_an_answer_to_head_has_no_body_and_the_length_of_one():
    async def talk(reader, writer, _):
        writer.write(post(b"body", b"connection: close", method=b"HEAD"))
        return await reader.read()

    heard = served(echo, talk)
    assert b"content-length: 4\r\n" in heard
    assert heard.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(("version", "ends"), [(b"1.1", b"0\r\n\r\n"), (b"1.0", b"onetwo")])
def test_a_stream_ends_as_the_caller_s_version_of_http_knows(version, ends):
    async def stream(request):
        request.begin(200, b"")
        request.send(b"one")
        request.send(b"two")
        request.end()

    async def talk(reader, writer, _):
        writer.write(post(b"", b"connection: close", version=version))
        return await reader.read()

    heard = served(stream, talk)
    assert heard.endswith(ends)
    assert (b"chunked" in heard) == (version == b"1.1")


def test_requests_in_one_packet_are_answered_one_by_one_in_order():
    going = []

    async def slow(request):
        going.append(1)
        assert len(going) == 1
        await asyncio.sleep(0.01)
        await echo(request)
        going.pop()

    async def talk(reader, writer, _):
        bodies = [b"%d" % number * 1000 for number in range(9)]
        last = post(b"last", b"connection: close")
        writer.write(b"".join(map(post, bodies)) + last + post(b"unheard"))
        return answers(await reader.read()) == [(200, body) for body in (*bodies, b"last")]

    assert served(slow, talk)


def test_a_body_that_nobody_takes_stops_being_read():
    held = []

    async def wait(request):
        for _ in range(20):
            await asyncio.sleep(0.01)
            held.append(request.held_bytes)
        await echo(request)

    async def talk(reader, writer, _):
        writer.write(post(BIG, b"connection: close"))
        return answers(await reader.read())[0][1] == BIG

    assert served(wait, talk)
    assert 0 < max(held) < 1_000_000


def test_a_caller_that_does_not_read_is_waited_for():
    async def pour(request):
        request.begin(200, b"")
        for _ in range(2000):
            if request.congested:
                congested.append(True)
                await request.writable()
            request.send(b"x" * 10_000)
        request.end()

    async def talk(reader, writer, _):
        writer.write(post(b"", b"connection: close"))
        while not congested:
            await asyncio.sleep(0.01)
        return answers(await reader.read()) == [(200, BIG)]

    congested = []
    assert served(pour, talk)


def test_a_caller_who_leaves_cancels_its_request():
    ended = asyncio.Event()

    async def wait(_):
        try:
            await asyncio.sleep(10)
        finally:
            ended.set()

    async def talk(_, writer, state):
        writer.write(post())
        await asyncio.sleep(0.05)
        writer.transport.abort()
        await ended.wait()
        await asyncio.sleep(0.01)
        return state.connections, state.tasks

    assert served(wait, talk) == (set(), set())


def test_a_caller_who_leaves_between_requests_leaves_no_task():
    async def talk(reader, writer, state):
        for _ in range(3):
            writer.write(post(b"hello"))
            await reader.readuntil(b"hello")
        busy = len(state.tasks), len(asyncio.all_tasks())
        writer.transport.abort()
        await asyncio.sleep(0.05)
        return busy, len(asyncio.all_tasks())

    assert served(echo, talk) == ((0, 3), 2)


def test_what_fails_in_an_answer_shows_as_an_answer_that_is_not_whole():
    async def fail(request):
        request.begin(200, b"")
        request.send(b"one")
        raise asyncio.CancelledError  # as when the time to drain is up

    async def talk(reader, writer, _):
        writer.write(post())
        return await reader.read()

    heard = served(fail, talk)
    assert heard.endswith(b"3\r\none\r\n")


def test_draining_closes_what_is_idle_at_once_and_the_rest_behind_its_answer():
    async def slow(request):
        await asyncio.sleep(0.05)
        await echo(request)

    async def talk(reader, writer, state):
        writer.write(post(b"x"))
        await asyncio.sleep(0.02)
        for connection in state.connections:
            connection.shutdown()
        return await reader.read()

    heard = served(slow, talk)
    assert answers(heard) == [(200, b"x")]
    assert b"connection: close" in heard


def test_an_answer_that_is_about_to_go_survives_the_word_to_drain():
    async def shut(request):
        await echo(request)
        for connection in [*state_of["it"].connections]:
            connection.shutdown()

    async def talk(reader, writer, state):
        state_of["it"] = state
        writer.write(post(b"x"))
        return answers(await reader.read())

    state_of = {}
    assert served(shut, talk) == [(200, b"x")]


def test_an_upgrade_is_answered_as_if_it_were_none_and_nothing_follows():
    async def talk(reader, writer, _):
        lines = (b"connection: upgrade", b"upgrade: websocket")
        writer.write(post(b"", *lines, method=b"GET", length=False) + b"\x81\x00\x00")
        return await reader.read()

    assert answers(served(echo, talk)) == [(200, b"")]


def test_an_idle_connection_is_closed_but_each_request_gives_it_its_time_anew():
    async def talk(reader, writer, _):
        for _ in range(4):
            await asyncio.sleep(0.2)
            writer.write(post(b"x"))
            await reader.readuntil(b"\r\n\r\nx")
        return await reader.read()

    assert served(echo, talk, Bounds(keep_alive_s=0.6)) == b""


def test_a_request_leaves_nothing_for_the_garbage_collector():
    async def talk(reader, writer, _):
        await asyncio.sleep(0.01)
        gc.collect()
        gc.disable()
        try:
            for _ in range(50):
                writer.write(post(b"x" * 100))
                await reader.readuntil(b"x" * 100)
            gc.set_debug(gc.DEBUG_SAVEALL)
            gc.collect()
            return [one for one in gc.garbage if type(one).__module__.startswith("madang")]
        finally:
            gc.set_debug(0)
            gc.garbage.clear()
            gc.enable()

    assert served(echo, talk) == []


def test_trailers_without_end_are_hung_up_on():
    """What comes behind a body is nobody's; it must not fill the memory."""

    async def talk(reader, writer, _):
        writer.write(post(b"", b"transfer-encoding: chunked", length=False) + b"1\r\nx\r\n0\r\n")
        sent = 0
        with contextlib.suppress(ConnectionError):
            while not reader.at_eof() and sent < 10_000_000:
                writer.write(b"trailer-%d: %b\r\n" % (sent, b"x" * 1000))
                sent += 1000
                await writer.drain()
                await asyncio.sleep(0)
        return sent

    assert served(echo, talk) < 5_000_000
