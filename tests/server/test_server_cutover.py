"""Traffic moved from an original endpoint step by step: who answers at each, what goes back, what a restart leaves."""

import json
from collections import Counter

import pytest
from server_gateway import eventually
from test_server_canary import arms, ask
from test_server_failover import refusing

MODELS = {"steady": {"targets": ["ge/own"]}}
START = {"model": "steady", "origin": "oa/original", "to": ["an/next"], "steps": [25, 100]}


def act(gateway, what, model="steady"):
    return gateway.call("POST", f"/api/cutovers/{model}/{what}")


def start(gateway, **changed):
    return gateway.call("POST", "/api/cutovers", json={**START, **changed})


def answerers(gateway, key, count=6):
    return {ask(gateway, key).headers["x-madang-provider"] for _ in range(count)}


@pytest.fixture
def begun(own_gateway):
    """A gateway that has begun a cut-over, with a key."""

    def begin(**changed):
        gateway = own_gateway(models=MODELS)
        key = gateway.make_key()[1]
        made = start(gateway, **changed)
        assert made.status_code == 201, made.text
        eventually(lambda: "x-madang-arm" in ask(gateway, key).headers)
        return gateway, key

    return begin


def test_each_step_moves_a_share_and_back_moves_all_to_the_original(begun):
    gateway, key = begun()
    counted = Counter(arms(gateway, key, 60))
    assert 3 <= counted["canary"] <= 30
    assert answerers(gateway, key, 20) == {"oa", "an"}
    assert act(gateway, "next").json()["state"] == "promoted"
    eventually(lambda: answerers(gateway, key) == {"an"})
    assert act(gateway, "next").status_code == 409
    assert act(gateway, "back").json()["percent"] == 0
    eventually(lambda: answerers(gateway, key) == {"oa"})
    assert act(gateway, "end").json()["state"] == "aborted"
    eventually(lambda: answerers(gateway, key) == {"ge"})
    kinds = [one["kind"] for one in gateway.call("GET", "/api/cutovers/steady").json()["events"]]
    assert kinds == ["aborted", "rolled_back", "promoted", "started"]


def test_priority_does_not_count_and_the_caller_may_choose(begun):
    gateway, key = begun(steps=[0.0001])
    assert set(arms(gateway, key, 4, about={"priority": "high"})) == {"stable"}
    assert set(arms(gateway, key, 2, about={"arm": "canary"})) == {"canary"}


def test_nothing_but_people_moves_it_on_and_failures_move_it_back(begun, provider):
    provider.scripts["broken-next"] = refusing(500)
    gateway, key = begun(to=["an/broken-next"], steps=[99.99])
    for _ in range(5):
        answer = ask(gateway, key)
        assert (answer.headers["x-madang-provider"], answer.headers["x-madang-arm"]) == (
            "oa",
            "stable",
        )
    told = eventually(
        lambda: (now := gateway.call("GET", "/api/cutovers").json()[0])["percent"] == 0 and now
    )
    assert "failures one after another" in told["why"]
    assert answerers(gateway, key) == {"oa"}


def test_a_restart_leaves_it_where_it_was_also_after_the_way_back(begun):
    gateway, key = begun(steps=[100])
    gateway.kill()
    gateway.start()
    assert answerers(gateway, key) == {"an"}
    act(gateway, "back")
    gateway.stop()
    gateway.start()
    assert answerers(gateway, key) == {"oa"}
    assert act(gateway, "start").json()["trial"] == "cutover-steady.2"


def test_madangs_own_route_may_be_the_new_side_and_the_original_steps_in(begun, provider):
    provider.scripts["original"] = refusing(503)
    gateway, key = begun(to=["steady"], steps=[0.0001])
    rescued = ask(gateway, key)
    assert rescued.headers["x-madang-provider"] == "ge"
    act(gateway, "next")
    eventually(lambda: ask(gateway, key).headers["x-madang-arm"] == "canary")
    del provider.scripts["original"]


def test_after_the_way_back_the_original_answers_also_when_the_new_side_is_gone(begun):
    """Its provider is taken out of the configuration."""
    gateway, key = begun(steps=[100])
    act(gateway, "back")
    config = json.loads(gateway.config.read_text())
    del config["providers"]["an"], config["providers"]["hasty-an"]
    gateway.configure(json.dumps(config))
    eventually(lambda: "reloaded" in gateway.log)
    assert answerers(gateway, key) == {"oa"}


def test_what_cannot_be_is_refused(begun):
    gateway, _ = begun()
    assert start(gateway).status_code == 409
    assert start(gateway, model="nobody").status_code == 404
    assert act(gateway, "next", model="nobody").status_code == 404
    canary = {"name": "c", "terms": {"model": "steady", "to": "an/next"}}
    assert gateway.call("POST", "/api/canaries", json=canary).status_code == 409
    for wrong in ({"to": []}, {"to": ["oa/original"]}, {"steps": [9, 5]}, {"steps": []}):
        assert start(gateway, **wrong).status_code == 400
    assert gateway.call("GET", "/api/cutovers", gateway.make_key()[1]).status_code == 403
