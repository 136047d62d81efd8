"""Faults as a client sees them that trusts nothing: a raw socket."""

import asyncio
import contextlib
import json
import logging
import socket
import time

import pytest
import requests

from madang.drills.simulator import FAULTS, Behaviour, serve
from madang.drills.simulator.faults import Conduct

CHAT = {"model": "gpt-4.1", "messages": [{"role": "user", "content": "count to 40"}]}


def send(sim, body=CHAT, path="/v1/chat/completions", **headers):
    """Send one request; the socket, ready to be read."""
    data = json.dumps(body).encode()
    lines = [
        f"POST {path} HTTP/1.1",
        "host: sim",
        "authorization: Bearer k",
        f"content-length: {len(data)}",
    ]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    sock = socket.create_connection((sim.running.host, sim.running.port), timeout=10)
    sock.sendall("\r\n".join([*lines, "", ""]).encode() + data)
    return sock


def read(sock):
    """All that comes until the answer is complete or the connection ends; and whether it was complete."""
    got = b""
    try:
        while data := sock.recv(65_536):
            got += data
            head, _, rest = got.partition(b"\r\n\r\n")
            if b"chunked" in head and rest.endswith(b"0\r\n\r\n"):
                return got, True
            if b"content-length: " in head and len(rest) >= int(
                head.split(b"content-length: ")[1].split(b"\r\n")[0]
            ):
                return got, True
    except ConnectionResetError:
        return got, False
    finally:
        sock.close()
    return got, False


def drain(sock):
    """What comes until nothing comes any more."""
    got = b""
    try:
        while data := sock.recv(65_536):
            got += data
    except TimeoutError:
        return got
    raise AssertionError("the connection was closed")


def test_the_refused_connection_gives_no_byte(sim):
    assert read(send(sim, x_sim_fault="refuse")) == (b"", False)


def test_a_cut_stream_has_half_of_its_text_and_no_end(sim):
    got, complete = read(send(sim, {**CHAT, "stream": True}, x_sim_fault="cut"))
    assert not complete
    assert got.count(b'"content":" ') in range(15, 25)
    assert b"[DONE]" not in got


def test_a_cut_answer_is_shorter_than_it_promised(sim):
    for fault in ("cut", "wrong_length"):
        got, complete = read(send(sim, x_sim_fault=fault))
        assert got.startswith(b"HTTP/1.1 200")
        assert not complete


def test_broken_json_comes_with_the_right_length(sim):
    got, complete = read(send(sim, x_sim_fault="malformed_json"))
    assert complete
    with pytest.raises(ValueError, match=r"Unterminated|Expecting|delimiter"):
        json.loads(got.partition(b"\r\n\r\n")[2])


def test_a_broken_event_stands_among_good_ones(sim):
    got, complete = read(send(sim, {**CHAT, "stream": True}, x_sim_fault="malformed_json"))
    assert complete
    assert b'"content":"Hal\n\n' in got
    assert b"[DONE]" in got


def test_a_proxys_page_takes_the_place_of_the_rest(sim):
    whole, _ = read(send(sim, x_sim_fault="malformed_sse"))
    stream, complete = read(send(sim, {**CHAT, "stream": True}, x_sim_fault="malformed_sse"))
    assert b"text/html" in whole
    assert b"502 Bad Gateway" in whole
    assert complete
    assert b"502 Bad Gateway" in stream
    assert b"[DONE]" not in stream


def test_an_empty_answer_is_a_200_without_a_body(sim):
    got, complete = read(send(sim, x_sim_fault="empty"))
    assert complete
    assert got.startswith(b"HTTP/1.1 200")
    assert got.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    ("path", "body", "event"),
    [
        ("/v1/chat/completions", {**CHAT, "stream": True}, b'data: {"error":{"message"'),
        (
            "/v1/responses",
            {"model": "gpt-4.1", "input": "count to 40", "stream": True},
            b'event: error\ndata: {"type":"error"',
        ),
        (
            "/v1/messages",
            {**CHAT, "max_tokens": 99, "stream": True},
            b'"error":{"type":"overloaded_error"',
        ),
        (
            "/v1/models/g:streamGenerateContent?alt=sse",
            {"contents": [{"parts": [{"text": "count to 40"}]}]},
            b'data: {"error":{"code":503',
        ),
    ],
)
def test_an_error_inside_a_stream_has_its_wires_form(sim, path, body, event):
    got, complete = read(send(sim, body, path, x_sim_fault="stream_error"))
    assert complete
    assert event in got


def test_silence_lasts_as_long_as_it_is_told_and_then_the_rest_comes(sim):
    for fault in ("slow_first_byte", "stall"):
        sim.behave(Behaviour(fault=fault, stall_s=0.2))
        began = time.monotonic()
        got, complete = read(send(sim, {**CHAT, "stream": True}))
        assert complete
        assert b"[DONE]" in got
        assert time.monotonic() - began >= 0.2


def test_while_a_stream_stalls_its_first_half_is_here(sim):
    sim.behave(Behaviour(fault="stall", stall_s=30))
    with send(sim, {**CHAT, "stream": True}) as sock:
        got = b""
        while got.count(b"data: ") < 15:
            got += sock.recv(65_536)
        sock.settimeout(0.1)
        got += drain(sock)
    assert b"[DONE]" not in got


def test_a_pace_stretches_a_stream_and_a_whole_answer(sim):
    body = {**CHAT, "messages": [{"role": "user", "content": "count to 10"}]}
    for stream in (False, True):
        began = time.monotonic()
        read(send(sim, {**body, "stream": stream}, x_sim_tokens_per_s="100"))
        assert time.monotonic() - began >= 0.08


def test_headers_set_the_fault_and_the_delay_of_one_request(sim):
    began = time.monotonic()
    got, _ = read(send(sim, x_sim_fault="status:503", x_sim_latency_ms="50"))
    assert time.monotonic() - began >= 0.05
    assert got.startswith(b"HTTP/1.1 503")
    assert b"retry-after: 1\r\n" in got
    got, _ = read(send(sim, x_sim_fault="nonsense"))
    assert b"unknown fault" in got


def test_a_fault_can_be_limited_to_a_model_and_to_a_number_of_requests(sim):
    sim.behave(Behaviour(fault="status:500", model="gpt-4o", times=2))

    def statuses(model):
        return [read(send(sim, {**CHAT, "model": model}))[0][9:12] for _ in range(3)]

    assert statuses("gpt-4.1") == [b"200", b"200", b"200"]
    assert statuses("openai/gpt-4o") == [b"500", b"500", b"200"]


def test_a_share_of_requests_fails_the_same_share_for_the_same_seed(sim):
    sim.behave(Behaviour(error_rate=0.5, error_status=529))
    statuses = [read(send(sim))[0][9:12] for _ in range(40)]
    assert set(statuses) == {b"200", b"529"}
    assert 8 <= statuses.count(b"529") <= 32


def test_the_control_interface_shows_and_sets_the_rows(sim):
    url = f"{sim.url}/__sim"
    rows = [{"fault": "quota", "model": "gpt-4o"}, {"latency_s": 0.01}]
    assert requests.put(url, json=rows, timeout=5).status_code == 200
    assert [row["fault"] for row in requests.get(url, timeout=5).json()] == ["quota", None]
    assert b"insufficient_quota" in read(send(sim, {**CHAT, "model": "gpt-4o"}))[0]
    for wrong in ({"fault": "earthquake"}, {"latency": 1}, {"error_rate": 2}, {"latency_s": "x"}):
        assert requests.put(url, json=wrong, timeout=5).status_code == 400
    assert requests.put(url, json={}, timeout=5).status_code == 200


def test_every_fault_ends_a_request_of_every_wire(sim):
    """Whatever the fault, no request is left hanging and the simulator serves on."""
    bodies = {
        "/v1/chat/completions": CHAT,
        "/v1/messages": {**CHAT, "max_tokens": 99},
        "/v1/responses": {"model": "gpt-4.1", "input": "count to 9"},
    }
    for fault in FAULTS:
        sim.behave(Behaviour(fault=fault, stall_s=0.01))
        for path, body in bodies.items():
            for stream in (False, True):
                read(send(sim, {**body, "stream": stream}, path))
    sim.behave(Behaviour())
    assert read(send(sim))[1]


@pytest.mark.parametrize("fault", ["refuse", "cut", "stall"])
def test_faults_and_closing_are_silent(fault):
    """No fault that is asked for, and no closing in the middle of a stream, is logged as a defect."""

    async def play():
        running = await serve(behaviour=Behaviour(fault=fault, stall_s=30))
        reader, writer = await asyncio.open_connection(running.host, running.port)
        body = json.dumps({**CHAT, "stream": True}).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nauthorization: Bearer k\r\ncontent-length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        if fault == "stall":
            await reader.read(100)
        else:
            with contextlib.suppress(ConnectionResetError):
                await reader.read(-1)
        await running.close()
        writer.close()

    said: list[str] = []
    logger = logging.getLogger("uvicorn.error")
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())
    logger.addHandler(handler)
    try:
        asyncio.run(play())
    finally:
        logger.removeHandler(handler)
    assert said == []


def test_latencies_spread_around_a_median_as_their_99th_percentile_says():
    conduct = Conduct([Behaviour(latency_s=0.18, latency_p99_s=0.45)], seed=1)
    drawn = sorted(conduct.decide("gpt-4.1", {}).latency_s for _ in range(10_000))
    assert drawn[5_000] == pytest.approx(0.18, rel=0.03)
    assert drawn[9_900] == pytest.approx(0.45, rel=0.08)


def test_a_provider_refuses_what_exceeds_its_rate():
    conduct = Conduct([Behaviour(rps=10)], seed=1)
    faults = [conduct.decide("gpt-4.1", {}).fault for _ in range(20)]
    assert faults[:10] == [None] * 10
    assert faults[15:] == ["status:429"] * 5
