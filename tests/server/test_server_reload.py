"""What changes while it runs, the file or the keys, takes effect soon; a broken file changes nothing."""

import asyncio
import time

import pytest
from server_callers import ASK
from server_gateway import Gateway, eventually, settings

from madang.keys import Keyring, NewKey
from madang.state.store import Store

SOON_S = 3.0
"""About a second is promised; the rest is for a busy machine."""


OLDTIMER = {"oldtimer": {"targets": ["oa/oldtimer"]}}


@pytest.fixture(scope="module")
def running(provider, tmp_path_factory):
    """A gateway for these tests alone, which knows one model, and a key."""
    with Gateway(tmp_path_factory.mktemp("reload"), settings(provider.port, OLDTIMER)) as gateway:
        yield gateway, gateway.make_key("caller")[1]


def status_of(gateway, key, model):
    body = {"model": model, "messages": [{"role": "user", "content": "hi"}]}
    return gateway.call("POST", "/v1/chat/completions", key, json=body).status_code


def test_a_new_model_works_without_a_restart(provider, running):
    gateway, key = running
    pid = gateway.pid
    assert status_of(gateway, key, "newcomer") == 404
    gateway.configure(settings(provider.port, {"newcomer": {"targets": ["oa/newcomer"]}}))
    eventually(lambda: status_of(gateway, key, "newcomer") == 200, SOON_S)
    assert status_of(gateway, key, "oldtimer") == 404
    gateway.configure(settings(provider.port, OLDTIMER))
    eventually(lambda: status_of(gateway, key, "oldtimer") == 200, SOON_S)
    assert gateway.pid == pid


@pytest.mark.parametrize(
    "broken",
    [
        "models: {oldtimer: [",
        "modles: {}",
        '{"models": {"oldtimer": {"targets": ["nowhere/x"]}}}',
        '{"providers": {"made-up": {}}}',
    ],
    ids=["no YAML", "unknown word", "leads nowhere", "no kind"],
)
def test_a_broken_file_keeps_the_last_good_one(running, broken):
    gateway, key = running
    logged = len(gateway.log)
    gateway.configure(broken)
    eventually(lambda: len(gateway.log) > logged, SOON_S)
    assert "last good configuration stays in force" in gateway.log[logged:]
    assert "Traceback" not in gateway.log
    assert status_of(gateway, key, "oldtimer") == 200
    assert gateway.call("GET", "/readyz").json()["configuration"] == "stale"
    assert "\nmadang_configuration_stale 1.0\n" in gateway.call("GET", "/metrics").text


def test_a_repaired_file_is_taken_up(provider, running):
    gateway, key = running
    gateway.configure(settings(provider.port, {**OLDTIMER, "new": {"targets": ["oa/new"]}}))
    eventually(lambda: status_of(gateway, key, "new") == 200, SOON_S)
    assert gateway.call("GET", "/readyz").json()["configuration"] == "ok"
    assert "\nmadang_configuration_stale 0.0\n" in gateway.call("GET", "/metrics").text


def test_a_stream_outlives_the_configuration_it_began_with(provider, running):
    gateway, key = running
    gateway.configure(settings(provider.port, {"kept": {"targets": ["oa/kept"]}}))
    eventually(lambda: status_of(gateway, key, "kept") == 200, SOON_S)

    def take_away():
        gateway.configure(settings(provider.port, {"heir": {"targets": ["oa/heir"]}}))
        eventually(lambda: status_of(gateway, key, "heir") == 200, SOON_S)

    async def script(visit):
        await asyncio.to_thread(take_away)
        await visit.answer()

    provider.scripts["kept"] = script
    assert ASK["chat"](gateway.url, key, "kept", stream=True).text == "Hello there."
    assert status_of(gateway, key, "kept") == 404


def test_keys_change_through_any_process(running):
    """As `madang key create` and `revoke` do it: in the store of the same home."""
    gateway, _ = running
    store = Store(gateway.home)
    keyring = Keyring(store)
    made, raw = keyring.create(NewKey(name="beside"), now_s=time.time())
    eventually(lambda: status_of(gateway, raw, "oa/m") == 200, SOON_S)
    keyring.revoke(made.id, now_s=time.time())
    eventually(lambda: status_of(gateway, raw, "oa/m") == 401, SOON_S)
    store.close()


def test_a_key_revoked_here_ends_at_once(running):
    gateway, _ = running
    key_id, raw = gateway.make_key("short-lived")
    assert status_of(gateway, raw, "oa/m") == 200
    assert gateway.call("DELETE", f"/api/keys/{key_id}").is_success
    assert status_of(gateway, raw, "oa/m") == 401
