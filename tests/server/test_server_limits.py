"""What a key may use: refused with the right class in every dialect, exact under concurrency, and never leaking."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from server_callers import ASK, refused
from server_gateway import DIALECTS, eventually
from server_sockets import Caller, asking, request
from test_server_errors import check
from test_server_hostile_providers import NO_ANSWER, ask


def spend(gateway, key, model, **more):
    """One small request; its status."""
    body = asking(model, max_tokens=100, **more)
    return gateway.call("POST", "/v1/chat/completions", key, json=body).status_code


@pytest.mark.parametrize("dialect", DIALECTS)
def test_too_many_requests_are_429_with_the_time_to_wait(gateway, dialect):
    _, key = gateway.make_key("hurried", rpm=2)
    for _ in range(2):
        assert ASK[dialect](gateway.url, key, "oa/m").text
    refusal = refused(dialect, gateway.url, key, "oa/m")
    check(refusal, dialect, 429)
    assert 1 <= int(refusal.retry_after) <= 61
    assert "2 requests per minute" in refusal.message


@pytest.mark.parametrize("dialect", DIALECTS)
def test_too_many_tokens_are_429(gateway, provider, dialect):
    """What a provider reports counts, not what was guessed."""
    _, key = gateway.make_key("chatty", tpm=2000)
    model = provider.plays(f"chatty-{dialect}", lambda visit: visit.answer(usage=(1400, 600)))
    assert ASK[dialect](gateway.url, key, f"oa/{model}").tokens == (1400, 600)
    refusal = refused(dialect, gateway.url, key, f"oa/{model}")
    check(refusal, dialect, 429)
    assert "2000 tokens per minute" in refusal.message


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_budget_that_is_used_up_is_402(gateway, dialect):
    _, key = gateway.make_key("poor", budget_usd="0.000001")
    refusal = refused(dialect, gateway.url, key, "an/claude-opus-4-8")
    assert refusal.status == 402
    assert "budget" in refusal.message


def test_a_budget_holds_against_many_at_once(gateway):
    """Check and reservation are one step. 11 and 7 tokens of gpt-4.1 cost 78 µ$, the worst case some 2,000.

    429: the money is there, but others hold it; 402: it is spent.
    """
    _, key = gateway.make_key("crowd", budget_usd="0.005")
    with ThreadPoolExecutor(12) as pool:
        statuses = list(pool.map(lambda _: spend(gateway, key, "oa/gpt-4.1"), range(90)))
    assert {200} <= set(statuses) <= {200, 402, 429}
    while statuses[-1] != 402:  # one after the other, to the end
        statuses.append(spend(gateway, key, "oa/gpt-4.1"))
    month = gateway.call("GET", "/v1/usage/current-month", key).json()
    assert month["requests"] == statuses.count(200)
    assert month["total_cost_nusd"] == statuses.count(200) * (11 * 2_000 + 7 * 8_000)
    assert month["total_cost_nusd"] <= 5_000_000


def test_reservations_are_given_back_whatever_happens(gateway, provider):
    """Failures, mistakes and callers that leave cost what they cost, and block nothing."""
    _, key = gateway.make_key("unlucky", budget_usd="0.006")

    async def waits(visit):
        await visit.gone()

    for name in ("closed", "garbage", "half JSON"):
        provider.scripts["gpt-4.1"] = NO_ANSWER[name]
        for stream in (False, True):
            assert ask(gateway, key, "chat", "oa", "gpt-4.1", stream).status_code == 502
    provider.scripts["gpt-4.1"] = waits
    for _ in range(4):
        asked = len(provider.asked["gpt-4.1"])
        with Caller(gateway.port) as caller:
            caller.say(request(asking("oa/gpt-4.1", max_tokens=100), key))
            eventually(lambda asked=asked: len(provider.asked["gpt-4.1"]) > asked)
    eventually(lambda: gateway.status()["in_flight"] == 0)
    del provider.scripts["gpt-4.1"]
    assert spend(gateway, key, "ge/gemini-2.5-flash", messages=[{"role": "nobody"}]) == 400
    assert [spend(gateway, key, "oa/gpt-4.1") for _ in range(5)] == [200] * 5


def test_a_budget_survives_a_restart(own_gateway):
    gateway = own_gateway()
    _, key = gateway.make_key("patient", budget_usd="0.003")
    statuses = [spend(gateway, key, "oa/gpt-4.1") for _ in range(4)]
    assert statuses == [200] * 4
    gateway.kill()
    gateway.start()
    again = [spend(gateway, key, "oa/gpt-4.1") for _ in range(20)]
    assert 200 in again
    assert again[-1] == 402
    assert (again.count(200) + 4) * 78_000 <= 3_000_000


def test_an_unlimited_key_is_never_held_up(gateway):
    """Four hundred calls in a minute, and the month's usage adds up to the token."""
    _, key = gateway.make_key("unlimited")
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: spend(gateway, key, "oa/gpt-4.1"), range(400)))
    assert statuses == [200] * 400
    month = gateway.call("GET", "/v1/usage/current-month", key).json()
    assert (month["requests"], month["total_tokens"]) == (400, 400 * 18)
    assert month["by_model"]["gpt-4.1"]["requests"] == 400


def test_the_cost_is_told_and_entered_alike(gateway, key):
    """11 and 7 tokens of gpt-4.1, at 2 and 8 dollars a million."""
    body = asking("oa/gpt-4.1")
    answer = gateway.call("POST", "/v1/chat/completions", key, json=body)
    assert answer.headers["x-madang-cost-usd"] == "0.000078000"
    story = gateway.story(answer.headers["x-request-id"])
    assert story["cost_nusd"] == 78_000
    assert story["price"]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_gateway_that_has_enough_to_do_says_so(provider, own_gateway, dialect):
    gateway = own_gateway(server={"max_in_flight": 1})
    _, key = gateway.make_key("second")

    async def waits(visit):
        await visit.gone()

    model = provider.plays(f"occupied-{dialect}", waits)
    with Caller(gateway.port) as first:
        first.say(request(asking(f"oa/{model}"), key))
        eventually(lambda: provider.asked[model])
        refusal = refused(dialect, gateway.url, key, "oa/m")
    check(refusal, dialect, 529 if dialect == "messages" else 503)
    assert refusal.retry_after
    assert eventually(lambda: gateway.status()["in_flight"] == 0)
    assert ASK[dialect](gateway.url, key, "oa/m").text


def test_a_budget_that_a_key_gets_later_knows_what_was_spent_before(gateway):
    """15 answers of 78 µ$ each are more than the budget that follows."""
    key_id, key = gateway.make_key("late")
    time.sleep(2.5)  # no newborn any more
    assert {spend(gateway, key, "oa/gpt-4.1") for _ in range(15)} == {200}
    month = gateway.call("GET", "/v1/usage/current-month", key).json()
    assert month["requests"] == 15  # by now the ledger has them
    gateway.call("PATCH", f"/api/keys/{key_id}", json={"budget_usd": "0.001"})
    eventually(lambda: spend(gateway, key, "oa/gpt-4.1") == 402)
    month = gateway.call("GET", "/v1/usage/current-month", key).json()
    assert month["requests"] == 15
