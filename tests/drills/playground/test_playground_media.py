"""OpenAI's own client gets real clips, voices and pictures from the playground, over a socket."""

import base64
from io import BytesIO

import openai
import pytest
from PIL import Image

from madang.drills.playground import Playground
from stand.footage import probe

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")

PROMPT = "Place: a café at night\nCharacters: Mina — short black hair; red coat\nCamera: push in"


def film(client, **fields):
    extra = {"seed": 3, "aspect_ratio": "9:16"} | fields.pop("extra", {})
    asked = {"model": "animatic", "prompt": PROMPT, "seconds": "1"} | fields
    return client.videos.create_and_poll(**asked, extra_body=extra, poll_interval_ms=100)


def test_a_clip_is_made_of_the_asked_size_and_length(client, tmp_path):
    job = film(client, extra={"size": "180x320"})
    assert job.status == "completed"
    assert (job.size, job.seconds, job.progress) == ("180x320", "1", 100)
    path = tmp_path / "clip.mp4"
    client.videos.download_content(job.id).write_to_file(path)
    facts = probe(path)
    assert facts["size"] == (180, 320)
    assert facts["duration_s"] == pytest.approx(1.0, abs=1 / 25)


def test_a_clip_has_a_thumbnail(client):
    job = film(client, extra={"size": "180x320"})
    picture = client.videos.download_content(job.id, variant="thumbnail").content
    assert Image.open(BytesIO(picture)).size == (180, 320)


def test_a_clip_is_made_again_by_other_words_and_stays_as_large_and_long(client):
    job = film(client, extra={"size": "64x64"})
    named = {"video": {"id": job.id}}
    for other in (
        client.videos.remix(job.id, prompt="Place: a harbour"),
        client.videos.edit(prompt="Place: a harbour", video=openai.omit, extra_body=named),
    ):
        assert (other.prompt, other.size, other.seconds) == ("Place: a harbour", "64x64", "1")
        assert client.videos.poll(other.id).status == "completed"
    with pytest.raises(openai.BadRequestError):
        client.videos.remix(job.id, prompt="")
    with pytest.raises(openai.NotFoundError):
        client.videos.remix("video_of_nobody", prompt="Place: a harbour")


def test_the_same_name_gets_the_same_job(client):
    named = {"idempotency-key": "shot-1"}
    asked = {"model": "animatic", "prompt": PROMPT, "extra_body": {"size": "64x64", "seconds": 1}}
    first = client.videos.create(**asked, extra_headers=named)
    second = client.videos.create(**asked, extra_headers=named)
    assert first.id == second.id


def test_a_job_outlives_the_playground_that_took_it(client):
    job = film(client, extra={"size": "64x64"})
    clip = client.videos.download_content(job.id).content
    another = Playground()
    another.start()
    with openai.OpenAI(base_url=another.url, api_key="any", max_retries=0) as later:
        assert later.videos.download_content(job.id).content == clip
        assert later.videos.retrieve(job.id).status == "completed"


@pytest.mark.parametrize(
    "told", ["", "_", "_AAAA", "_eJwDAAAAAAE", "_" + "A" * 9_000, "_%2e%2e%2f"]
)
def test_ids_that_hold_no_order_are_unknown(client, told):
    with pytest.raises(openai.NotFoundError):
        client.videos.retrieve(f"video_{'0' * 16}{told}")


def test_jobs_are_listed_and_deleted(client):
    job = film(client, extra={"size": "64x64"})
    assert job.id in [one.id for one in client.videos.list(limit=100).data]
    assert client.videos.delete(job.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.videos.retrieve(job.id)


def test_a_form_with_a_reference_is_taken(client):
    picture = ("first.png", b"\x89PNG\r\n\x1a\n", "image/png")
    job = client.videos.create(
        model="animatic", prompt=PROMPT, seconds="4", input_reference=picture
    )
    assert (job.seconds, job.size) == ("4", "720x1280")
    client.videos.delete(job.id)


@pytest.mark.parametrize(
    "fields",
    [{"seconds": "999"}, {"seconds": "soon"}, {"size": "1x1"}, {"prompt": ""}, {"seed": -1}],
)
def test_what_makes_no_sense_is_refused_with_its_name(client, fields):
    asked = {"model": "animatic", "prompt": PROMPT} | fields
    with pytest.raises(openai.BadRequestError) as refused:
        client.post("/videos", body=asked, cast_to=object)
    assert refused.value.param == next(iter(fields))


def test_other_models_are_the_simulators(client):
    assert client.videos.create(model="sora-2", prompt="a cat", seconds="4").model == "sora-2"


@pytest.mark.parametrize("kind", ["mp3", "opus", "aac", "flac", "wav"])
def test_speech_comes_in_every_format(client, tmp_path, kind):
    path = tmp_path / f"line.{kind}"
    spoken = client.audio.speech.create(
        model="scratch-voice", voice="nova", input="Good evening, Mina.", response_format=kind
    )
    path.write_bytes(spoken.content)
    assert 0.7 < probe(path)["duration_s"] < 3.0
    assert spoken.response.headers["x-playground-engine"] in {"espeak-ng", "hum"}


def test_a_picture_is_drawn_in_the_asked_size(client):
    made = client.images.generate(model="animatic-still", prompt=PROMPT, size="256x256", n=2)
    pictures = [Image.open(BytesIO(base64.b64decode(one.b64_json))) for one in made.data]
    assert [one.size for one in pictures] == [(256, 256), (256, 256)]
    assert pictures[0].tobytes() != pictures[1].tobytes()
