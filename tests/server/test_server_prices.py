"""Prices in a running gateway: what an answer reports decides its cost; its own prices are taken up and re-rated."""

import json

import pytest
import server_answers as answers
from server_gateway import ADMIN_KEY, Gateway, eventually, settings

SOON_S = 3.0
PRICES = [
    {"provider": "oa", "model": "own", "in": 1, "out": 2, "service": {"flex": 0.5}},
    {"provider": "an", "model": "own", "in": 1, "out": 2, "per": {"thousand_searches": 10}},
]


@pytest.fixture(scope="module")
def running(provider, tmp_path_factory):
    """A gateway for these tests alone, with prices of its own, and a key."""
    config = settings(provider.port) | {"prices": PRICES}
    with Gateway(tmp_path_factory.mktemp("prices"), config) as gateway:
        yield gateway, gateway.make_key("caller")[1]


def scripted(provider, **said):
    """Have the provider say more about what it used."""

    async def script(visit):
        body = answers.plain(visit.asked.kind, model=visit.asked.model)
        usage = said.pop("usage", {})
        body["usage"] |= usage
        await visit.send(answers.http(json.dumps(body | said).encode()))

    provider.scripts["own"] = script


def ask(gateway, key, model, path="/v1/chat/completions"):
    body = {"model": model, "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    answer = gateway.call("POST", path, key, json=body)
    assert answer.status_code == 200, gateway.log
    (row,) = gateway.story(answer.headers["x-request-id"])["attempts"]
    return answer, row


def test_the_tier_of_an_answer_decides_its_price(provider, running):
    gateway, key = running
    scripted(provider, service_tier="flex")
    answer, row = ask(gateway, key, "oa/own")
    # half of $1/M in and $2/M out
    cost = row["input_tokens"] * 500 + row["output_tokens"] * 1_000
    assert (row["cost_nusd"], row["tier"]) == (cost, "flex")
    assert row["price"] == "oa/own@1970-01-01#own,flex"
    assert float(answer.headers["x-madang-cost-usd"]) * 1e9 == pytest.approx(cost)


def test_a_tier_without_a_price_is_unknown_and_never_zero(provider, running):
    gateway, key = running
    scripted(provider, service_tier="provisioned")
    answer, row = ask(gateway, key, "oa/own")
    assert (row["cost_nusd"], row["price"], row["tier"]) == (None, None, "provisioned")
    assert "x-madang-cost-usd" not in answer.headers


def test_searches_are_charged_beside_the_tokens(provider, running):
    gateway, key = running
    scripted(provider, usage={"server_tool_use": {"web_search_requests": 2}})
    _, row = ask(gateway, key, "an/own", "/v1/messages")
    tokens = row["input_tokens"] * 1_000 + row["output_tokens"] * 2_000
    assert (row["units"], row["cost_nusd"]) == ({"searches": 2}, tokens + 20_000_000)


def test_a_new_price_holds_without_a_restart_and_what_was_before_is_rerated(provider, running):
    gateway, key = running
    scripted(provider)
    _, before = ask(gateway, key, "oa/own")
    dearer = [PRICES[0] | {"in": 3, "out": 6}, PRICES[1]]
    gateway.configure(settings(provider.port) | {"prices": dearer})

    def cost_now():
        return ask(gateway, key, "oa/own")[1]["cost_nusd"]

    eventually(lambda: cost_now() == 3 * before["cost_nusd"], SOON_S)
    entered = spent(gateway)
    body = {"provider": "oa", "model": "own", "reason": "the list was late"}
    told = gateway.call("POST", "/api/prices/rerate", json=body | {"dry_run": True}).json()
    (done,) = booked = gateway.call("POST", "/api/prices/rerate", json=body).json()
    assert told == booked
    assert done["difference_nusd"] > 0
    assert spent(gateway) == entered + done["difference_nusd"]
    (entry,) = gateway.call("GET", "/api/prices/reratings").json()
    assert (entry["reason"], entry["difference_nusd"]) == (body["reason"], done["difference_nusd"])
    assert entry["actor"].startswith("key_")


def spent(gateway):
    return gateway.call("GET", "/v1/usage/current-month", ADMIN_KEY).json()["total_cost_nusd"]


def test_a_price_that_is_none_keeps_the_last_good_configuration(provider, running):
    gateway, key = running
    gateway.configure(settings(provider.port) | {"prices": [PRICES[0] | {"in": -1}]})
    eventually(lambda: "not a price in dollars" in gateway.log, SOON_S)
    scripted(provider)
    assert ask(gateway, key, "oa/own")[1]["cost_nusd"] > 0


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_prices_are_for_the_admin_key(running, method):
    gateway, key = running
    path = "/api/prices" if method == "GET" else "/api/prices/rerate"
    assert gateway.call(method, path, key, json={}).status_code == 403


@pytest.mark.parametrize("searches", [10**12, 10**9, 900_000_000])
def test_an_absurd_report_costs_an_estimate_and_its_row_is_not_lost(provider, running, searches):
    gateway, key = running
    scripted(provider, usage={"server_tool_use": {"web_search_requests": searches}})
    _, row = ask(gateway, key, "an/own", "/v1/messages")
    assert (row["estimated"], row["units"]) == (True, {})
    assert 0 < row["cost_nusd"] < 1_000_000


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("counts", [0, -7, "11", None, 1e300, []])
def test_a_report_that_counts_nothing_costs_an_estimate(provider, running, counts, stream):
    """No prompt is empty, so it is no report; some servers send zeros, and it would be had for nothing."""
    gateway, key = running
    said = {"prompt_tokens": counts, "completion_tokens": counts, "total_tokens": counts}

    async def script(visit):
        body = answers.plain("openai", model="own") | {"usage": said}
        if not stream:
            return await visit.send(answers.http(json.dumps(body).encode()))
        await visit.begin("Hello ", "there, all of you.")
        end = {**body, "object": "chat.completion.chunk", "choices": []}
        event = f"data: {json.dumps(end)}\n\ndata: [DONE]\n\n".encode()
        return await visit.send(answers.chunk(event), answers.LAST_CHUNK)

    provider.scripts["own"] = script
    body = {"model": "oa/own", "stream": stream, "messages": [{"role": "user", "content": "hi"}]}
    answer = gateway.call("POST", "/v1/chat/completions", key, json=body)
    (row,) = gateway.story(answer.headers["x-request-id"])["attempts"]
    assert row["estimated"]
    assert row["cost_nusd"] >= 3 * 1_000 + 3 * 2_000


def test_a_budget_knows_at_once_and_after_a_restart_what_a_price_put_right_has_changed(
    provider, own_gateway
):
    """A cent is enough for many; at a thousand times the price it is used up."""
    scripted(provider)
    gateway = own_gateway(**settings(provider.port) | {"prices": PRICES})
    key = gateway.make_key("small", budget_usd="0.01")[1]
    _, row = ask(gateway, key, "an/own", "/v1/messages")
    assert 10_000 < row["cost_nusd"] < 1_000_000
    dear = [PRICES[0], {**PRICES[1], "in": 100_000, "out": 200_000}]
    gateway.configure(gateway.config.read_text().replace(json.dumps(PRICES), json.dumps(dear)))

    def rerated():
        told = gateway.call("POST", "/api/prices/rerate", json={"provider": "an"}).json()
        return told and told[0]["after_nusd"] > 10_000_000

    eventually(rerated, SOON_S)

    def refused():
        body = {"model": "oa/own", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
        return gateway.call("POST", "/v1/chat/completions", key, json=body).status_code == 402

    eventually(refused, SOON_S)
    gateway.stop()
    gateway.start()
    assert refused()
