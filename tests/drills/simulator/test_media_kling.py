"""Kling has no library of its own: its shapes are asked for by hand, as its documentation has them."""

from base64 import b64encode, urlsafe_b64encode

import httpx
import pytest
from media_files import contents

from madang.drills.simulator.media.pictures import png
from madang.drills.simulator.media.traps import Trap

SHOT = {"model_name": "kling-v2-6", "prompt": "A fox", "duration": "5", "aspect_ratio": "9:16"}


@pytest.fixture
def kling(sim, media):
    headers = {"authorization": "Bearer key"}
    with httpx.Client(base_url=f"{sim.url}/v1/videos", headers=headers) as client:
        yield client


def _ended(kling, task_id, kind="text2video"):
    while True:
        task = kling.get(f"/{kind}/{task_id}").json()["data"]
        if task["task_status"] not in {"submitted", "processing"}:
            return task


def _submitted(kling, kind="text2video", **fields):
    answer = kling.post(f"/{kind}", json=SHOT | fields)
    assert answer.json()["code"] == 0, answer.text
    return answer.json()["data"]["task_id"]


@pytest.mark.parametrize(
    ("model", "word"), [("kling-v2-6", "succeed"), ("kling-v2-5-turbo", "succeeded")]
)
def test_classic_says_succeed_and_turbo_says_succeeded(kling, model, word):
    task = _ended(kling, _submitted(kling, model_name=model))
    video = task["task_result"]["videos"][0]
    assert (task["task_status"], video["duration"]) == (word, "5")
    clip = contents(httpx.get(video["url"]).content)
    assert clip.width * 16 == clip.height * 9


def test_a_clip_of_a_picture_has_its_ratio(kling):
    picture = b64encode(png(64, 64, "")).decode()
    task = _submitted(kling, "image2video", image=picture, mode="pro", sound="on")
    url = _ended(kling, task, "image2video")["task_result"]["videos"][0]["url"]
    clip = contents(httpx.get(url).content)
    assert (clip.width == clip.height, clip.codecs) == (True, ("h264", "aac"))


def test_a_name_of_the_callers_is_taken_once_and_finds_its_task(kling, media):
    task = _submitted(kling, external_task_id="shot-7")
    again = kling.post("/text2video", json=SHOT | {"external_task_id": "shot-7"})
    assert (again.status_code, again.json()["code"]) == (400, 1201)
    assert kling.get("/text2video/shot-7").json()["data"]["task_id"] == task
    listed = kling.get("/text2video", params={"external_task_id": "shot-7"}).json()["data"]
    assert [each["task_id"] for each in listed] == [task]
    assert [entry.name for entry in media.book.of("kling")] == ["shot-7"]


def test_an_answer_that_was_lost_is_found_by_its_name(kling, media):
    media.set_traps(Trap("lost_answer", times=1))
    with pytest.raises(httpx.RemoteProtocolError):
        _submitted(kling, external_task_id="shot-8")
    assert _ended(kling, "shot-8")["task_status"] == "succeed"


def test_a_200_may_be_a_refusal(kling, media):
    media.set_traps(Trap("refused_200"))
    answer = kling.post("/text2video", json=SHOT)
    assert (answer.status_code, answer.json()["code"]) == (200, 5001)
    assert not media.book.entries


def test_too_many_at_once_are_refused_with_1303(kling, media):
    media.change(speed=1, providers={"kling": {"cap": 1}})
    _submitted(kling)
    answer = kling.post("/text2video", json=SHOT)
    assert (answer.status_code, answer.json()["code"]) == (429, 1303)


def test_a_failed_task_says_why_and_what_it_cost(kling, media):
    media.set_traps(Trap("blocked"))
    task = _ended(kling, _submitted(kling))
    assert (task["task_status"], task["final_unit_deduction"]) == ("failed", "0")
    assert "risk control" in task["task_status_msg"]


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("text2video", {"duration": 5}),
        ("text2video", {"duration": "6"}),
        ("text2video", {"aspect_ratio": "3:2"}),
        ("image2video", {}),
        ("image2video", {"image": "data:image/png;base64,AAAA"}),
    ],
)
def test_what_kling_does_not_take_is_refused_with_1201(kling, media, kind, field):
    answer = kling.post(f"/{kind}", json=SHOT | field)
    assert (answer.status_code, answer.json()["code"]) == (400, 1201)
    assert not media.book.entries


def test_a_token_of_an_access_key_is_taken(kling):
    claims = urlsafe_b64encode(b'{"iss":"access","exp":9999999999}').rstrip(b"=").decode()
    headers = {"authorization": f"Bearer e30.{claims}.c2ln"}
    assert kling.post("/text2video", json=SHOT, headers=headers).json()["code"] == 0
    refused = kling.post("/text2video", json=SHOT, headers={"authorization": "Bearer a.b.c"})
    assert (refused.status_code, refused.json()["code"]) == (401, 1002)


def test_pictures_of_people_and_things_go_another_way_up_to_four(kling):
    picture = {"image": b64encode(png(64, 64, "a fox")).decode()}
    way = "multi-image2video"
    task = _ended(kling, _submitted(kling, way, image_list=[picture] * 4), way)
    assert task["task_status"] == "succeed"
    for wrong in ([], [picture] * 5, [{"image": "data:image/png;base64,AA=="}]):
        refused = kling.post(f"/{way}", json=SHOT | {"image_list": wrong})
        assert (refused.status_code, refused.json()["code"]) == (400, 1201)


def test_a_clip_is_gone_on_with_by_the_id_of_its_file(kling, media):
    task = _ended(kling, _submitted(kling))
    (film,) = task["task_result"]["videos"]
    assert film["id"] != task["task_id"]
    further = {"video_id": film["id"], "prompt": "It walks on", "external_task_id": "more-e"}
    answer = kling.post("/video-extend", json=further)
    ended = _ended(kling, answer.json()["data"]["task_id"], "video-extend")
    assert ended["task_result"]["videos"][0]["duration"] == "5"
    assert kling.get("/video-extend/more-e").json()["data"]["task_id"] == ended["task_id"]
    refused = kling.post("/video-extend", json=further | {"video_id": task["task_id"]})
    assert refused.json()["code"] == 1201
