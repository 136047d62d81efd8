"""What targets can do, found out by asking: judged by the simulator and by a provider that cannot do much."""

import asyncio
import json

import pytest

from madang import catalog
from madang.config.sections.models import Model
from madang.config.sections.providers import Provider
from madang.drills import simulator
from madang.drills.doctor.probe import Probed, most_it_costs, probe, questions, targets_of, told
from madang.errors import UnknownModel
from madang.routing.board import Board
from madang.server.process.assembly import assemble

CATALOG = catalog.load()
AT_US = 1_790_000_000_000_000
ABOUTS = [question.about for question in questions()]


def snapshot(providers, **models):
    return assemble(models, providers, CATALOG, Board())


def run(providers, *names, **models):
    taken = snapshot(providers, **models)
    return asyncio.run(probe(taken, targets_of(taken, names), {}))


async def refusing(reader, writer):
    """Answers text, streams without usage, and refuses anything else as DeepSeek does."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
    body = json.loads(await reader.readexactly(length))
    if "stream" in body:
        said = b'data: {"choices":[{"index":0,"delta":{"content":"ok"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
        status, kind = 200, b"text/event-stream"
    elif body.keys() & {"tools", "response_format"} or "image_url" in json.dumps(body):
        error = {
            "message": "unknown variant sk-PLANTED-secret-0123456789",
            "type": "invalid_request_error",
        }
        said, status, kind = json.dumps({"error": error}).encode(), 400, b"application/json"
    else:
        choice = {"index": 0, "message": {"role": "assistant", "content": "ok"}}
        said = json.dumps({"choices": [choice | {"finish_reason": "stop"}]}).encode()
        status, kind = 200, b"application/json"
    writer.write(
        b"HTTP/1.1 %d OK\r\ncontent-type: %b\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%b"
        % (status, kind, len(said), said)
    )
    await writer.drain()
    writer.close()


@pytest.mark.parametrize(
    ("kind", "path", "name"),
    [
        ("openai", "/v1", "gpt-4.1"),
        ("anthropic", "/v1", "claude-sonnet-4-5"),
        ("gemini", "/v1beta", "gemini-2.5-flash"),
    ],
)
def test_the_simulator_can_do_everything_in_every_dialect(kind, path, name):
    async def ask():
        running = await simulator.serve()
        try:
            box = Provider(kind=kind, base_url=running.url + path, api_key="sk-x", serves="all")
            taken = snapshot({"box": box})
            return await probe(taken, targets_of(taken, [f"box/{name}"]), {})
        finally:
            await running.close()

    (probed,) = asyncio.run(ask())
    assert probed.verdicts == dict.fromkeys(ABOUTS, "yes")
    assert probed.contradictions == ()
    assert told(probed).state == "ok"


def probed_at(script, name, **settings):
    async def ask():
        server = await asyncio.start_server(script, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        box = Provider(
            kind="openai",
            base_url=f"http://127.0.0.1:{port}/v1",
            api_key="sk-PLANTED-secret-0123456789",
            **settings,
        )
        taken = snapshot({"box": box})
        try:
            return (await probe(taken, targets_of(taken, [f"box/{name}"]), {}))[0]
        finally:
            server.close()

    return asyncio.run(ask())


def test_what_is_refused_contradicts_a_catalogue_that_promises_it():
    probed = probed_at(refusing, "gpt-4.1")
    assert probed.verdicts == {
        "text": "yes",
        "tools": "no",
        "images": "no",
        "json_schema": "no",
        "stream_usage": "accepted",
    }
    assert probed.contradictions == ("tools: false", "images: false", "json_schema: false")
    finding = told(probed)
    assert finding.state == "warning"
    assert "features: {tools: false, images: false, json_schema: false}" in finding.advice
    assert "sk-PLANTED-secret-0123456789" not in finding.detail


def test_nothing_is_contradicted_where_it_was_known():
    known = {"tools": False, "images": False, "json_schema": False}
    assert probed_at(refusing, "gpt-4.1", features=known).contradictions == ()
    assert probed_at(refusing, "a-new-one").contradictions == ()


def test_what_is_there_contradicts_settings_that_deny_it():
    async def able(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        choice = {"index": 0, "message": {"content": "red"}, "finish_reason": "stop"}
        said = json.dumps({"choices": [choice]}).encode()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(said), said))
        writer.close()

    probed = probed_at(able, "new", features={"images": False})
    assert (probed.verdicts["images"], probed.contradictions) == ("yes", ("images: true",))


def test_a_target_that_does_not_answer_is_asked_nothing_more():
    box = Provider(kind="openai", base_url="http://127.0.0.1:9/v1", api_key="sk-x")
    (probed,) = run({"box": box}, "box/m")
    assert probed.verdicts == {"text": "unknown"}
    assert told(probed).state == "broken"


def test_each_target_is_asked_once_fallbacks_too():
    box = Provider(kind="openai", base_url="http://127.0.0.1:9/v1", api_key="sk-x")
    model = Model(targets=("box/a", "box/b"), fallback=("box/a", "box/c"))
    taken = snapshot({"box": box}, m=model)
    assert [target.model for target in targets_of(taken, ["m", "box/b"])] == ["a", "b", "c"]
    with pytest.raises(UnknownModel):
        targets_of(taken, ["nowhere"])


def test_the_cost_is_bounded_and_stated_for_what_has_a_price():
    openai = Provider(api_key="sk-x")
    taken = snapshot({"openai": openai})
    nusd, unpriced = most_it_costs(taken, targets_of(taken, ["gpt-4.1", "openai/new"]), AT_US)
    answers = len(ABOUTS) * 256 * 8_000  # $8 per million tokens
    assert answers < nusd < 1.5 * answers
    assert unpriced == 1


def test_words_for_people():
    probed = Probed(target="a/b", verdicts={"text": "yes", "tools": "no"}, said={"tools": "not so"})
    assert told(probed).detail == "text yes, tools no; tools: not so"
