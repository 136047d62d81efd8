"""Breakers and health over real sockets: a target that fails loses its traffic, and everybody can see why."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import server_answers as answers
from click.testing import CliRunner
from server_gateway import ADMIN_KEY, UNPACED, Gateway, eventually

from madang.cli import main

RULES = {"rest_s": 0.4, "longest_rest_s": 0.4}


def providers(port: int) -> dict:
    """Two providers at one port; each has a script of its own, by the model's name."""
    base = {"kind": "openai", "base_url": f"http://127.0.0.1:{port}/v1", **UNPACED, "serves": "all"}
    return {"first": base, "second": base}


@pytest.fixture
def shaky(provider, tmp_path):
    """A model whose first target answers as the test says; `asked` counts how often it was asked."""

    class Shaky:
        fails = False
        asked = 0

        async def __call__(self, visit) -> None:
            self.asked += 1
            if self.fails:
                body = answers.error(visit.asked.kind, 500, "out of order", "server_error")
                await visit.send(answers.http(body, 500))
            else:
                await visit.answer()

    script = provider.scripts["shaky"] = Shaky()
    config = {
        "providers": providers(provider.port),
        "models": {"pair": {"targets": ["first/shaky", "second/steady"]}},
        "breaker": RULES,
        "health": {"probe_every_s": "off"},
    }
    with Gateway(tmp_path, config) as gateway:
        yield gateway, script


def ask(gateway, key: str, model: str = "pair"):
    """One request."""
    body = {"model": model, "messages": [{"role": "user", "content": "hi"}]}
    return gateway.call("POST", "/v1/chat/completions", key, json=body)


def target(gateway, name: str) -> dict:
    """How a target fares."""
    return next(one for one in gateway.status()["targets"] if one["model"] == name)


def test_25_straight_500s_reach_no_caller_and_the_target_is_asked_three_times(shaky):
    gateway, script = shaky
    gateway.config.write_text(
        json.dumps({**json.loads(gateway.config.read_text()), "breaker": {"rest_s": 60}})
    )
    key = gateway.make_key()[1]
    eventually(lambda: "reloaded" in gateway.log)
    script.fails = True
    assert {ask(gateway, key).status_code for _ in range(25)} == {200}
    assert script.asked == 3
    shown = target(gateway, "shaky")
    assert (shown["health"], shown["breaker"], shown["cause"]) == ("failed", "open", "failures")
    assert 50 < shown["rests_s"] <= 60


def test_it_comes_back_by_one_probe(shaky):
    """After a rest only a part of the requests goes there at first: see routing."""
    gateway, script = shaky
    key = gateway.make_key()[1]
    script.fails = True
    for _ in range(5):
        ask(gateway, key)
    script.fails = False
    eventually(lambda: target(gateway, "shaky")["rests_s"] == 0)
    eventually(lambda: ask(gateway, key).headers["x-madang-provider"] == "first")
    shown = target(gateway, "shaky")
    assert (shown["health"], shown["breaker"], shown["failures"]) == ("healthy", "closed", 0)
    assert shown["answered_s_ago"] < 5


def test_health_is_in_the_metrics_and_on_the_command_line(shaky):
    gateway, script = shaky
    key = gateway.make_key()[1]
    script.fails = True
    for _ in range(4):
        ask(gateway, key)
    text = gateway.call("GET", "/metrics").text
    assert 'madang_target_health{model="shaky",provider="first"} 2.0' in text
    assert 'madang_target_health{model="steady",provider="second"} 0.0' in text
    assert 'madang_breaker_opened_total{model="shaky",provider="first"} 1.0' in text
    shown = CliRunner().invoke(main, ["status", "--url", gateway.url, "--key", ADMIN_KEY])
    assert shown.exit_code == 0, shown.output
    row = next(line for line in shown.output.splitlines() if "first/shaky" in line)
    assert "failed" in row
    assert "open: failures" in row
    by_name = {one["name"]: one["health"] for one in gateway.status()["providers"]}
    assert by_name == {"first": "failed", "second": "healthy"}


def test_what_a_server_bears_at_once_is_found_out(provider, own_gateway):
    """It works on four calls at a time and says 503 to a fifth; thirty callers ask at once."""
    busy = 0

    async def bears_four(visit) -> None:
        nonlocal busy
        if busy >= 4:
            body = answers.error(visit.asked.kind, 503, "overloaded", "overloaded")
            await visit.send(answers.http(body, 503))
            return
        busy += 1
        await asyncio.sleep(0.02)
        busy -= 1
        await visit.answer()

    provider.plays("bears-four", bears_four)
    box = {**providers(provider.port)["first"], "adaptive": True}
    del box["concurrency"]
    gateway = own_gateway(providers={"box": box}, models={"small": {"targets": ["box/bears-four"]}})
    key = gateway.make_key()[1]
    with ThreadPoolExecutor(30) as pool:
        seen = list(pool.map(lambda _: ask(gateway, key, "small").status_code, range(400)))
    assert seen.count(200) >= 380
    assert 3 <= target(gateway, "bears-four")["concurrency"] <= 5
