"""Faults injected into a real gateway: who is struck, what callers get, what nobody else feels, and how it ends."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from server_gateway import ADMIN_KEY, Gateway, eventually, settings
from test_server_canary import ask
from test_server_failover import refusing

from madang.pipeline.chaos.faults import FAULTS

MODELS = {"steady": {"targets": ["hasty-oa/steady"], "fallback": ["an/spare"]}}
STRUCK = {"x-madang-tags": "drill=1"}
DRILL = {"targets": ["hasty-oa"], "tags": {"drill": "1"}, "percent": 100, "minutes": 5}


@pytest.fixture
def held(own_gateway):
    """A gateway in which a drill is under way, a caller's key, and the drill's id."""

    def hold(strike="storm", models=MODELS, **changed):
        gateway = own_gateway(models=models)
        key = gateway.make_key()[1]
        made = gateway.call("POST", "/api/drills", json={**DRILL, "strike": strike, **changed})
        assert made.status_code == 201, made.text
        eventually(lambda: gateway.status()["drills"] == [made.json()["id"]])
        return gateway, key, made.json()["id"]

    return hold


def shown(gateway, drill):
    return gateway.call("GET", f"/api/drills/{drill}").json()


STRIKES = [one for one in FAULTS if one != "slow-token"]


@pytest.fixture(scope="module")
def all_at_once(provider, tmp_path_factory):
    """A gateway in which every drill is under way, each for requests with its own tag; a key; ids by strike."""
    with Gateway(tmp_path_factory.mktemp("drills"), settings(provider.port, MODELS)) as gateway:
        ids = {}
        for strike in STRIKES:
            body = {**DRILL, "strike": strike, "tags": {"drill": strike}}
            ids[strike] = gateway.call("POST", "/api/drills", json=body).json()["id"]
        eventually(lambda: len(gateway.status()["drills"]) == len(STRIKES))
        yield gateway, gateway.make_key()[1], ids


@pytest.mark.parametrize("strike", STRIKES)
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_a_strike_is_felt_by_its_requests_alone_and_their_callers_get_answers(
    all_at_once, strike, stream
):
    gateway, key, ids = all_at_once
    about = {"x-madang-tags": f"drill={strike}", "x-madang-continue": "allow"}
    struck = ask(gateway, key, headers=about, stream=stream)
    first, last = gateway.story(struck.headers["x-request-id"])["attempts"]
    assert (first["provider"], first["injected"]) == ("hasty-oa", ids[strike])
    assert ids[strike] in first["detail"]
    assert (last["provider"], last["injected"], last["outcome"]) == ("an", None, "ok")
    assert ask(gateway, key, stream=stream).headers["x-madang-provider"] == "hasty-oa"


def test_nobody_else_feels_it(held):
    """Twenty failures in a row would open a breaker, and a refused key would rest."""
    gateway, key, _ = held("expired-key")
    for _ in range(20):
        assert ask(gateway, key, headers=STRUCK).headers["x-madang-provider"] == "an"
    target = next(one for one in gateway.status()["targets"] if one["provider"] == "hasty-oa")
    assert (target["breaker"], target["failures"], target["failed_calls"]) == ("closed", 0, 0)
    assert not [one for one in gateway.status()["providers"] if one["resting_keys"]]
    assert ask(gateway, key).headers["x-madang-provider"] == "hasty-oa"


def test_a_share_is_struck(held):
    gateway, key, _ = held("server-error", percent=30)
    answered = Counter(
        ask(gateway, key, headers=STRUCK).headers["x-madang-provider"] for _ in range(60)
    )
    assert 5 <= answered["an"] <= 32


def test_one_command_ends_it_and_the_report_is_kept(held, provider):
    provider.scripts["spare"] = refusing(500)
    gateway, key, drill = held("server-error")
    headers = {"authorization": f"Bearer {key}", **STRUCK}
    body = {"model": "steady", "messages": [{"role": "user", "content": "hi"}]}
    path = "/v1/chat/completions"
    assert gateway.call("POST", path, headers=headers, json=body).status_code >= 500
    del provider.scripts["spare"]
    ask(gateway, key, headers=STRUCK)
    ended = gateway.call("DELETE", "/api/drills").json()["drills"]
    assert [one["id"] for one in ended] == [drill]
    eventually(lambda: gateway.status()["drills"] == [])
    assert ask(gateway, key, headers=STRUCK).headers["x-madang-provider"] == "hasty-oa"
    told = eventually(lambda: (one := shown(gateway, drill))["report"] and one)
    assert (told["passed"], told["is_running"], told["why"]) == (False, False, "somebody wanted it")
    assert (told["report"]["requests"], told["report"]["answered"]) == (2, 1)
    assert sum(told["report"]["failed"].values()) == 1


def test_it_ends_by_itself(held):
    gateway, key, drill = held(minutes=0.02)
    eventually(lambda: gateway.status()["drills"] == [])
    assert not shown(gateway, drill)["is_running"]
    assert ask(gateway, key, headers=STRUCK).headers["x-madang-provider"] == "hasty-oa"


def test_a_restart_ends_it(held):
    gateway, key, drill = held()
    gateway.kill()
    gateway.start()
    assert ask(gateway, key, headers=STRUCK).headers["x-madang-provider"] == "hasty-oa"
    assert shown(gateway, drill)["why"] == "the gateway was started again"


def test_a_canary_is_not_judged_by_it(held):
    gateway, key, _ = held(targets=["an"])
    terms = {"model": "steady", "to": "an/next", "percent": 100, "ramp": []}
    gateway.call("POST", "/api/canaries", json={"name": "next", "terms": terms})
    eventually(lambda: "x-madang-arm" in ask(gateway, key).headers)
    for _ in range(6):
        assert ask(gateway, key, headers=STRUCK).headers["x-madang-arm"] == "stable"
    assert gateway.call("GET", "/api/canaries/next").json()["now"]["state"] == "running"


def test_what_is_scheduled_begins_by_itself(own_gateway):
    scheduled = {**DRILL, "strike": "storm", "at": f"{datetime.now(UTC):%H:%M}"}
    gateway = own_gateway(models=MODELS, drills=[scheduled])
    (drill,) = eventually(lambda: gateway.status()["drills"])
    assert shown(gateway, drill)["by"] is None


def test_what_cannot_be_is_refused(own_gateway):
    gateway = own_gateway(models=MODELS)
    for wrong in (
        {"targets": []},
        {"targets": ["nowhere"]},
        {"percent": 0},
        {"percent": 101},
        {"minutes": 0},
        {"minutes": 1441},
        {"strike": "x"},
    ):
        body = {**DRILL, "strike": "storm", **wrong}
        assert gateway.call("POST", "/api/drills", json=body).status_code == 400, wrong
    assert gateway.call("GET", "/api/drills/none").status_code == 404
    assert gateway.call("DELETE", "/api/drills/none").status_code == 404
    assert gateway.call("GET", "/api/drills", gateway.make_key()[1]).status_code == 403


def test_all_workers_inject_it(provider, tmp_path):
    """Each request on a connection of its own, so that both workers answer some."""
    config = settings(provider.port, MODELS, drain_s=5)
    with Gateway(tmp_path, config, "--workers", "2") as gateway:
        about = {**STRUCK, "connection": "close"}

        def answerers():
            asked = (ask(gateway, ADMIN_KEY, headers=about) for _ in range(8))
            return {answer.headers["x-madang-provider"] for answer in asked}

        assert answerers() == {"hasty-oa"}
        gateway.call("POST", "/api/drills", json={**DRILL, "strike": "storm"})
        eventually(lambda: answerers() == {"an"})
        gateway.call("DELETE", "/api/drills")
        eventually(lambda: answerers() == {"hasty-oa"})
