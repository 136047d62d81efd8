"""Several keys for one provider: each is used by its load, and one that fails rests alone."""

import asyncio
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from server_gateway import Gateway, eventually
from server_paced import by_key, keys_of

GOOD = ("sk-good1-PLANTED-secret", "sk-good2-PLANTED-secret")
BAD = "sk-bad00-PLANTED-secret"


def configuration(port, *keys):
    provider = {
        "kind": "openai",
        "base_url": f"http://127.0.0.1:{port}/v1",
        "api_keys": list(keys),
        "limits": {},
        "concurrency": "off",
    }
    return {"providers": {"pool": provider}}


@pytest.fixture
def start(provider, tmp_path):
    """Start a gateway with these keys."""
    started = []

    def with_keys(*keys):
        started.append(Gateway(tmp_path, configuration(provider.port, *keys)))
        return started[-1]

    yield with_keys
    for gateway in started:
        gateway.stop()


def ask(gateway, model):
    body = {"model": f"pool/{model}", "messages": [{"role": "user", "content": "hi"}]}
    return gateway.call("POST", "/v1/chat/completions", json=body)


def attempts(gateway, answer):
    """Status, cause and key of each attempt."""
    story = gateway.story(answer.headers["x-request-id"])
    return [(row["status"], row["cause"], row["provider_key"]) for row in story["attempts"]]


@pytest.mark.parametrize(
    ("name", "refusal", "cause"),
    [
        ("revoked", (401, "invalid_api_key"), "provider_auth"),
        ("forbidden", (403, "forbidden"), "provider_auth"),
        ("spent", (429, "insufficient_quota"), "provider_quota"),
        ("hurried", (429, "rate_limit_exceeded"), "rate_limit"),
    ],
)
def test_a_key_that_fails_rests_alone_and_the_request_goes_on_with_another(
    start, provider, name, refusal, cause
):
    gateway = start(BAD, *GOOD)
    provider.plays(f"key-{name}", by_key({BAD: refusal}))
    first = ask(gateway, f"key-{name}")
    assert first.status_code == 200
    rows = attempts(gateway, first)
    assert rows[0] == (refusal[0], cause, BAD[:8])
    assert [row[:2] for row in rows[1:]] == [(200, None)]
    assert {ask(gateway, f"key-{name}").status_code for _ in range(8)} == {200}
    assert keys_of(provider.asked[f"key-{name}"]).count(BAD) <= 2
    assert BAD not in gateway.log
    shown = gateway.status()["providers"]
    rests = name in ("revoked", "spent")
    assert [(one["keys"], one["resting_keys"]) for one in shown] == [(3, int(rests))]


def test_the_least_loaded_key_is_used(start, provider):
    gateway = start(*GOOD)
    release = threading.Event()

    async def held(visit):
        while not release.is_set():
            await asyncio.sleep(0.01)
        await visit.answer()

    provider.plays("loaded", held)
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(ask, gateway, "loaded") for _ in range(8)]
        eventually(lambda: len(provider.asked["loaded"]) == 8)
        shown = gateway.call("GET", "/metrics").text
        release.set()
        assert {one.result().status_code for one in asked} == {200}
    assert Counter(keys_of(provider.asked["loaded"])) == {GOOD[0]: 4, GOOD[1]: 4}
    assert f'madang_provider_key_in_flight{{key="{GOOD[0][:8]}",provider="pool"}} 4.0' in shown


def test_one_after_another_the_keys_take_turns(start, provider):
    gateway = start(*GOOD)
    assert {ask(gateway, "turns").status_code for _ in range(10)} == {200}
    assert Counter(keys_of(provider.asked["turns"])) == {GOOD[0]: 5, GOOD[1]: 5}


def test_when_all_keys_rest_the_cause_is_told_and_nobody_is_asked(start, provider):
    gateway = start(*GOOD)
    spent = (429, "insufficient_quota")
    provider.plays("all-spent", by_key(dict.fromkeys(GOOD, spent)))
    assert ask(gateway, "all-spent").status_code >= 500
    count = len(provider.asked["all-spent"])
    assert count == 2, "each key once"
    again = ask(gateway, "all-spent")
    assert "out of quota" in again.json()["error"]["message"]
    assert attempts(gateway, again) == [(0, "provider_quota", None)]
    assert len(provider.asked["all-spent"]) == count


def test_keys_are_exchanged_without_losing_a_request(start, provider):
    """One key goes and another comes while requests of both are under way; the one that stays keeps its rest."""
    gateway = start(GOOD[0], BAD)
    release = threading.Event()

    async def held(visit):
        while not release.is_set():
            await asyncio.sleep(0.01)
        await visit.answer()

    provider.plays("exchanged", held)
    provider.plays("marks-bad", by_key({BAD: (401, "invalid_api_key")}))
    assert [ask(gateway, "marks-bad").status_code for _ in range(4)] == [200] * 4
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask, gateway, "exchanged") for _ in range(4)]
        eventually(lambda: len(provider.asked["exchanged"]) == 4)
        gateway.configure(configuration(provider.port, BAD, GOOD[1]))
        eventually(lambda: "reloaded" in gateway.log)
        assert {ask(gateway, "after-exchange").status_code for _ in range(6)} == {200}
        release.set()
        assert {one.result().status_code for one in asked} == {200}
    assert set(keys_of(provider.asked["after-exchange"])) == {GOOD[1]}
    assert keys_of(provider.asked["marks-bad"]).count(BAD) == 1
