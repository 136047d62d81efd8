"""Clips through a gateway: OpenAI's own library orders, waits and downloads; simulated makers keep the book."""

import http.client
import json
from urllib.parse import urlsplit

import httpx
import openai
import pytest
from server_gateway import Gateway, eventually
from server_media import SHOT, booked, client, finished, made_config

from madang.drills.simulator.media.traps import Trap

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API")


@pytest.fixture
def key(studio):
    return studio.make_key("studio")[1]


def test_openais_library_orders_a_clip_and_downloads_it(studio, key, stage):
    videos = client(studio, key).videos
    video = videos.create_and_poll(model="sora-2", prompt="A cat walks", seconds="4")
    assert (video.status, video.seconds, video.progress) == ("completed", "4", 100)
    clip = videos.download_content(video.id).read()
    assert clip[4:8] == b"ftyp"
    assert videos.download_content(video.id, variant="thumbnail").read()[8:12] == b"WEBP"
    assert stage.charged == 400_000_000
    assert video.cost_usd == "0.400000000"


@pytest.mark.parametrize("model", ["runway/gen4.5", "kling/kling-v2-6", "pika-2.2-text", "sora-2"])
def test_every_maker_is_asked_by_the_same_request_and_costs_what_its_book_says(
    studio, key, stage, model
):
    wanted = {**SHOT, "model": model, "seconds": "4" if model == "sora-2" else "5"}
    made = studio.call("POST", "/v1/videos", key, json=wanted)
    assert made.status_code == 200, made.text
    over = finished(studio, key, made.json()["id"])
    assert over["status"] == "completed", over
    rows = booked(studio, f"request_id = '{over['request_id']}'")
    assert [(row[1], row[3], row[4], row[6]) for row in rows] == [(0, "ok", stage.charged, 1)]
    assert studio.call("GET", f"/v1/videos/{over['id']}/content", key).content[4:8] == b"ftyp"


def test_a_file_leaves_the_connection_open_for_the_next_request(studio, key, stage):
    made = studio.call("POST", "/v1/videos", key, json=SHOT).json()
    over = finished(studio, key, made["id"])
    kept = http.client.HTTPConnection(urlsplit(studio.url).netloc, timeout=10)
    kept.connect()
    kept.auto_open = 0  # no second connection
    for _ in range(5):
        kept.request("GET", urlsplit(over["url"]).path)
        assert kept.getresponse().read()[4:8] == b"ftyp"
    kept.close()


def test_a_part_of_the_file_is_given_and_the_address_needs_no_key(studio, key, stage):
    made = studio.call("POST", "/v1/videos", key, json=SHOT).json()
    over = finished(studio, key, made["id"])
    whole = httpx.get(over["url"])
    part = httpx.get(over["url"], headers={"range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, b"ftyp")
    assert part.headers["content-range"] == f"bytes 4-7/{len(whole.content)}"
    told = {name: part.headers[name] for name in ("x-content-type-options", "cache-control")}
    assert told == {"x-content-type-options": "nosniff", "cache-control": "private, max-age=3600"}
    assert httpx.get(over["url"][:-1]).status_code == 404
    last = httpx.get(over["url"], headers={"range": "bytes=-5"})
    assert last.content == whole.content[-5:]
    beyond = httpx.get(over["url"], headers={"range": "bytes=99999999-"})
    assert beyond.status_code == 416
    assert httpx.get(f"{over['url']}/thumbnail.jpg").content[:3] == b"\xff\xd8\xff"


def test_a_job_is_its_keys_own(studio, key, stage):
    made = studio.call("POST", "/v1/videos", key, json=SHOT).json()
    finished(studio, key, made["id"])
    other = studio.make_key("other")[1]
    for method, path in (("GET", ""), ("GET", "/content"), ("DELETE", "")):
        refused = studio.call(method, f"/v1/videos/{made['id']}{path}", other)
        assert refused.status_code == 404
    assert made["id"] not in studio.call("GET", "/v1/videos", other).text


def test_lists_come_in_pages_and_what_is_deleted_is_gone(studio, stage):
    own = client(studio, studio.make_key("lists")[1])
    ids = [own.videos.create(model="sora-2", prompt=f"Shot {n}", seconds="4").id for n in range(3)]
    assert [video.id for video in own.videos.list(limit=2)] == ids[::-1]
    assert [video.id for video in own.videos.list(order="asc", after=ids[0])] == ids[1:]
    assert own.videos.delete(ids[1]).deleted is True
    assert [video.id for video in own.videos.list(order="asc")] == [ids[0], ids[2]]
    with pytest.raises(openai.NotFoundError):
        own.videos.retrieve(ids[1])


def test_the_same_name_gives_the_same_job_and_another_order_is_refused(studio, key, stage):
    named = {"idempotency-key": f"shot-1-{key[-6:]}"}
    first = studio.call("POST", "/v1/videos", key, json=SHOT, headers=named).json()
    second = studio.call("POST", "/v1/videos", key, json=SHOT, headers=named).json()
    assert first["id"] == second["id"]
    finished(studio, key, first["id"])
    third = studio.call("POST", "/v1/videos", key, json=SHOT, headers=named).json()
    assert (third["id"], third["status"]) == (first["id"], "completed")
    assert len(stage.book) == 1
    other = studio.call("POST", "/v1/videos", key, json={**SHOT, "seconds": "6"}, headers=named)
    assert other.status_code == 422


def test_a_file_of_a_form_begins_the_clip(studio, key, stage):
    videos = client(studio, key).videos
    picture = ("first.png", b"\x89PNG\r\n\x1a\n" + b"x" * 64, "image/png")
    made = videos.create(model="sora-2", prompt="It moves", seconds="4", input_reference=picture)
    assert finished(studio, key, made.id)["status"] == "completed"


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"prompt": "x"}, 400, "model"),
        ({"model": "sora-2"}, 400, "prompt"),
        ({"model": "sora-2", "prompt": "x", "seconds": "9999"}, 400, "seconds"),
        ({"model": "sora-2", "prompt": "x", "seconds": []}, 400, "seconds"),
        ({"model": "sora-2", "prompt": "x", "size": "tall"}, 400, "size"),
        ({"model": "sora-2", "prompt": "x", "size": "123x456"}, 400, "size"),
        ({"model": "sora-2", "prompt": "x", "seed": -1}, 400, "seed"),
        ({"model": "tts-1", "prompt": "x"}, 400, "model"),
        ({"model": "gpt-4.1", "prompt": "x"}, 400, "model"),
        ({"model": "nothing-at-all", "prompt": "x"}, 404, "model"),
    ],
)
def test_what_cannot_be_made_is_refused_in_openais_words(studio, key, stage, body, status, param):
    refused = studio.call("POST", "/v1/videos", key, json=body)
    assert (refused.status_code, refused.json()["error"]["param"]) == (status, param)
    assert stage.book == []


def test_a_failed_job_costs_nothing_and_the_blocked_one_says_why(studio, key, stage):
    stage.traps(Trap("blocked", provider="openai"))
    made = studio.call("POST", "/v1/videos", key, json={"model": "sora-2", "prompt": "x"}).json()
    over = finished(studio, key, made["id"])
    assert (over["status"], over["error"]["code"]) == ("failed", "content_filter")
    assert [row[4] for row in booked(studio, f"request_id = '{over['request_id']}'")] == [0]
    assert stage.charged == 0


def test_what_a_provider_charges_for_a_failure_is_in_the_ledger(studio, key, stage):
    stage.traps(Trap("fail_charged", provider="runway"))
    made = studio.call("POST", "/v1/videos", key, json=SHOT).json()
    over = finished(studio, key, made["id"])
    assert over["status"] == "failed"
    rows = booked(studio, f"request_id = '{over['request_id']}'")
    assert sum(row[4] for row in rows) == stage.charged > 0


def test_a_maker_that_has_closed_is_passed_over_for_the_next(makers, stage, tmp_path):
    stage.change(providers={"openai": {"gone": 410}})
    models = {"shots": {"targets": ["openai/sora-2"], "fallback": ["runway/gen4.5"]}}
    with Gateway(tmp_path, {**made_config(makers), "models": models}) as own:
        key = own.make_key("k")[1]
        made = own.call("POST", "/v1/videos", key, json={**SHOT, "model": "shots"}).json()
        over = finished(own, key, made["id"])
        assert (over["status"], over["provider"]) == ("completed", "runway")
        rows = booked(own)
        assert [(row[1], row[2], row[3], row[6]) for row in rows] == [
            (0, "openai", "failed", 0),
            (1, "runway", "ok", 1),
        ]
        listed = own.call("GET", "/v1/models", key).json()["data"]
        assert "shots" in [row["id"] for row in listed]


def test_the_worst_case_is_held_until_the_job_is_over(makers, stage, tmp_path):
    stage.change(speed=0.001)  # nothing ends
    with Gateway(tmp_path, made_config(makers)) as own:
        key = own.make_key("poor", budget_usd="1")[1]  # one clip costs 0.60
        first = own.call("POST", "/v1/videos", key, json=SHOT)
        second = own.call("POST", "/v1/videos", key, json=SHOT)
        assert (first.status_code, second.status_code) == (200, 429), second.text
        own.kill()
        own.start()
        third = own.call("POST", "/v1/videos", key, json=SHOT)
        assert third.status_code == 429  # held again after a restart
        assert len(stage.book) == 1
        own.call("DELETE", f"/v1/videos/{first.json()['id']}", key)
        rows = eventually(
            lambda: booked(own)
        )  # it is cancelled there, and charged as this maker does
        assert [row[4] for row in rows] == [stage.charged]


def test_video_generation_answers_with_an_address(studio, key, stage):
    asked = {"prompt": "A tea house", "duration": 5, "style": "ink", "provider": "runway"}
    chat = client(studio, key).chat.completions
    messages = [{"role": "user", "content": json.dumps(asked)}]
    plain = chat.create(model="video-generation", messages=messages)
    address = plain.choices[0].message.content
    assert httpx.get(address).content[4:8] == b"ftyp"
    assert httpx.get(f"{address}/thumbnail.jpg").headers["content-type"] == "image/jpeg"
    pieces = chat.create(model="video-generation", messages=messages, stream=True)
    text = "".join(one.choices[0].delta.content or "" for one in pieces if one.choices)
    assert httpx.get(text).status_code == 200
    assert [entry.prompt for entry in stage.book] == ["A tea house\n\nStyle: ink"] * 2


def test_a_makers_own_fields_lead_to_no_other_model_and_are_reserved_for(studio, stage):
    """Sora 2 Pro costs three times as much, and Kling's better mode 7 cents a second instead of 4.2."""
    key = studio.make_key("sly", models=["sora-2"])[1]
    body = {"prompt": "A fox", "seconds": "4", "model": "sora-2"}
    options = {"openai": {"model": "sora-2-pro"}}
    refused = studio.call("POST", "/v1/videos", key, json={**body, "provider_options": options})
    assert (refused.status_code, stage.book) == (400, [])
    free = studio.make_key("free", budget_usd="10")[1]
    body = {**SHOT, "model": "kling/kling-v2-6", "provider_options": {"kling": {"mode": "pro"}}}
    made = studio.call("POST", "/v1/videos", free, json=body)
    finished(studio, free, made.json()["id"])
    (row,) = studio.story(made.headers["x-request-id"])["attempts"]
    assert (row["reserved_nusd"], row["cost_nusd"]) == (350_000_000, 350_000_000)
