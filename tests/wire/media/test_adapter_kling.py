"""Kling: numbers as texts, bare base64, refusals in a 200, and a handle of ours."""

import json

import pytest
from media_asks import CODED, PICTURE, answer, body, lost_order, video

from madang.errors import (
    ContentFiltered,
    ContextOverflow,
    InvalidRequest,
    ProviderBroken,
    ProviderFailed,
    ProviderLacksModel,
    ProviderOutOfQuota,
    ProviderOverloaded,
    ProviderRateLimited,
    ProviderRefusedKey,
    Unauthenticated,
)
from madang.wire.media.contract import Sought
from madang.wire.media.kling import WIRE


def task(status="submitted", name="vid_1-t", **more):
    data = {"task_id": "866", "task_status": status, "task_info": {"external_task_id": name}}
    return {"code": 0, "message": "SUCCEED", "request_id": "r", "data": {**data, **more}}


def test_text_to_video_says_seconds_as_a_text_and_names_the_job():
    sent = WIRE.submit(video(duration_ms=5000, aspect="9:16", audio=True), "kling-v2-6")
    assert sent.path == "/v1/videos/text2video"
    assert body(sent) == {
        "model_name": "kling-v2-6",
        "prompt": "a red kite over the sea",
        "duration": "5",
        "mode": "std",
        "aspect_ratio": "9:16",
        "sound": "on",
        "external_task_id": "vid_1-t",
    }
    assert sent.name == "vid_1-t"
    assert sent.counts == {"video_ms.720p.audio": 5000}


def test_pictures_are_bare_base64_and_lead_elsewhere():
    sent = WIRE.submit(video(first=PICTURE, last=PICTURE, aspect="9:16"), "kling-v3")
    assert sent.path == "/v1/videos/image2video"
    assert (body(sent)["image"], body(sent)["image_tail"]) == (CODED, CODED)
    assert "aspect_ratio" not in body(sent)
    sent = WIRE.submit(video(references=(PICTURE, PICTURE)), "kling-v3")
    assert sent.path == "/v1/videos/multi-image2video"
    assert body(sent)["image_list"] == [{"image": CODED}, {"image": CODED}]
    assert sent.name == "vid_1-m"


def test_more_lines_mean_the_dearer_mode():
    sent = WIRE.submit(video(size="1080x1920", duration_ms=4200), "kling-v3")
    assert (body(sent)["mode"], body(sent)["aspect_ratio"]) == ("pro", "9:16")
    assert (body(sent)["duration"], sent.losses) == ("5", ("seconds",))
    assert sent.counts == {"video_ms.1080p": 5000}
    assert WIRE.submit(video(fields={"mode": "pro"}), "kling-v3").counts == {"video_ms.1080p": 5000}
    with pytest.raises(InvalidRequest):
        WIRE.submit(video(fields={"mode": "max"}), "kling-v3")


def test_a_seed_is_a_loss_and_a_long_prompt_is_refused():
    assert WIRE.submit(video(seed=1), "kling-v3").losses == ("seed",)
    with pytest.raises(ContextOverflow, match="2500 characters"):
        WIRE.submit(video(prompt="a" * 2501), "kling-v3")


@pytest.mark.parametrize(
    ("name", "way"), [("vid_1-t", "text2video"), ("vid_1-i", "image2video"), ("vid_1-m", "multi-image2video")]
)  # fmt: skip
def test_a_task_is_asked_for_where_it_was_made_by_either_name(name, way):
    handle = WIRE.submitted(answer(task(name=name)))
    assert WIRE.poll(handle).path == f"/v1/videos/{way}/866"
    lost = lost_order(name)
    assert WIRE.find(lost, None).path == f"/v1/videos/{way}/{name}"
    assert WIRE.found(answer(task("processing", name)), lost) == Sought((handle,))


@pytest.mark.parametrize(
    "nothing",
    [
        answer({"code": 1203, "message": "not found"}),
        answer({"code": 1203, "message": "not found"}, 404),
        answer({"code": 0, "data": None}),
        answer({"code": 0, "data": []}),
    ],
)
def test_a_job_that_never_arrived_is_not_found(nothing):
    assert WIRE.found(nothing, lost_order()) == Sought()


def test_a_search_that_fails_does_not_say_that_there_is_no_job():
    with pytest.raises(ProviderFailed):
        WIRE.found(answer({"code": 5000, "message": "oops"}), lost_order())


@pytest.mark.parametrize("word", ["succeed", "succeeded"])
def test_success_is_spelled_in_two_ways(word):
    videos = [{"id": "v", "url": "https://x/y.mp4", "duration": "5.1"}]
    found = WIRE.polled(answer(task(word, task_result={"videos": videos})))
    assert (found.state, found.clips[0].url) == ("succeeded", "https://x/y.mp4")
    assert found.clips[0].duration_ms == 5100


def test_a_failed_task_says_why():
    found = WIRE.polled(answer(task("failed", task_status_msg="it rained")))
    assert (found.state, found.cause, found.message) == ("failed", "provider_failed", "it rained")
    assert WIRE.polled(answer(task("succeed"))).cause == "broken"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (1002, ProviderRefusedKey),
        (1102, ProviderOutOfQuota),
        (1203, ProviderLacksModel),
        (1301, ContentFiltered),
        (1302, ProviderRateLimited),
        (1303, ProviderRateLimited),
        (5000, ProviderFailed),
        (5001, ProviderOverloaded),
        (9999, ProviderFailed),
    ],
)
@pytest.mark.parametrize("status", [200, 400])
def test_a_refusal_is_judged_by_its_code_also_in_a_200(code, kind, status):
    if code == 9999 and status == 400:
        return  # an unknown code in a 400 stays a plain 400
    with pytest.raises(kind, match="no"):
        WIRE.submitted(answer({"code": code, "message": "no", "request_id": "r"}, status))


def test_a_state_that_is_not_known_is_broken():
    with pytest.raises(ProviderBroken):
        WIRE.polled(answer(task("dreaming")))


def test_a_callback_is_believed_in_nothing_but_that_the_job_is_worth_a_look():
    said = json.dumps(task("succeed", task_result={"videos": [{"url": "https://evil/x"}]})["data"])
    notice = WIRE.hook({}, said.encode(), {}, 0.0)
    assert (notice.job, notice.seen) == ("866", None)
    assert notice.delivery == WIRE.hook({}, said.encode(), {}, 9.0).delivery


def test_a_token_of_the_address_is_checked_where_there_is_one():
    said = json.dumps(task("succeed")).encode()
    headers = {"x-madang-hook-token": "right"}
    assert WIRE.hook(headers, said, {"token": "right"}, 0.0).job == "866"
    for wrong in ({}, {"x-madang-hook-token": "wröng"}):
        with pytest.raises(Unauthenticated):
            WIRE.hook(wrong, said, {"token": "right"}, 0.0)
    with pytest.raises(InvalidRequest):
        WIRE.hook(headers, b"{}", {"token": "right"}, 0.0)
