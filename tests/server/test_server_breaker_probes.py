"""Asking providers for something free, over real sockets: what that does to their health, and what it never does."""

import time

import pytest
from server_free import Free
from server_gateway import Gateway, eventually

SOON = 0.2


@pytest.fixture
def free():
    """A provider."""
    with Free() as running:
        yield running


@pytest.fixture
def start(free, tmp_path):
    """Start a gateway in front of it; `health` is its section."""
    started = []

    def begin(*arguments: str, probe: str | None = None, health: dict | None = None, **more):
        own = {"kind": "openai", "base_url": f"http://127.0.0.1:{free.port}/v1", "serves": "all"}
        own |= {"api_key": "sk-a-key-of-a-provider"} | ({"probe": probe} if probe else {})
        config = {
            "providers": {"box": own},
            "models": {"only": {"targets": ["box/m"]}},
            "retries": {"attempts": 1},
            "breaker": {"rest_s": 600, "longest_rest_s": 1200},
            "health": health or {"probe_every_s": SOON},
            **more,
        }
        started.append(Gateway(tmp_path, config, *arguments))
        return started[-1]

    yield begin
    for gateway in started:
        gateway.stop()


def ask(gateway, key: str) -> int:
    """One request on a connection of its own."""
    body = {"model": "only", "messages": [{"role": "user", "content": "hi"}]}
    own = {"connection": "close", "x-madang-deadline-ms": "2000"}
    return gateway.call("POST", "/v1/chat/completions", key, json=body, headers=own).status_code


def shown(gateway) -> dict:
    """How the target fares, as whichever worker has it."""
    told = gateway.call("GET", "/api/status", headers={"connection": "close"}).json()
    return told["targets"][0]


def test_an_idle_target_is_degraded_while_its_provider_fails_and_no_request_is_sent(start, free):
    free.free = 503
    gateway = start()
    eventually(lambda: shown(gateway)["health"] == "degraded")
    free.free = 200
    eventually(lambda: shown(gateway)["health"] == "healthy")
    assert set(free.asked) == {"GET /v1/models"}


def test_a_path_of_ones_own_is_asked_and_off_is_off(start, free):
    start(probe="/health")
    eventually(lambda: free.asked)
    assert set(free.asked) == {"GET /health"}


@pytest.mark.parametrize("off", [{"probe": "off"}, {"health": {"probe_every_s": "off"}}])
def test_where_it_is_off_nobody_is_asked(start, free, off):
    gateway = start(**off)
    ask(gateway, gateway.make_key()[1])
    time.sleep(4 * SOON)
    assert free.count("GET") == 0


def test_a_free_answer_lets_a_resting_target_be_tried_before_its_time(start, free):
    gateway = start()
    key = gateway.make_key()[1]
    free.free = free.paid = 500
    for _ in range(3):
        ask(gateway, key)
    assert shown(gateway)["rests_s"] > 500
    free.free = free.paid = 200
    eventually(lambda: shown(gateway)["rests_s"] == 0)
    assert shown(gateway)["breaker"] == "open"
    assert ask(gateway, key) == 200
    assert shown(gateway)["breaker"] == "closed"


def test_a_free_answer_that_was_wrong_once_is_not_believed_again(start, free):
    gateway = start()
    key = gateway.make_key()[1]
    free.paid = 500
    for _ in range(3):
        ask(gateway, key)
    eventually(lambda: shown(gateway)["rests_s"] == 0)
    ask(gateway, key)
    before = free.count("GET")
    eventually(lambda: free.count("GET") > before + 1)
    assert shown(gateway)["rests_s"] > 1000


def test_a_provider_that_wants_to_be_left_alone_is_left_alone(start, free):
    gateway = start(health={"probe_every_s": 0.6})
    free.paid, free.held_s = 429, "60"
    ask(gateway, gateway.make_key(rpm=1000)[1])
    asked = free.count("GET")
    time.sleep(1.5)
    assert free.count("GET") == asked


def test_one_worker_asks_and_all_know_what_it_heard_and_what_each_has_opened(start, free):
    gateway = start("--workers", "2")
    eventually(lambda: len(gateway.workers) == 2)
    began, before = time.monotonic(), free.count("GET")
    free.free = 503
    eventually(lambda: {shown(gateway)["health"] for _ in range(10)} == {"degraded"})
    most = (time.monotonic() - began) / (0.9 * SOON) + 2
    assert free.count("GET") - before <= most
    key = gateway.make_key()[1]
    eventually(lambda: {ask(gateway, key) for _ in range(6)} == {200})
    free.paid = 500
    for _ in range(6):
        ask(gateway, key)
    eventually(lambda: {shown(gateway)["breaker"] for _ in range(10)} == {"open"})
