"""Seedance: roles of pictures, tokens, and errors inside a 200."""

import json

import pytest
from media_asks import CODED, PICTURE, answer, body, lost_order, video

from madang.errors import (
    ContentFiltered,
    InvalidRequest,
    ProviderLacksModel,
    ProviderOutOfQuota,
    ProviderOverloaded,
    ProviderRejected,
    Unauthenticated,
    UnsupportedFeature,
)
from madang.wire.media.seedance import WIRE

MODEL = "seedance-1-0-pro-250528"
TASK = {"id": "cgt-1", "model": MODEL, "created_at": 1, "updated_at": 2}


def seen(**task):
    return WIRE.polled(answer({**TASK, **task}))


def test_a_request_has_its_prompt_and_pictures_as_content():
    sent = WIRE.submit(video(first=PICTURE, last=PICTURE, duration_ms=5000, seed=1), MODEL)
    assert sent.path == "/contents/generations/tasks"
    url = {"url": f"data:image/png;base64,{CODED}"}
    assert body(sent)["content"] == [
        {"type": "text", "text": "a red kite over the sea"},
        {"type": "image_url", "image_url": url, "role": "first_frame"},
        {"type": "image_url", "image_url": url, "role": "last_frame"},
    ]
    assert body(sent)["duration"] == 5
    assert body(sent)["watermark"] is False


def test_tokens_are_reckoned_beforehand_by_the_makers_formula():
    sent = WIRE.submit(video(duration_ms=5000, aspect="16:9"), MODEL)
    assert sent.counts == {"output_tokens": 1280 * 720 * 24 * 5 // 1024}
    assert (body(sent)["ratio"], body(sent)["resolution"]) == ("16:9", "720p")


def test_what_a_model_does_not_take_is_told():
    sent = WIRE.submit(video(audio=True, negative="rain", duration_ms=1500), MODEL)
    assert sent.losses == ("seconds", "generate_audio", "negative_prompt")
    sent = WIRE.submit(video(audio=False, references=(PICTURE,)), "dreamina-seedance-2-0-260128")
    assert body(sent)["generate_audio"] is False
    assert body(sent)["content"][1]["role"] == "reference_image"
    with pytest.raises(UnsupportedFeature):
        WIRE.submit(video(references=(PICTURE,)), MODEL)
    with pytest.raises(UnsupportedFeature, match="at most 15 seconds"):
        WIRE.submit(video(duration_ms=16_000), "dreamina-seedance-2-0-260128")


def test_the_handle_finds_the_task():
    handle = WIRE.submitted(answer({"id": "cgt-1"}))
    assert WIRE.poll(handle).path == "/contents/generations/tasks/cgt-1"
    assert WIRE.cancel(handle).method == "DELETE"


def test_what_succeeded_says_what_it_took():
    found = seen(
        status="succeeded",
        content={"video_url": "https://x/y.mp4"},
        usage={"completion_tokens": 108_900, "total_tokens": 108_900},
        duration=5,
    )
    assert (found.clips[0].url, found.clips[0].duration_ms) == ("https://x/y.mp4", 5000)
    assert found.billed == {"output_tokens": 108_900}


@pytest.mark.parametrize(
    ("code", "cause", "again"),
    [
        ("OutputVideoSensitiveContentDetected", "content_filter", False),
        ("InputTextSensitiveContentDetected.PolicyViolation", "content_filter", False),
        ("InternalServiceError", "provider_failed", True),
        ("SomethingNew", "provider_failed", True),
    ],
)
def test_an_error_in_a_200_is_the_jobs_failure(code, cause, again):
    found = seen(status="failed", error={"code": code, "message": "no"})
    assert (found.state, found.cause, found.again, found.message) == ("failed", cause, again, "no")


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (200, "ServerOverloaded", ProviderOverloaded),
        (400, "InputTextSensitiveContentDetected", ContentFiltered),
        (400, "InvalidParameter", ProviderRejected),
        (403, "AccountOverdueError", ProviderOutOfQuota),
        (404, "InvalidEndpointOrModel.NotFound", ProviderLacksModel),
        (429, "ServerOverloaded", ProviderOverloaded),
    ],
)
def test_a_refusal_is_judged_by_its_code_also_in_a_200(status, code, kind):
    with pytest.raises(kind, match="no"):
        WIRE.submitted(answer({"error": {"code": code, "message": "no"}}, status))


def test_a_callback_names_its_task_and_is_known_by_the_token_of_its_address():
    sent = WIRE.submit(video(callback="https://gateway/hooks/seedance?job=j"), MODEL)
    assert body(sent)["callback_url"] == "https://gateway/hooks/seedance?job=j"
    said = json.dumps({**TASK, "status": "queued"}).encode()
    headers = {"x-madang-hook-token": "right"}
    notice = WIRE.hook(headers, said, {"token": "right"}, 0.0)
    assert (notice.job, notice.seen) == ("cgt-1", None)
    assert WIRE.poll(WIRE.regain(notice.job, lost_order())).path.endswith("/tasks/cgt-1")
    ended = json.dumps({**TASK, "status": "succeeded"}).encode()
    assert WIRE.hook(headers, ended, {"token": "right"}, 0.0).delivery != notice.delivery
    with pytest.raises(Unauthenticated):
        WIRE.hook({}, said, {"token": "right"}, 0.0)
    with pytest.raises(InvalidRequest):
        WIRE.hook(headers, b"{}", {"token": "right"}, 0.0)
