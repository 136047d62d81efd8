"""A second target beside a slow one: the first to answer wins, the other is cancelled, and both are accounted."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import pytest
import server_answers as answers
from server_failing import Failing, ask, attempts, retrying
from server_gateway import eventually

SOON = {"after": 0.1, "budget": 1.0}


def hedged(first, second="an/race-prompt", **hedge):
    return {"targets": [f"oa/{first}", second], "hedge": {**SOON, **hedge}}


MODELS = {
    "race-sluggish": hedged("race-sluggish"),
    "race-mute": hedged("race-mute"),
    "race-seldom": hedged("race-seldom", budget=0.1),
    "race-always-slow": hedged("race-always-slow", budget=0.05),
    "race-leisurely": hedged("race-leisurely", "an/race-slower"),
    "race-doomed": hedged("race-doomed"),
    "race-both": {**hedged("race-both-one", "an/race-both-two"), "retries": {"attempts": 1}},
    "race-deserted": hedged("race-deserted-one", "an/race-deserted-two"),
    "race-poor": hedged("race-poor"),
    "race-learned": hedged("race-learned", after="p95"),
    "race-alone": {"targets": ["oa/race-alone"], "hedge": SOON},
}


@pytest.fixture(scope="module")
def racing(provider, tmp_path_factory):
    """A gateway that asks a second target after a tenth of a second, and a key for it."""
    prices = [
        {"provider": name, "model": model, "in": 100, "out": 1000}
        for name, model in (("oa", "race-poor"), ("an", "race-prompt"))
    ]
    home = tmp_path_factory.mktemp("racing")
    with retrying(provider, home, MODELS, prices=prices) as running:
        yield running, running.make_key()[1]


class Slow:
    """A script: every `nth` request is answered after `delay_s`, or not at all if the asker leaves before."""

    def __init__(self, delay_s: float = 5.0, nth: int = 1) -> None:
        self.delay_s = delay_s
        self.nth = nth
        self.count = 0
        self.left = 0

    async def __call__(self, visit) -> None:
        self.count += 1
        if self.count % self.nth == 0:
            with suppress(TimeoutError):
                await visit.gone(self.delay_s)
                self.left += 1
                return
        await visit.answer()


@pytest.mark.parametrize("stream", [False, True])
def test_the_first_to_answer_wins_and_the_other_is_cancelled(racing, provider, stream):
    provider.scripts["race-sluggish"] = slow = Slow()
    answer = ask(*racing, "race-sluggish", stream=stream)
    assert answer.text.count("Hello") == 1
    assert answer.headers["x-madang-provider"] == "an"
    assert answer.headers["x-madang-attempts"] == "2"
    lost, won = attempts(racing[0], answer)
    assert (lost["outcome"], lost["cause"], lost["final"]) == ("client_closed", "hedge_lost", False)
    assert (won["outcome"], won["final"], won["n"]) == ("ok", True, 1)
    assert lost["estimated"]
    assert lost["input_tokens"] > 0 == lost["output_tokens"]
    assert eventually(lambda: slow.left == 1)


def test_a_stream_that_only_gives_signs_of_life_is_slow(racing, provider):
    async def mute(visit):
        opening = answers.opening("openai", "m", [])[:1]
        await visit.send(answers.sse_head(), *map(answers.chunk, opening))
        await visit.gone(5)

    provider.scripts["race-mute"] = mute
    answer = ask(*racing, "race-mute", stream=True)
    assert answer.headers["x-madang-provider"] == "an"
    assert answer.text.count("Hello") == 1


def test_slow_answers_disappear_for_a_bounded_share_of_extra_requests(racing, provider):
    """Each twentieth of 200 takes five seconds: nobody waits for those, for ten requests more."""
    provider.scripts["race-seldom"] = slow = Slow(nth=20)
    gateway, key = racing
    asked = len(provider.asked["race-prompt"])
    with ThreadPoolExecutor(4) as callers:
        replies = list(callers.map(lambda _: ask(gateway, key, "race-seldom"), range(200)))
    winners = [reply.headers["x-madang-provider"] for reply in replies]
    extra = len(provider.asked["race-prompt"]) - asked
    assert {reply.status_code for reply in replies} == {200}
    assert slow.count == 200
    assert eventually(lambda: slow.left >= 9), "p99 is no longer that of the slow answers"
    assert winners.count("an") <= extra <= 0.1 * 200


def test_the_budget_holds_where_everything_is_slow(racing, provider):
    provider.scripts["race-always-slow"] = Slow(delay_s=0.3)
    gateway, key = racing
    asked = len(provider.asked["race-prompt"])
    with ThreadPoolExecutor(20) as callers:
        replies = list(callers.map(lambda _: ask(gateway, key, "race-always-slow"), range(60)))
    assert {reply.status_code for reply in replies} == {200}
    assert 1 <= len(provider.asked["race-prompt"]) - asked <= 3


def test_the_first_may_still_win(racing, provider):
    provider.scripts.update({"race-leisurely": Slow(delay_s=0.3), "race-slower": Slow()})
    answer = ask(*racing, "race-leisurely")
    assert answer.headers["x-madang-provider"] == "oa"
    rows = sorted(attempts(racing[0], answer), key=lambda row: row["n"])
    assert [(row["provider"], row["cause"], row["final"]) for row in rows] == [
        ("oa", None, True),
        ("an", "hedge_lost", False),
    ]


def test_a_failure_leaves_the_other_to_answer(racing, provider):
    async def fails_late(visit):
        await asyncio.sleep(0.2)
        await Failing(500)(visit)

    async def answers_later(visit):
        await asyncio.sleep(0.3)
        await visit.answer()

    provider.scripts["race-doomed"] = fails_late
    provider.scripts["race-prompt"] = answers_later
    answer = ask(*racing, "race-doomed")
    del provider.scripts["race-prompt"]
    rows = sorted(attempts(racing[0], answer), key=lambda row: row["n"])
    assert [(row["provider"], row["cause"], row["final"]) for row in rows] == [
        ("oa", "provider_failed", False),
        ("an", None, True),
    ]


def test_where_both_fail_the_caller_hears_of_the_last(racing, provider):
    async def fails_late(visit):
        await asyncio.sleep(0.2)
        await Failing(500)(visit)

    provider.scripts.update({"race-both-one": fails_late, "race-both-two": Failing(529)})
    answer = ask(*racing, "race-both")
    assert answer.status_code == 500
    rows = sorted(attempts(racing[0], answer), key=lambda row: row["n"])
    assert [row["cause"] for row in rows] == ["provider_failed", "overloaded"]
    assert sum(row["final"] for row in rows) == 1


def test_a_caller_who_leaves_ends_both(racing, provider):
    gateway, key = racing
    one, two = Slow(), Slow()
    provider.scripts.update({"race-deserted-one": one, "race-deserted-two": two})
    body = {"model": "race-deserted", "messages": [{"role": "user", "content": "hi"}]}
    with pytest.raises(httpx.ReadTimeout):
        gateway.call("POST", "/v1/chat/completions", key, json=body, timeout=0.5)
    assert eventually(lambda: (one.left, two.left) == (1, 1))
    assert eventually(lambda: gateway.status()["in_flight"] == 0)
    rows = eventually(
        lambda: gateway.call("GET", "/v1/requests?model=race-deserted-one").json()["rows"]
    )
    assert len(rows) == 1
    targets = gateway.status()["targets"]
    assert all(row["in_flight"] == 0 for row in targets)


@pytest.mark.parametrize(("budget_usd", "extra"), [("0.15", 0), ("0.50", 1)])
def test_without_money_for_two_only_one_is_asked(racing, provider, budget_usd, extra):
    """A request may cost ten cents: 15 have room for one worst case and not for another at the same time."""
    provider.scripts["race-poor"] = Slow(delay_s=0.3)
    gateway, _ = racing
    _, key = gateway.make_key("race-poor", budget_usd=budget_usd)
    asked = len(provider.asked["race-prompt"])
    answer = ask(gateway, key, "race-poor")
    assert answer.status_code == 200
    assert len(provider.asked["race-prompt"]) - asked == extra


def test_nobody_is_hedged_before_twenty_answers_are_known(racing, provider):
    """Then the nineteenth of twenty is the measure, and the slow one after them is not waited for."""
    provider.scripts["race-learned"] = slow = Slow(nth=22)
    asked = len(provider.asked["race-prompt"])
    for _ in range(20):
        ask(*racing, "race-learned")
    assert len(provider.asked["race-prompt"]) == asked
    replies = [ask(*racing, "race-learned") for _ in range(2)]
    assert replies[-1].headers["x-madang-provider"] == "an"
    assert eventually(lambda: slow.left == 1)


def test_one_target_alone_is_waited_for(racing, provider):
    provider.scripts["race-alone"] = Slow(delay_s=0.3)
    answer = ask(*racing, "race-alone")
    assert (answer.status_code, answer.headers["x-madang-attempts"]) == (200, "1")
