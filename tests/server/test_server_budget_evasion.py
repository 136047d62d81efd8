"""Ways around a budget: bounds and numbers of answers that we might read otherwise than a provider does.

The provider here reads leniently, as many do: numbers as text or with a point, either spelling of a
name, and of a name that comes twice the first. It makes the longest answer that it was allowed.
"""

import json

import pytest
from server_gateway import Gateway, settings
from server_sockets import asking

IN_NUSD, OUT_NUSD = 1_000, 10_000
PRICE = {"from": "2026-01-01", "in": IN_NUSD / 1000, "out": OUT_NUSD / 1000}
PROMPT = 10
CONTENTS = '"contents": [{"parts": [{"text": "hi"}]}]'


def first(pairs):
    """An object as a reader takes it that stops at the first of two."""
    return dict(reversed(pairs))


def number(*given):
    """The first of these that there is."""
    return next((int(float(one)) for one in given if one is not None), None)


def asked_for(visit):
    """The bound, and how many answers."""
    body = json.loads(visit.asked.body, object_pairs_hook=first)
    if visit.asked.kind == "openai":
        bound = number(body.get("max_tokens"), body.get("max_completion_tokens"))
        return bound, number(body.get("n"), 1)
    config = {**body.get("generationConfig", {}), **body.get("generation_config", {})}
    bound = number(config.get("max_output_tokens"), config.get("maxOutputTokens"))
    return bound, number(config.get("candidate_count"), config.get("candidateCount"), 1)


async def as_long_as_allowed(visit):
    bound, count = asked_for(visit)
    longest = bound if bound is not None and bound > 0 else 5000
    await visit.answer(usage=(PROMPT, longest * count))


@pytest.fixture(scope="module")
def gateway(provider, tmp_path_factory):
    provider.plays("lavish", as_long_as_allowed)
    config = settings(provider.port, {"lavish": {"targets": ["oa/lavish"]}})
    config["prices"] = [{**PRICE, "provider": one, "model": "lavish"} for one in ("oa", "ge")]
    with Gateway(tmp_path_factory.mktemp("evasion"), config) as running:
        yield running


def spent_nusd(gateway, path, body, budget_usd):
    """What one request has cost a new key with a budget, or 0 where it was refused for that."""
    _, key = gateway.make_key("sly", budget_usd=budget_usd)
    reply = gateway.call("POST", path, key, content=body)
    assert reply.status_code in (200, 402), reply.text
    return gateway.call("GET", "/v1/usage/current-month", key).json()["total_cost_nusd"]


CHAT = [
    '"max_completion_tokens": 5, "max_tokens": 5000',
    '"max_completion_tokens": 5000, "max_tokens": -1',
    '"max_tokens": 5000, "max_tokens": 5',
    '"max_tokens": 5000, "max\\u005ftokens": 5',
    '"max_tokens": 100, "n": 50.0',
    '"max_tokens": 100, "n": 1e2',
    '"max_tokens": 100, "n": "50"',
    '"max_tokens":100,"n":50,"n":1',
    '"max_tokens": 7, "n": 5000',
]


@pytest.mark.parametrize("said", CHAT)
def test_no_way_of_saying_it_has_chat_overspend(gateway, said):
    body = f'{{"model":"lavish","messages":[{{"role":"user","content":"hi"}}],{said}}}'
    assert spent_nusd(gateway, "/v1/chat/completions", body, "0.01") <= 10_000_000


GEMINI = [
    '"generationConfig": {"maxOutputTokens": "5000"}',
    '"generationConfig": {"maxOutputTokens": 5, "max_output_tokens": 5000}',
    '"generationConfig": {"maxOutputTokens": 5}, "generation_config": {"max_output_tokens": 5000}',
    '"generationConfig": {"maxOutputTokens": 5000, "maxOutputTokens": 5}',
    '"generationConfig": {"maxOutputTokens": 5000, "max\\u004futputTokens": 5}',
    '"generationConfig": {"maxOutputTokens": 5000}, "generationConfig": {"maxOutputTokens": 5}',
    '"generationConfig": {"maxOutputTokens": 100, "candidateCount": "50"}',
    '"generation_config": {"max_output_tokens": 100, "candidate_count": 50}',
]


@pytest.mark.parametrize("said", GEMINI)
@pytest.mark.parametrize("budget_usd", ["0.01", "0.03"])
def test_no_way_of_saying_it_has_gemini_overspend(gateway, said, budget_usd):
    """With 3 cents the answer is bounded to what is left, with one it is refused where it may cost more."""
    body, path = f"{{{CONTENTS}, {said}}}", "/v1beta/models/ge%2Flavish:generateContent"
    assert spent_nusd(gateway, path, body, budget_usd) <= float(budget_usd) * 1e9


def picture(url):
    return {"type": "image_url", "image_url": {"url": url}}


def test_pictures_that_are_only_named_are_set_aside_as_pictures(gateway, provider):
    """Three of GPT-4o's at 1024 by 1024 are 765 tokens each, however short their addresses are."""
    _, key = gateway.make_key("seeing", budget_usd="1")
    body = {**asking("oa/gpt-4o"), "max_tokens": 16}
    body["messages"][0]["content"] = [picture(f"https://x.test/{n}.png") for n in range(3)]
    reply = gateway.call("POST", "/v1/chat/completions", key, json=body)
    row = gateway.story(reply.headers["x-request-id"])["attempts"][0]
    assert row["reserved_nusd"] >= 3 * 765 * 2_500


@pytest.mark.parametrize("limits", [{"models": ["lavish"]}, {"budget_usd": "1"}])
@pytest.mark.parametrize("name", ["models", "fallbacks", "preset"])
def test_no_router_behind_a_provider_is_told_of_other_models(gateway, limits, name):
    """OpenRouter takes `models` when the first does not answer, at their price."""
    key = gateway.make_key("roundabout", **limits)[1]
    body = {**asking("lavish", max_tokens=5), name: ["anthropic/claude-opus-5.5"]}
    refused = gateway.call("POST", "/v1/chat/completions", key, json=body)
    assert (refused.status_code, refused.json()["error"]["param"]) == (403, name)
    free = gateway.make_key("free")[1]
    assert gateway.call("POST", "/v1/chat/completions", free, json=body).status_code == 200
