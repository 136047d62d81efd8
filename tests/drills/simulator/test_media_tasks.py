"""Seedance and Stability have no library here: their shapes are asked for by hand, as their documentation has them."""

import io

import httpx
import pytest
from media_files import contents
from media_hooks import taking_hooks
from PIL import Image

from madang.drills.simulator.media.pictures import png
from madang.drills.simulator.media.traps import Trap

SHOT = {
    "model": "seedance-1-0-pro-250528",
    "content": [{"type": "text", "text": "A fox"}],
    "ratio": "9:16",
    "duration": 5,
    "resolution": "720p",
}


@pytest.fixture
def ark(sim, media):
    headers = {"authorization": "Bearer key"}
    with httpx.Client(base_url=f"{sim.url}/api/v3/contents/generations", headers=headers) as client:
        yield client


@pytest.fixture
def stability(sim, media):
    media.change(providers={"stability-film": {"gone": None}})
    headers = {"authorization": "Bearer key"}
    url = f"{sim.url}/v2beta"
    with httpx.Client(base_url=url, headers=headers) as client:
        yield client


def _task(ark, **fields):
    task = ark.post("/tasks", json=SHOT | fields).json()["id"]
    while True:
        answer = ark.get(f"/tasks/{task}")
        assert answer.status_code == 200
        if answer.json()["status"] not in {"queued", "running"}:
            return answer.json()


def test_a_task_has_its_clip_and_what_it_took(ark, media):
    task = _task(ark, return_last_frame=True)
    clip = contents(httpx.get(task["content"]["video_url"]).content)
    assert clip.width * 16 == clip.height * 9
    # 720 x 1280 pixels, 24 frames a second for 5 seconds, in pieces of 1,024; 2.50 dollars a million
    assert task["usage"]["completion_tokens"] == 720 * 1280 * 24 * 5 / 1024 == 108_000
    assert media.book.of("seedance")[0].nusd == 108_000 * 2_500
    last = httpx.get(task["content"]["last_frame_url"]).content
    assert Image.open(io.BytesIO(last)).format == "PNG"


@pytest.mark.parametrize(
    ("trap", "code"),
    [("fail", "InternalServiceError"), ("blocked", "OutputVideoSensitiveContentDetected")],
)
def test_a_task_that_failed_is_still_an_answer_of_200(ark, media, trap, code):
    media.set_traps(Trap(trap))
    task = _task(ark)
    assert (task["status"], task["error"]["code"]) == ("failed", code)
    assert not media.book.of("seedance")[0].nusd


def test_a_submit_may_be_refused_with_200(ark, media):
    media.set_traps(Trap("refused_200"))
    answer = ark.post("/tasks", json=SHOT)
    assert (answer.status_code, answer.json()["error"]["code"]) == (200, "ServerOverloaded")


def test_a_task_in_the_queue_is_cancelled_and_one_that_runs_is_not(ark, media):
    media.change(speed=1, providers={"seedance": {"cap": 1}})
    running, queued = (ark.post("/tasks", json=SHOT).json()["id"] for _ in range(2))
    assert ark.delete(f"/tasks/{running}").status_code == 409
    assert ark.delete(f"/tasks/{queued}").status_code == 200
    assert ark.get(f"/tasks/{queued}").json()["status"] == "cancelled"
    assert media.book.of("seedance")[1].nusd == 0


def test_its_callback_tells_of_the_end(ark, media):
    with taking_hooks() as hooks:
        ark.post("/tasks", json=SHOT | {"callback_url": hooks.url})
        (taken,) = hooks.wait(1)
    assert b'"status":"succeeded"' in taken.body


@pytest.mark.parametrize(
    "field", [{"duration": 60}, {"ratio": "wide"}, {"resolution": "9k"}, {"content": []}]
)
def test_what_seedance_does_not_make_is_refused(ark, media, field):
    assert ark.post("/tasks", json=SHOT | field).status_code == 400
    assert not media.book.entries


def _submitted(stability, size=(1024, 576)):
    return stability.post(
        "/image-to-video", files={"image": ("first.png", png(*size, ""), "image/png")}
    )


def test_svd_is_gone(sim, media):
    answer = httpx.post(f"{sim.url}/v2beta/image-to-video", headers={"authorization": "Bearer k"})
    assert answer.status_code == 404


def test_svd_answered_202_until_it_had_the_bytes(stability, media):
    media.set_traps(Trap("throttled", times=1))
    path = f"/image-to-video/result/{_submitted(stability).json()['id']}"
    assert stability.get(path).status_code == 202
    while (answer := stability.get(path)).status_code == 202:
        pass
    assert contents(answer.content).seconds == pytest.approx(4, abs=0.1)
    told = stability.get(path, headers={"accept": "application/json"}).json()
    assert told["finish_reason"] == "SUCCESS"
    assert media.book.of("stability-film")[0].nusd == 200_000_000


def test_svd_took_pictures_of_three_sizes_only(stability, media):
    answer = _submitted(stability, (1280, 720))
    assert (answer.status_code, answer.json()["name"]) == (400, "bad_request")
    assert not media.book.entries


def test_svds_filter_answered_403(stability, media):
    media.set_traps(Trap("blocked"))
    path = f"/image-to-video/result/{_submitted(stability).json()['id']}"
    while (answer := stability.get(path)).status_code == 202:
        pass
    assert (answer.status_code, answer.json()["name"]) == (403, "content_moderation")


def test_stability_draws_and_blurs_what_its_filter_strikes(sim, media):
    url, key = f"{sim.url}/v2beta/stable-image/generate", {"authorization": "Bearer key"}
    form = {"prompt": (None, "A fox"), "aspect_ratio": (None, "9:16")}
    drawn = httpx.post(f"{url}/core", headers=key, files=form)
    assert Image.open(io.BytesIO(drawn.content)).size == (768, 1344)
    assert (drawn.headers["finish-reason"], media.book.entries[0].nusd) == ("SUCCESS", 30_000_000)
    media.set_traps(Trap("blocked"))
    assert (
        httpx.post(f"{url}/sd3", headers=key, files=form).headers["finish-reason"]
        == "CONTENT_FILTERED"
    )
    odd = {"prompt": (None, "A fox"), "aspect_ratio": (None, "7:3")}
    assert httpx.post(f"{url}/ultra", headers=key, files=odd).json()["name"] == "bad_request"
    assert httpx.post(f"{url}/core", headers=key, json={"prompt": "A fox"}).status_code == 400
