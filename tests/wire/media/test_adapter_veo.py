"""Veo: operations of Vertex and of the Gemini API, and what is done without being there."""

import pytest
from media_asks import CODED, PICTURE, PNG, answer, body, video

from madang.errors import (
    ProviderBroken,
    ProviderLacksModel,
    ProviderRateLimited,
    ProviderRefusedKey,
    UnsupportedFeature,
)
from madang.model.media import Handle, Picture, Source
from madang.wire.media.veo import GEMINI, VERTEX

MODEL = "veo-3.1-generate-001"
NAME = f"projects/p/locations/us-central1/publishers/google/models/{MODEL}/operations/0a1b-2c"


def done(**response):
    return VERTEX.polled(answer({"name": NAME, "done": True, "response": response}))


def test_a_request_has_instances_and_parameters():
    ask = video(duration_ms=6000, aspect="9:16", negative="rain", seed=5, audio=False)
    sent = VERTEX.submit(ask, MODEL)
    assert sent.path == f"/publishers/google/models/{MODEL}:predictLongRunning"
    assert body(sent) == {
        "instances": [{"prompt": "a red kite over the sea"}],
        "parameters": {
            "sampleCount": 1,
            "durationSeconds": 6,
            "resolution": "720p",
            "generateAudio": False,
            "aspectRatio": "9:16",
            "negativePrompt": "rain",
            "seed": 5,
        },
    }
    assert sent.counts == {"video_ms.720p": 6000}


def test_pictures_are_bytes_or_lie_in_a_bucket():
    bucket = Picture("image/jpeg", url="gs://b/x.jpg")
    sent = VERTEX.submit(video(first=PICTURE, last=bucket), MODEL)
    (instance,) = body(sent)["instances"]
    assert instance["image"] == {"bytesBase64Encoded": CODED, "mimeType": "image/png"}
    assert instance["lastFrame"] == {"gcsUri": "gs://b/x.jpg", "mimeType": "image/jpeg"}
    with pytest.raises(UnsupportedFeature, match="as bytes"):
        VERTEX.submit(video(first=Picture(url="https://x/y.png")), MODEL)


def test_references_come_with_eight_seconds_of_landscape_only():
    sent = VERTEX.submit(video(references=(PICTURE,), duration_ms=4000, aspect="16:9"), MODEL)
    assert body(sent)["parameters"]["durationSeconds"] == 8
    assert sent.losses == ("seconds",)
    assert body(sent)["instances"][0]["referenceImages"][0]["referenceType"] == "asset"
    with pytest.raises(UnsupportedFeature):
        VERTEX.submit(video(references=(PICTURE,), aspect="9:16"), MODEL)
    with pytest.raises(UnsupportedFeature):
        VERTEX.submit(video(references=(PICTURE,)), "veo-3.1-lite-generate-001")


def test_a_field_goes_among_the_parameters():
    sent = VERTEX.submit(video(fields={"personGeneration": "allow_adult"}), MODEL)
    assert body(sent)["parameters"]["personGeneration"] == "allow_adult"


def test_an_operation_of_vertex_is_asked_for_by_post():
    handle = VERTEX.submitted(answer({"name": NAME}))
    asked = VERTEX.poll(handle)
    assert asked.method == "POST"
    assert asked.path == f"/publishers/google/models/{MODEL}:fetchPredictOperation"
    assert body(asked) == {"operationName": NAME}
    with pytest.raises(ProviderBroken):
        VERTEX.poll(Handle("operations/../../secret"))


def test_an_operation_of_gemini_is_asked_for_by_its_name():
    sent = GEMINI.submit(video(), "veo-3.1-generate-preview")
    assert sent.path == "/models/veo-3.1-generate-preview:predictLongRunning"
    name = "models/veo-3.1-generate-preview/operations/abc123"
    assert GEMINI.poll(GEMINI.submitted(answer({"name": name}))).path == f"/{name}"
    with pytest.raises(ProviderBroken):
        GEMINI.poll(Handle("../../files"))


def test_what_is_not_done_is_running():
    assert VERTEX.polled(answer({"name": NAME})).state == "running"
    assert VERTEX.polled(answer({"name": NAME, "done": False})).state == "running"


def test_a_clip_comes_as_bytes_or_lies_in_a_bucket():
    found = done(videos=[{"bytesBase64Encoded": CODED, "mimeType": "video/mp4"}])
    assert (found.state, found.clips[0].data) == ("succeeded", PNG)
    clip = done(videos=[{"gcsUri": "gs://my-bucket/a b/x.mp4"}]).clips[0]
    assert clip.url == "https://storage.googleapis.com/my-bucket/a%20b/x.mp4"
    assert clip.keyed


def test_a_clip_of_gemini_needs_the_key():
    root = "https://generativelanguage.googleapis.com/v1beta"
    samples = [{"video": {"uri": f"{root}/files/x:download?alt=media"}}]
    found = GEMINI.polled(
        answer({"done": True, "response": {"generateVideoResponse": {"generatedSamples": samples}}})
    )
    assert found.clips[0].keyed
    assert found.clips[0].url.endswith("alt=media")


def test_done_but_filtered_is_a_refusal_of_the_filter():
    found = done(raiMediaFilteredCount=1, raiMediaFilteredReasons=["it shows a person"])
    assert (found.state, found.cause) == ("failed", "content_filter")
    assert found.message == "it shows a person"
    inside = {"generateVideoResponse": {"raiMediaFilteredCount": 2}}
    assert done(**inside).cause == "content_filter"


def test_done_without_anything_is_broken():
    assert (done().state, done().cause) == ("failed", "broken")


@pytest.mark.parametrize(
    ("code", "cause", "again"),
    [(3, "invalid_request", False), (8, "rate_limit", True), (13, "provider_failed", True)],
)
def test_an_error_inside_an_operation_is_judged_by_its_code(code, cause, again):
    error = {"code": code, "message": "no", "status": "X"}
    found = VERTEX.polled(answer({"name": NAME, "done": True, "error": error}))
    assert (found.state, found.cause, found.again, found.message) == ("failed", cause, again, "no")


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, ProviderRefusedKey), (404, ProviderLacksModel), (429, ProviderRateLimited)],
)
def test_refusals_are_google_s(status, kind):
    with pytest.raises(kind):
        VERTEX.submitted(answer({"error": {"code": status, "message": "no"}}, status))


def test_a_clip_is_gone_on_with_for_seven_seconds():
    film = Source(id="video_1", change="extend", data=PNG)
    sent = VERTEX.submit(video(source=film, duration_ms=4000), MODEL)
    assert body(sent)["instances"] == [
        {
            "prompt": "a red kite over the sea",
            "video": {"bytesBase64Encoded": CODED, "mimeType": "video/mp4"},
        }
    ]
    assert body(sent)["parameters"]["durationSeconds"] == 7
    assert (sent.losses, sent.counts) == (("seconds",), {"video_ms.720p.audio": 7000})
    with pytest.raises(UnsupportedFeature, match="seconds"):
        VERTEX.submit(video(source=film, duration_ms=8000), MODEL)
    assert (set(VERTEX.remakes), set(GEMINI.remakes)) == ({"extend"}, set())
