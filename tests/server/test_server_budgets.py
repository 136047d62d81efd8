"""Limits and budgets as callers meet them: who is counted, what is told and sent on, what a dead worker leaves."""

import os
import signal
import time

import httpx
import pytest
from server_gateway import Gateway, eventually, settings
from server_sockets import Caller, asking, request

LIMITS = [
    {"scope": {"tag": {"team": "slow"}}, "rpm": 2},
    {"scope": {"key": "narrow"}, "concurrency": 1},
    {"scope": {"key": "bursting"}, "rpm": 60, "burst": 2},
]
BUDGETS = [
    {
        "scope": {"tag": {"team": "poor"}},
        "usd": 0.002,
        "time_zone": "Asia/Seoul",
        "warn_at": [0.01],
    },
    {"scope": {"tag": {"team": "soft"}}, "usd": 1, "mode": "soft", "soft_from": 0.000001},
]
MODELS = {"either": {"targets": ["oa/gpt-4.1", "oa/gpt-4.1-mini"]}}


@pytest.fixture(scope="module")
def gateway(provider, tmp_path_factory):
    config = settings(provider.port, MODELS) | {"limits": LIMITS, "budgets": BUDGETS}
    with Gateway(tmp_path_factory.mktemp("budgets"), config) as running:
        yield running


def ask(gateway, key, model="oa/gpt-4.1", tags=None, **more):
    headers = {"x-madang-tags": tags} if tags else {}
    body = asking(model, **more)
    return gateway.call("POST", "/v1/chat/completions", key, json=body, headers=headers)


def test_a_tag_is_counted_over_all_its_keys_and_only_where_it_is_given(gateway):
    keys = [gateway.make_key(f"slow-{n}")[1] for n in range(2)]
    statuses = [ask(gateway, key, tags="team=slow").status_code for key in (*keys, keys[0])]
    assert statuses == [200, 200, 429]
    assert ask(gateway, keys[0]).status_code == 200
    refusal = ask(gateway, keys[1], tags="team=slow,env=x")
    assert "team=slow limit of 2 requests per minute" in refusal.json()["error"]["message"]
    assert 1 <= int(refusal.headers["retry-after"]) <= 61


def test_a_tags_budget_warns_then_holds(gateway):
    _, key = gateway.make_key("tagged")
    statuses = [ask(gateway, key, tags="team=poor", max_tokens=16).status_code for _ in range(20)]
    assert statuses[0] == 200
    assert statuses[-1] == 402
    assert gateway.log.count("The team=poor budget per month") == 1
    metrics = gateway.call("GET", "/metrics").text
    assert 'madang_budget_warnings_total{budget="tag:team=poor:usd:month:Asia/Seoul"' in metrics
    assert ask(gateway, key).status_code == 200


def test_openais_headers_tell_what_is_left(gateway):
    _, key = gateway.make_key("watching", rpm=3, tpm=100_000)
    told = [ask(gateway, key, max_tokens=50).headers for _ in range(3)]
    left = [headers["x-ratelimit-remaining-requests"] for headers in told]
    assert left == ["2", "1", "0"]
    assert told[0]["x-ratelimit-limit-requests"] == "3"
    assert told[0]["x-ratelimit-limit-tokens"] == "100000"
    assert int(told[0]["x-ratelimit-remaining-tokens"]) in range(99_900, 99_950)
    refusal = ask(gateway, key, max_tokens=50)
    assert refusal.status_code == 429
    assert refusal.headers["x-ratelimit-remaining-requests"] == "0"
    assert refusal.headers["x-ratelimit-reset-requests"].startswith(("1m", "59.", "60"))


def test_anthropics_headers_tell_it_in_their_way_and_geminis_errors_in_theirs(gateway):
    _, key = gateway.make_key("rfc", rpm=1)
    messages = {**asking("an/m"), "max_tokens": 10}
    answer = gateway.call("POST", "/v1/messages", key, json=messages)
    assert answer.headers["anthropic-ratelimit-requests-remaining"] == "0"
    reset = time.strptime(
        answer.headers["anthropic-ratelimit-requests-reset"], "%Y-%m-%dT%H:%M:%SZ"
    )
    assert 55 < time.mktime(reset) - time.mktime(time.gmtime()) < 63
    contents = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}
    refusal = gateway.call("POST", "/v1beta/models/ge%2Fm:generateContent", key, json=contents)
    details = refusal.json()["error"]["details"]
    delay = next(one["retryDelay"] for one in details if one["@type"].endswith("RetryInfo"))
    assert 50 < float(delay.rstrip("s")) <= 61


def test_a_key_without_limits_is_told_nothing(gateway):
    headers = ask(gateway, gateway.make_key("free")[1]).headers
    assert not [name for name in headers if "ratelimit" in name]


def test_a_burst_passes_and_then_one_a_second(gateway):
    _, key = gateway.make_key("bursting")
    answers = [ask(gateway, key) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].headers["retry-after"] == "1"


def test_as_many_at_once_as_are_allowed(gateway, provider):
    _, key = gateway.make_key("narrow")

    async def waits(visit):
        await visit.gone()

    model = provider.plays("at-once", waits)
    with Caller(gateway.port) as first:
        first.say(request(asking(f"oa/{model}"), key))
        eventually(lambda: provider.asked[model])
        refusal = ask(gateway, key)
        assert refusal.status_code == 429
        assert refusal.json()["error"]["code"] == "concurrency_exceeded"
    eventually(lambda: ask(gateway, key).status_code == 200)


def test_far_from_its_cap_a_budget_changes_nothing_and_near_it_the_answer_is_bounded(
    gateway, provider
):
    _, rich = gateway.make_key("rich", budget_usd="100")
    answer = ask(gateway, rich, temperature=0.5)
    assert "max_tokens" not in provider.last("gpt-4.1").json
    assert "x-madang-lossy" not in answer.headers
    story = gateway.story(answer.headers["x-request-id"])
    # 32,768 tokens at 8 dollars a million, and at most 600 at 2
    assert 262_144_000 < story["attempts"][0]["reserved_nusd"] < 262_144_000 + 1_200_000
    _, modest = gateway.make_key("modest", budget_usd="0.8")
    answer = ask(gateway, modest, temperature=0.5)
    sent = provider.last("gpt-4.1").json
    # an eighth of it is 0.1 dollars: what is left beside the prompt pays for 12,3xx tokens
    assert 12_300 < sent["max_tokens"] < 12_400
    assert answer.headers["x-madang-lossy"] == "max_tokens"
    story = gateway.story(answer.headers["x-request-id"])
    assert story["attempts"][0]["reserved_nusd"] == 100_000_000
    _, short = gateway.make_key("short", budget_usd="0.2")
    assert ask(gateway, short, max_tokens=32_000).status_code == 200  # that would be 0.256 dollars
    assert 2_900 < provider.last("gpt-4.1").json["max_tokens"] < 3_000


@pytest.mark.parametrize(("usd", "status"), [("0.05", 402), ("0.2", 200)])
def test_an_answer_that_thinks_keeps_the_room_for_that_or_is_refused(
    gateway, provider, usd, status
):
    """Four thousand tokens of thoughts are six cents. An eighth of 20 cents is 1,666 tokens: too few to think."""
    _, key = gateway.make_key("thinker", budget_usd=usd)
    thinking = {"thinking": {"type": "enabled", "budget_tokens": 4000}, "max_tokens": 20_000}
    answer = gateway.call(
        "POST", "/v1/messages", key, json=asking("an/claude-sonnet-4", **thinking)
    )
    assert answer.status_code == status
    if status == 200:
        assert provider.last("claude-sonnet-4").json["max_tokens"] == 4_001


def test_a_soft_budget_has_the_cheapest_target_asked_first_and_says_so(gateway, provider):
    _, key = gateway.make_key("thrifty")
    before = ask(gateway, key, "either", tags="team=soft")
    assert before.headers["x-madang-model"] == "gpt-4.1"
    first = ask(gateway, key, "either", tags="team=soft")
    assert first.headers["x-madang-model"] == "gpt-4.1-mini"
    assert "cheapest_first" in first.headers["x-madang-lossy"]
    assert "cheapest_first" in gateway.story(first.headers["x-request-id"])["losses"]
    assert ask(gateway, key, "either").headers["x-madang-model"] == "gpt-4.1"


def test_several_answers_are_reserved_each(gateway):
    _, key = gateway.make_key("many", budget_usd="100")
    one, five = (
        gateway.story(ask(gateway, key, max_tokens=1000, **more).headers["x-request-id"])
        for more in ({}, {"n": 5})
    )
    reserved = [story["attempts"][0]["reserved_nusd"] for story in (one, five)]
    assert reserved[1] - reserved[0] in range(4 * 8_000_000, 4 * 8_000_000 + 50_000)


@pytest.fixture(scope="module")
def workers(provider, tmp_path_factory):
    home = tmp_path_factory.mktemp("four")
    with Gateway(home, settings(provider.port, drain_s=2), "--workers", "4") as running:
        yield running


def anew(gateway, key, **more):
    """One request on a connection of its own, so that any worker may get it."""
    body = asking("oa/gpt-4.1", **more)
    close = {"connection": "close"}
    return gateway.call("POST", "/v1/chat/completions", key, json=body, headers=close)


def test_four_workers_let_through_what_one_would(workers):
    _, key = workers.make_key("hurried", rpm=40)
    statuses: list[int] = []
    while statuses.count(429) < 30 and len(statuses) < 1000:
        statuses.append(anew(workers, key).status_code)
    assert statuses.count(200) == 40


def test_what_a_worker_held_comes_back_when_it_is_killed(workers, provider):
    """Requests are under way at all of them; all are killed, and their successors owe nothing."""
    _, key = workers.make_key("bereft", budget_usd="0.02")
    eventually(
        lambda: [anew(workers, key, max_tokens=16).status_code for _ in range(12)] == [200] * 12
    )

    async def waits(visit):
        await visit.gone(30)

    provider.scripts["gpt-4.1"] = waits
    asked = len(provider.asked["gpt-4.1"])
    callers = []

    def enough_are_under_way():
        callers.append(Caller(workers.port))
        callers[-1].say(request(asking("oa/gpt-4.1", max_tokens=100), key))
        return len(provider.asked["gpt-4.1"]) >= asked + 8

    eventually(enough_are_under_way)
    del provider.scripts["gpt-4.1"]
    eventually(lambda: b"budget_reserved" in anew(workers, key, max_tokens=1200).content)
    for pid in workers.workers:
        os.kill(pid, signal.SIGKILL)
    for caller in callers:
        caller.close()
    eventually(lambda: len(workers.workers) == 4)

    def answered():
        try:
            return anew(workers, key, max_tokens=1200).status_code == 200
        except httpx.TransportError:  # the worker that had taken the connection is gone
            return False

    eventually(answered)
