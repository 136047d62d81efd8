"""The official Runway library makes clips at the simulator."""

import base64
from datetime import UTC, datetime

import httpx
import pytest
import runwayml
from media_files import contents

from madang.drills.simulator.media.traps import Trap

SHOT = {"model": "gen4.5", "prompt_text": "A fox", "ratio": "720:1280", "duration": 5}
PICTURE = "data:image/png;base64,iVBORw0KGgo="


@pytest.fixture
def runway(sim, media):
    with runwayml.RunwayML(api_key="key_test", base_url=sim.url, max_retries=0) as client:
        yield client


def _ended(runway, task_id):
    while True:
        task = runway.tasks.retrieve(task_id)
        if task.status in {"SUCCEEDED", "FAILED", "CANCELLED"}:
            return task


def test_a_clip_is_made_of_text(runway, media):
    task = _ended(runway, runway.text_to_video.create(**SHOT).id)
    clip = contents(httpx.get(task.output[0]).content)
    assert (task.status, task.cost.credits) == ("SUCCEEDED", 60)
    assert clip.width * 1280 == clip.height * 720
    assert clip.seconds == pytest.approx(5, abs=0.1)


def test_a_clip_is_made_of_a_picture(runway, media):
    pictures = [{"uri": PICTURE, "position": "first"}]
    made = [
        runway.image_to_video.create(model="gen4_turbo", prompt_image=given, ratio="1280:720")
        for given in (PICTURE, pictures)
    ]
    assert [_ended(runway, task.id).status for task in made] == ["SUCCEEDED"] * 2
    # 10 seconds at 5 credits, a cent each
    assert [entry.nusd for entry in media.book.of("runway")] == [500_000_000] * 2


def test_a_clip_is_changed_and_stays_as_long(runway, media):
    first = _ended(runway, runway.text_to_video.create(**SHOT | {"duration": 3}).id)
    film = base64.b64encode(httpx.get(first.output[0]).content).decode()
    changed = runway.video_to_video.create(
        model="aleph2", video_uri=f"data:video/mp4;base64,{film}", prompt_text="In the rain"
    )
    assert contents(httpx.get(_ended(runway, changed.id).output[0]).content).seconds == 3
    assert media.book.of("runway")[1].nusd == 3 * 280_000_000
    with pytest.raises(runwayml.BadRequestError, match="videoUri"):
        runway.video_to_video.create(model="aleph2", video_uri="", prompt_text="In the rain")


def test_jobs_beyond_the_cap_are_throttled_until_a_place_is_free(runway, media):
    media.change(speed=1, providers={"runway": {"cap": 1}})
    first, second = (runway.text_to_video.create(**SHOT).id for _ in range(2))
    assert runway.tasks.retrieve(first).status == "RUNNING"
    assert runway.tasks.retrieve(second).status == "THROTTLED"
    jobs = media.desks["runway"].jobs
    assert jobs[second].starts_s == jobs[first].ends_s


@pytest.mark.parametrize(
    ("trap", "code", "charged"),
    [
        ("fail", "INTERNAL.BAD_OUTPUT.CODE01", 0),
        ("fail_charged", "INTERNAL.BAD_OUTPUT.CODE01", 60),
        ("blocked", "SAFETY.INPUT.TEXT", 0),
    ],
)
def test_a_failed_task_has_its_code_and_cost(runway, media, trap, code, charged):
    media.set_traps(Trap(trap, provider="runway"))
    task = _ended(runway, runway.text_to_video.create(**SHOT).id)
    assert (task.status, task.failure_code, task.cost.credits) == ("FAILED", code, charged)


def test_a_task_that_runs_is_cancelled_and_one_that_has_ended_is_deleted(runway, media):
    done = _ended(runway, runway.text_to_video.create(**SHOT).id)
    runway.tasks.delete(done.id)
    with pytest.raises(runwayml.NotFoundError):
        runway.tasks.retrieve(done.id)
    media.change(speed=1)
    running = runway.text_to_video.create(**SHOT).id
    runway.tasks.delete(running)
    assert runway.tasks.retrieve(running).status == "CANCELLED"


def test_addresses_expire_and_asking_again_gives_new_ones(runway, media):
    media.set_traps(Trap("expired_url", times=1))
    expired = _ended(runway, runway.text_to_video.create(**SHOT).id)
    assert httpx.get(expired.output[0]).status_code == 403
    task = runway.text_to_video.create(**SHOT).id
    first = _ended(runway, task).output[0]
    assert httpx.get(first).status_code == 200
    assert runway.tasks.retrieve(task).output[0] != first


@pytest.mark.parametrize(
    "field",
    [
        {"duration": 11},
        {"ratio": "9:16"},
        {"model": "gen1"},
        {"prompt_text": "🦊" * 501},
    ],
)
def test_what_runway_does_not_make_is_refused(runway, media, field):
    with pytest.raises(runwayml.BadRequestError):
        runway.text_to_video.create(**(SHOT | field))
    assert not media.book.entries


def test_the_version_and_the_key_are_asked_for(sim, media):
    path, body = f"{sim.url}/v1/text_to_video", {"model": "gen4.5"}
    assert httpx.post(path, json=body).status_code == 401
    answer = httpx.post(path, json=body, headers={"authorization": "Bearer key"})
    assert (answer.status_code, "X-Runway-Version" in answer.json()["error"]) == (400, True)


def test_the_organization_tells_what_is_left_and_how_many_at_once(runway, media):
    runway.text_to_video.create(**SHOT)
    organization = runway.organization.retrieve()
    assert organization.credit_balance == 1_000_000 - 60
    assert organization.tier.models["gen4.5"].max_concurrent_generations == 5


def test_the_organization_tells_credits_by_day_and_model(runway, media):
    assert runway.organization.retrieve_usage().results == []
    for _ in range(2):
        runway.text_to_video.create(**SHOT)
    today = datetime.now(UTC).date()
    (day,) = runway.organization.retrieve_usage(start_date=today).results
    assert [(one.model, one.amount) for one in day.used_credits] == [("gen4.5", 120)]
    assert day.date == today
    assert runway.organization.retrieve_usage(before_date=today).results == []


@pytest.mark.parametrize("status", [404, 410])
def test_a_house_closes_in_mid_batch_and_what_it_has_taken_is_finished(runway, media, status):
    task = runway.text_to_video.create(**SHOT).id
    media.change(providers={"runway": {"gone": status}})
    with pytest.raises(runwayml.APIStatusError) as refusal:
        runway.text_to_video.create(**SHOT)
    assert refusal.value.status_code == status
    assert _ended(runway, task).status == "SUCCEEDED"
    media.change(providers={"runway": {"gone_jobs": True}})
    with pytest.raises(runwayml.APIStatusError):
        runway.tasks.retrieve(task)
