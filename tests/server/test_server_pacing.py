"""Toward providers: requests wait for their turn instead of failing, fairly, and for no longer than makes sense."""

import asyncio
import socket
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from server_callers import ASK, refused
from server_gateway import ADMIN_KEY, Gateway, eventually
from server_paced import Strict
from test_server_errors import check

RATE, BURST = 20, 20


def provider_at(port, **given):
    base_url = f"http://127.0.0.1:{port}/v1"
    return {
        "kind": "openai",
        "base_url": base_url,
        "api_key": "sk-paced-PLANTED",
        "concurrency": "off",
        **given,
    }


@pytest.fixture(scope="module")
def paced(provider, tmp_path_factory):
    """A gateway that keeps within the limits of several providers, all at one address."""
    limit = {"*": {"rps": RATE, "burst": BURST}}
    slow = {"*": {"rpm": 6, "burst": 1}}
    providers = {
        "tight": provider_at(provider.port, limits=limit),
        "reckless": provider_at(provider.port, limits="off"),
        "unknowing": provider_at(provider.port, limits={}),
        "slow": provider_at(provider.port, limits=slow, queue={"wait_s": 2}),
        "endless": provider_at(provider.port, limits=slow, queue={"wait_s": 3600, "length": 1}),
        "single": provider_at(provider.port, limits={}, concurrency=1),
        "narrow": provider_at(provider.port, limits={}, concurrency=1, queue={"length": 1}),
        "free": provider_at(provider.port, limits={}),
    }
    models = {
        "spills": {"targets": ["slow/spills", "free/spills"], "pick": "weighted"},
        "ordered": {"targets": ["slow/ordered", "free/ordered"]},
        "waits": {"targets": ["single/waits", "free/waits"]},
    }
    config = {"providers": providers, "models": models}
    with Gateway(tmp_path_factory.mktemp("paced"), config) as running:
        yield running


def ask(gateway, key, model, said="hi", **headers):
    body = {"model": model, "messages": [{"role": "user", "content": said}]}
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return gateway.call("POST", "/v1/chat/completions", key, json=body, headers=sent)


def ask_at_once(gateway, model, counts):
    """So many requests of each key at once, the first key's first; their statuses."""
    keys = {name: gateway.make_key(name)[1] for name in counts}
    wanted = [name for name, count in counts.items() for _ in range(count)]
    with ThreadPoolExecutor(len(wanted)) as pool:
        return Counter(
            pool.map(lambda name: ask(gateway, keys[name], model, name).status_code, wanted)
        )


def test_what_a_provider_allows_is_used_and_nobody_fails(paced, provider):
    """60 requests of three keys at once before a provider that answers 20 at once and 20 a second."""
    strict = Strict(RATE, BURST)
    began = time.monotonic()
    statuses = ask_at_once(
        paced, "tight/" + provider.plays("crowd", strict), {"a": 20, "b": 20, "c": 20}
    )
    took_s = time.monotonic() - began
    assert statuses == {200: 60}
    assert len(strict.served) == 60
    assert took_s >= (60 - BURST) / RATE - 0.1, (
        "the provider's own bucket says how long it has to take"
    )
    assert strict.refused < 20, (
        "the pace is kept on this side, or 40 were refused; some may come late, and then together"
    )


def test_a_key_that_floods_the_line_holds_up_no_other(paced, provider):
    """Behind the first burst, turns go round: who wants little is done after three times that many turns."""
    strict = Strict(RATE, BURST)
    model = "tight/" + provider.plays("flooded", strict)
    assert ask_at_once(paced, model, {"flood": 60, "a": 8, "b": 8}) == {200: 76}
    last = max(place for place, name in enumerate(strict.served) if name != "flood")
    assert last < len(strict.served) - 10
    assert strict.served[-10:] == ["flood"] * 10


def test_without_pacing_the_same_crowd_fails(paced, provider):
    """The reference: what the limits are good for."""
    strict = Strict(RATE, BURST)
    statuses = ask_at_once(
        paced, "reckless/" + provider.plays("crowd-off", strict), {"a": 30, "b": 30}
    )
    assert statuses[429] >= 5
    assert statuses[200] + statuses[429] == 60


def test_a_limit_that_nobody_configured_is_learned_from_refusals(paced, provider):
    strict = Strict(RATE, BURST)
    model = "unknowing/" + provider.plays("unknown-limit", strict)
    assert ask_at_once(paced, model, {"a": 15, "b": 15}) == {200: 30}
    assert strict.refused < 60


def test_who_would_wait_too_long_is_told_when_to_come_again(paced, provider):
    _, key = paced.make_key()
    model = "slow/late"
    assert ask(paced, key, model).status_code == 200
    refusal = ask(paced, key, model)
    assert refusal.status_code == 429
    assert refusal.json()["error"]["code"] == "provider_paced"
    assert "pacing" in refusal.json()["error"]["message"]
    assert 7 <= int(refusal.headers["retry-after"]) <= 10, "6 a minute are one in ten seconds"
    assert len(provider.asked["late"]) == 1
    story = paced.story(refusal.headers["x-request-id"])
    assert [row["cause"] for row in story["attempts"]] == ["rate_limit"]


@pytest.mark.parametrize("dialect", list(ASK))
def test_the_refusal_is_in_the_callers_dialect(paced, dialect):
    _, key = paced.make_key()
    model = f"slow/late-{dialect}"
    assert ask(paced, key, model).status_code == 200
    check(refused(dialect, paced.url, key, model), dialect, 429)


def test_the_deadline_bounds_the_wait(paced, provider):
    _, key = paced.make_key()
    assert ask(paced, key, "endless/bounded").status_code == 200
    refusal = ask(paced, key, "endless/bounded", x_madang_deadline_ms="500")
    assert (refusal.status_code, len(provider.asked["bounded"])) == (429, 1)


def test_so_many_may_wait_and_who_leaves_frees_the_place_at_once(paced, provider):
    release = threading.Event()

    async def held(visit):
        while not release.is_set():
            await asyncio.sleep(0.01)
        await visit.answer()

    model = "narrow/" + provider.plays("held", held)
    _, key = paced.make_key()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(ask, paced, key, model)
        eventually(lambda: provider.asked["held"])
        with waiting(paced, key, model):
            assert ask(paced, key, model).status_code == 429
        eventually(lambda: queued(paced, "narrow", "held") == 0)
        third = pool.submit(ask, paced, key, model)
        assert len(provider.asked["held"]) == 1
        release.set()
        assert {first.result().status_code, third.result().status_code} == {200}


def waiting(gateway, key, model):
    """A caller who waits for a turn, and is gone at the end of the block."""
    body = b'{"model": "%b", "messages": [{"role": "user", "content": "hi"}]}' % model.encode()
    caller = socket.create_connection(("127.0.0.1", gateway.port))
    caller.sendall(
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer %b\r\n"
        b"content-length: %d\r\n\r\n%b" % (key.encode(), len(body), body)
    )
    eventually(lambda: queued(gateway, *model.split("/")))
    return caller


def queued(gateway, provider, model):
    """How many wait for a turn, as the metrics have it."""
    wanted = f'madang_waiting{{model="{model}",provider="{provider}"}} '
    lines = gateway.call("GET", "/metrics").text.splitlines()
    return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(wanted)), 0)


def test_a_target_with_room_comes_before_a_full_one(paced, provider):
    _, key = paced.make_key()
    answers = [ask(paced, key, "spills") for _ in range(12)]
    assert {answer.status_code for answer in answers} == {200}
    assert all("x-madang-waited-ms" not in answer.headers for answer in answers)
    used = Counter(answer.headers["x-madang-provider"] for answer in answers)
    assert used["slow"] <= 1


def test_in_order_a_full_target_is_passed_only_when_it_would_take_too_long(paced, provider):
    _, key = paced.make_key()
    assert ask(paced, key, "ordered").headers["x-madang-provider"] == "slow"
    second = ask(paced, key, "ordered")
    assert second.headers["x-madang-provider"] == "free"
    causes = [row["cause"] for row in paced.story(second.headers["x-request-id"])["attempts"]]
    assert causes == ["rate_limit", None]


def test_calls_at_once_are_bounded_and_the_others_wait(paced, provider):
    under_way, most = 0, 0

    async def counts(visit):
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await visit.send()
        await asyncio.sleep(0.02)
        under_way -= 1
        await visit.answer()

    provider.plays("waits", counts)
    assert ask_at_once(paced, "waits", {"a": 10, "b": 10}) == {200: 20}
    assert most == 1


def test_high_priority_goes_before_the_other_requests_of_the_same_key(paced, provider):
    strict = Strict(RATE, BURST)
    model = "tight/" + provider.plays("urgent", strict)
    _, key = paced.make_key()
    wanted = [("low", "low")] * 40 + [("high", "high")] * 4
    with ThreadPoolExecutor(44) as pool:
        asked = pool.map(
            lambda one: ask(paced, key, model, one[0], x_madang_priority=one[1]), wanted
        )
        assert {answer.status_code for answer in asked} == {200}
    assert strict.served[-8:] == ["low"] * 8


def test_a_priority_that_is_none_is_refused(paced):
    assert ask(paced, paced.make_key()[1], "free/x", x_madang_priority="urgent").status_code == 400


def test_workers_keep_one_limit_together(provider, tmp_path):
    """Ten at once and then one in ten seconds: of forty requests at two processes ten are sent."""
    limits = {"*": {"rpm": 6, "burst": 10}}
    shared = provider_at(provider.port, limits=limits, queue={"wait_s": 0.5})
    config = {"providers": {"shared": shared}, "models": {"one": {"targets": ["shared/gpt-4.1"]}}}
    before = len(provider.asked["gpt-4.1"])
    with Gateway(tmp_path, config, "--workers", "2") as gateway:
        assert len(gateway.workers) == 2
        with ThreadPoolExecutor(40) as pool:
            asked = pool.map(lambda _: ask(gateway, ADMIN_KEY, "one").status_code, range(40))
            statuses = Counter(asked)
    assert statuses == {200: 10, 429: 30}
    assert len(provider.asked["gpt-4.1"]) - before == 10
