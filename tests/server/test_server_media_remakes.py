"""Clips made from clips: OpenAI's own library asks, the maker of the first makes the second; its book has the cost."""

import openai
import pytest
from server_media import SHOT, booked, client, finished

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API")
TO = {"runway/gen4.5": "5", "sora-2": "4", "kling/kling-v2-6": "5", "pika-2.2-text": "5"}


@pytest.fixture
def key(studio):
    return studio.make_key("studio")[1]


def a_clip(studio, key, model):
    wanted = {**SHOT, "model": model, "seconds": TO[model]}
    made = studio.call("POST", "/v1/videos", key, json=wanted)
    assert made.status_code == 200, made.text
    return finished(studio, key, made.json()["id"])


def test_openais_library_remixes_a_clip_at_its_maker(studio, key, stage):
    clip = a_clip(studio, key, "sora-2")
    videos = client(studio, key).videos
    other = videos.poll(videos.remix(clip["id"], prompt="The fox sleeps").id)
    assert (other.status, other.seconds, other.size) == ("completed", "4", clip["size"])
    assert other.remixed_from_video_id == clip["id"]
    assert videos.download_content(other.id).read()[4:8] == b"ftyp"
    assert [entry.prompt for entry in stage.book] == [SHOT["prompt"], "The fox sleeps"]
    rows = booked(studio, f"request_id = '{other.request_id}'")
    assert [(row[2], row[4]) for row in rows] == [("openai", stage.book[1].nusd)]


def test_openais_library_edits_a_clip_by_its_id(studio, key, stage):
    """Of itself it can only upload a file there; told the id beside, it sends a form with `video[id]`."""
    clip = a_clip(studio, key, "sora-2")
    videos, named = client(studio, key).videos, {"video": {"id": clip["id"]}}
    edited = videos.edit(prompt="In the rain", video=openai.omit, extra_body=named)
    other = videos.poll(edited.id)
    assert (other.status, other.remixed_from_video_id) == ("completed", clip["id"])


def test_runway_changes_a_clip_by_the_model_that_changes_clips(studio, key, stage):
    clip = a_clip(studio, key, "runway/gen4.5")
    wanted = {"prompt": "In the rain", "video": {"id": clip["id"]}}
    made = studio.call("POST", "/v1/videos/edits", key, json=wanted)
    assert (made.status_code, made.headers["x-madang-model"]) == (200, "aleph2"), made.text
    over = finished(studio, key, made.json()["id"])
    assert over["status"] == "completed", over
    assert stage.book[1].model == "aleph2"
    rows = booked(studio, f"request_id = '{over['request_id']}'")
    assert [(row[2], row[4]) for row in rows] == [("runway", stage.book[1].nusd)]


def test_kling_goes_on_with_a_clip_for_five_seconds(studio, key, stage):
    clip = a_clip(studio, key, "kling/kling-v2-6")
    videos, named = client(studio, key).videos, {"video": {"id": clip["id"]}}
    extension = videos.extend(
        prompt="It walks on", seconds="4", video=openai.omit, extra_body=named
    )
    over = finished(studio, key, extension.id)
    assert over["status"] == "completed", over
    assert stage.book[1].counted == {"seconds": 5}
    rows = booked(studio, f"request_id = '{over['request_id']}'")
    assert [row[4] for row in rows] == [stage.book[1].nusd]


@pytest.mark.parametrize(
    ("model", "change", "said"),
    [
        ("pika-2.2-text", "edits", "`fal` made cannot be edited, or otherwise changed"),
        ("kling/kling-v2-6", "edits", "`kling` made cannot be edited; they can be extended"),
        ("runway/gen4.5", "extensions", "cannot be extended; they can be remixed and edited"),
    ],
)
def test_what_a_maker_cannot_do_is_refused_by_name(studio, key, stage, model, change, said):
    clip = a_clip(studio, key, model)
    wanted = {"prompt": "In the rain", "video": {"id": clip["id"]}, "seconds": "4"}
    refused = studio.call("POST", f"/v1/videos/{change}", key, json=wanted)
    error = refused.json()["error"]
    assert (refused.status_code, error["code"]) == (400, "unsupported_feature")
    assert said in error["message"]
    assert len(stage.book) == 1


def test_only_ones_own_finished_clips_are_changed(studio, key, stage):
    stranger = studio.make_key("stranger")[1]
    stage.change(speed=0.01)
    slow = studio.call("POST", "/v1/videos", key, json=SHOT).json()
    remix = f"/v1/videos/{slow['id']}/remix"
    early = studio.call("POST", remix, key, json={"prompt": "more"})
    assert (early.status_code, early.json()["error"]["code"]) == (400, "video_not_ready")
    assert studio.call("POST", remix, stranger, json={"prompt": "more"}).status_code == 404
    assert studio.call("POST", remix, key, json={}).status_code == 400
    studio.call("DELETE", f"/v1/videos/{slow['id']}", key)
    assert studio.call("POST", remix, key, json={"prompt": "more"}).status_code in (400, 404)


def test_files_and_characters_are_refused_in_clear_words(studio, key, stage):
    videos = client(studio, key).videos
    with pytest.raises(openai.BadRequestError, match="clip that was made here"):
        videos.edit(prompt="In the rain", video=("a.mp4", b"film", "video/mp4"))
    with pytest.raises(openai.BadRequestError, match="reference_images"):
        videos.create_character(name="Min", video=("a.mp4", b"film", "video/mp4"))
    assert stage.book == []


def test_the_same_name_remixes_once(studio, key, stage):
    clip = a_clip(studio, key, "sora-2")
    named = {"idempotency-key": f"remix-{key[-6:]}"}
    path, body = f"/v1/videos/{clip['id']}/remix", {"prompt": "The fox sleeps"}
    first = studio.call("POST", path, key, json=body, headers=named).json()
    again = studio.call("POST", path, key, json=body, headers=named).json()
    assert first["id"] == again["id"]
    finished(studio, key, first["id"])
    assert len(stage.book) == 2
