"""Copies of requests at a real gateway: the caller has its answer first, pays nothing for them, and no text is kept."""

import asyncio
import re
import threading

import pytest
from server_callers import ASK
from server_gateway import DIALECTS, eventually

WHO = [("an", "copy"), ("an", "held-copy"), ("oa", "copied")]
PRICES = [{"provider": provider, "model": name, "in": 1, "out": 1} for provider, name in WHO]
SECRET = "a prompt that nobody may find again"


@pytest.fixture
def start(own_gateway):
    """A gateway whose model has a shadow; what is given replaces its usual terms."""

    def begin(to="an/copy", **terms):
        shadow = {"to": to, "percent": 100, **terms}
        models = {"seen": {"targets": ["oa/seen"], "shadow": shadow}}
        return own_gateway(models=models, prices=PRICES)

    return begin


def ask(gateway, key, **more):
    body = {"model": "seen", "messages": [{"role": "user", "content": SECRET}], **more}
    answer = gateway.call("POST", "/v1/chat/completions", key, json=body)
    assert answer.status_code == 200, answer.text
    return answer


def shadows(gateway):
    return gateway.call("GET", "/api/shadows").json()


def copies(gateway):
    """How many copies became what, by the metrics."""
    text = gateway.call("GET", "/metrics").text
    found = re.findall(r'madang_shadow_copies_total\{model="seen",result="(\w+)"\} (\d+)', text)
    return {result: int(count) for result, count in found if count != "0"}


def test_a_copy_goes_to_the_other_target_and_both_answers_are_compared(start, provider):
    gateway = start()
    key = gateway.make_key()[1]
    before = len(provider.asked["copy"])
    answer = ask(gateway, key)
    (pair,) = eventually(lambda: shadows(gateway)["pairs"])
    assert len(provider.asked["copy"]) == before + 1
    assert SECRET in provider.last("copy").body.decode()
    assert pair["request_id"] == answer.headers["x-request-id"]
    assert (pair["target"], pair["likeness"], pair["tools"]) == ("an/copy", 1.0, [])
    assert pair["stop"] == pair["shadow_stop"] == "stop"
    (sums,) = shadows(gateway)["sums"]
    assert (sums["pairs"], sums["same_stop"]) == (1, 1)


def test_the_caller_pays_for_its_own_request_only(start):
    gateway = start()
    key_id, key = gateway.make_key("caller")
    ask(gateway, key)
    (pair,) = eventually(lambda: shadows(gateway)["pairs"])
    (row,) = eventually(lambda: gateway.story(pair["shadow_id"])["attempts"])
    assert (row["key_id"], row["arm"], row["account_id"]) == ("shadow", "shadow", None)
    assert row["cost_nusd"] > 0
    mine = gateway.call("GET", "/v1/usage/current-month", key).json()
    assert mine["requests"] == 1
    keys = gateway.call("GET", "/v1/usage?by=key").json()["rows"]
    assert {row["key"]: row["requests"] for row in keys} == {key_id: 1, "shadow": 1}


def test_neither_prompt_nor_answer_is_in_the_store(start):
    gateway = start()
    ask(gateway, gateway.make_key()[1])
    eventually(lambda: shadows(gateway)["pairs"])
    gateway.stop()
    kept = b"".join(path.read_bytes() for path in gateway.home.rglob("*.db*"))
    assert SECRET.encode() not in kept
    assert b"Hello there" not in kept


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_is_copied_and_its_caller_served_as_ever(start, dialect, stream):
    gateway = start()
    said = ASK[dialect](gateway.url, gateway.make_key()[1], "seen", stream=stream)
    assert said.text == "Hello there."
    (pair,) = eventually(lambda: shadows(gateway)["pairs"])
    assert (pair["likeness"], pair["chars"]) == (1.0, len(said.text))


def test_a_copy_that_hangs_delays_nobody_and_others_are_dropped(start, provider):
    """Two copies are under way and wait; the caller is answered all the same, five times."""
    released = threading.Event()

    async def held(visit):
        while not released.is_set():
            await asyncio.sleep(0.01)
        await visit.answer()

    provider.scripts["held-copy"] = held
    gateway = start("an/held-copy", concurrency=2)
    key = gateway.make_key()[1]
    for _ in range(5):
        ask(gateway, key)
    assert copies(gateway) == {"dropped_busy": 3}
    released.set()
    eventually(lambda: copies(gateway) == {"dropped_busy": 3, "mirrored": 2})


@pytest.mark.parametrize(("to", "budget"), [("an/copy", 0), ("an/copy", 1e-9), ("an/unpriced", 5)])
def test_what_the_budget_does_not_cover_is_dropped(start, provider, to, budget):
    gateway = start(to, budget_usd_day=budget)
    before = len(provider.asked[to[3:]])
    ask(gateway, gateway.make_key()[1])
    assert copies(gateway) == {"dropped_budget": 1}
    assert len(provider.asked[to[3:]]) == before


def test_a_tier_that_has_no_price_is_not_copied(start, provider):
    """It would cost an unknown amount, and the budget counted that as nothing."""
    gateway = start("oa/copied", budget_usd_day=5)
    key = gateway.make_key()[1]
    ask(gateway, key, service_tier="scale")
    assert copies(gateway) == {"dropped_budget": 1}
    ask(gateway, key)
    eventually(lambda: copies(gateway) == {"dropped_budget": 1, "mirrored": 1})


def test_a_failing_shadow_is_counted_and_its_target_named(start, provider):
    gateway = start("dead/copy")
    assert shadows(gateway)["ways"][0]["to"] == "dead/copy"
    ask(gateway, gateway.make_key()[1])
    eventually(lambda: sum(copies(gateway).values()) == 1)
    assert "madang_shadow_percent" in gateway.call("GET", "/metrics").text
