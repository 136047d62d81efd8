"""Providers that break, lie or never end: a clear error in the caller's dialect, and nobody else is harmed."""

import asyncio
import gzip
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import anthropic
import openai
import pytest
import server_answers as answers
from google.genai import errors
from server_callers import ASK
from server_gateway import DIALECTS, KINDS, eventually
from test_server_relay import PATHS, post

HI = [{"role": "user", "content": "hi", "parts": [{"text": "hi"}]}]
OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
CHUNKED = OK + b"transfer-encoding: chunked\r\n\r\n"
every_pair = pytest.mark.parametrize(("dialect", "name"), [(d, n) for d in DIALECTS for n in KINDS])


@pytest.fixture(scope="module")
def beside(gateway, provider, key):
    """A stream that goes on during all of this module's tests, and has to end well."""
    finish = threading.Event()
    heard = []

    async def script(visit):
        await visit.begin("before ")
        while not finish.is_set():
            await visit.send(answers.chunk(b": still here\n\n"))
            await asyncio.sleep(0.05)
        rest = answers.events("openai", texts=["after"])[1:]
        await visit.send(*map(answers.chunk, rest), answers.LAST_CHUNK)

    model = provider.plays("goes-on-beside", script)
    caller = threading.Thread(
        target=lambda: heard.append(ASK["chat"](gateway.url, key, f"oa/{model}", stream=True))
    )
    caller.start()
    yield
    finish.set()
    caller.join(10)
    assert heard[0].text == "before after"


@pytest.fixture(autouse=True)
def unharmed(gateway, key, beside):
    """After each of these tests good answers come, one after another, and nothing is left behind."""
    yield
    for name in KINDS:
        assert "Hello there." in ask(gateway, key, "chat", name, "good", stream=False).text
    assert eventually(lambda: gateway.status()["in_flight"] == 1)
    assert "Traceback" not in gateway.log


def ask(gateway, key, dialect, name, model, stream):
    """One request without an SDK: the response as it is, its end included."""
    body = {"contents": HI}
    model = f"{name}/{model}" if name else model
    path = PATHS[dialect].format(model)
    if dialect == "gemini" and stream:
        path = path.replace(":gen", ":streamGen") + "?alt=sse"
    elif dialect != "gemini":
        turns = [{"role": "user", "content": "hi"}]
        body = {"model": model, "messages": turns, "max_tokens": 9, "stream": stream}
    return post(gateway, key, path, json.dumps(body).encode())


def giving(*pieces, then="close"):
    """A script that sends these bytes, and then closes, resets, or waits to be left."""

    async def script(visit):
        await visit.send(*pieces)
        if then == "reset":
            visit.reset()
        elif then == "close":
            visit.close()
        else:
            await visit.gone()

    return script


NO_ANSWER = {
    "closed": giving(),
    "reset": giving(then="reset"),
    "garbage": giving(b"\0\xff" * 50 + b"\r\n\r\n"),
    "no HTTP": giving(b"220 mail.example ready\r\n"),
    "TLS": giving(b"\x15\x03\x01\x00\x02\x02\x46"),
    "HTTP/2": giving(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00"),
    "half a head": giving(b"HTTP/1.1 200 OK\r\ncontent-le"),
    "endless header": giving(OK + b"x: " + b"y" * 200_000, then="wait"),
    "many headers": giving(OK + b"x: y\r\n" * 5_000 + b"\r\n", then="wait"),
    "status 0": giving(b"HTTP/1.1 000 No\r\ncontent-length: 0\r\n\r\n"),
    "status 99999": giving(b"HTTP/1.1 99999 No\r\ncontent-length: 0\r\n\r\n"),
    "two lengths": giving(OK + b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}}"),
    "length and chunks": giving(OK + b"content-length: 2\r\n" + CHUNKED[len(OK) :] + b"0\r\n\r\n"),
    "interim for ever": giving(b"HTTP/1.1 100 Continue\r\n\r\n" * 20_000, then="wait"),
    "switching": giving(b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"),
    "unknown coding": giving(OK + b"content-encoding: br\r\ncontent-length: 2\r\n\r\n{}"),
    "bad gzip": giving(OK + b"content-encoding: gzip\r\ncontent-length: 9\r\n\r\nnot gzip!"),
    "redirect": giving(
        b"HTTP/1.1 302 Found\r\nlocation: http://evil/\r\ncontent-length: 0\r\n\r\n"
    ),
    "no content": giving(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "empty": giving(answers.http(b"")),
    "web page": giving(answers.http(b"<html>\n\n<p>Welcome</p>\n\n</html>\n\n", kind="text/html")),
    "null": giving(answers.http(b"null")),
    "list": giving(answers.http(b"[1]")),
    "half JSON": giving(answers.http(b'{"id":"x","choices":[{"mes')),
    "not UTF-8": giving(answers.http(b'{"id":"\xff\xfe"}')),
    "deep": giving(answers.http(b"[" * 100_000)),
    "deeper": giving(answers.http(b'{"usage":' * 100_000)),
    "error in 200": giving(answers.http(b'{"error":{"message":"so it is","code":500}}')),
    "too short": giving(OK + b"content-length: 900\r\n\r\n{"),
    "bad chunk": giving(CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n"),
    "cut in a chunk": giving(CHUNKED + b"ff\r\n{"),
    "chunk of all": giving(CHUNKED + b"ffffffffffffffff\r\n{", then="wait"),
}


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize("fault", NO_ANSWER)
def test_what_is_no_answer_is_502(gateway, provider, key, fault, stream):
    """In every dialect, and never a piece of what the provider sent in the place of an answer."""

    def judge(pair):
        dialect, name = pair
        model = f"{fault}-{dialect}-{name}-{stream}"
        provider.plays(model, NO_ANSWER[fault])
        answer = ask(gateway, key, dialect, f"hasty-{name}", model, stream)
        assert answer.status_code in (500, 502, 504), answer.text
        assert answer.json()["error"]["message"]
        assert "Welcome" not in answer.text
        assert len(provider.asked[model]) <= 2  # a kept connection may have died: once more

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(judge, [*DIALECTS.items(), ("messages", "ge"), ("gemini", "oa")]))


@every_pair
def test_a_document_of_another_kind_is_no_answer(gateway, provider, key, dialect, name):
    model = provider.plays(f"other-{dialect}-{name}", giving(answers.http(b'{"status":"fine"}')))
    answer = ask(gateway, key, dialect, name, model, stream=False)
    assert answer.status_code == 502
    assert "fine" not in answer.text


def test_a_bomb_of_a_body_is_not_unfolded(gateway, provider, key):
    """Hundreds of megabytes of zeros in one; the gateway stops where no event can be as long."""
    packed = gzip.compress(b"\0" * 2**28, 1)
    assert len(packed) < 2**21
    head = OK + b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(packed)
    provider.plays("bomb", giving(head, packed))
    before = gateway.resident_mib()
    assert ask(gateway, key, "chat", "oa", "bomb", stream=True).status_code == 502
    assert gateway.resident_mib() < before + 80


@pytest.mark.parametrize(
    "extra", [b"x", b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil", b"\r\n"]
)
def test_what_comes_behind_an_answer_is_nobodys_answer(gateway, provider, key, extra):
    """A provider that lies about its length: the surplus must not reach the next caller."""
    model = f"surplus-{len(extra)}"

    async def script(visit):
        good = json.dumps(answers.plain("openai")).encode()
        await visit.send(answers.http(good) + extra)
        await visit.gone(1)

    provider.plays(model, script)
    assert ask(gateway, key, "chat", "oa", model, stream=False).status_code == 200
    spoiled = provider.last(model).connection
    for _ in range(5):
        good = ask(gateway, key, "chat", "oa", "after-surplus", stream=False)
        assert good.json()["choices"][0]["message"]["content"] == "Hello there."
        assert provider.last("after-surplus").connection != spoiled


async def cut(visit):
    await visit.begin("Once ", "upon ")
    await asyncio.sleep(0.05)
    visit.close()


async def reset(visit):
    await visit.begin("Once ", "upon ")
    await asyncio.sleep(0.05)
    visit.reset()


async def stalls(visit):
    await visit.begin("Once ", "upon ")
    await asyncio.sleep(0.05)
    await visit.gone()


async def breaks_its_chunks(visit):
    await visit.begin("Once ", "upon ")
    await asyncio.sleep(0.05)
    await visit.send(b"zz\r\nwhat?\r\n")
    await visit.gone()


async def ends_without_end(visit):
    await visit.begin("Once ", "upon ")
    await asyncio.sleep(0.05)
    await visit.send(answers.LAST_CHUNK)


async def reports_an_error(visit):
    await visit.begin("Once ", "upon ")
    await asyncio.sleep(0.05)
    kind = visit.asked.kind
    event = b"data: " + answers.error(kind, 500, "so it is", "overloaded_error") + b"\n\n"
    if kind == "anthropic":
        event = b"event: error\n" + event
    await visit.send(answers.chunk(event), answers.LAST_CHUNK)


async def never_ends_an_event(visit):
    await visit.begin("Once ", "upon ")
    await asyncio.sleep(0.05)
    for _ in range(700):
        await visit.send(answers.chunk(b"x" * 65536))
    await visit.gone()


BREAKING = [cut, reset, stalls, breaks_its_chunks, ends_without_end, reports_an_error]


@pytest.mark.parametrize("script", BREAKING)
def test_a_stream_that_breaks_ends_well_formed(gateway, provider, key, script):
    """What was said is kept; then the dialect's error event, then the proper end. All pairs at once, to be quick."""

    def judge(pair):
        dialect, name = pair
        model = f"{script.__name__}-{dialect}-{name}"
        provider.plays(model, script)
        answer = ask(gateway, key, dialect, f"hasty-{name}", model, stream=True)
        assert answer.status_code == 200, pair
        check_end(dialect, answer.text)
        story = gateway.story(answer.headers["x-request-id"])
        assert story["outcome"] == "cut", pair
        assert story["attempts"][-1]["estimated"], pair
        assert 0 < story["output_tokens"] < 20, pair

    with ThreadPoolExecutor(9) as pool:
        list(pool.map(judge, product(DIALECTS, KINDS)))


def check_end(dialect, stream):
    """The last event of a broken stream is the dialect's error, behind all that was said."""
    events = [event for event in stream.replace("\r", "").split("\n\n") if event]
    said = "".join(events)
    assert "Once " in said
    assert "upon " in said
    if events[-1] == "data: [DONE]":
        events.pop()
    name_of_last, _, last = events[-1].rpartition("data: ")
    assert json.loads(last)["error"]["message"]
    if dialect == "messages":
        assert name_of_last == "event: error\n"
        assert json.loads(last)["type"] == "error"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_broken_stream_raises_in_the_sdk(gateway, provider, key, dialect):
    """No SDK may take half an answer for a whole one."""
    model = provider.plays(f"sdk-cut-{dialect}", cut)
    with pytest.raises((openai.APIError, anthropic.APIError, errors.APIError)):
        ASK[dialect](gateway.url, key, f"{DIALECTS[dialect]}/{model}", stream=True)


@pytest.mark.parametrize(("dialect", "name"), [("chat", "oa"), ("chat", "an"), ("gemini", "ge")])
def test_an_event_without_end_is_cut_off(gateway, provider, key, dialect, name):
    before = gateway.resident_mib()
    model = provider.plays(f"endless-event-{dialect}-{name}", never_ends_an_event)
    answer = ask(gateway, key, dialect, f"hasty-{name}", model, stream=True)
    assert answer.status_code == 200
    assert gateway.resident_mib() < before + 150


@every_pair
def test_a_trickle_is_just_slow(gateway, provider, key, dialect, name):
    """One byte a packet; each of them comes in time."""

    async def script(visit):
        await visit.send(answers.sse_head())
        for byte in b"".join(answers.events(visit.asked.kind, texts=["slow ", "and \u20ac sure"])):
            await visit.send(answers.chunk(b"%c" % byte))
        await visit.send(answers.LAST_CHUNK)

    model = provider.plays(f"trickle-{dialect}-{name}", script)
    said = ASK[dialect](gateway.url, key, f"hasty-{name}/{model}", stream=True)
    assert said.text == "slow and \u20ac sure"


def test_a_whole_answer_without_end_is_given_up(gateway, provider, key):
    """Its time is bounded in all, however lively it comes."""

    async def script(visit):
        await visit.send(CHUNKED)
        for _ in range(100):
            await visit.send(answers.chunk(b" " * 1000))
            await asyncio.sleep(0.1)

    model = provider.plays("never-ending", script)
    assert ask(gateway, key, "chat", "hasty-oa", model, stream=False).status_code == 504
