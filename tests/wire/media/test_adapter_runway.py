"""Runway: requests as its official SDK would write them, answers as its documents show them."""

import pytest
from media_asks import CODED, PICTURE, PNG, answer, body, video
from msgspec import structs

from madang.errors import (
    ContextOverflow,
    InvalidRequest,
    ProviderBroken,
    ProviderOverloaded,
    ProviderRateLimited,
    ProviderRefusedKey,
    ProviderRejected,
    UnsupportedFeature,
)
from madang.model.media import Handle, Source
from madang.wire.media.runway import WIRE

TASK = "17f20503-6c24-4c16-946b-35dbbce2af2f"


def seen(**task):
    return WIRE.polled(answer({"id": TASK, "createdAt": "2026-11-20T00:00:00Z", **task}))


def test_text_to_video_has_everything_it_needs():
    sent = WIRE.submit(video(duration_ms=4000, aspect="9:16", seed=7), "gen4.5")
    assert (sent.method, sent.path) == ("POST", "/v1/text_to_video")
    assert sent.headers["x-runway-version"] == "2024-11-06"
    assert body(sent) == {
        "model": "gen4.5",
        "promptText": "a red kite over the sea",
        "ratio": "720:1280",
        "duration": 4,
        "seed": 7,
    }
    assert sent.losses == ()
    assert sent.counts == {"video_ms.720p": 4000}


def test_a_first_picture_is_a_data_uri_and_opens_more_ratios():
    sent = WIRE.submit(video(first=PICTURE, aspect="1:1"), "gen4.5")
    assert sent.path == "/v1/image_to_video"
    assert body(sent)["promptImage"] == f"data:image/png;base64,{CODED}"
    assert body(sent)["ratio"] == "960:960"
    with pytest.raises(UnsupportedFeature, match="ratios"):
        WIRE.submit(video(aspect="1:1"), "gen4.5")


def test_first_and_last_pictures_have_positions():
    sent = WIRE.submit(video(first=PICTURE, last=PICTURE), "veo3.1")
    assert [one["position"] for one in body(sent)["promptImage"]] == ["first", "last"]
    with pytest.raises(UnsupportedFeature):
        WIRE.submit(video(first=PICTURE, last=PICTURE), "gen4.5")


@pytest.mark.parametrize(
    ("asked_ms", "sent_s", "losses"),
    [(4000, 4, ()), (4001, 6, ("seconds",)), (2000, 4, ("seconds",)), (8000, 8, ())],
)
def test_seconds_are_those_that_the_model_makes_and_never_fewer(asked_ms, sent_s, losses):
    sent = WIRE.submit(video(duration_ms=asked_ms), "veo3.1")
    assert body(sent)["duration"] == sent_s
    assert sent.losses == losses
    assert sent.counts == {"video_ms.720p.audio": sent_s * 1000}


def test_what_is_too_long_is_refused():
    with pytest.raises(UnsupportedFeature, match="at most 10 seconds"):
        WIRE.submit(video(duration_ms=10_001), "gen4.5")


def test_the_bound_of_a_prompt_counts_utf16_units():
    kites = "🪁" * 500  # 1,000 UTF-16 units in 500 characters
    assert body(WIRE.submit(video(prompt=kites), "gen4.5"))["promptText"] == kites
    with pytest.raises(ContextOverflow, match="1000 UTF-16 units; this one has 1001"):
        WIRE.submit(video(prompt=kites + "!"), "gen4.5")


def test_a_large_size_chooses_the_large_variant_of_a_ratio():
    sent = WIRE.submit(video(size="1080x1920"), "veo3.1")
    assert body(sent)["ratio"] == "1080:1920"
    assert sent.counts == {"video_ms.1080p.audio": 8000}
    sent = WIRE.submit(video(size="1080x1920"), "gen4.5")
    assert (body(sent)["ratio"], sent.losses) == ("720:1280", ("size",))


def test_what_a_model_does_not_take_is_a_loss_or_a_refusal():
    sent = WIRE.submit(video(negative="rain", audio=True), "gen4.5")
    assert sent.losses == ("negative_prompt", "generate_audio")
    with pytest.raises(UnsupportedFeature, match="first picture only"):
        WIRE.submit(video(), "gen4_turbo")
    with pytest.raises(UnsupportedFeature, match="reference"):
        WIRE.submit(video(references=(PICTURE,)), "gen4.5")


def test_a_field_adds_and_never_contradicts():
    sent = WIRE.submit(video(fields={"outputFormat": "prores"}), "gen4.5")
    assert body(sent)["outputFormat"] == "prores"
    with pytest.raises(InvalidRequest, match="duration"):
        WIRE.submit(video(duration_ms=2000, fields={"duration": 10}), "gen4.5")


def test_a_model_that_is_newer_than_the_table_is_asked_all_the_same():
    sent = WIRE.submit(video(duration_ms=7000, aspect="16:9"), "gen5")
    assert (body(sent)["duration"], body(sent)["ratio"]) == (7, "1280:720")


def test_the_handle_finds_the_task():
    handle = WIRE.submitted(answer({"id": TASK}))
    assert handle == Handle(TASK)
    assert WIRE.poll(handle).path == f"/v1/tasks/{TASK}"
    assert (WIRE.cancel(handle).method, WIRE.cancel(handle).path) == ("DELETE", f"/v1/tasks/{TASK}")


def test_throttled_is_waiting():
    assert seen(status="THROTTLED").state == "queued"
    assert seen(status="PENDING").state == "queued"


def test_running_tells_how_far_it_is():
    found = seen(status="RUNNING", progress=0.42)
    assert (found.state, found.progress) == ("running", 42)


def test_what_succeeded_has_its_file_and_its_credits():
    found = seen(status="SUCCEEDED", output=["https://x/y.mp4?_jwt=z"], cost={"credits": 60})
    assert found.state == "succeeded"
    assert [clip.url for clip in found.clips] == ["https://x/y.mp4?_jwt=z"]
    assert found.billed == {"credits": 60}


@pytest.mark.parametrize(
    ("code", "cause", "again"),
    [
        ("SAFETY.INPUT.TEXT", "content_filter", False),
        ("SAFETY.OUTPUT.VIDEO", "content_filter", False),
        ("INTERNAL.BAD_OUTPUT.CODE01", "provider_failed", True),
        ("ASSET.INVALID", "provider_failed", False),
    ],
)
def test_a_failure_is_judged_by_its_code(code, cause, again):
    found = seen(status="FAILED", failure="Sorry.", failureCode=code, cost={"credits": 0})
    assert (found.state, found.cause, found.again) == ("failed", cause, again)
    assert found.billed == {"credits": 0}
    assert code in found.message


def test_a_cancelled_task_is_an_end():
    assert seen(status="CANCELLED", cost={"credits": 0}).state == "cancelled"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ProviderRejected),
        (401, ProviderRefusedKey),
        (429, ProviderRateLimited),
        (503, ProviderOverloaded),
    ],
)
def test_refusals_are_judged_by_their_status(status, kind):
    with pytest.raises(kind, match="no"):
        WIRE.submitted(answer({"error": "no"}, status))


def test_a_task_that_is_gone_is_no_missing_model():
    with pytest.raises(ProviderRejected) as caught:
        WIRE.polled(answer({"error": "gone"}, 404))
    assert (caught.value.code, caught.value.status) == ("job_not_found", 404)


def test_an_answer_without_an_id_or_with_a_strange_state_is_broken():
    with pytest.raises(ProviderBroken):
        WIRE.submitted(answer({"id": None}))
    with pytest.raises(ProviderBroken):
        seen(status="DREAMING")


def usage(*days):
    return answer({"models": ["gen4.5"], "results": list(days)})


def day(number, **amounts):
    spent = [{"model": model.replace("_", "."), "amount": it} for model, it in amounts.items()]
    return {"date": f"2026-11-{number}", "usedCredits": spent}


def test_what_was_charged_is_told_by_day_and_model_less_what_was_given_back():
    asked = WIRE.used("gen4.5", "2026-11-19")
    assert (asked.method, asked.path) == ("POST", "/v1/organization/usage")
    assert (body(asked), asked.headers["x-runway-version"]) == (
        {"startDate": "2026-11-19"},
        "2024-11-06",
    )
    told = usage(day(19, gen4_5=60, veo3_1=200), day(20, gen4_5=-10))
    assert WIRE.uses(told, "gen4.5") == 50
    assert WIRE.uses(usage(), "gen4.5") == 0


@pytest.mark.parametrize("odd", [{"results": None}, {"results": [day(19, gen4_5="60")]}])
def test_usage_that_is_none_is_no_witness(odd):
    with pytest.raises(ProviderBroken):
        WIRE.uses(answer(odd), "gen4.5")


def test_clips_are_changed_by_one_model_which_makes_none():
    film = Source(id="video_1", change="remix", data=PNG, duration_ms=5000)
    sent = WIRE.submit(video(source=film), "aleph2")
    assert sent.path == "/v1/video_to_video"
    assert body(sent) == {
        "model": "aleph2",
        "videoUri": f"data:video/mp4;base64,{CODED}",
        "promptText": "a red kite over the sea",
    }
    assert sent.counts == {"video_ms": 5000}
    public = structs.replace(film, url="https://gate.example/media/x")
    assert body(WIRE.submit(video(source=public), "aleph2"))["videoUri"] == public.url
    for source, model in ((None, "aleph2"), (film, "gen4.5")):
        with pytest.raises(UnsupportedFeature, match="video"):
            WIRE.submit(video(source=source), model)
    large = structs.replace(film, data=bytes(4_000_000))
    with pytest.raises(UnsupportedFeature, match="public_url"):
        WIRE.submit(video(source=large), "aleph2")
