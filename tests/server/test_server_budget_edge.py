"""Callers in a crowd at the edge of a budget: nothing is overspent, and all of it can be spent.

`make crash` sends a thousand of them, `make test` a quarter of that.
"""

import os

import pytest
from server_crowd import Vendor, ask, asyncio, crowd
from server_gateway import Gateway, eventually

PRICES = {
    "gpt-4.1": (2_000, 500, 8_000),
    "gpt-4.1-mini": (400, 100, 1_600),
    "gpt-4o": (2_500, 1_250, 10_000),
}
"""Nano-dollars per token of the prompt, of what was cached of it, and of the answer: OpenAI's price page."""

CALLERS = int(os.environ.get("MADANG_CALLERS", "250"))
BUDGET_NUSD = 60_000_000
FAULTS = [
    {"model": "o4-mini", "fault": "status:500"},
    {"model": "gpt-4o", "fault": "cut"},
    {"model": "gpt-4.1-mini", "latency_s": 0.05, "tokens_per_s": 400},
    {"model": "gpt-4.1", "error_rate": 0.05, "error_status": 503},
]


@pytest.fixture(scope="module")
def vendor():
    with Vendor() as running:
        yield running


@pytest.fixture(params=[1, 4], ids=["one worker", "four workers"])
def gateway(request, vendor, tmp_path):
    openai = {"kind": "openai", "base_url": f"{vendor.url}/v1", "api_key": "sk-any"}
    config = {"providers": {"openai": openai}, "server": {"drain_s": 2}}
    with Gateway(tmp_path, config, "--workers", str(request.param)) as running:
        yield running


def body(model, words, **more):
    messages = [{"role": "user", "content": f"count to {words}"}]
    return {"model": f"openai/{model}", "messages": messages, **more}


def mixed(count):
    """Plain and streamed, bounded and not, failing, cut, and left in the middle."""
    kinds = [
        (body("gpt-4.1", 60), 0),
        (body("gpt-4.1", 60, stream=True), 0),
        (body("gpt-4.1", 60, max_tokens=50), 0),
        (body("gpt-4.1-mini", 90, stream=True), 900),
        (body("gpt-4o", 40, stream=True), 0),
        (body("o4-mini", 20), 0),
        (body("gpt-4.1", 60, stream=True, n=2), 0),
        (body("gpt-4.1-mini", 30), 0),
    ]
    return [kinds[number % len(kinds)] for number in range(count)]


def charged(vendor):
    """What the provider says it is owed, by the prices above."""
    total = 0
    for charge in vendor.book:
        entered, cached, made = PRICES[
            charge["model"].removesuffix("-2025-04-14").removesuffix("-2024-08-06")
        ]
        fresh = charge["input"] - charge["cached"]
        total += fresh * entered + charge["cached"] * cached + charge["output"] * made
    return total


def known_everywhere(gateway, key):
    """Each worker learns of a new key within a second."""
    statuses = [asyncio.run(ask(gateway.port, key, {"model": "none"}))[0] for _ in range(16)]
    return 401 not in statuses


def spent(gateway, key):
    return gateway.call("GET", "/v1/usage/current-month", key).json()["total_cost_nusd"]


def test_a_crowd_at_once_overspends_nothing_and_leaves_less_than_a_cent(gateway, vendor):
    vendor.behaves(*FAULTS)
    _, key = gateway.make_key("crowd", budget_usd="0.06")
    eventually(lambda: known_everywhere(gateway, key))
    statuses = crowd(gateway.port, key, mixed(CALLERS), CALLERS)
    assert statuses[200] > 60
    assert statuses[402] > 0
    for _ in range(200):  # to the last cent: small answers
        small = body("gpt-4.1", 60, max_tokens=16)
        if asyncio.run(ask(gateway.port, key, small))[0] == 402:
            break
    else:
        pytest.fail("the budget has no end")
    entered = spent(gateway, key)
    assert BUDGET_NUSD - 10_000_000 < entered <= BUDGET_NUSD
    assert charged(vendor) <= BUDGET_NUSD
