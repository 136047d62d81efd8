"""What is asked by several at once is asked once, and nobody's doing harms another."""

import asyncio
import json
import threading
import time

import pytest
import server_answers as answers
from server_callers import openai_at
from server_gateway import Gateway, eventually, settings
from server_recall import ask, at_once, rows, settled
from server_sockets import Caller, request

MANY = 12


@pytest.fixture(scope="module")
def cached(provider, tmp_path_factory):
    with Gateway(
        tmp_path_factory.mktemp("coalescing"), {**settings(provider.port), "cache": {}}
    ) as g:
        yield g


@pytest.fixture(scope="module")
def secret(cached):
    return cached.make_key("caller")[1]


def gate(gateway=None, many=0):
    """Something to wait for in a script, that a test can open; it opens by itself once so many requests are there."""
    opened = threading.Event()

    def look():
        eventually(lambda: gateway.status()["in_flight"] >= many)
        opened.set()

    if many:
        threading.Thread(target=look, daemon=True).start()

    async def wait():
        while not opened.is_set():
            await asyncio.sleep(0.01)

    return opened, wait


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_many_ask_and_one_is_sent(cached, secret, provider, stream):
    """All get the same bytes; the first pays, and every other row says what was saved."""
    _, wait = gate(cached, MANY)

    async def script(visit):
        await wait()
        await visit.answer()

    model = provider.plays(f"many-{stream}", script)
    body = settled(f"oa/{model}", stream=stream)
    heard = at_once(MANY, lambda: ask(cached, secret, body))
    assert {(one.status_code, one.content) for one in heard} == {(200, heard[0].content)}
    assert len(provider.asked[model]) == 1
    found = rows(cached, model)
    assert sorted(row["cache"] for row in found) == ["miss"] + ["shared"] * (MANY - 1)
    assert {(row["outcome"], row["cost_nusd"]) for row in found if row["cache"] == "shared"} == {
        ("hit", 0)
    }
    assert len({row["request_id"] for row in found}) == MANY


def test_who_joins_a_stream_gets_its_beginning_and_then_what_comes(cached, secret, provider):
    opened, wait = gate()

    async def script(visit):
        said = answers.events("openai", model=visit.asked.model, texts=["one ", "two ", "three"])
        await visit.send(answers.sse_head(), *map(answers.chunk, said[:2]))
        await wait()
        await visit.send(*map(answers.chunk, said[2:]), answers.LAST_CHUNK)

    model = provider.plays("joined", script)
    asked = {
        "model": f"oa/{model}",
        "messages": [{"role": "user", "content": "hi"}],
        "temperature": 0,
    }
    with openai_at(cached.url, secret) as client:
        first = client.chat.completions.create(stream=True, **asked)
        begun = [next(first), next(first)]
        second = client.chat.completions.create(stream=True, **asked)
        again = [next(second), next(second)]
        opened.set()
        assert [*begun, *first] == [*again, *second]
    assert len(provider.asked[model]) == 1
    assert "".join(one.choices[0].delta.content or "" for one in [*begun, *again]) == "one one "


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_the_first_may_leave(cached, secret, provider, stream):
    opened, wait = gate()

    async def script(visit):
        if stream:
            await visit.send(answers.sse_head())
            said = [answers.chunk(one) for one in answers.events("openai", model=visit.asked.model)]
            await visit.send(*said[:2])
        await wait()
        await (visit.send(*said[2:], answers.LAST_CHUNK) if stream else visit.answer())

    model = provider.plays(f"left-{stream}", script)
    body = settled(f"oa/{model}", stream=stream)
    leaver = Caller(cached.port).say(request(body, secret))
    eventually(lambda: provider.asked[model])
    heard = []
    follower = threading.Thread(target=lambda: heard.append(ask(cached, secret, body)))
    follower.start()
    eventually(lambda: cached.status()["in_flight"] == 2)
    leaver.close()
    eventually(lambda: cached.status()["in_flight"] == 1)
    opened.set()
    follower.join(10)
    assert heard[0].status_code == 200
    assert b"Hello" in heard[0].content
    assert len(provider.asked[model]) == 1
    assert sorted((row["cache"], row["outcome"]) for row in rows(cached, model)) == [
        ("miss", "ok"),
        ("shared", "hit"),
    ]


def test_the_last_to_leave_ends_the_call(cached, secret, provider):
    left = []

    async def script(visit):
        await visit.begin("Once upon a time")
        left.append(await visit.gone(10))

    model = provider.plays("abandoned", script)
    body = request(settled(f"oa/{model}", stream=True), secret)
    one = Caller(cached.port).say(body)
    one.hear(b"Once")
    other = Caller(cached.port).say(body)
    other.hear(b"Once")
    one.close()
    eventually(lambda: cached.status()["in_flight"] == 1)
    assert not left
    other.close()
    eventually(lambda: left)
    found = eventually(lambda: rows(cached, model)[1:] and rows(cached, model))
    assert {row["outcome"] for row in found} == {"client_closed"}
    assert [row["cost_nusd"] for row in found if row["cache"] == "shared"] == [0]


@pytest.mark.parametrize("late", [False, True], ids=["at once", "later"])
def test_a_slow_caller_holds_back_nobody(cached, secret, provider, late):
    """Neither who is there already nor who comes when all others have stopped reading."""
    text = "x" * 10_000  # eight megabytes of them: more than sockets hold

    async def script(visit):
        await visit.send(answers.sse_head())
        for event in answers.events("openai", model=visit.asked.model, texts=[text] * 800):
            await visit.send(answers.chunk(event))
        await visit.send(answers.LAST_CHUNK)

    model = provider.plays(f"flood-{late}", script)
    body = settled(f"oa/{model}", stream=True)
    with Caller(cached.port, room_bytes=4096) as slow:
        slow.say(request(body, secret, "connection: close"))
        eventually(lambda: provider.asked[model])
        time.sleep(0.5 * late)
        quick = ask(cached, secret, body)
        assert quick.content.count(text.encode()) == 800
        assert slow.hear_all(20).count(text.encode()) == 800
    assert len(provider.asked[model]) == 1


def test_when_the_first_fails_one_asks_for_all_others(cached, secret, provider):
    _, wait = gate(cached, MANY)

    async def script(visit):
        await wait()
        if visit.nth == 1:
            await visit.send(answers.http(answers.error("openai", 500), 500))
        else:
            await visit.answer()

    model = provider.plays("second-leader", script)
    heard = at_once(MANY, lambda: ask(cached, secret, settled(f"oa/{model}")))
    assert sorted(one.status_code for one in heard) == [200] * (MANY - 1) + [500]
    assert len(provider.asked[model]) == 2


def test_an_overload_is_met_by_three_and_told_to_all(cached, secret, provider):
    _, wait = gate(cached, MANY)

    async def script(visit):
        await wait()
        await visit.send(answers.http(answers.error("openai", 500), 500))

    model = provider.plays("down", script)
    heard = at_once(MANY, lambda: ask(cached, secret, settled(f"oa/{model}")))
    assert {one.status_code for one in heard} == {500}
    assert len(provider.asked[model]) == 3
    found = rows(cached, model)
    assert {row["outcome"] for row in found} == {"failed"}
    assert {one.headers["x-request-id"] for one in heard} == {row["request_id"] for row in found}


def test_a_refusal_of_the_request_is_everybodys(cached, secret, provider):
    _, wait = gate(cached, MANY)

    async def script(visit):
        await wait()
        await visit.send(answers.http(answers.error("openai", 400, "odd request"), 400))

    model = provider.plays("refusing-all", script)
    heard = at_once(MANY, lambda: ask(cached, secret, settled(f"oa/{model}")))
    assert {(one.status_code, json.loads(one.content)["error"]["message"]) for one in heard} == {
        (400, "odd request")
    }
    assert len(provider.asked[model]) == 1


def test_a_stream_that_breaks_breaks_for_all_and_is_not_kept(cached, secret, provider):
    _, wait = gate(cached, 4)

    async def script(visit):
        await visit.begin("half ")
        await wait()
        visit.close()

    model = provider.plays("breaking", script)
    heard = at_once(4, lambda: ask(cached, secret, settled(f"oa/{model}", stream=True)))
    assert len({one.content for one in heard}) == 1
    assert b'"error"' in heard[0].content
    assert {row["outcome"] for row in rows(cached, model)} == {"cut"}
    assert len(provider.asked[model]) == 1


@pytest.mark.parametrize(
    ("more", "headers"),
    [
        ({"temperature": 1}, {}),
        ({}, {"x_madang_deadline_ms": "15000"}),
        ({}, {"x_madang_cache": "refresh"}),
        ({}, {"x_madang_cache": "off"}),
    ],
    ids=["chance", "deadline", "refresh", "off"],
)
def test_who_wants_an_answer_of_its_own_gets_one(cached, secret, provider, more, headers):
    _, wait = gate(cached, 4)

    async def script(visit):
        await wait()
        await visit.answer()

    model = provider.plays(f"own-{more}-{headers}".replace("'", "").replace(" ", ""), script)
    body = settled(f"oa/{model}") | more
    heard = at_once(4, lambda: ask(cached, secret, body, **headers))
    assert {one.status_code for one in heard} == {200}
    assert len(provider.asked[model]) == 4


def test_limits_of_the_first_are_not_the_followers(provider, own_gateway):
    """Under a cache for all, the first may be poor; and each follower counts against its own limits."""
    gateway = own_gateway(cache={"share": "all"})
    _, wait = gate(gateway, 3)

    async def script(visit):
        await wait()
        await visit.answer()

    model = provider.plays("limited-shared", script)
    body = settled(f"oa/{model}")
    key = gateway.make_key("two", rpm=2)[1]
    first = threading.Thread(target=lambda: ask(gateway, gateway.make_key("rich")[1], body))
    first.start()
    eventually(lambda: provider.asked[model])
    heard = at_once(3, lambda: ask(gateway, key, body))
    first.join(10)
    assert sorted(one.status_code for one in heard) == [200, 200, 429]
    assert len(provider.asked[model]) == 1


def test_sharing_can_be_switched_off(provider, own_gateway):
    gateway = own_gateway(cache={"coalesce": False})
    key = gateway.make_key("caller")[1]
    _, wait = gate(gateway, 3)

    async def script(visit):
        await wait()
        await visit.answer()

    model = provider.plays("apart", script)
    at_once(3, lambda: ask(gateway, key, settled(f"oa/{model}")))
    assert len(provider.asked[model]) == 3
    assert ask(gateway, key, settled(f"oa/{model}")).headers["x-madang-cache"] == "hit"
