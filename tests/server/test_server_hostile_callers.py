"""Callers that are slow, broken or hostile: each gets a clear answer or is hung up on, and harms nobody else."""

import pytest
from server_gateway import eventually
from server_sockets import Caller, asking, request, statuses

HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n"
SMUGGLED = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"


@pytest.fixture(autouse=True)
def unharmed(gateway, key):
    """After each of these tests the next request is answered, and nothing is left behind."""
    gateway.call("GET", "/healthz")
    before = gateway.descriptors()
    yield
    with Caller(gateway.port) as caller:
        good = request(asking("oa/good"), key, "connection: close")
        assert statuses(caller.say(good).hear_all()) == [200]
    assert eventually(lambda: gateway.status()["in_flight"] == 0)
    assert eventually(lambda: gateway.descriptors() <= before + 2)
    assert "Traceback" not in gateway.log


def test_a_head_that_stops_coming_is_408(gateway):
    with Caller(gateway.port) as caller:
        assert statuses(caller.say(HEAD).hear_all()) == [408]


def test_a_head_that_drips_is_408(gateway):
    """The time is for the whole head, however lively each byte."""
    with Caller(gateway.port) as caller:
        drops = [b"%c" % byte for byte in HEAD * 2]
        caller.say(*drops[:15], pause_s=0.1)
        assert statuses(caller.hear_all()) == [408]


def test_a_connection_without_a_word_is_closed(gateway):
    with Caller(gateway.port) as caller:
        assert caller.hear_all() == b""


def test_a_body_that_stops_coming_is_refused_and_hung_up_on(gateway, key):
    with Caller(gateway.port) as caller:
        heard = caller.say(request(b"", key, "content-length: 100", length=False) + b"{").hear_all(
            6
        )
        assert statuses(heard) == [400]
        assert b"stopped coming" in heard


def test_a_body_that_drips_is_refused(gateway, key):
    """Each byte comes in time; the whole would take a day."""
    with Caller(gateway.port) as caller:
        caller.say(request(b"", key, "content-length: 100000", length=False))
        caller.say(*[b" "] * 25, pause_s=0.1)
        heard = caller.hear_all()
        assert statuses(heard) == [400]


def test_a_refused_body_cannot_hold_its_connection(gateway):
    """The answer is given at once; the rest of the body is waited for, but not for ever."""
    with Caller(gateway.port) as caller:
        caller.say(request(b"", "mdg_wrong", "content-length: 100", length=False) + b"{")
        assert b" 401 " in caller.hear(b"\r\n\r\n")
        caller.say(b"xx")
        caller.hear_all()


def test_a_refused_body_may_still_come_and_be_followed(gateway, key):
    with Caller(gateway.port) as caller:
        caller.say(request(b"", "mdg_wrong", "content-length: 100", length=False) + b"{")
        assert b" 401 " in caller.hear(b"}}")
        caller.say(b"x" * 99 + request(asking("oa/after"), key))
        assert b" 200 " in caller.hear(b"}}")


@pytest.mark.parametrize(
    "flood",
    [
        b"".join(b"x-%d: y\r\n" % n for n in range(500)),
        b"x: " + b"y" * 40_000,
        b"x" * 40_000,
        b"x: y\r\n" * 20_000,
        b": y\r\n" * 100,
    ],
    ids=["many", "long value", "long name", "very many", "nameless"],
)
def test_a_flood_of_headers_is_cut_off(gateway, flood):
    with Caller(gateway.port) as caller:
        heard = caller.say(HEAD, flood, b"\r\n\r\n").hear_all()
        assert statuses(heard) in ([431], [400], [])


def test_a_header_without_end_is_cut_off(gateway):
    with Caller(gateway.port) as caller:
        caller.say(HEAD + b"x: ", *[b"y" * 1000] * 40, pause_s=0.001)
        assert statuses(caller.hear_all()) in ([431], [])


@pytest.mark.parametrize("length", [20_000, 1_000_000])
def test_an_endless_address_is_refused(gateway, length):
    with Caller(gateway.port) as caller:
        line = b"GET /" + b"x" * length + b" HTTP/1.1\r\nhost: x\r\n\r\n"
        assert statuses(caller.say(line).hear_all()) in ([431], [])


CHUNKED = b"transfer-encoding: chunked\r\n"
AMBIGUOUS = {
    "CL.TE": b"content-length: 6\r\n" + CHUNKED + b"\r\n0\r\n\r\n",
    "TE.CL": CHUNKED + b"content-length: 4\r\n\r\n5\r\naaaaa\r\n0\r\n\r\n",
    "CL twice": b"content-length: 0\r\ncontent-length: 5\r\n\r\n",
    "CL list": b"content-length: 0, 5\r\n\r\n",
    "CL plus": b"content-length: +0\r\n\r\n",
    "CL minus": b"content-length: -1\r\n\r\n",
    "CL hex": b"content-length: 0x0\r\n\r\n",
    "CL huge": b"content-length: 99999999999999999999999\r\n\r\n",
    "CL empty": b"content-length: \r\n\r\n",
    "TE unknown": b"transfer-encoding: xchunked\r\n\r\n",
    "TE twice": CHUNKED + b"transfer-encoding: identity\r\n\r\n0\r\n\r\n",
    "TE not last": b"transfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "TE tab": b"transfer-encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
    "TE spaced": b"transfer-encoding : chunked\r\n\r\n0\r\n\r\n",
    "TE folded": b"transfer-encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "chunk size": CHUNKED + b"\r\nzz\r\n{}\r\n0\r\n\r\n",
    "chunk minus": CHUNKED + b"\r\n-1\r\n{}\r\n0\r\n\r\n",
    "chunk huge": CHUNKED + b"\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n",
    "chunk long": CHUNKED + b"\r\n1\r\n{}\r\n0\r\n\r\n",
    "chunk LF": CHUNKED + b"\r\n2\n{}\n0\n\n",
    "bare CR": b"x: a\rcontent-length: 3\r\n\r\n",
    "bare LF": b"x: a\ncontent-length: 0\n\n",
    "NUL": b"x: a\0b\r\n\r\n",
    "no colon": b"content-length\r\n\r\n",
}


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_an_ambiguous_request_smuggles_nothing(gateway, name):
    """Whoever stands before the gateway may see its end elsewhere: it is refused, and the connection closed."""
    with Caller(gateway.port) as caller:
        heard = caller.say(HEAD + AMBIGUOUS[name] + SMUGGLED).hear_all()
    assert b'"status":"ok"' not in heard
    assert statuses(heard) in ([400], [401], [])


def test_a_body_cut_off_is_forgotten(gateway, key):
    with Caller(gateway.port) as caller:
        whole = request(asking("oa/m"), key)
        assert statuses(caller.say(whole[:-5]).done().hear_all()) in ([], [400])
    with Caller(gateway.port) as caller:
        caller.say(whole[:-5]).reset()


def test_requests_in_one_packet_are_answered_in_order(gateway, provider, key):
    stream = request(asking("oa/second", stream=True), key)
    third = request(asking("oa/third"), key, "connection: close")
    with Caller(gateway.port) as caller:
        heard = caller.say(request(asking("oa/first"), key) + stream + third).hear_all()
    assert statuses(heard) == [200, 200, 200]
    first, second, last = (heard.index(name) for name in (b'"first"', b"data: ", b'"third"'))
    assert first < second < last


def test_a_caller_that_speaks_on_during_a_stream_spoils_nothing(gateway, provider, key):
    """Half a head behind a request must not put an error into the middle of its answer."""

    async def script(visit):
        await visit.begin("slow")
        await visit.gone(0.9)
        await visit.send(b"0\r\n\r\n")

    model = provider.plays("speaks-on", script)
    body = request(asking(f"oa/{model}", stream=True), key)
    with Caller(gateway.port) as caller:
        heard = caller.say(body, b"\r\nPOST /v1/x", pause_s=0.1).hear_all()
    assert b"slow" in heard
    assert statuses(heard) == [200, 408]
    assert heard.index(b"0\r\n\r\n") < heard.index(b" 408 ")


@pytest.mark.parametrize(
    "line",
    [
        b"FOO / HTTP/1.1",
        b"get / HTTP/1.1",
        b"GET / HTTP/9.9",
        b"GET / HTTP/1.1 more",
        b"GET nothing HTTP/1.1",
        b"GET http:// HTTP/1.1",
        b"GET http://[::1/ HTTP/1.1",
        b"CONNECT gateway:443 HTTP/1.1",
        b"GET /\xff\xfe HTTP/1.1",
        b"GET /%00%0a%ff HTTP/1.1",
        b"GET /v1/models/../../healthz HTTP/1.1",
        b"PRI * HTTP/2.0",
        b"OPTIONS * HTTP/1.1",
        b"TRACE / HTTP/1.1",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\0\0\0",
    ],
)
def test_an_odd_first_line_gets_a_refusal(gateway, line):
    with Caller(gateway.port) as caller:
        heard = caller.say(line + b"\r\nhost: x\r\nconnection: close\r\n\r\n").hear_all()
    assert all(400 <= status < 500 for status in statuses(heard))
    assert b'"status":"ok"' not in heard


def test_http_1_0_is_answered_and_closed(gateway, key):
    with Caller(gateway.port) as caller:
        assert statuses(caller.say(b"GET /healthz HTTP/1.0\r\n\r\n").hear_all()) == [200]
    body = request(asking("oa/old", stream=True), key).replace(b"HTTP/1.1", b"HTTP/1.0")
    with Caller(gateway.port) as caller:
        heard = caller.say(body).hear_all()
    assert b"data: [DONE]\n\n" in heard


def test_expect_continue_is_answered(gateway, key):
    whole = request(asking("oa/continue"), key, "expect: 100-continue", "connection: close")
    head, _, body = whole.partition(b"\r\n\r\n")
    with Caller(gateway.port) as caller:
        assert b" 100 " in caller.say(head + b"\r\n\r\n").hear(b"\r\n\r\n")
        assert statuses(caller.say(body).hear_all()) == [200]


@pytest.mark.parametrize(("key_given", "length", "status"), [(False, 9, 401), (True, 2**30, 413)])
def test_expect_continue_saves_a_vain_body(gateway, key, key_given, length, status):
    """A refusal instead of `100 Continue`, and the end, because what follows may be a body or a request."""
    lines = ("expect: 100-continue", f"content-length: {length}")
    head = request(b"", key if key_given else "mdg_wrong", *lines, length=False)
    with Caller(gateway.port) as caller:
        assert statuses(caller.say(head).hear_all()) == [status]


def test_idle_connections_cost_little_and_end(gateway, key):
    callers = [Caller(gateway.port) for _ in range(300)]
    with Caller(gateway.port) as caller:
        good = request(asking("oa/beside"), key, "connection: close")
        assert statuses(caller.say(good).hear_all()) == [200]
    for caller in callers:
        assert caller.hear_all() == b""
        caller.__exit__()


def test_a_compressed_body_is_refused(gateway, key):
    """It could unfold to any size."""
    with Caller(gateway.port) as caller:
        packed = request(b"\x1f\x8b\x08", key, "content-encoding: gzip", "connection: close")
        heard = caller.say(packed).hear_all()
    assert statuses(heard) == [400]
    assert b"without `content-encoding`" in heard
