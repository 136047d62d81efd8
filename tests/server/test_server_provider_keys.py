"""Providers' keys from the store: in use within a second, no request lost, never seen in the clear."""

import asyncio
import json
import time

import httpx
import pytest
import server_answers as answers
from server_callers import ASK
from server_gateway import Gateway, eventually, settings

from madang.state.store import Store
from madang.state.vault import MasterKeys, Vault

SOON_S = 5.0
"""About a second is promised; the rest is for a busy machine."""

FIRST = "sk-one1-PLANTED-0123456789-0123456789-first"
SECOND = "sk-two2-PLANTED-0123456789-0123456789-second"


def own(port, **provider):
    """A configuration of one provider of one's own beside the usual ones."""
    config = settings(port)
    base_url = f"http://127.0.0.1:{port}/v1"
    config["providers"]["mine"] = {"kind": "openai", "base_url": base_url, **provider}
    return config


@pytest.fixture(scope="module")
def running(provider, tmp_path_factory):
    """A gateway for these tests alone, whose provider `mine` names no key."""
    with Gateway(tmp_path_factory.mktemp("vault"), own(provider.port)) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def key(running):
    return running.make_key("caller")[1]


def add(gateway, raw, provider="mine"):
    body = {"provider": provider, "key": raw}
    made = gateway.call("POST", "/api/provider-keys", json=body)
    assert made.status_code == 201, made.text
    return made.json()["id"]


def remove(gateway, key_id):
    return gateway.call("DELETE", f"/api/provider-keys/{key_id}")


def sent(gateway, provider, key, model):
    """The credential that a request arrives with."""
    body = {"model": f"mine/{model}", "messages": [{"role": "user", "content": "hi"}]}
    assert gateway.call("POST", "/v1/chat/completions", key, json=body).status_code == 200
    return provider.last(model).header("authorization")


def test_a_stored_key_is_used_within_a_second_and_until_it_is_removed(running, provider, key):
    assert sent(running, provider, key, "auto") == []
    pid = running.pid
    first = add(running, FIRST)
    eventually(lambda: sent(running, provider, key, "auto") == [f"Bearer {FIRST}"], SOON_S)
    second = add(running, SECOND)
    remove(running, first)
    eventually(lambda: sent(running, provider, key, "auto") == [f"Bearer {SECOND}"], SOON_S)
    remove(running, second)
    eventually(lambda: sent(running, provider, key, "auto") == [], SOON_S)
    assert running.pid == pid


def test_the_store_of_the_same_home_is_followed(running, provider, key):
    """As `madang provider key add` does it, beside the running gateway."""
    store = Store(running.home)
    vault = Vault(store, MasterKeys(running.home, {}))
    kept = vault.add("mine", FIRST, now_s=time.time())
    eventually(lambda: sent(running, provider, key, "beside") == [f"Bearer {FIRST}"], SOON_S)
    vault.rekey()
    assert sent(running, provider, key, "beside") == [f"Bearer {FIRST}"]
    vault.remove(kept.id, now_s=time.time())
    eventually(lambda: sent(running, provider, key, "beside") == [], SOON_S)
    store.close()


def test_the_list_shows_eight_characters_and_when_it_was_used(running, provider, key):
    key_id = add(running, FIRST)
    eventually(lambda: sent(running, provider, key, "listed") == [f"Bearer {FIRST}"], SOON_S)

    def used():
        rows = running.call("GET", "/api/provider-keys").json()
        return [row for row in rows if row["last_used_at"] is not None]

    (row,) = eventually(used, SOON_S)
    assert (row["id"], row["prefix"], row["is_resting"]) == (key_id, FIRST[:8], False)
    assert abs(row["last_used_at"] - time.time()) < 60
    remove(running, key_id)


def test_a_key_that_its_provider_refuses_is_listed_as_resting(running, provider, key):
    async def picky(visit):
        if visit.asked.header("authorization") == [f"Bearer {SECOND}"]:
            await visit.send(
                answers.http(answers.error("openai", 401, "no", "invalid_api_key"), 401)
            )
        else:
            await visit.answer()

    kept = [add(running, FIRST), add(running, SECOND)]
    provider.plays("picky", picky)
    body = {"model": "mine/picky", "messages": [{"role": "user", "content": "hi"}]}

    def resting():
        running.call("POST", "/v1/chat/completions", key, json=body)
        rows = running.call("GET", "/api/provider-keys").json()
        return {row["id"]: row["is_resting"] for row in rows}

    eventually(lambda: resting() == {kept[0]: False, kept[1]: True}, SOON_S)
    for key_id in kept:
        remove(running, key_id)


async def _asked_meanwhile(gateway, key, change):
    """Statuses of requests, plain and streamed, that went on while something was changed."""
    statuses, done = [], asyncio.Event()

    async def caller(client, stream):
        body = {"model": "mine/busy", "messages": [{"role": "user", "content": "hi"}]}
        while not done.is_set():
            answer = await client.post(
                "/v1/chat/completions",
                json={**body, "stream": stream},
                headers={"authorization": f"Bearer {key}"},
            )
            whole = answer.text.rstrip().endswith("[DONE]") if stream else answer.json()["choices"]
            statuses.append(answer.status_code if whole else "cut")

    async with httpx.AsyncClient(base_url=gateway.url, trust_env=False, timeout=20) as client:
        callers = [asyncio.create_task(caller(client, n % 2 == 0)) for n in range(8)]
        await asyncio.to_thread(change)
        done.set()
        await asyncio.gather(*callers)
    return statuses


def test_no_request_is_lost_while_keys_are_rotated_under_load(running, provider, key):
    async def slow(visit):
        await asyncio.sleep(0.02)
        await visit.answer()

    provider.plays("busy", slow)
    kept = [add(running, FIRST)]
    eventually(lambda: sent(running, provider, key, "ready") == [f"Bearer {FIRST}"], SOON_S)

    def rotate():
        for number in range(4):
            raw = f"sk-turn{number}-PLANTED-0123456789-0123456789"
            kept.append(add(running, raw))
            remove(running, kept[-2])
            eventually(lambda raw=raw: sent(running, provider, key, "turn") == [f"Bearer {raw}"])

    statuses = asyncio.run(_asked_meanwhile(running, key, rotate))
    used = {asked.header("authorization")[0] for asked in provider.asked["busy"]}
    assert set(statuses) == {200}
    assert len(used) >= 4
    remove(running, kept[-1])


def test_a_stream_ends_with_the_key_it_began_with(running, provider, key):
    key_id = add(running, SECOND)
    eventually(lambda: sent(running, provider, key, "calm") == [f"Bearer {SECOND}"], SOON_S)

    async def script(visit):
        await asyncio.to_thread(remove, running, key_id)
        await asyncio.sleep(0.6)
        await visit.answer()

    provider.plays("outliving", script)
    assert ASK["chat"](running.url, key, "mine/outliving", stream=True).text == "Hello there."


def test_a_configuration_may_name_them_beside_others(own_gateway, provider, tmp_path):
    store = Store(tmp_path)
    Vault(store, MasterKeys(tmp_path, {})).add("mine", FIRST, now_s=1.0)
    store.close()
    gateway = own_gateway(**own(provider.port, api_keys=["sk-of-the-file-0123456789", "stored"]))
    _, key = gateway.make_key()
    for _ in range(6):
        sent(gateway, provider, key, "both")
    used = {asked.header("authorization")[0] for asked in provider.asked["both"]}
    assert used == {"Bearer sk-of-the-file-0123456789", f"Bearer {FIRST}"}


def test_keys_of_the_file_alone_stay_alone(own_gateway, provider, tmp_path):
    store = Store(tmp_path)
    Vault(store, MasterKeys(tmp_path, {})).add("mine", FIRST, now_s=1.0)
    store.close()
    gateway = own_gateway(**own(provider.port, api_key="sk-of-the-file-0123456789"))
    _, key = gateway.make_key()
    assert sent(gateway, provider, key, "alone") == ["Bearer sk-of-the-file-0123456789"]


def test_without_the_master_key_it_says_so_and_serves_the_others(own_gateway, provider, tmp_path):
    store = Store(tmp_path)
    Vault(store, MasterKeys(tmp_path, {"MADANG_SECRET_KEY": "ab" * 32})).add("mine", FIRST, now_s=1)
    store.close()
    model = {"ours": {"targets": ["mine/shut"]}}
    gateway = own_gateway(**{**own(provider.port, api_keys=["stored"]), "models": model})
    assert "Set $MADANG_SECRET_KEY" in gateway.log
    assert "Other providers are served" in gateway.log
    assert "ab" * 32 not in gateway.log
    _, key = gateway.make_key()
    assert ASK["chat"](gateway.url, key, "oa/m").text
    sent(gateway, provider, key, "shut")
    assert FIRST not in str(provider.last("shut"))


def test_a_configuration_that_waits_for_a_key_says_how_to_store_one(provider, tmp_path):
    with pytest.raises(AssertionError, match="madang provider key add mine"):
        Gateway(tmp_path, own(provider.port, api_keys=["stored"]))


def test_a_stored_key_is_seen_nowhere(own_gateway, provider, tmp_path):
    async def telling(visit):
        told = json.dumps({"error": {"message": f"wrong key {visit.asked.headers}"}}).encode()
        head = b"HTTP/1.1 401 No\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        await visit.send(head % len(told) + told)

    gateway = own_gateway(**own(provider.port))
    _, key = gateway.make_key()
    told_by = [gateway.call("POST", "/api/provider-keys", json={"provider": "mine", "key": FIRST})]
    body = {"provider": "mine", "key": FIRST}
    told_by.append(gateway.call("POST", "/api/provider-keys", json=body))
    told_by.append(gateway.call("POST", "/api/provider-keys", json={**body, "kay": FIRST}))
    told_by.append(gateway.call("POST", "/api/provider-keys", json={**body, "key": f"{FIRST} x"}))
    eventually(lambda: sent(gateway, provider, key, "seen") == [f"Bearer {FIRST}"], SOON_S)
    provider.plays("telling", telling)
    ask = {"model": "mine/telling", "messages": [{"role": "user", "content": "hi"}]}
    told_by.append(gateway.call("POST", "/v1/chat/completions", key, json=ask))
    for path in ("/api/provider-keys", "/api/status", "/metrics", "/v1/usage?by=key"):
        told_by.append(gateway.call("GET", path))
    gateway.stop()
    places = {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert {"madang.db", "stderr.txt", "secret.key"} <= places.keys()
    places["told"] = "\n".join(f"{one.headers} {one.text}" for one in told_by).encode()
    for place, content in places.items():
        assert FIRST[12:].encode() not in content, place
