"""Orders whose answers are lost: found where their makers can be asked, given again only if they never arrived."""

import socket
import threading
import time
from contextlib import suppress

import httpx
import pytest
from server_gateway import Gateway, eventually
from server_media import SHOT, booked, finished, made_config

from madang.drills.simulator import Behaviour
from madang.drills.simulator.media.traps import Trap

SEEDANCE = "seedance/seedance-1-0-pro-250528"
RUNWAY, PIKA, KLING = "runway/gen4.5", "pika-2.2-text", "kling/kling-v2-6"
HASTY = {"unsure_s": 1, "poll_factor": 0.001, "give_up_s": 8}
"""A second for an order to arrive, and a thousandth of the time in which makers show what they have."""


@pytest.fixture
def hasty(makers, stage, tmp_path):
    with Gateway(tmp_path, made_config(makers, **HASTY)) as running:
        yield running


@pytest.fixture
def shot(request):
    """A clip that no other test has asked for: makers know those of earlier tests still."""
    return {**SHOT, "prompt": f"A fox in {request.node.name}"}


def order(gateway, key, shot, model):
    return gateway.call("POST", "/v1/videos", key, json={**shot, "model": model}).json()


@pytest.mark.parametrize("model", [KLING, PIKA], ids=["by its name", "in a list"])
def test_an_answer_that_is_lost_is_found_and_not_ordered_again(hasty, stage, shot, model):
    stage.traps(Trap("lost_answer", times=1))
    key = hasty.make_key("studio")[1]
    assert finished(hasty, key, order(hasty, key, shot, model)["id"])["status"] == "completed"
    assert len(stage.book) == 1
    assert [row[3:5] for row in booked(hasty)] == [("ok", stage.charged)]


def test_two_lost_orders_of_the_same_clip_are_two_jobs(hasty, stage, shot):
    stage.traps(Trap("lost_answer", times=2))
    key = hasty.make_key("studio")[1]
    made = [order(hasty, key, shot, PIKA)["id"] for _ in range(2)]
    assert [finished(hasty, key, one)["status"] for one in made] == ["completed"] * 2
    assert len(stage.book) == 2
    assert sum(row[4] for row in booked(hasty)) == stage.charged


@pytest.fixture
def called(makers, tmp_path):
    """A gateway that can be called, at a port that stays its own, and sees no list of fal's."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    config = made_config(makers, poll_factor=100, public_url=f"http://127.0.0.1:{port}")
    config["providers"]["seedance"] = {"base_url": f"{makers._running.url}/api/v3", "api_key": "k"}
    del config["providers"]["fal"]["platform_url"]
    with Gateway(tmp_path, config, "--port", port) as running:
        yield running


@pytest.mark.parametrize(
    ("model", "down_s"),
    [(PIKA, 0.0), (PIKA, 2.5), (SEEDANCE, 0.0)],
    ids=["fal at once", "fal when it is up again", "seedance at once"],
)
def test_a_makers_call_finds_an_order_where_no_list_can_be_seen(called, stage, shot, model, down_s):
    stage.change(speed=30)  # a clip takes 1.5 s, and a call that nobody took comes again
    stage.traps(Trap("lost_answer", times=1))
    key = called.make_key("studio")[1]
    made = order(called, key, shot, model)
    assert made["maybe_charged"] is True
    if down_s:
        called.kill()
        time.sleep(down_s)
        called.start()
    assert finished(called, key, made["id"], 30)["status"] == "completed"
    assert [row[3:5] for row in booked(called)] == [("ok", stage.charged)]
    assert len(stage.book) == 1


@pytest.mark.parametrize("model", [RUNWAY, PIKA, KLING])
def test_an_order_that_never_arrived_is_given_again_by_itself_and_paid_once(
    hasty, makers, stage, shot, model
):
    key = hasty.make_key("studio")[1]

    def ask():
        with suppress(httpx.HTTPError):
            order(hasty, key, shot, model)

    makers.conduct.replace([Behaviour(latency_s=3)])  # a maker that has not looked at it yet
    try:
        caller = threading.Thread(target=ask)
        caller.start()
        eventually(lambda: hasty.call("GET", "/v1/videos", key).json()["data"])
        time.sleep(0.5)
        hasty.kill()
        caller.join()
    finally:
        makers.conduct.replace([Behaviour()])
    hasty.start()
    made = hasty.call("GET", "/v1/videos", key).json()["data"][0]
    over = finished(hasty, key, made["id"], 30)
    assert over["status"] == "completed", over
    assert len(stage.book) == 1
    assert [row[3:5] for row in booked(hasty)] == [("failed", 0), ("ok", stage.charged)]


def test_what_a_maker_has_charged_and_cannot_give_is_booked_and_never_sent_again(
    hasty, stage, shot
):
    stage.traps(Trap("lost_answer", provider="runway", times=1))
    key = hasty.make_key("studio")[1]
    over = finished(hasty, key, order(hasty, key, shot, RUNWAY)["id"])
    assert (over["status"], over["error"]["code"]) == ("failed", "submit_unanswered")
    assert "has charged for it" in over["error"]["message"]
    assert len(stage.book) == 1
    assert [(*row[3:5], row[7]) for row in booked(hasty)] == [("lost", stage.charged, 1)]


def test_a_person_who_knows_which_job_it_became_has_it_followed_and_paid_once(hasty, stage, shot):
    stage.traps(Trap("lost_answer", provider="runway", times=1))
    key = hasty.make_key("studio")[1]
    made = order(hasty, key, shot, RUNWAY)
    (lost,) = hasty.call("GET", "/api/lost-orders").json()["orders"]
    assert (lost["id"], lost["provider"], lost["prompt"]) == (made["id"], "runway", shot["prompt"])
    assert lost["worst_nusd"] == stage.charged
    named = {"provider_job": stage.book[0].id}  # as the provider's own pages show it
    assert hasty.call("POST", f"/api/lost-orders/{made['id']}", json=named).status_code == 200
    assert finished(hasty, key, made["id"])["status"] == "completed"
    assert [row[3:5] for row in booked(hasty)] == [("ok", stage.charged)]
    assert len(stage.book) == 1
    assert hasty.call("GET", "/api/lost-orders").json() == {"orders": []}
    assert hasty.call("POST", f"/api/lost-orders/{made['id']}", json=named).status_code == 404
    assert hasty.call("GET", "/api/lost-orders", key).status_code == 403


def test_where_nothing_can_be_known_an_order_is_booked_at_its_worst_and_never_sent_again(
    makers, stage, shot, tmp_path
):
    stage.traps(Trap("lost_answer", provider="openai", times=1))
    with Gateway(tmp_path, made_config(makers, **HASTY)) as own:
        key = own.make_key("studio")[1]
        over = finished(own, key, order(own, key, {**shot, "seconds": "4"}, "sora-2")["id"])
        assert (over["status"], over["error"]["code"]) == ("failed", "submit_unanswered")
        assert len(stage.book) == 1
        assert [(*row[3:5], row[7]) for row in booked(own)] == [("lost", stage.charged, 1)]


def test_a_list_that_may_not_be_seen_says_nothing(makers, stage, shot, tmp_path):
    config = made_config(makers, **HASTY)
    config["providers"]["fal"]["platform_url"] = f"{config['providers']['fal']['base_url']}/none"
    stage.traps(Trap("lost_answer", provider="fal", times=1))
    with Gateway(tmp_path, config) as own:
        key = own.make_key("studio")[1]
        over = finished(own, key, order(own, key, shot, PIKA)["id"])
        assert (over["status"], over["error"]["code"]) == ("failed", "submit_unanswered")
        assert len(stage.book) == 1
