"""Budgets and what nobody knows the price of: not asked under a budget, unless the configuration lets it pass."""

import json

import pytest
import server_answers as answers
from server_gateway import Gateway, eventually, settings
from server_media import SHOT, made_config
from server_sockets import asking

STRANGE = "oa/nobody-knows"
MODELS = {
    "both": {"targets": [STRANGE, "oa/gpt-4.1"]},
    "caught": {"targets": [STRANGE], "fallback": ["oa/gpt-4.1"]},
}


@pytest.fixture(scope="module")
def gateway(provider, tmp_path_factory):
    with Gateway(tmp_path_factory.mktemp("unknown"), settings(provider.port, MODELS)) as running:
        yield running


def ask(gateway, key, model, path="/v1/chat/completions"):
    return gateway.call("POST", path, key, json=asking(model, max_tokens=16))


def test_a_key_with_a_budget_is_refused_what_has_no_known_price(gateway):
    key = gateway.make_key("careful", budget_usd="1")[1]
    refused = ask(gateway, key, STRANGE)
    assert (refused.status_code, refused.json()["error"]["code"]) == (402, "price_unknown")
    assert STRANGE in refused.json()["error"]["message"]
    told = ask(gateway, key, STRANGE, "/v1/messages").json()
    assert (told["type"], told["error"]["type"]) == ("error", "billing_error")
    vector = {"model": STRANGE, "input": "a"}
    assert gateway.call("POST", "/v1/embeddings", key, json=vector).status_code == 402


def test_a_key_without_a_budget_asks_whom_it_likes(gateway):
    key = gateway.make_key("free")[1]
    assert ask(gateway, key, STRANGE).status_code == 200


@pytest.mark.parametrize("model", ["both", "caught"])
def test_of_several_only_those_are_asked_whose_price_is_known(gateway, model):
    key = gateway.make_key("careful", budget_usd="1")[1]
    answer = ask(gateway, key, model)
    assert (answer.status_code, answer.headers["x-madang-model"]) == (200, "gpt-4.1")
    free = ask(gateway, gateway.make_key("free")[1], model)
    assert free.headers["x-madang-model"] == "nobody-knows"


def test_a_tier_without_a_price_is_asked_of_nobody_on_a_budget(gateway, provider):
    key = gateway.make_key("careful", budget_usd="1")[1]
    asked = {**asking("oa/gpt-4.1", max_tokens=16), "service_tier": "scale"}
    refused = gateway.call("POST", "/v1/chat/completions", key, json=asked)
    assert (refused.status_code, refused.json()["error"]["code"]) == (402, "price_unknown")
    assert "`scale`" in refused.json()["error"]["message"]
    elsewhere = gateway.call(
        "POST", "/v1/chat/completions", key, json={**asked, "model": "an/claude-opus-4-8"}
    )
    assert elsewhere.status_code == 200  # it is no word of that format


def test_an_answer_at_a_tier_without_a_price_counts_what_was_set_aside(gateway, provider):
    """Nobody asked for that tier; 1,000 tokens of the answer cost 1 cent at the plain price of $10."""

    async def elsewhere(visit):
        body = answers.plain("openai", model="gpt-4o")
        await visit.send(answers.http(json.dumps({**body, "service_tier": "scale"}).encode()))

    provider.plays("gpt-4o", elsewhere)
    key = gateway.make_key("surprised", budget_usd="0.025")[1]
    body = asking("oa/gpt-4o", max_tokens=1000)
    asked = [gateway.call("POST", "/v1/chat/completions", key, json=body) for _ in range(3)]
    assert [reply.status_code for reply in asked] == [200, 200, 402]


def test_the_configuration_may_let_it_pass_and_give_it_a_price(provider, tmp_path):
    config = settings(provider.port, MODELS) | {"unknown_price": "allow"}
    with Gateway(tmp_path, config) as gateway:
        key = gateway.make_key("easy", budget_usd="0.000001")[1]
        assert ask(gateway, key, STRANGE).status_code == 200
        own = {"provider": "oa", "model": "nobody-knows", "in": 1000, "out": 1000}
        gateway.configure(config | {"unknown_price": "refuse", "prices": [own]})
        eventually(lambda: "budget_exceeded" in ask(gateway, key, STRANGE).text)


def test_clips_and_pictures_without_a_known_price_are_not_made_on_a_budget(makers, stage, tmp_path):
    with Gateway(tmp_path, made_config(makers)) as gateway:
        key = gateway.make_key("careful", budget_usd="10")[1]
        clip = gateway.call("POST", "/v1/videos", key, json={**SHOT, "model": "runway/gen9"})
        assert (clip.status_code, clip.json()["error"]["code"]) == (402, "price_unknown")
        drawing = {"model": "openai/gpt-image-9", "prompt": "A fox"}
        refused = gateway.call("POST", "/v1/images/generations", key, json=drawing)
        assert refused.status_code == 402
        assert stage.book == []
        assert gateway.call("POST", "/v1/videos", key, json=SHOT).status_code == 200
