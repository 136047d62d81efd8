"""What would become of a request for media is told before anybody is asked, in the words of the request itself."""

import pytest
from server_gateway import Gateway
from server_media import SHOT, booked

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
        {**SHOT, "size": "960x960"},
        {**SHOT, "model": "nobody-knows-this"},
        {**SHOT, "seconds": "500"},
        {**SHOT, "prompt": ""},
        {**AUTO, "budget_usd": 0.000001},
    ):
        real = studio.call("POST", "/v1/videos", key, json=body)
        told = studio.call("POST", "/v1/videos/plan", key, json=body)
        assert (told.status_code, told.json()) == (real.status_code, real.json())
        assert told.status_code >= 400


def test_a_plan_knows_what_a_budget_keeps_from_being_asked(studio, key, stage):
    strange = {**SHOT, "model": "runway/gen9"}
    assert _targets(studio.call("POST", "/v1/videos/plan", key, json=strange)) == ["runway/gen9"]
    careful = studio.make_key("careful", budget_usd="100")[1]
    told = studio.call("POST", "/v1/videos/plan", careful, json=strange)
    real = studio.call("POST", "/v1/videos", careful, json=strange)
    assert (told.status_code, told.json()) == (real.status_code, real.json())
    assert told.status_code == 402
    assert stage.book == []


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


def test_stand_ins_are_there_for_those_who_name_them_and_for_nobody_else(helped):
    key = helped.make_key("a")[1]
    named = {**AUTO, "model": "animatic"}
    assert _targets(helped.call("POST", "/v1/videos/plan", key, json=named)) == [
        "playground/animatic"
    ]
    line = {**LINE, "model": "scratch-voice", "response_format": "wav"}
    assert helped.call("POST", "/v1/audio/speech", key, json=line).content[:4] == b"RIFF"
    for path, body in (("videos", AUTO), ("audio/speech", LINE)):
        told = helped.call("POST", f"/v1/{path}/plan", key, json=body)
        assert (told.status_code, told.json()["error"]["code"]) == (400, "unsupported_feature")


def test_no_text_is_asked_of_stand_ins(helped):
    key = helped.make_key("a")[1]
    listed = {row["id"] for row in helped.call("GET", "/v1/models", key).json()["data"]}
    assert {"animatic", "scratch-voice", "claude-sonnet-4-5"} <= listed
    assert "gpt-4.1" not in listed
