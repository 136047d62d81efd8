"""What would become of a request for media is told before anybody is asked, in the words of the request itself."""

import pytest
from server_gateway import Gateway
from server_media import SHOT, booked, made_config

TEXT_ONLY = {"providers": {"anthropic": {"api_key": "sk-ant-api03-PLANTED"}}}
AUTO = {**SHOT, "model": "video:auto"}
LINE = {"model": "speech:auto", "voice": "nova", "input": "Who goes there?", "language": "ko"}


@pytest.fixture
def key(studio):
    return studio.make_key("planner")[1]


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A gateway that can write, and nothing else."""
    with Gateway(tmp_path_factory.mktemp("bare"), TEXT_ONLY) as running:
        yield running


@pytest.fixture(scope="module")
def helped(tmp_path_factory):
    """The same with stand-ins."""
    with Gateway(tmp_path_factory.mktemp("helped"), TEXT_ONLY, "--stand-ins") as running:
        yield running


def _targets(answer):
    assert answer.status_code == 200, answer.text
    return [f"{one['provider']}/{one['model']}" for one in answer.json()["targets"]]


def test_a_plan_says_who_would_be_asked_and_for_how_much_and_asks_nobody(studio, key, stage):
    before = len(booked(studio))
    told = studio.call("POST", "/v1/videos/plan", key, json=SHOT)
    assert _targets(told) == ["runway/gen4.5"]
    assert told.json()["targets"][0]["cost_usd"] == "0.600000000"  # 5 s of 12 cents
    spoken = studio.call("POST", "/v1/audio/speech/plan", key, json={**LINE, "language": "en"})
    assert spoken.json()["work"] == "speech"
    assert spoken.json()["targets"]
    assert stage.book == []
    assert len(booked(studio)) == before
    assert studio.call("GET", "/v1/videos", key).json()["data"] == []


def test_what_would_be_refused_is_refused_in_the_same_words(studio, key):
    for body in (
        {**SHOT, "aspect_ratio": "1:1", "size": None},
        {**SHOT, "model": "nobody-knows-this"},
        {**SHOT, "seconds": "500"},
        {**SHOT, "prompt": ""},
        {**AUTO, "budget_usd": 0.000001},
    ):
        body = {name: value for name, value in body.items() if value is not None}
        real = studio.call("POST", "/v1/videos", key, json=body)
        told = studio.call("POST", "/v1/videos/plan", key, json=body)
        assert (told.status_code, told.json()) == (real.status_code, real.json())
        assert told.status_code >= 400


def test_a_gateway_that_can_only_write_says_so(bare):
    key = bare.make_key("a")[1]
    for path, body, what in (("videos", AUTO, "video"), ("audio/speech", LINE, "speech")):
        told = bare.call("POST", f"/v1/{path}/plan", key, json=body)
        assert told.status_code == 400
        assert told.json()["error"]["code"] == "unsupported_feature"
        assert f"No provider of {what} is configured" in told.json()["error"]["message"]


def test_a_plan_needs_a_key_that_may_use_the_model(studio):
    key = studio.make_key("no-film", models=["gpt-4.1"])[1]
    assert studio.call("POST", "/v1/videos/plan", key, json=SHOT).status_code == 403
    assert studio.call("POST", "/v1/videos/plan", "mdg_wrong", json=SHOT).status_code == 401


def test_stand_ins_make_what_nobody_else_can_and_are_asked_for_no_text(helped):
    key = helped.make_key("a")[1]
    assert _targets(helped.call("POST", "/v1/videos/plan", key, json=AUTO)) == [
        "playground/animatic"
    ]
    spoken = helped.call("POST", "/v1/audio/speech/plan", key, json=LINE)
    assert _targets(spoken) == ["playground/scratch-voice"]
    sound = helped.call("POST", "/v1/audio/speech", key, json={**LINE, "response_format": "wav"})
    assert sound.content[:4] == b"RIFF"
    listed = {row["id"] for row in helped.call("GET", "/v1/models", key).json()["data"]}
    assert {"animatic", "scratch-voice", "claude-sonnet-4-5"} <= listed
    assert "gpt-4.1" not in listed


def test_stand_ins_wait_behind_everybody_real(makers, tmp_path):
    config = made_config(makers)
    config["providers"] = {"runway": config["providers"]["runway"]}
    with Gateway(tmp_path, config, "--stand-ins") as own:
        key = own.make_key("a")[1]
        real = _targets(own.call("POST", "/v1/videos/plan", key, json=AUTO))
        assert real
        assert "playground/animatic" not in real
        odd = {**AUTO, "aspect_ratio": "5:1"}
        odd.pop("size")
        assert _targets(own.call("POST", "/v1/videos/plan", key, json=odd)) == [
            "playground/animatic"
        ]
