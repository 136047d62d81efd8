"""A target that failed is asked again when nobody else is left: after a wait, a few times, and not by everybody."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
import server_answers as answers
from server_failing import Failing, ask, attempts, retrying
from server_gateway import KINDS, UNPACED, Gateway, eventually

MODELS = {
    "again-twice": {"targets": ["oa/again-twice"]},
    "again-in-turn": {"targets": ["oa/again-begins", "an/again-refuses"]},
    "again-never-well": {"targets": ["oa/again-never-well"]},
    "again-told": {"targets": ["oa/again-told"]},
    "again-told-long": {"targets": ["oa/again-told-long"]},
    "again-patient": {"targets": ["oa/again-patient"], "retries": {"first_s": 20, "most_s": 20}},
    "again-once": {"targets": ["oa/again-once"], "retries": {"attempts": 1}},
    "again-mistaken": {"targets": ["oa/again-mistaken", "an/again-unasked"]},
    "again-outage": {"targets": ["oa/again-outage"]},
    "again-sunset": {"targets": ["oa/again-sunset", "an/again-heir"]},
    "again-prudish": {
        "targets": ["oa/again-prudish", "oa/again-as-prudish"],
        "fallback": ["an/again-unasked", {"to": "ge/again-frank", "on": ["content_filter"]}],
    },
    "again-left": {"targets": ["oa/again-left"], "retries": {"first_s": 60, "most_s": 60}},
    "again-resting": {"targets": ["oa/again-resting", "an/again-heir"]},
    "late": {"targets": ["hasty-oa/again-silent-twice"]},
}


@pytest.fixture(scope="module")
def again(provider, tmp_path_factory):
    """A gateway that asks again soon, and a key for it."""
    with retrying(provider, tmp_path_factory.mktemp("again"), MODELS) as running:
        yield running, running.make_key()[1]


def causes(rows):
    return [row["cause"] for row in rows]


@pytest.mark.parametrize("stream", [False, True])
def test_the_only_target_is_asked_again(again, provider, stream):
    provider.scripts["again-twice"] = Failing(500, times=2)
    answer = ask(*again, "again-twice", stream=stream)
    assert answer.status_code == 200
    assert answer.headers["x-madang-attempts"] == "3"
    rows = attempts(again[0], answer)
    assert causes(rows) == ["provider_failed", "provider_failed", None]
    assert [row["final"] for row in rows] == [False, False, True]
    assert float(answer.headers["x-madang-overhead-ms"]) < 1000


def test_others_have_their_turn_first(again, provider):
    provider.scripts.update({"again-begins": Failing(503, times=1), "again-refuses": Failing(401)})
    rows = attempts(again[0], ask(*again, "again-in-turn"))
    assert [row["provider"] for row in rows] == ["oa", "an", "oa"]
    assert causes(rows) == ["overloaded", "provider_auth", None]


def test_five_attempts_are_all(again, provider):
    provider.scripts["again-never-well"] = script = Failing(529)
    answer = ask(*again, "again-never-well")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    assert len(script.at) == 5
    assert causes(attempts(again[0], answer)) == ["overloaded"] * 5


def test_what_the_provider_asks_for_is_waited_for(again, provider):
    provider.scripts["again-told"] = script = Failing(429, 1, ("retry-after-ms: 300",))
    answer = ask(*again, "again-told")
    assert answer.status_code == 200
    assert script.at[1] - script.at[0] >= 0.3
    assert int(answer.headers["x-madang-waited-ms"]) >= 300


def test_a_long_rest_is_told_instead_of_waited_for(again, provider):
    provider.scripts["again-told-long"] = script = Failing(429, 1, ("retry-after: 30",))
    answer = ask(*again, "again-told-long")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "30")
    assert len(script.at) == 1


def test_nothing_is_begun_that_cannot_end_in_time(again, provider):
    """The wait would be 20 s at most; whoever has less hears at once what it was, but for lucky dice."""
    provider.scripts["again-patient"] = script = Failing(500)
    began = time.monotonic()
    answer = ask(*again, "again-patient", headers={"x-madang-deadline-ms": "400"})
    assert answer.status_code == 500
    assert all(at - began < 3 for at in script.at)


def test_a_chain_takes_no_longer_than_one_exchange_may(again, provider):
    """`total_s` of the target is 2 s, each attempt is given up after 0.4 s of silence."""

    async def silent(visit):
        asked_at.append(time.monotonic())
        await visit.gone()

    asked_at = []
    provider.scripts["again-silent-twice"] = silent
    began = time.monotonic()
    assert ask(*again, "late").status_code == 504
    assert 2 <= len(asked_at) <= 5
    assert max(asked_at) - began < 5


def test_a_model_may_do_without(again, provider):
    provider.scripts["again-once"] = script = Failing(500)
    assert ask(*again, "again-once").status_code == 500
    assert len(script.at) == 1


@pytest.mark.parametrize("status", [400, 405, 409, 413, 422])
def test_a_callers_own_mistake_is_never_asked_again(again, provider, status):
    provider.scripts["again-mistaken"] = script = Failing(status)
    answer = ask(*again, "again-mistaken")
    assert answer.status_code < 500
    assert len(script.at) == 1
    assert not provider.asked["again-unasked"]


def test_a_model_that_is_gone_comes_last_from_then_on(again, provider):
    provider.scripts["again-sunset"] = script = Failing(410)
    assert [ask(*again, "again-sunset").headers["x-madang-attempts"] for _ in range(3)] == [
        "2",
        "1",
        "1",
    ]
    assert len(script.at) == 1


def test_what_a_policy_refuses_goes_where_a_fallback_is_named_for_it(again, provider):
    async def refuses(visit):
        await visit.send(answers.http(answers.error("openai", 400, "no", "content_filter"), 400))

    provider.scripts["again-prudish"] = refuses
    answer = ask(*again, "again-prudish")
    assert (answer.status_code, answer.headers["x-madang-provider"]) == (200, "ge")
    assert causes(attempts(again[0], answer)) == ["content_filter", None]
    assert not provider.asked["again-unasked"]
    assert not provider.asked["again-as-prudish"]


def test_an_outage_reaches_its_target_at_most_a_fifth_more_often(again, provider):
    """Sixty requests, all in vain: a fifth of them may be tried again."""
    provider.scripts["again-outage"] = script = Failing(500)
    with ThreadPoolExecutor(8) as callers:
        statuses = list(callers.map(lambda _: ask(*again, "again-outage").status_code, range(60)))
    assert set(statuses) == {500}
    assert 60 < len(script.at) <= 72


def test_a_caller_who_leaves_during_the_wait_is_done_with(again, provider):
    gateway, key = again
    provider.scripts["again-left"] = script = Failing(500)
    with pytest.raises(httpx.ReadTimeout):
        gateway.call(
            "POST",
            "/v1/chat/completions",
            key,
            json={"model": "again-left", "messages": [{"role": "user", "content": "hi"}]},
            headers={
                "x-madang-deadline-ms": "90000"
            },  # who states none waits for ten seconds at most
            timeout=0.3,
        )
    rows = eventually(lambda: gateway.call("GET", "/v1/requests?model=again-left").json()["rows"])
    assert [row["outcome"] for row in rows] == ["failed"]
    assert eventually(lambda: gateway.status()["in_flight"] == 0)
    assert len(script.at) == 1


NO_WAY = {
    "refused": ("http://127.0.0.1:9/v1", "refused"),
    "unnamed": ("http://no-such-host.invalid/v1", "does not resolve"),
    "not-tls": ("https://127.0.0.1:{plain}/v1", "TLS failed"),
    "reset": ("http://127.0.0.1:{port}/v1", "closed the connection without an answer"),
}


@pytest.fixture
def plain_port():
    """A server that answers in plain HTTP whatever it is told."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_the_ledger_tells_the_ways_apart_in_which_nobody_is_reached(provider, plain_port, tmp_path):
    async def resets(visit):
        visit.reset()

    provider.scripts["again-no-way"] = resets
    providers = {
        name: {
            "kind": "openai",
            "base_url": url.format(port=provider.port, plain=plain_port),
            **UNPACED,
        }
        for name, (url, _) in NO_WAY.items()
    }
    models = {"again-no-way": {"targets": [f"{name}/again-no-way" for name in NO_WAY]}}
    config = {"providers": providers, "models": models, "retries": {"attempts": 1}}
    with Gateway(tmp_path, config) as gateway:
        rows = attempts(gateway, ask(gateway, gateway.make_key()[1], "again-no-way"))
    assert [row["provider"] for row in rows] == list(NO_WAY)
    assert causes(rows) == ["unreachable"] * len(NO_WAY)
    for row, (_, words) in zip(rows, NO_WAY.values(), strict=True):
        assert words in row["detail"]


# --- the first token ---------------------------------------------------------------------------

OPENINGS = {
    "oa": answers.opening("openai", "m", [])[:1],
    "an": [
        *answers.opening("anthropic", "m", [])[:2],
        b'event: ping\ndata: {"type": "ping"}\n\n',
    ],
    "ge": [b'data: {"usageMetadata": {"promptTokenCount": 11}, "modelVersion": "m"}\r\n\r\n'],
}
OWN = {"oa": "chat", "an": "messages", "ge": "gemini"}


async def lively(visit):
    """Sends what comes before an answer, and then nothing but signs of life."""
    await visit.send(answers.sse_head(), *map(answers.chunk, OPENINGS[visit.asked.model]))
    for _ in range(100):
        await visit.send(answers.chunk(b": still here\n\n"))
        await asyncio.sleep(0.05)


def test_signs_of_life_are_no_token(provider, tmp_path):
    """In every dialect, relayed and translated: another target answers, and the caller sees only that."""
    provider.scripts.update(dict.fromkeys(OPENINGS, lively))
    models = {
        f"awaited-{name}": {"targets": [f"hasty-{name}/{name}", f"{name}/answers"]}
        for name in KINDS
    }
    with retrying(provider, tmp_path, models) as gateway:
        key = gateway.make_key()[1]
        pairs = [(name, dialect) for name in KINDS for dialect in OWN.values()]

        def heard(pair):
            return ask(gateway, key, f"awaited-{pair[0]}", pair[1], stream=True)

        with ThreadPoolExecutor(len(pairs)) as callers:
            for answer in callers.map(heard, pairs):
                assert answer.headers["x-madang-attempts"] == "2"
                assert answer.text.count("Hello") == 1
                assert "still here" not in answer.text
                first, second = attempts(gateway, answer)
                assert (first["outcome"], first["cause"]) == ("failed", "timeout")
                assert "no first token" in first["detail"]
                assert second["outcome"] == "ok"


def test_a_target_without_limits_rests_for_as_long_as_its_429_asks(again, provider):
    """The next request goes straight to the other target, and afterwards, little by little, to the first again."""
    provider.scripts["again-resting"] = script = Failing(429, 1, ("retry-after-ms: 1500",))
    said = [ask(*again, "again-resting").headers["x-madang-provider"] for _ in range(3)]
    assert said == ["an", "an", "an"]
    assert len(script.at) == 1
    eventually(lambda: ask(*again, "again-resting").headers["x-madang-provider"] == "oa")
    assert script.at[1] - script.at[0] >= 1.5
