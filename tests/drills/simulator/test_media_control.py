"""The media side's own door, its settings, and what it does with what no provider would send."""

import json
import re
from dataclasses import fields
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from media_bodies import BODIES, KEYS, keys_for

from madang.drills.simulator.media.desk import Order
from madang.drills.simulator.media.prices import charged
from madang.drills.simulator.media.profile import Profile, ProviderSettings
from madang.drills.simulator.media.side import MediaSide
from madang.drills.simulator.media.traps import TRAPS, Trap
from madang.drills.simulator.media.workshop import Shot

DOCUMENTED = (Path(__file__).parents[3] / "docs" / "simulator.md").read_text()


@pytest.fixture
def door(sim, media):
    with httpx.Client(base_url=f"{sim.url}/__sim/media") as client:
        yield client


def test_settings_are_changed_one_by_one_while_it_serves(door, media):
    told = door.put(
        "", json={"speed": 500, "providers": {"runway": {"cap": 2, "gone": 410}}}
    ).json()
    assert (told["speed"], told["full_size"]) == (500, False)
    assert (told["providers"]["runway"]["gone"], told["providers"]["fal"]["gone"]) == (410, None)
    assert door.get("").json() == told
    assert media.desks["runway"].settings.cap == 2


def test_traps_are_set_all_anew(door, media):
    door.put("", json={"traps": [{"trap": "fail", "provider": "fal"}]})
    door.put("", json={"speed": 700})
    assert media.traps.rows == (Trap("fail", provider="fal"),)
    door.put("", json={"traps": []})
    assert media.traps.rows == ()


@pytest.mark.parametrize(
    "body",
    [
        b"no json",
        b"[]",
        b'{"pace": 1}',
        b'{"speed": 0}',
        b'{"speed": "fast"}',
        b'{"full_size": 3}',
        b'{"providers": {"hollywood": {}}}',
        b'{"providers": {"fal": {"cap": 0}}}',
        b'{"providers": {"fal": {"gone": 500}}}',
        b'{"providers": {"fal": 1}}',
        b'{"providers": 1}',
        b'{"prices": [{"provider": "fal"}]}',
        b'{"speed": 7, "traps": [{"trap": "quicksand"}]}',
    ],
)
def test_settings_that_make_no_sense_change_nothing(door, media, body):
    answer = door.put("", content=body)
    assert (answer.status_code, bool(answer.json()["error"])) == (400, True)
    assert media.profile == Profile(speed=1000)


def test_prices_of_the_callers_stand_before_the_simulators_own(gpt, door, media):
    row = {"provider": "openai", "model": "tts", "nusd": {"characters": 7, "job": 1}}
    door.put("", json={"prices": [row]})
    gpt.audio.speech.create(model="tts-1", voice="coral", input="Hello").read()
    assert media.book.of("openai")[0].nusd == 5 * 7 + 1


def test_the_book_is_read_and_begun_anew(gpt, door):
    gpt.audio.speech.create(model="tts-1", voice="coral", input="Hello").read()
    book = door.get("/book").json()
    assert book["providers"]["openai"] == {
        "accepted": 1,
        "charged": 1,
        "nusd": 75_000,
        "credits": 0,
    }
    assert (book["entries"][0]["kind"], book["entries"][0]["prompt"]) == ("speech", "Hello")
    door.delete("/book")
    assert door.get("/book").json() == {"providers": {}, "entries": []}


def test_the_same_request_twice_is_seen_in_the_book(gpt, media):
    for said in ("Hello", "Hello", "Bye"):
        gpt.audio.speech.create(model="tts-1", voice="coral", input=said).read()
    first, second, third = (entry.request for entry in media.book.of("openai"))
    assert first == second != third


def test_a_trap_strikes_as_often_as_it_says_and_where(media):
    media.set_traps(Trap("fail", provider="fal", times=2), Trap("blocked", model="sora-2"))
    struck = [media.traps.strike(*asked) for asked in [("fal", "x")] * 3 + [("openai", "sora-2")]]
    assert struck == ["fail", "fail", None, "blocked"]


@pytest.mark.parametrize(
    ("provider", "model", "counted", "traits", "nusd"),
    [
        ("kling", "kling-v3", {"seconds": 5}, {"mode": "pro", "audio": True}, 700_000_000),
        ("kling", "kling-v3", {"seconds": 5}, {"mode": "std"}, 210_000_000),
        ("fal", "fal-ai/pika/v2.2/x", {"seconds": 5}, {"resolution": "1080p"}, 450_000_000),
        ("fal", "fal-ai/other", {"seconds": 5}, {}, 100_000_000),
        ("openai", "whisper-1", {"seconds": 0.5}, {}, 50_000),
    ],
)
def test_what_is_charged_is_the_list_price(provider, model, counted, traits, nusd):
    assert charged(provider, model, counted, traits) == nusd


@pytest.mark.parametrize(
    "name",
    [
        *TRAPS,
        *Profile().providers,
        *(each.name for each in fields(ProviderSettings)),
        "speed",
        "full_size",
        "prices",
    ],
)
def test_every_trap_house_and_setting_is_documented(name):
    assert (
        re.search(rf"[`.]{re.escape(name)}`", DOCUMENTED)
        or f"`providers.NAME.{name}`" in DOCUMENTED
    )


def test_every_path_of_a_house_is_known_behind_any_base_path(media):
    for path in ("/v1/videos", "/openai/v1/videos", "/a/b/v1/videos"):
        place = media.place("POST", path)
        assert (place.provider.name, place.found.start()) == ("openai", path.index("/videos"))


PATHS = list(BODIES)
WORDS = (
    "prompt model model_name seconds size duration content type text parts contents instances image",
    "parameters aspect_ratio ratio promptText promptImage input voice n file seed",
    "image_url resolution generate_audio mode sound speed quality generationConfig voice_settings",
    "external_task_id callback_url",
)
NAMES = st.sampled_from(" ".join(WORDS).split())
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(
        ["sora-2", "kling-v3", "5", "1:1", "seedance-1", "tts-1", "gen4.5", "\ud83d"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@given(path=st.sampled_from(PATHS), body=st.dictionaries(NAMES, VALUES, max_size=2))
def test_any_json_gets_an_answer_that_is_no_failure_of_the_simulator(sim_of_media, path, body):
    sim, client = sim_of_media
    asked = json.dumps(BODIES[path] | body)
    answer = client.post(sim.url + path, content=asked, headers=keys_for(path))
    assert answer.status_code in {200, 400, 404, 422}


@given(path=st.sampled_from(PATHS), body=st.binary(max_size=200))
def test_any_form_gets_an_answer_that_is_no_failure_of_the_simulator(sim_of_media, path, body):
    sim, client = sim_of_media
    form = b'--b\r\nContent-Disposition: form-data; name="prompt"\r\n\r\n' + body
    headers = KEYS | {"content-type": "multipart/form-data; boundary=b"}
    for content in (body, form, form + b"\r\n--b--\r\n"):
        answer = client.post(sim.url + path, content=content, headers=headers)
        assert answer.status_code in {200, 400, 401, 404, 422}


@pytest.fixture(scope="module")
def sim_of_media(_served):
    """For hypothesis, which wants a fixture that outlives its examples."""
    _served.running.media.settle(Profile(speed=1_000_000))
    with httpx.Client() as client:
        yield _served, client


def test_a_body_nested_too_deeply_is_refused(sim, media):
    deep = b'{"prompt":' + b"[" * 50_000 + b"]" * 50_000 + b"}"
    answer = httpx.post(f"{sim.url}/v1/videos", content=deep, headers=KEYS)
    assert answer.status_code == 400


def test_a_form_of_too_many_parts_is_refused(sim, media):
    part = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n'
    headers = KEYS | {"content-type": "multipart/form-data; boundary=b"}
    answer = httpx.post(f"{sim.url}/v1/videos", content=part * 65 + b"--b--", headers=headers)
    assert answer.status_code == 400


def test_no_more_jobs_are_kept_than_the_limit(media, monkeypatch):
    monkeypatch.setattr("madang.drills.simulator.media.desk._MAX_JOBS", 3)
    side = MediaSide(media._conduct)
    desk = side.desks["kling"]
    order = _order("shot")
    for number in range(5):
        desk.accept(order._replace(name=f"shot-{number}"))
    assert (len(desk.jobs), sorted(desk.by_name)) == (3, ["shot-2", "shot-3", "shot-4"])
    assert len(side.book.entries) == 5


def _order(prompt):
    return Order("kling-v3", Shot(16, 16, 5, prompt), {"seconds": 5})


def test_jobs_wait_for_places_in_the_order_in_which_they_came(media):
    """Cap 2, 10 s each: places are free at 0, 0, 10, 10, 20 — the bound of a batch's length."""
    clock = [1_000.0]
    side = MediaSide(media._conduct, clock=lambda: clock[0])
    side.change(speed=1, providers={"fal": {"cap": 2, "make_s": 10}})
    jobs = [side.desks["fal"].accept(_order(str(number))) for number in range(5)]
    assert [job.starts_s - 1_000 for job in jobs] == [0, 0, 10, 10, 20]
    clock[0] = 1_015.0
    assert [job.state(clock[0]) for job in jobs][1:] == [
        "succeeded",
        "running",
        "running",
        "queued",
    ]


def test_a_cancelled_job_gives_its_place_to_the_next_that_comes(media):
    clock = [1_000.0]
    side = MediaSide(media._conduct, clock=lambda: clock[0])
    side.change(speed=1, providers={"fal": {"cap": 1, "make_s": 10}})
    desk = side.desks["fal"]
    desk.cancel(desk.accept(_order("a")))
    assert desk.accept(_order("b")).starts_s == 1_000.0
