"""Calls back from providers: a signed one finishes a job that nobody has asked about; others change nothing."""

import time

import pytest
from openai import OpenAI
from server_gateway import Gateway, eventually
from server_media import SHOT, booked, finished, made_config
from standardwebhooks import Webhook

from madang.drills.simulator.media.traps import Trap

PIKA = {**SHOT, "model": "pika-2.2-text"}
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture(scope="module")
def studio(makers, tmp_path_factory):
    """Asks so seldom that only calls can tell it anything in time."""
    config = made_config(makers, poll_factor=100)
    config["providers"]["openai"]["webhook_secret"] = SECRET
    with Gateway(tmp_path_factory.mktemp("hooks"), config) as running:
        config["media"]["public_url"] = running.url
        running.configure(config)
        eventually(lambda: "reloaded" in running.log)
        yield running


@pytest.fixture
def key(studio):
    return studio.make_key("studio")[1]


@pytest.mark.parametrize("trap", [None, "webhook_twice", "webhook_early"])
def test_a_signed_call_finishes_a_job_once(studio, key, stage, trap):
    if trap is not None:
        stage.traps(Trap(trap, provider="fal"))
    made = studio.call("POST", "/v1/videos", key, json=PIKA).json()
    over = finished(studio, key, made["id"])
    assert over["status"] == "completed", over
    rows = booked(studio, f"request_id = '{over['request_id']}'")
    assert [row[4] for row in rows] == [stage.charged]


@pytest.mark.parametrize("trap", ["webhook_forged", "webhook_stale"])
def test_a_call_that_proves_nothing_changes_nothing(studio, key, stage, trap):
    stage.traps(Trap(trap, provider="fal"))
    made = studio.call("POST", "/v1/videos", key, json=PIKA).json()
    time.sleep(1)
    shown = studio.call("GET", f"/v1/videos/{made['id']}", key).json()
    assert shown["status"] == "in_progress"


def test_kling_proves_itself_by_the_word_in_its_address(studio, key, stage):
    made = studio.call("POST", "/v1/videos", key, json={**SHOT, "model": "kling/kling-v2-6"}).json()
    bare = studio.call("POST", "/hooks/kling", "", json={"task_id": "x", "task_status": "succeed"})
    assert bare.status_code == 401
    assert finished(studio, key, made["id"])["status"] == "completed"


def test_openais_calls_are_signed_as_its_own_library_checks_them(studio, stage):
    body = '{"type":"video.completed","data":{"id":"video_unknown"}}'
    from datetime import UTC, datetime

    at = datetime.now(UTC)
    headers = {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("evt_1", at, body),
    }
    OpenAI(api_key="x", webhook_secret=SECRET).webhooks.verify_signature(body, headers)
    assert (
        studio.call("POST", "/hooks/openai", "", content=body, headers=headers).status_code == 200
    )
    forged = {**headers, "webhook-id": "evt_2"}
    assert studio.call("POST", "/hooks/openai", "", content=body, headers=forged).status_code == 401
    assert studio.call("POST", "/hooks/openai", "", content=body).status_code == 401
    giant = studio.call("POST", "/hooks/openai", "", content=b"x" * (1024 * 1024 + 1))
    assert giant.status_code == 413
    assert studio.call("POST", "/hooks/nobody", "", content=body).status_code == 404
    assert studio.call("POST", "/hooks/elevenlabs", "", content=body).status_code == 404
