"""Traps and faults strike every provider alike, and the book keeps what was charged."""

import httpx
import pytest
from media_bodies import GOOD, keys_for
from media_hooks import taking_hooks

from madang.drills.simulator import Behaviour
from madang.drills.simulator.media.traps import Trap


@pytest.fixture
def open_media(media):
    """The media side with every provider open."""
    media.change(providers={"gemini-veo": {"gone": None}})
    return media


@pytest.fixture(scope="module")
def client():
    with httpx.Client() as client:
        yield client


def _ask(client, sim, path):
    return client.post(sim.url + path, json=GOOD[path], headers=keys_for(path))


@pytest.mark.parametrize("path", GOOD)
def test_a_good_body_is_taken_and_booked_once(client, sim, open_media, path):
    answer = _ask(client, sim, path)
    assert answer.status_code == 200, answer.text
    assert len(open_media.book.entries) == 1


@pytest.mark.parametrize("path", GOOD)
def test_a_lost_answer_is_charged_all_the_same(client, sim, open_media, path):
    open_media.set_traps(Trap("lost_answer"))
    with pytest.raises(httpx.RemoteProtocolError):
        _ask(client, sim, path)
    (entry,) = open_media.book.entries
    assert (entry.trap, entry.nusd > 0, len(entry.request)) == ("lost_answer", True, 32)


@pytest.mark.parametrize("path", GOOD)
def test_a_busy_provider_takes_nothing(client, sim, open_media, path):
    open_media.set_traps(Trap("busy"))
    assert _ask(client, sim, path).status_code == 429
    assert not open_media.book.entries


@pytest.mark.parametrize("path", GOOD)
def test_no_key_is_401(client, sim, open_media, path):
    answer = client.post(
        sim.url + path, json=GOOD[path], headers={"x-runway-version": "2024-11-06"}
    )
    assert answer.status_code == 401


@pytest.mark.parametrize("path", GOOD)
def test_a_house_that_closes_takes_nothing_more(client, sim, open_media, path):
    provider = open_media.place("POST", path).provider.name
    open_media.change(providers={provider: {"gone": 410}})
    assert _ask(client, sim, path).status_code == 410
    assert not open_media.book.entries


def test_the_faults_of_the_simulator_strike_one_house(client, sim, open_media):
    sim.behave(Behaviour(model="runway", fault="status:503"), Behaviour())
    assert _ask(client, sim, "/v1/text_to_video").status_code == 503
    assert _ask(client, sim, "/v1/videos").status_code == 200


def test_a_file_breaks_off_in_the_middle(client, sim, open_media):
    video = _ask(client, sim, "/v1/videos").json()["id"]
    url, keys = f"{sim.url}/v1/videos/{video}", keys_for("/v1/videos")
    while client.get(url, headers=keys).json()["status"] != "completed":
        pass
    sim.behave(Behaviour(fault="cut"))
    with pytest.raises(httpx.RemoteProtocolError):
        client.get(f"{url}/content", headers=keys)


def test_a_webhook_may_never_come(client, sim, open_media):
    open_media.set_traps(Trap("webhook_lost", times=1))
    path = "/v1/videos/text2video"
    with taking_hooks() as hooks:
        for name in ("lost", "told"):
            body = GOOD[path] | {"callback_url": f"{hooks.url}/{name}", "external_task_id": name}
            client.post(sim.url + path, json=body, headers=keys_for(path))
        (taken,) = hooks.wait(1)
    assert b'"external_task_id":"told"' in taken.body


def test_an_address_may_need_the_key(client, sim, open_media):
    open_media.set_traps(Trap("keyed_url"))
    path = "/v1/text_to_video"
    task = f"{sim.url}/v1/tasks/{_ask(client, sim, path).json()['id']}"
    while not (told := client.get(task, headers=keys_for(path)).json()).get("output"):
        pass
    url = told["output"][0]
    assert client.get(url).status_code == 401
    assert client.get(url, headers=keys_for(path)).status_code == 200
    assert client.get(url.partition("?")[0], headers=keys_for(path)).status_code == 403


def test_a_share_of_submits_is_struck(media):
    media.set_traps(Trap("fail", share=0.3))
    struck = sum(media.traps.strike("kling", "kling-v3") is not None for _ in range(1_000))
    assert 200 <= struck <= 400
