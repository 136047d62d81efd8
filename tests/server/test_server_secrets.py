"""Planted secrets: whatever fails, no key is seen beyond its first eight characters, in any place."""

import json

import pytest
import server_answers as answers
from server_callers import ASK, refused
from server_gateway import ADMIN_KEY, DIALECTS, KINDS, PROVIDER_KEYS, eventually, settings
from server_sockets import Caller
from test_server_hostile_providers import NO_ANSWER, ask

SHOWN = 8


def telling(status):
    """A provider that repeats the key it was given in its complaint."""

    async def script(visit):
        given = dict(visit.asked.headers)
        told = given.get("authorization") or given.get("x-api-key") or given["x-goog-api-key"]
        message = f"Incorrect API key provided: {told}. You sent {json.dumps(given)}"
        word = told if status in {200, 500} else "invalid_api_key"
        body = answers.error(visit.asked.kind, status, message, word)
        if status == 200:
            head, body = answers.sse_head(), answers.chunk(b"data: " + body + b"\n\n")
            await visit.send(head, body, answers.LAST_CHUNK)
        else:
            await visit.send(answers.http(body, status))

    return script


def provoke(gateway, provider, keys):
    """Fail in as many ways as possible; return everything that callers were told."""
    told = []
    good, revoked, expired, limited = keys
    for status in (200, 400, 401, 403, 404, 422, 429, 500, 503):
        for dialect in DIALECTS:
            for name in KINDS:
                model = f"telling-{status}"
                provider.scripts[model] = telling(status)
                answer = ask(gateway, good, dialect, name, model, stream=status % 2 == 0)
                told.append(f"{answer.headers}{answer.text}")
    for fault in ("garbage", "web page", "half JSON", "closed"):
        provider.scripts[f"secret {fault}"] = NO_ANSWER[fault]
        told.append(ask(gateway, good, "chat", "oa", f"secret {fault}", stream=False).text)
    for key in (revoked, expired, limited, good[:-1], good + "x", ADMIN_KEY[:-1]):
        told += [str(refused(dialect, gateway.url, key, "oa/m")) for dialect in DIALECTS]
    query = f"/v1beta/models/nothing:generateContent?key={good}&key={revoked}"
    told.append(gateway.call("POST", query, "", json={"contents": []}).text)
    gateway.call("GET", f"/v1/nothing/{good}?key={good}")  # told its own address, it learns nothing
    with Caller(gateway.port) as caller:
        odd = f"GET /v1/models?key={good} HTTP/1.1\r\nauthorization: Bearer {good}\r\n\0\r\n\r\n"
        told.append(caller.say(odd.encode()).hear_all().decode())
    return told


@pytest.fixture
def story(provider, own_gateway):
    """A gateway that has seen everything, and what callers were told meanwhile."""
    gateway = own_gateway()
    keys = [gateway.make_key(name) for name in ("good", "revoked", "limited")]
    expired = gateway.make_key("expired", expires="1s")
    gateway.call("DELETE", f"/api/keys/{keys[1][0]}")
    limited = gateway.make_key("models", models=["nothing"])
    raw = [keys[0][1], keys[1][1], expired[1], limited[1]]
    eventually(lambda: gateway.call("GET", "/v1/models", expired[1]).status_code == 401)
    told = provoke(gateway, provider, raw)
    broken = json.dumps(settings(provider.port))
    for old, new in (
        ('"api_key": ', '"api_kay": '),
        ('"kind": "openai"', '"kind": 7'),
        ("}}", "}"),
    ):
        gateway.configure(broken.replace(old, new))
        logged = len(gateway.log)
        eventually(lambda logged=logged: len(gateway.log) > logged)
    secrets = [*PROVIDER_KEYS.values(), ADMIN_KEY, *raw]
    return gateway, secrets, told


def test_no_secret_is_seen_anywhere(story):
    gateway, secrets, told = story
    for path in ("/metrics", "/api/status", "/api/keys", "/readyz", "/", "/api/openapi.json"):
        told.append(gateway.call("GET", path).text)
    told.append(gateway.call("GET", "/v1/usage?by=key,model,day").text)
    gateway.stop()
    places = {path.name: path.read_bytes() for path in gateway.home.rglob("*") if path.is_file()}
    del places["madang.yaml"]
    assert {"madang.db", "stderr.txt"} <= places.keys()
    places["told"] = "\n".join(told).encode()
    for secret in secrets:
        for place, content in places.items():
            assert secret[: SHOWN + 4].encode() not in content, place
            assert secret[-12:].encode() not in content, place


def test_a_key_that_is_made_is_shown_once(gateway):
    key_id, key = gateway.make_key("shown once")
    shown = gateway.call("GET", f"/api/keys/{key_id}").json()
    assert shown["prefix"] == key[:SHOWN]
    assert "key" not in shown
    assert ASK["chat"](gateway.url, key, "oa/m").text
