"""An Idempotency-Key: one answer and one charge, whatever happens to callers, workers and processes."""

import asyncio
import threading

import anthropic
import openai
import pytest
import server_answers as answers
from google.genai import types
from server_callers import ASK, anthropic_at, openai_at
from server_gateway import Gateway, eventually, settings
from server_recall import ask, at_once, rows
from server_sockets import Caller, asking, request

MODELS = ("gpt-4.1", "claude-sonnet-4", "gemini-2.5-flash")


def named(name, dialect="chat"):
    """Options by which an official SDK sends the header."""
    header = {"Idempotency-Key": name}
    if dialect == "gemini":
        http = types.HttpOptions(headers=header)
        return {"config": types.GenerateContentConfig(http_options=http)}
    return {"extra_headers": header}


def known_to_all(gateway):
    """A new key, once every worker knows it."""
    key = gateway.make_key("caller")[1]
    eventually(lambda: all(ask(gateway, key, asking("oa/known")).is_success for _ in range(12)))
    return key


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("dialect", ASK)
def test_every_sdk_gets_one_answer_for_one_name(vendors, simulated, dialect, model, stream):
    """Nothing of it needs a cache, and the answer may be left to chance."""
    _, key = vendors.make_key("caller")
    before = len(simulated.book.charges)
    name = named(f"{dialect}-{model}-{stream}", dialect)
    said = [ASK[dialect](vendors.url, key, model, stream=stream, **name) for _ in range(3)]
    assert said[0].text
    assert said == [said[0]] * 3
    assert len(simulated.book.charges) == before + 1


def test_a_repetition_says_so_and_costs_nothing(gateway, key):
    body = asking("oa/repeated")
    first, again = (ask(gateway, key, body, idempotency_key="r1") for _ in "12")
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert (again.status_code, again.content) == (200, first.content)
    paid, free = rows(gateway, "repeated")
    assert (paid["outcome"], paid["cache"]) == ("ok", None)
    assert (free["outcome"], free["cache"], free["cost_nusd"]) == ("hit", "replayed", 0)
    assert free["request_id"] == again.headers["x-request-id"] != first.headers["x-request-id"]


def test_another_request_under_the_same_name_is_refused(gateway, key, provider):
    """The SDKs have a class for it, and do not try it again."""
    name = named("reused")
    with openai_at(gateway.url, key, max_retries=2) as client:
        create = client.chat.completions.create
        asked = {"model": "oa/reused", "messages": [{"role": "user", "content": "hi"}]}
        create(**asked, **name)
        create(**dict(reversed(asked.items())), **name)  # means the same
        with pytest.raises(openai.UnprocessableEntityError, match="another request"):
            create(**asked, seed=1, **name)
        with pytest.raises(openai.UnprocessableEntityError):
            create(**asked, stream=True, **name)
    with (
        anthropic_at(gateway.url, key) as client,
        pytest.raises(anthropic.UnprocessableEntityError, match="another request"),
    ):
        client.messages.create(model="oa/reused", max_tokens=9, messages=asked["messages"], **name)
    assert len(provider.asked["reused"]) == 1


@pytest.mark.parametrize("name", ["", "x" * 256, "caf\xe9", "tab\there"])
def test_a_name_is_up_to_255_printable_characters(gateway, key, provider, name):
    with Caller(gateway.port) as caller:
        line = f"idempotency-key: {name}".encode("latin-1")
        whole = request(asking("oa/misnamed"), key).replace(
            b"host: gateway", b"host: gateway\r\n" + line
        )
        assert caller.say(whole).hear(b"\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert not provider.asked["misnamed"]


def test_a_name_belongs_to_its_key(gateway, key, provider):
    other = gateway.make_key("other")[1]
    for caller in (key, other, key, other):
        assert ask(gateway, caller, asking("oa/owned"), idempotency_key="mine").is_success
    assert len(provider.asked["owned"]) == 2


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_those_who_come_meanwhile_wait(gateway, key, provider, stream):
    async def script(visit):
        while gateway.status()["in_flight"] < 8:
            await asyncio.sleep(0.01)
        await visit.answer()

    model = provider.plays(f"meanwhile-{stream}", script)
    body = asking(f"oa/{model}", stream=stream)
    heard = at_once(8, lambda: ask(gateway, key, body, idempotency_key=model))
    assert {(one.status_code, one.content) for one in heard} == {(200, heard[0].content)}
    assert sum("idempotent-replayed" in one.headers for one in heard) == 7
    assert len(provider.asked[model]) == 1
    assert sorted(str(row["cache"]) for row in rows(gateway, model)) == ["None"] + ["replayed"] * 7


def test_what_failed_is_not_remembered(gateway, key, provider):
    async def script(visit):
        if visit.nth < 3:
            return await visit.send(answers.http(answers.error("openai", 500), 500))
        return await visit.answer()

    model = provider.plays("recovering", script)
    heard = [ask(gateway, key, asking(f"oa/{model}"), idempotency_key="again") for _ in range(4)]
    assert [one.status_code for one in heard] == [500, 500, 200, 200]
    assert len(provider.asked[model]) == 3


def test_a_stream_that_broke_was_charged_and_is_given_again_as_it_was(gateway, key, provider):
    async def script(visit):
        await visit.begin("half an answer")
        visit.close()

    model = provider.plays("broken-named", script)
    body = asking(f"oa/{model}", stream=True)
    first, again = (ask(gateway, key, body, idempotency_key="broken") for _ in "12")
    assert b"half" in first.content
    assert again.content == first.content
    assert [row["outcome"] for row in rows(gateway, model)] == ["cut", "cut"]
    assert len(provider.asked[model]) == 1


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_a_caller_who_left_finds_the_answer(gateway, key, provider, stream):
    """Its connection broke, perhaps after the provider had been paid: it asks again, and pays once."""
    opened = threading.Event()

    async def script(visit):
        while not opened.is_set():
            await asyncio.sleep(0.01)
        await visit.answer()

    model = provider.plays(f"lost-{stream}", script)
    body = asking(f"oa/{model}", stream=stream)
    line = f"idempotency-key: {model}"
    caller = Caller(gateway.port).say(request(body, key, line))
    eventually(lambda: provider.asked[model])
    caller.reset()
    eventually(lambda: gateway.status()["in_flight"] == 0)
    opened.set()
    again = ask(gateway, key, body, idempotency_key=model)
    assert (again.headers["idempotent-replayed"], b"Hello" in again.content) == ("true", True)
    assert len(provider.asked[model]) == 1
    assert next((row["outcome"], row["cache"]) for row in rows(gateway, model)) == ("ok", None)


def test_an_answer_that_was_given_is_found_after_a_kill(provider, own_gateway):
    """The answer is heard to its last byte, and the next moment the process is dead."""
    gateway = own_gateway()
    key = gateway.make_key("caller")[1]
    for n in range(5):
        body = asking("oa/killed", stream=n % 2 == 0, user=f"u{n}")
        first = ask(gateway, key, body, idempotency_key=f"kill-{n}")
        gateway.kill()
        gateway.start()
        again = ask(gateway, key, body, idempotency_key=f"kill-{n}")
        assert (again.headers.get("idempotent-replayed"), again.content) == ("true", first.content)
    assert len(provider.asked["killed"]) == 5


def test_workers_share_names(provider, tmp_path):
    async def script(visit):
        await asyncio.sleep(0.4)
        await visit.answer()

    model = provider.plays("crew", script)
    with Gateway(tmp_path, settings(provider.port), "--workers", "3") as gateway:
        key = known_to_all(gateway)
        heard = at_once(24, lambda: ask(gateway, key, asking(f"oa/{model}"), idempotency_key="c"))
        assert {(one.status_code, one.content) for one in heard} == {(200, heard[0].content)}
        assert len(provider.asked[model]) == 1
        assert ask(gateway, key, asking("oa/x"), idempotency_key="c").status_code == 422


def test_a_caller_in_a_hurry_is_told_that_it_takes_longer(provider, tmp_path):
    """By whichever worker it reaches."""
    opened = threading.Event()

    async def script(visit):
        while not opened.is_set():
            await asyncio.sleep(0.01)
        await visit.answer()

    model = provider.plays("hurried-again", script)
    hurry = {"idempotency_key": "h", "x_madang_deadline_ms": "300"}
    with Gateway(tmp_path, settings(provider.port), "--workers", "2") as gateway:
        key = known_to_all(gateway)
        first = Caller(gateway.port).say(request(asking(f"oa/{model}"), key, "idempotency-key: h"))
        eventually(lambda: provider.asked[model])
        heard = at_once(6, lambda: ask(gateway, key, asking(f"oa/{model}"), **hurry))
        opened.set()
        assert first.hear(b"Hello")
    told = {(one.status_code, one.json()["error"]["code"]) for one in heard}
    assert told == {(409, "idempotency_in_progress")}
    assert len(provider.asked[model]) == 1
