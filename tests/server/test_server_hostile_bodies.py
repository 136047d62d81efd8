"""Requests whose JSON is strange, wrong or hostile: never a failure of the gateway's own, never a defect logged."""

import json
import random

import pytest
from server_callers import ASK, conversation
from server_gateway import DIALECTS, KINDS, eventually
from server_mutations import mutations
from server_sockets import asking
from test_server_relay import PATHS, post

from madang.catalog import load
from madang.config.sections.providers import Provider
from madang.model import Attempt, Target
from madang.routing.board import Board
from madang.server.process.assembly import assemble
from madang.watch.metrics import Metrics

FACTS = {
    "n": 0,
    "at_us": 0,
    "key_id": "k",
    "dialect": "chat",
    "asked_model": "m",
    "provider": "oa",
    "api": "chat",
    "outcome": "ok",
}
NAMES = [*KINDS]
every_pair = pytest.mark.parametrize(("dialect", "name"), [(d, n) for d in DIALECTS for n in KINDS])


@pytest.fixture(autouse=True)
def nothing_is_logged(gateway):
    """A strange request is the caller's business, and no news for the operator."""
    before = len(gateway.log)
    yield
    assert gateway.log[before:] == ""


def body_for(dialect, name, content, **more):
    """A body with `content` in the place of its conversation."""
    if dialect == "gemini":
        return {"contents": content, **more}
    return {"model": f"{name}/m", "max_tokens": 9, "messages": content, **more}


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'], ids=["[", "{", "[{"])
@every_pair
def test_deep_nesting_is_refused_or_relayed(gateway, key, dialect, name, opening):
    deep = (
        opening * 100_000
        + b"1"
        + opening[::-1].translate(bytes.maketrans(b"[{", b"]}"), b'":a') * 100_000
    )
    whole = json.dumps(body_for(dialect, name, "DEEP")).encode().replace(b'"DEEP"', deep)
    answer = post(gateway, key, PATHS[dialect].format(f"{name}/m"), whole)
    assert answer.status_code in (200, 400)


@every_pair
def test_invalid_utf8_is_400_that_says_so(gateway, key, dialect, name):
    whole = json.dumps(body_for(dialect, name, "BAD")).encode().replace(b"BAD", b"\xff\xfe\xc3(")
    answer = post(gateway, key, PATHS[dialect].format(f"{name}/m"), whole)
    assert answer.status_code == 400
    assert "UTF-8" in answer.text or "utf-8" in answer.text


@pytest.mark.parametrize("text", ["\ud800", "a\0b", "\x1b[31m", "a\u2028", "\U0010ffff", "\ufeff"])
@every_pair
def test_odd_characters_pass_or_are_refused(gateway, provider, key, dialect, name, text):
    turns = {
        "chat": [{"role": "user", "content": text}],
        "messages": [{"role": "user", "content": text}],
        "gemini": [{"role": "user", "parts": [{"text": text}]}],
    }
    body = json.dumps(body_for(dialect, name, turns[dialect])).encode()
    answer = post(gateway, key, PATHS[dialect].format(f"{name}/m"), body)
    assert answer.status_code in ((200, 400) if text == "\ud800" else (200,))
    if answer.status_code == 200 and text != "\ud800":
        assert json.dumps(text) in json.dumps(provider.last("m").json)


@pytest.mark.parametrize("number", ["1e999", "-1", "1" + "0" * 5000, "1.5", "1e-999", "NaN", "0x9"])
@every_pair
def test_odd_numbers_pass_or_are_refused(gateway, key, dialect, name, number):
    body = body_for(dialect, name, [{"role": "user", "content": "hi", "parts": [{"text": "hi"}]}])
    place = {"generationConfig": {"maxOutputTokens": 1, "temperature": 77}}
    body |= place if dialect == "gemini" else {"max_tokens": 77, "temperature": 77}
    whole = json.dumps(body).encode().replace(b"77", number.encode())
    answer = post(gateway, key, PATHS[dialect].format(f"{name}/m"), whole)
    assert answer.status_code in (200, 400)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "model",
    [
        "a\r\nx-injected: 1",
        "a\0b",
        "a b",
        "../../admin",
        "a?key=1#x",
        "\u00e9\u4f60",
        "a%0d%0ab",
        "%",
    ],
)
def test_a_models_name_stays_a_name(gateway, provider, key, name, model):
    """Wherever it goes - a path, a header of the answer, the ledger - it ends nothing there."""
    answer = post(gateway, key, PATHS["chat"], json.dumps(asking(f"{name}/{model}")).encode())
    assert answer.status_code == (200 if model.isprintable() else 404)
    if answer.status_code == 200:
        asked = provider.last(model)
        assert asked.model == model
        assert gateway.story(answer.headers["x-request-id"])["model"] == model


def test_endless_names_of_models_are_refused(gateway, key):
    """They would be remembered: in routes, standings and metrics."""
    for prefix in ("", "oa/", "verbatim-"):
        answer = post(
            gateway, key, PATHS["chat"], json.dumps(asking(prefix + "x" * 500_000)).encode()
        )
        assert answer.status_code in (400, 404)
        assert len(answer.content) < 2000


def test_ever_new_names_are_not_remembered_for_ever():
    """Callers may make up names of models; neither lanes nor standings nor metrics grow without bound."""
    board, metrics = Board(), Metrics(Board())
    snapshot = assemble({}, {"oa": Provider("openai", "http://127.0.0.1:9/v1")}, load(), board)
    for number in range(10_050):
        snapshot.lane(Target("oa", f"m{number}", "chat"))
    assert len(board.items()) < 100
    for number in range(5_050):
        row = Attempt(**FACTS, id=f"{number}", request_id=f"{number}", model=f"m{number}")
        metrics.saw([row])
    text = metrics.render()
    assert text.count(b"madang_attempts_total{") <= 5_001
    assert b"(others)" in text


@pytest.mark.parametrize("field", ["a\r\nb: c", "a\0", "\u00e9" * 200, "x" * 20_000, ",", "\ud800"])
@pytest.mark.parametrize("name", ["an", "ge"])
def test_what_cannot_cross_is_named_safely(gateway, key, name, field):
    """`x-madang-lossy` repeats the caller's own words: they must fit into a header."""
    body = asking(f"{name}/m", **{field: 1, "seed": 7, "logit_bias": {"1": 1}})
    answer = post(gateway, key, PATHS["chat"], json.dumps(body).encode())
    assert answer.status_code in (200, 400)
    if answer.is_success:
        assert "b" not in answer.headers
        assert "logit_bias" in answer.headers["x-madang-lossy"]
        assert len(answer.headers["x-madang-lossy"]) < 2000


def test_many_fields_that_cannot_cross_fit_into_a_header(gateway, key):
    body = asking("an/m", **{f"field_{n}": n for n in range(5000)})
    answer = post(gateway, key, PATHS["chat"], json.dumps(body).encode())
    assert answer.is_success
    assert len(answer.headers["x-madang-lossy"]) < 2000


@every_pair
def test_no_mutation_of_a_request_breaks_the_gateway(gateway, provider, key, dialect, name):
    """A sample of all single mistakes; each is answered, or refused as the caller's mistake."""
    native = DIALECTS[dialect]
    ASK[dialect](gateway.url, key, f"{native}/unharmed", **conversation(dialect))
    bodies = [*mutations(provider.last("unharmed").json)]
    for body in random.Random(7).sample(bodies, 40):
        whole = body if dialect == "gemini" else {**body, "model": f"{name}/m"}
        answer = post(gateway, key, PATHS[dialect].format(f"{name}/m"), json.dumps(whole).encode())
        assert answer.status_code in (200, 400), whole


def test_nothing_is_left_in_flight(gateway):
    assert eventually(lambda: gateway.status()["in_flight"] == 0)
