"""`video:auto` and `speech:auto`: the choice is made among what is configured, and the ledger says why."""

import pytest
from server_media import SHOT, finished


@pytest.fixture
def key(studio):
    return studio.make_key("studio")[1]


def test_a_clip_goes_to_somebody_who_can_make_it_and_the_story_says_why(studio, key, stage):
    wanted = {**SHOT, "model": "video:auto"}
    over = finished(studio, key, studio.call("POST", "/v1/videos", key, json=wanted).json()["id"])
    assert over["status"] == "completed"
    assert over["provider"] == stage.book[0].provider
    plan = studio.story(over["request_id"])["attempts"][0]["plan"]
    assert plan["considered"][0]["target"].startswith(f"{over['provider']}/")
    left_out = {one["target"]: one["why"] for one in plan["left_out"]}
    assert "has ended on 2026-09-24" in left_out["openai/sora-2"]


def test_a_budget_leaves_out_what_costs_more_and_nobody_is_an_error(studio, key, stage):
    wanted = {**SHOT, "model": "video:auto"}
    cheap = {**wanted, "budget_usd": 0.22}
    over = finished(studio, key, studio.call("POST", "/v1/videos", key, json=cheap).json()["id"])
    assert stage.charged <= 220_000_000, over
    refused = studio.call("POST", "/v1/videos", key, json={**wanted, "budget_usd": 0.0001})
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "budget")
    odd = studio.call("POST", "/v1/videos", key, json={**wanted, "quality": "fine"})
    assert odd.status_code == 400


def test_the_cheapest_voice_that_there_is_speaks(studio, key, stage):
    line = {"model": "speech:auto", "voice": "alloy", "input": "Who goes there?"}
    said = studio.call("POST", "/v1/audio/speech", key, json=line)
    assert said.status_code == 200, said.text
    assert said.headers["x-madang-provider"] == "openai"
    plan = studio.story(said.headers["x-request-id"])["attempts"][0]["plan"]
    assert plan["signals"][0] == "openai/tts-1: $0.0150 for 1,000 characters"
    assert any(one.startswith("openai/gpt-4o-mini-tts: about $0.0") for one in plan["signals"])
    refused = studio.call("POST", "/v1/audio/speech", key, json={**line, "voice": "nobody"})
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "voice")


def test_models_of_media_are_listed_and_refused_where_they_do_other_work(studio, key, stage):
    names = [row["id"] for row in studio.call("GET", "/v1/models", key).json()["data"]]
    assert {"gen4.5", "tts-1", "kling-v2-6", "gpt-image-1"} <= set(names)
    chat = {"model": "gen4.5", "messages": [{"role": "user", "content": "hi"}]}
    refused = studio.call("POST", "/v1/chat/completions", key, json=chat)
    assert refused.status_code == 400
    assert "/v1/videos" in refused.json()["error"]["message"]
