"""The official Google library makes clips, pictures and speech at the simulator."""

import io
from base64 import b64decode

import httpx
import pytest
from google import genai
from google.genai import errors, types
from google.oauth2.credentials import Credentials
from media_files import contents
from PIL import Image

from madang.drills.simulator.media.traps import Trap

MODEL = "veo-3.1-generate-001"
ASKED = {"instances": [{"prompt": "A fox"}], "parameters": {"durationSeconds": 4}}
FOX = types.GenerateVideosSource(prompt="A fox")
SHOT = types.GenerateVideosConfig(aspect_ratio="9:16", duration_seconds=4, number_of_videos=1)


@pytest.fixture
def vertex(sim, media):
    return genai.Client(
        vertexai=True,
        project="studio",
        location="us-central1",
        credentials=Credentials(token="token"),
        http_options={"base_url": sim.url},
    )


@pytest.fixture
def dead(sim, media):
    """Veo on the Gemini API: google-genai has forgotten it, so it is asked by hand."""
    headers = {"x-goog-api-key": "key"}
    with httpx.Client(base_url=f"{sim.url}/v1beta", headers=headers) as client:
        yield client


def _done(client, operation):
    while not operation.done:
        operation = client.operations.get(operation)
    return operation


def _made(client, **config):
    asked = SHOT.model_copy(update=config)
    started = client.models.generate_videos(model=MODEL, source=FOX, config=asked)
    return _done(client, started)


def test_vertex_gives_the_file_in_its_answer(vertex, media):
    video = _made(vertex).response.generated_videos[0].video
    clip = contents(video.video_bytes)
    assert (video.mime_type, clip.codecs) == ("video/mp4", ("h264", "aac"))
    assert clip.width * 16 == clip.height * 9
    assert media.book.of("vertex")[0].nusd == 4 * 400_000_000


def test_silence_is_cheaper_and_two_clips_cost_twice(vertex, media):
    operation = _made(vertex, generate_audio=False, number_of_videos=2)
    assert len(operation.response.generated_videos) == 2
    assert contents(operation.response.generated_videos[0].video.video_bytes).codecs == ("h264",)
    assert media.book.of("vertex")[0].nusd == 2 * 4 * 200_000_000


def test_a_bucket_of_the_callers_gets_the_file(vertex):
    video = _made(vertex, output_gcs_uri="gs://studio").response.generated_videos[0].video
    assert video.uri.startswith("gs://studio/")


def test_an_operation_may_be_done_without_a_video(vertex, media):
    media.set_traps(Trap("blocked"))
    operation = _made(vertex)
    assert not operation.response.generated_videos
    assert operation.response.rai_media_filtered_count == 1
    assert not media.book.of("vertex")[0].nusd


def test_an_operation_fails_with_an_error(vertex, media):
    media.set_traps(Trap("fail"))
    assert _made(vertex).error["code"] == 13


def test_too_many_at_once_are_refused(vertex, media):
    media.change(speed=1, providers={"vertex": {"cap": 1}})
    vertex.models.generate_videos(model=MODEL, source=FOX, config=SHOT)
    with pytest.raises(errors.ClientError) as refusal:
        vertex.models.generate_videos(model=MODEL, source=FOX, config=SHOT)
    assert (refusal.value.code, refusal.value.status) == (429, "RESOURCE_EXHAUSTED")


@pytest.mark.parametrize("config", [{"duration_seconds": 5}, {"aspect_ratio": "1:1"}])
def test_what_veo_does_not_make_is_refused(vertex, media, config):
    with pytest.raises(errors.ClientError) as refusal:
        _made(vertex, **config)
    assert refusal.value.status == "INVALID_ARGUMENT"
    assert not media.book.entries


def test_veo_on_the_gemini_api_is_gone(dead):
    answer = dead.post(f"/models/{MODEL}:predictLongRunning", json=ASKED)
    assert (answer.status_code, answer.json()["error"]["status"]) == (404, "NOT_FOUND")


def test_its_files_needed_the_key(dead, media):
    media.change(providers={"gemini-veo": {"gone": None}})
    name = dead.post(f"/models/{MODEL}:predictLongRunning", json=ASKED).json()["name"]
    while not (told := dead.get(f"/{name}").json()).get("done"):
        pass
    sample = told["response"]["generateVideoResponse"]["generatedSamples"][0]
    assert httpx.get(sample["video"]["uri"]).status_code == 401
    assert contents(dead.get(sample["video"]["uri"]).content).seconds == pytest.approx(4, abs=0.1)


def test_a_picture_comes_inline_and_costs_1290_tokens(gemini, media):
    answer = gemini.models.generate_content(
        model="gemini-2.5-flash-image",
        contents="A fox",
        config=types.GenerateContentConfig(
            response_modalities=["IMAGE"], image_config=types.ImageConfig(aspect_ratio="9:16")
        ),
    )
    picture = Image.open(io.BytesIO(answer.candidates[0].content.parts[0].inline_data.data))
    assert (picture.format, picture.size) == ("PNG", (768, 1344))
    assert answer.usage_metadata.candidates_token_count == 1290
    # 2 tokens at 0.30 dollars a million, 1,290 at 30
    assert media.book.of("gemini")[0].nusd == 2 * 300 + 1290 * 30_000


def test_a_picture_may_be_missing(gemini, media):
    media.set_traps(Trap("blocked"))
    answer = gemini.models.generate_content(model="gemini-2.5-flash-image", contents="A fox")
    assert answer.candidates[0].finish_reason == types.FinishReason.IMAGE_SAFETY
    assert not media.book.entries


def test_speech_comes_as_samples(gemini, media):
    answer = gemini.models.generate_content(
        model="gemini-2.5-flash-preview-tts",
        contents="x" * 30,
        config=types.GenerateContentConfig(response_modalities=["AUDIO"]),
    )
    sound = answer.candidates[0].content.parts[0].inline_data
    assert sound.mime_type == "audio/L16;codec=pcm;rate=24000"
    assert len(sound.data) == 2 * 24_000 * 2
    assert answer.usage_metadata.candidates_token_count == 50


def test_newer_models_speak_in_files(gemini, media):
    answer = gemini.models.generate_content(
        model="gemini-3.8-flash-tts",
        contents="x" * 30,
        config=types.GenerateContentConfig(response_modalities=["AUDIO"]),
    )
    sound = answer.candidates[0].content.parts[0].inline_data
    assert (sound.mime_type, sound.data[:4]) == ("audio/wav", b"RIFF")
    assert (
        media.book.of("gemini")[0].nusd
        == answer.usage_metadata.prompt_token_count * 500 + 50 * 9_000
    )


def test_what_was_asked_for_in_words_is_still_answered_in_words(gemini, media):
    assert gemini.models.generate_content(model="gemini-2.5-flash", contents="Hello").text


def test_an_operation_in_the_raw_has_base64(sim, media):
    parent = f"{sim.url}/v1/projects/p/locations/l/publishers/google/models/{MODEL}"
    headers = {"authorization": "Bearer token"}
    name = httpx.post(f"{parent}:predictLongRunning", json=ASKED, headers=headers).json()["name"]
    while True:
        asked = {"operationName": name}
        told = httpx.post(f"{parent}:fetchPredictOperation", json=asked, headers=headers).json()
        if told.get("done"):
            break
    assert b64decode(told["response"]["videos"][0]["bytesBase64Encoded"])[4:8] == b"ftyp"
