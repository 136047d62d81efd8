"""When a target fails before the first byte, the next one answers, and the caller sees only that."""

import asyncio
import json

import pytest
import server_answers as answers
from server_callers import ASK, openai_at, refused
from server_gateway import DIALECTS
from test_server_hostile_providers import NO_ANSWER, ask, cut
from test_server_relay import PATHS

plain_and_streamed = pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])


def refusing(status, word="x", message="so it is"):
    """A script that answers with an error."""

    async def script(visit):
        await visit.send(
            answers.http(answers.error(visit.asked.kind, status, message, word), status)
        )

    return script


async def stalls(visit):
    await visit.gone()


async def reports_an_error_first(visit):
    body = answers.error("openai", 500, "so it is", "server_error")
    if not visit.asked.stream:
        await visit.send(answers.http(body))
    else:
        await visit.send(answers.sse_head())
        for byte in b"data: " + body + b"\n\n":  # cut anywhere, it is still an error
            await visit.send(answers.chunk(b"%c" % byte))
        await visit.send(answers.LAST_CHUNK)


RETRYABLE = {
    "refused-key": (refusing(401), "provider_auth"),
    "forbidden": (refusing(403), "provider_auth"),
    "lacks-the-model": (refusing(404), "unknown_model"),
    "rate-limit": (refusing(429), "rate_limit"),
    "out-of-quota": (refusing(429, "insufficient_quota"), "provider_quota"),
    "broken-down": (refusing(500), "provider_failed"),
    "overloaded": (refusing(503), "overloaded"),
    "overloaded-too": (refusing(529), "overloaded"),
    "silent": (stalls, "timeout"),
    "error-in-a-200": (reports_an_error_first, "provider_failed"),
    "closed": (NO_ANSWER["closed"], "unreachable"),
    "reset": (NO_ANSWER["reset"], "unreachable"),
    "garbage": (NO_ANSWER["garbage"], "broken"),
    "web-page": (NO_ANSWER["web page"], None),
    "empty": (NO_ANSWER["empty"], None),
    "half-JSON": (NO_ANSWER["half JSON"], None),
    "too-short": (NO_ANSWER["too short"], "broken"),
}
FAILOVERS = {
    **{
        f"failover-{name}-{stream}": {
            "targets": [f"hasty-oa/failover-{name}-{stream}", "an/second"]
        }
        for name in RETRYABLE
        for stream in (False, True)
    },
    "failover-dead": {"targets": ["dead/first", "ge/second"]},
    "failover-wrong": {"targets": ["oa/failover-wrong", "an/never"]},
    "failover-begun": {"targets": ["oa/failover-begun", "an/never"]},
    "failover-all": {"targets": ["dead/all", "oa/failover-all", "hasty-oa/failover-last"]},
    "failover-late": {"targets": ["oa/failover-late", "oa/second"]},
    "failover-tired": {"targets": ["oa/failover-tired", "an/second"]},
    "overflow": {
        "targets": ["oa/overflow", "an/never"],
        "fallback": [
            {"to": "an/never", "on": ["rate_limit"]},
            {"to": "ge/larger", "on": ["context_overflow"]},
        ],
    },
}
"""The models of the shared gateway that these tests ask for; see `conftest`."""


@plain_and_streamed
@pytest.mark.parametrize("fault", RETRYABLE)
def test_what_may_be_retried_is_answered_by_the_next(gateway, provider, key, fault, stream):
    script, cause = RETRYABLE[fault]
    name = provider.plays(f"failover-{fault}-{stream}", script)
    dialect = "messages" if stream else "chat"
    answer = ask(gateway, key, dialect, None, name, stream)
    assert answer.status_code == 200, answer.text
    assert "so it is" not in answer.text
    assert answer.headers["x-madang-provider"] == "an"
    assert answer.headers["x-madang-attempts"] == "2"
    story = gateway.story(answer.headers["x-request-id"])
    first, second = story["attempts"]
    assert (first["outcome"], first["final"], first["provider"]) == ("failed", False, "hasty-oa")
    assert (second["outcome"], second["final"], second["provider"]) == ("ok", True, "an")
    assert cause in (None, first["cause"])
    assert (story["input_tokens"], story["output_tokens"]) == (11, 7)


@plain_and_streamed
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_provider_that_is_gone_is_replaced_in_every_dialect(gateway, key, dialect, stream):
    assert ASK[dialect](gateway.url, key, "failover-dead", stream=stream).text == "Hello there."


@pytest.mark.parametrize("status", [400, 422])
def test_a_callers_own_mistake_is_not_tried_elsewhere(gateway, provider, key, status):
    provider.scripts["failover-wrong"] = refusing(status)
    assert refused("chat", gateway.url, key, "failover-wrong").status == status
    assert not provider.asked["never"]


def test_a_stream_that_has_begun_is_not_begun_again(gateway, provider, key):
    provider.plays("failover-begun", cut)
    answer = ask(gateway, key, "chat", None, "failover-begun", stream=True)
    assert "provider_broken" in answer.text
    assert not provider.asked["never"]


def test_when_all_fail_the_last_says_why(gateway, provider, key):
    provider.plays("failover-all", refusing(500))
    provider.plays("failover-last", refusing(429))
    answer = ask(gateway, key, "chat", None, "failover-all", stream=False)
    assert answer.status_code == 429
    attempts = gateway.story(answer.headers["x-request-id"])["attempts"]
    assert [one["cause"] for one in attempts] == ["unreachable", "provider_failed", "rate_limit"]
    assert [one["final"] for one in attempts] == [False, False, True]


@plain_and_streamed
def test_an_overflow_goes_to_a_larger_window(gateway, provider, key, stream):
    """And to nothing else: other targets of the same model have the same window."""
    provider.scripts["overflow"] = refusing(400, "context_length_exceeded")
    assert ASK["chat"](gateway.url, key, "overflow", stream=stream).text == "Hello there."
    assert provider.last("larger").kind == "gemini"
    assert not provider.asked["never"]


def test_an_overflow_without_a_larger_window_is_400_with_its_code(gateway, provider, key):
    provider.plays("too long", refusing(400, "context_length_exceeded"))
    refusal = refused("chat", gateway.url, key, "oa/too long")
    assert refusal.status == 400
    assert refusal.body["code"] == "context_length_exceeded"


def test_the_deadline_counts_over_all_attempts(gateway, provider, key):
    provider.plays("failover-late", stalls)
    body = {"model": "failover-late", "messages": [{"role": "user", "content": "hi"}]}
    headers = {"x-madang-deadline-ms": "300"}
    answer = gateway.call("POST", PATHS["chat"], key, json=body, headers=headers)
    assert answer.status_code == 504


def test_a_target_that_keeps_failing_is_asked_last(gateway, provider, key):
    provider.plays("failover-tired", refusing(500))
    asked = [ask(gateway, key, "chat", None, "failover-tired", stream=False) for _ in range(5)]
    assert [one.headers["x-madang-attempts"] for one in asked] == ["2", "2", "2", "1", "1"]
    assert len(provider.asked["failover-tired"]) == 3


def test_an_sdks_own_retries_are_requests_of_their_own(gateway, provider, key):
    """The provider fails twice, then works: three rows, one answer, one charge."""
    ids = []

    async def script(visit):
        if visit.nth < 3:
            await visit.send(answers.http(answers.error("openai", 500), 500, ["retry-after: 0"]))
        else:
            await visit.answer()

    provider.plays("third time", script)
    hooks = {"response": [lambda response: ids.append(response.headers["x-request-id"])]}
    with openai_at(gateway.url, key, max_retries=2) as client:
        client._client.event_hooks = hooks
        hello = [{"role": "user", "content": "hi"}]
        answer = client.chat.completions.create(model="oa/third time", messages=hello)
    assert answer.choices[0].message.content == "Hello there."
    stories = [gateway.story(one) for one in ids]
    assert [story["outcome"] for story in stories] == ["failed", "failed", "ok"]
    assert [story["output_tokens"] for story in stories] == [0, 0, 7]


def test_overhead_is_our_own_time_only(gateway, provider, key):
    """Waiting for a provider, be it for its head or behind it, is not Madang's share."""

    async def script(visit):
        await asyncio.sleep(0.15)
        head = answers.sse_head() if visit.asked.stream else None
        body = json.dumps(answers.plain("openai")).encode()
        whole = answers.http(body)
        await visit.send(head or whole[: -len(body)])
        await asyncio.sleep(0.15)
        if visit.asked.stream:
            await visit.send(*map(answers.chunk, answers.events("openai")), answers.LAST_CHUNK)
        else:
            await visit.send(body)

    provider.plays("slow to speak", script)
    for stream in (False, True):
        answer = ask(gateway, key, "chat", "oa", "slow to speak", stream)
        assert float(answer.headers["x-madang-overhead-ms"]) < 100
