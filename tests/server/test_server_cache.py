"""The cache: what was asked before is given again, to whom it may, and nothing else is."""

import json

import pytest
import server_answers as answers
from google.genai import types
from server_callers import ASK, openai_at, refused
from server_gateway import Gateway, eventually, settings
from server_recall import ask, settled, told
from server_sockets import Caller, request

SETTLED = {
    "chat": {"temperature": 0},
    "messages": {"extra_body": {"temperature": 0}},
    "gemini": {"config": types.GenerateContentConfig(temperature=0)},
}
MODELS = ("gpt-4.1", "claude-sonnet-4", "gemini-2.5-flash")


@pytest.fixture(scope="module")
def cached(provider, simulated, tmp_path_factory):
    """A gateway with a cache, in front of the simulated vendors and of the scripted provider."""
    config = settings(provider.port)
    config["providers"] |= simulated.providers()
    config["models"] = {"alias": {"targets": ["oa/aliased"]}, "other": {"targets": ["oa/other"]}}
    with Gateway(tmp_path_factory.mktemp("cached"), {**config, "cache": {}}) as running:
        yield running


@pytest.fixture(scope="module")
def secret(cached):
    return cached.make_key("caller")[1]


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("dialect", ASK)
def test_every_sdk_gets_the_same_answer_again(cached, secret, simulated, dialect, model, stream):
    """Plain and streamed, relayed and translated; usage included."""
    before = len(simulated.asked())
    said = [
        ASK[dialect](cached.url, secret, model, stream=stream, **SETTLED[dialect]) for _ in range(3)
    ]
    assert said[0].text
    assert said == [said[0]] * 3
    assert len(simulated.asked()) == before + 1


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_responses_that_nobody_holds_are_given_again(cached, secret, simulated, stream):
    before = len(simulated.asked())
    with openai_at(cached.url, secret) as client:
        for _ in range(2):
            asked = {"model": "gpt-4.1", "input": "hi", "temperature": 0, "store": False}
            answer = client.responses.create(stream=stream, **asked)
            last = list(answer)[-1].response if stream else answer
            assert last.output_text
        client.responses.create(model="gpt-4.1", input="hi", temperature=0)
        client.responses.create(model="gpt-4.1", input="hi", temperature=0)
    assert len(simulated.asked()) == before + 1 + 2


def test_embeddings_are_given_again(cached, secret, simulated):
    before = len(simulated.asked())
    with openai_at(cached.url, secret) as client:
        made = [client.embeddings.create(model="text-embedding-3-small", input="hi") for _ in "12"]
    assert made[0].data[0].embedding == made[1].data[0].embedding
    assert len(simulated.asked()) == before + 1


def test_a_hit_is_a_row_that_cost_nothing_and_says_what_it_saved(cached, secret):
    body = settled("gpt-4.1-mini", seed=1)
    first, again = ask(cached, secret, body), ask(cached, secret, body)
    assert told(first)[:2] == (200, "miss")
    assert told(again) == (200, "hit", first.content)
    assert again.headers["x-madang-cost-usd"] == "0.000000000"
    assert again.headers["x-madang-attempts"] == "0"
    assert int(again.headers["age"]) in (0, 1)
    paid, free = (
        cached.story(one.headers["x-request-id"])["attempts"][0] for one in (first, again)
    )
    assert (paid["cache"], paid["outcome"], free["cache"], free["outcome"]) == (
        "miss",
        "ok",
        "hit",
        "hit",
    )
    assert (free["cost_nusd"], free["saved_nusd"]) == (0, paid["cost_nusd"])
    assert (free["provider"], free["model"], free["input_tokens"]) == ("openai", paid["model"], 0)


def test_the_same_answer_under_another_spelling_and_alias(cached, secret, provider):
    one = settled("alias", top_p=1)
    other = (
        {"top_p": 1.0, "temperature": 0.0, "user": "u", "stop": None}
        | one
        | {"model": "oa/aliased"}
    )
    heard = [ask(cached, secret, body) for body in (one, other, dict(reversed(one.items())))]
    assert [told(answer)[1] for answer in heard] == ["miss", "hit", "hit"]
    assert len(provider.asked["aliased"]) == 1
    assert told(ask(cached, secret, {**one, "top_p": 0.9}))[1] == "miss"


def test_a_key_never_sees_the_answer_to_another(cached, secret, provider):
    body = settled("oa/private")
    stranger = cached.make_key("stranger")[1]
    assert [told(ask(cached, key, body))[1] for key in (secret, stranger, secret)] == [
        "miss",
        "miss",
        "hit",
    ]


@pytest.mark.parametrize(
    "more",
    [
        {"temperature": None},
        {"temperature": 0.7},
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
    ],
    ids=["unsaid", "warm", "tools"],
)
def test_what_is_left_to_chance_or_may_act_is_only_kept_if_asked_for(
    cached, secret, provider, more
):
    model = f"chance-{next(iter(more))}-{more.get('temperature')}"
    body = {**settled(f"oa/{model}"), **more}
    assert [told(ask(cached, secret, body))[1] for _ in "12"] == ["off", "off"]
    assert [told(ask(cached, secret, body, x_madang_cache="on"))[1] for _ in "12"] == [
        "miss",
        "hit",
    ]
    assert told(ask(cached, secret, body))[1] == "off"
    assert len(provider.asked[model]) == 4


def test_the_caller_decides_by_a_header(cached, secret, provider):
    body = settled("oa/header")

    def heard(wish):
        return told(ask(cached, secret, body, x_madang_cache=wish))[:2]

    assert heard("only") == (404, None)
    assert heard("off") == (200, "off")
    assert heard("only") == (404, None)
    assert heard("refresh") == (200, "miss")
    assert heard("only") == (200, "hit")
    assert heard("refresh") == (200, "miss")
    assert heard("off") == (200, "off")
    assert heard("sometimes") == (400, None)
    assert len(provider.asked["header"]) == 4


@pytest.mark.parametrize("dialect", ASK)
def test_a_miss_that_was_not_to_be_asked_is_told_in_the_dialect(cached, secret, dialect):
    only = {"x-madang-cache": "only"}
    more = {"extra_headers": only, "extra_body": {"temperature": 0}}
    if dialect == "gemini":
        options = types.HttpOptions(headers=only)
        more = {"config": types.GenerateContentConfig(temperature=0, seed=9, http_options=options)}
    said = refused(dialect, cached.url, secret, "oa/never-asked", **more)
    assert said.status == 404
    assert "cache" in said.message


def test_a_hit_counts_as_a_request(cached):
    body = settled("oa/entitled")
    _, key = cached.make_key("three", rpm=3)
    heard = [ask(cached, key, body) for _ in range(4)]
    assert [told(one)[:2] for one in heard] == [
        (200, "miss"),
        (200, "hit"),
        (200, "hit"),
        (429, None),
    ]
    remaining = [one.headers["x-ratelimit-remaining-requests"] for one in heard]
    assert remaining == ["2", "1", "0", "0"]


def test_a_hit_needs_no_money(cached):
    body = settled("gpt-4.1", max_tokens=50)
    _, key = cached.make_key("poor", budget_usd="0.002")
    assert told(ask(cached, key, body))[:2] == (200, "miss")

    def spent():
        return ask(cached, key, body, x_madang_cache="off").status_code == 402

    eventually(spent)
    assert told(ask(cached, key, body))[:2] == (200, "hit")


@pytest.mark.parametrize("stop", ["content_filter", "cut", "error"])
def test_what_is_not_a_good_answer_is_not_kept(cached, secret, provider, stop):
    async def script(visit):
        if stop == "cut":
            await visit.begin("half ")
            visit.close()
        elif stop == "error":
            await visit.send(b"HTTP/1.1 500 X\r\ncontent-length: 2\r\n\r\n{}")
        else:
            said = answers.plain("openai", model=visit.asked.model)
            said["choices"][0]["finish_reason"] = stop
            await visit.send(answers.http(json.dumps(said).encode()))

    model = provider.plays(f"bad-{stop}", script)
    body = settled(f"oa/{model}", stream=stop == "cut")
    for _ in range(2):
        assert told(ask(cached, secret, body))[1] != "hit"
    assert len(provider.asked[model]) == 2


def test_an_answer_is_forgotten_in_time(provider, own_gateway):
    gateway = own_gateway(cache={"ttl_s": 2})
    key = gateway.make_key("caller")[1]
    body = settled("oa/expiring")
    assert [told(ask(gateway, key, body))[1] for _ in "12"] == ["miss", "hit"]
    eventually(lambda: told(ask(gateway, key, body))[1] == "miss")


def test_a_shared_cache_answers_only_what_the_provider_was_asked(provider, own_gateway):
    """Whoever names a member twice could have another question answered under somebody's words."""
    gateway = own_gateway(cache={"share": "all", "when": "always"})
    one, other = gateway.make_key("one")[1], gateway.make_key("other")[1]
    twice = b'{"model":"oa/poisoned","messages":[{"role":"user","content":"evil","content":"hi"}]}'
    with Caller(gateway.port) as caller:
        assert b"miss" in caller.say(request(twice, one)).hear(b"\r\n\r\n")
    good = {"model": "oa/poisoned", "messages": [{"role": "user", "content": "hi"}]}
    assert told(ask(gateway, other, good))[1] == "hit"
    excluded = gateway.make_key("excluded", models=["gpt-4.1"])[1]
    assert ask(gateway, excluded, good).status_code == 403
    assert b"evil" not in provider.last("poisoned").body


def test_worker_processes_and_restarts_find_what_is_in_the_store(provider, tmp_path):
    config = {**settings(provider.port), "cache": {"keep": "store"}}
    with Gateway(tmp_path, config, "--workers", "2") as gateway:
        key = gateway.make_key("caller")[1]
        body = settled("oa/stored", stream=True)
        eventually(lambda: all(ask(gateway, key, body).is_success for _ in range(8)))
        first = ask(gateway, key, body)
        eventually(lambda: all(told(ask(gateway, key, body))[1] == "hit" for _ in range(8)))
        gateway.stop()
        gateway.start()
        assert told(ask(gateway, key, body)) == (200, "hit", first.content)
    # the second worker may have been quicker than the store
    assert len(provider.asked["stored"]) <= 2


def test_the_hit_rate_is_measured(cached, secret):
    body = settled("oa/measured")
    assert [told(ask(cached, secret, body))[1] for _ in "123"] == ["miss", "hit", "hit"]
    lines = cached.call("GET", "/metrics").text.splitlines()
    counted = dict(line.split(" ") for line in lines if line.startswith("madang_cache_total"))
    assert float(counted['madang_cache_total{result="hit"}']) >= 2
    assert float(counted['madang_cache_total{result="miss"}']) >= 1
    usage = cached.call("GET", "/v1/usage/current-month", key=secret).json()["by_model"]["measured"]
    assert (usage["requests"], usage["cache_hits"]) == (3, 2)


def test_without_a_cache_nothing_is_given_again(gateway, key, provider):
    body = settled("oa/uncached")
    assert [told(ask(gateway, key, body, x_madang_cache="on"))[1] for _ in "12"] == ["off", "off"]
    missed = ask(gateway, key, body, x_madang_cache="only")
    assert (missed.status_code, json.loads(missed.content)["error"]["code"]) == (404, "cache_miss")
