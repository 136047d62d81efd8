"""However a gateway ends - killed, or asked to - no answer that reached a caller is missing from the ledger."""

import asyncio
import contextlib
import socket
import sqlite3
import threading
import time

import httpx
import pytest
import server_answers as answers
from server_gateway import eventually
from server_sockets import Caller, asking, request, statuses

NANO = 1_000_000_000


def attempts(gateway, query):
    """Ask the store itself."""
    with contextlib.closing(
        sqlite3.connect(f"file:{gateway.home}/madang.db?mode=ro", uri=True)
    ) as connection:
        return connection.execute(query).fetchall()


class Load:
    """Callers that ask without pause, and note the id of every answer that they have got whole."""

    def __init__(self, gateway, key, callers):
        self.noted = []
        self._gateway, self._key = gateway, key
        self._url = f"{gateway.url}/v1/chat/completions"
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(n,)) for n in range(callers)]
        for thread in self._threads:
            thread.start()

    def _ask(self, number):
        body = asking(("oa/gpt-4.1", "an/claude-opus-4-8", "ge/nobody-knows")[number % 3])
        body["stream"] = number % 2 == 0
        headers = {"authorization": f"Bearer {self._key}"}
        with (
            httpx.Client(trust_env=False, headers=headers) as client,
            contextlib.suppress(httpx.TransportError),
        ):
            while not self._stop.is_set():
                answer = client.post(self._url, json=body)
                if answer.status_code == 200 and answer.text.rstrip().endswith(("}", "[DONE]")):
                    self.noted.append(answer.headers["x-request-id"])

    def ended(self):
        self._stop.set()
        for thread in self._threads:
            thread.join(10)
        return self.noted


def add_up(gateway, key_id):
    """The month as the API tells it, and as its rows add up; they have to be the same to the nano-dollar."""
    month = gateway.call("GET", "/v1/usage/current-month").json()
    sums = attempts(
        gateway,
        "SELECT count(*), sum(input_tokens + output_tokens), sum(coalesce(cost_nusd, 0)),"
        f" sum(cost_nusd IS NULL) FROM attempts WHERE key_id = '{key_id}'",
    )[0]
    told = ("requests", "total_tokens", "total_cost_nusd", "unpriced_requests")
    assert tuple(month[name] for name in told) == sums
    assert month["total_cost"] == pytest.approx(sums[2] / NANO)
    return sums


def test_killed_under_load_it_has_every_answer_once(own_gateway):
    gateway = own_gateway()
    key_id, key = gateway.make_key("load")
    load = Load(gateway, key, callers=6)
    eventually(lambda: len(load.noted) > 400)
    gateway.kill()
    noted = load.ended()
    gateway.start()
    assert gateway.call("GET", "/v1/usage/current-month").is_success
    counted = dict(attempts(gateway, "SELECT request_id, count(*) FROM attempts GROUP BY 1"))
    assert [counted.get(one) for one in noted] == [1] * len(noted)
    for one in noted[-40:]:
        story = gateway.story(one)
        assert (story["outcome"], story["input_tokens"], story["output_tokens"]) == ("ok", 11, 7)
    requests, tokens, cost_nusd, _ = add_up(gateway, key_id)
    lost, estimated = attempts(
        gateway,
        "SELECT count(*), total(input_tokens + output_tokens) FROM attempts WHERE outcome = 'lost'",
    )[0]
    assert tokens - estimated == (requests - lost) * 18
    assert cost_nusd > 0
    assert "Traceback" not in gateway.log


def test_killed_again_and_again_it_still_adds_up(own_gateway):
    gateway = own_gateway()
    key_id, key = gateway.make_key("load")
    noted = []
    for _ in range(3):
        load = Load(gateway, key, callers=3)
        eventually(lambda load=load: len(load.noted) > 40)
        gateway.kill()
        noted += load.ended()
        gateway.start()
    assert add_up(gateway, key_id)[0] >= len(noted)
    stored = {row[0] for row in attempts(gateway, "SELECT request_id FROM attempts")}
    assert stored >= set(noted)


def slow(provider, model):
    """A stream that ends when it is told to."""
    finish = threading.Event()

    async def script(visit):
        await visit.begin("before ")
        while not finish.is_set():
            await asyncio.sleep(0.02)
        rest = answers.events("openai", texts=["after"])[1:]
        await visit.send(*map(answers.chunk, rest), answers.LAST_CHUNK)

    provider.scripts[model] = script
    return finish


def refused(port):
    """Whether nobody listens any more."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_asked_to_end_it_finishes_what_is_open(provider, own_gateway):
    gateway = own_gateway(server={"drain_s": 60})  # longer than anybody here waits for its end
    _, key = gateway.make_key("drain")
    finish = slow(provider, "drained")
    idle = Caller(gateway.port).say(request(asking("oa/idle"), key))
    idle.hear(b"}}")
    with Caller(gateway.port) as caller:
        caller.say(request(asking("oa/drained", stream=True), key)).hear(b"before ")
        gateway.terminate()
        assert eventually(lambda: refused(gateway.port))
        assert statuses(idle.say(request(asking("oa/idle"), key)).hear_all()) in ([], [503])
        finish.set()
        heard = caller.hear_all()
    assert b"after" in heard
    assert heard.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")
    assert gateway.stop() == 0
    outcome = "SELECT outcome, output_tokens FROM attempts WHERE model = 'drained'"
    assert attempts(gateway, outcome) == [("ok", 7)]


def test_what_does_not_end_in_time_is_cut_and_billed(provider, own_gateway):
    """The stream ends well-formed, and its row tells who cut it."""
    gateway = own_gateway(server={"drain_s": 0.5})
    _, key = gateway.make_key("drain")
    slow(provider, "undrained")
    with Caller(gateway.port) as caller:
        caller.say(request(asking("oa/undrained", stream=True), key)).hear(b"before ")
        gateway.terminate()
        heard = caller.hear_all()
        assert gateway.stop() == 0
    assert b'"error"' in heard
    assert heard.endswith(b"0\r\n\r\n")
    ((outcome, cause, tokens),) = attempts(
        gateway, "SELECT outcome, cause, output_tokens FROM attempts WHERE model = 'undrained'"
    )
    assert (outcome, cause) == ("cut", "overloaded")
    assert tokens > 0
    assert "Traceback" not in gateway.log


def test_asked_twice_it_ends_at_once(provider, own_gateway):
    gateway = own_gateway(server={"drain_s": 60})
    _, key = gateway.make_key("drain")
    slow(provider, "hurried")
    with Caller(gateway.port) as caller:
        caller.say(request(asking("oa/hurried", stream=True), key)).hear(b"before ")
        gateway.terminate()
        assert eventually(lambda: refused(gateway.port))
        time.sleep(1.1)  # what comes sooner counts as the same word
        gateway.terminate()
        assert gateway.stop() == 0
    assert len(attempts(gateway, "SELECT 1 FROM attempts WHERE model = 'hurried'")) == 1


def test_who_waits_in_vain_is_told_so(provider, own_gateway):
    gateway = own_gateway(server={"drain_s": 0.5})
    _, key = gateway.make_key("drain")

    async def waits(visit):
        await visit.gone()

    model = provider.plays("waits-in-vain", waits)
    with Caller(gateway.port) as caller:
        caller.say(request(asking(f"oa/{model}"), key))
        eventually(lambda: provider.asked[model])
        gateway.terminate()
        heard = caller.hear_all()
        assert gateway.stop() == 0
    assert statuses(heard) == [503]
    assert b"shutting down" in heard
    assert attempts(gateway, "SELECT outcome, cause FROM attempts") == [("failed", "overloaded")]
    assert "Traceback" not in gateway.log
