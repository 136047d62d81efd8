"""The official fal library waits in the simulator's queue, and webhooks prove to be fal's."""

import json
from base64 import urlsafe_b64decode
from hashlib import sha256
from itertools import pairwise

import fal_client
import httpx
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from media_files import contents
from media_hooks import taking_hooks

from madang.drills.simulator.media.traps import Trap

APP = "fal-ai/pika/v2.2/text-to-video"
SHOT = {"prompt": "A fox", "duration": 5, "aspect_ratio": "9:16", "resolution": "720p"}


@pytest.fixture
def fal(sim, media, monkeypatch):
    # the library's hosts are constants that it fills in from the environment when it is imported
    monkeypatch.setattr(fal_client.client, "QUEUE_URL_FORMAT", f"{sim.url}/fal/")
    return fal_client.SyncClient(key="id:secret")


def test_a_request_waits_in_the_queue_and_has_its_clip(fal, media):
    handle = fal.submit(APP, SHOT)
    video = handle.get(interval=0.01)["video"]
    clip = contents(httpx.get(video["url"]).content)
    assert clip.width * 1280 == clip.height * 720
    assert clip.seconds == pytest.approx(5, abs=0.1)
    assert [entry.nusd for entry in media.book.of("fal")] == [200_000_000]


def test_the_returned_addresses_have_no_path_behind_the_app(fal, sim, media):
    handle = fal.submit(APP, SHOT)
    assert handle.status_url == f"{sim.url}/fal/fal-ai/pika/requests/{handle.request_id}/status"


def test_it_answers_202_while_it_pends_and_200_once_it_is_done(fal, media):
    media.change(providers={"fal": {"cap": 1}})
    media.set_traps(Trap("stuck", times=1))
    key = {"authorization": "Key id:secret"}
    stuck, done = fal.submit(APP, SHOT), fal.submit(APP, SHOT)
    assert isinstance(stuck.status(), fal_client.Queued | fal_client.InProgress)
    assert httpx.get(stuck.status_url, headers=key).status_code == 202
    assert done.get(interval=0.01)
    assert httpx.get(done.status_url, headers=key).status_code == 200


@pytest.mark.parametrize(("trap", "status"), [("fail", 500), ("blocked", 422)])
def test_a_completed_request_may_carry_an_error(fal, media, trap, status):
    media.set_traps(Trap(trap))
    handle = fal.submit(APP, SHOT)
    with pytest.raises(fal_client.FalClientHTTPError) as failure:
        handle.get(interval=0.01)
    last = handle.status()
    assert isinstance(last, fal_client.Completed)
    assert last.error
    assert failure.value.status_code == status
    assert failure.value.response.headers["x-fal-error-type"]
    assert not media.book.of("fal")[0].nusd


@pytest.mark.parametrize("field", [{"duration": 6}, {"aspect_ratio": "x"}, {"prompt": None}])
def test_wrong_input_is_taken_and_fails_when_its_turn_comes(fal, media, field):
    handle = fal.submit(APP, SHOT | field)
    with pytest.raises(fal_client.FalClientHTTPError) as failure:
        handle.get(interval=0.01)
    assert failure.value.status_code == 422
    assert not media.book.of("fal")[0].nusd


def test_a_request_is_cancelled(fal, media):
    media.set_traps(Trap("stuck"))
    handle = fal.submit(APP, SHOT)
    handle.cancel()
    assert isinstance(handle.status(), fal_client.Completed)
    assert media.book.of("fal")[0].outcome == "cancelled"


def test_another_way_of_showing_a_key_is_none(sim, media):
    answer = httpx.post(f"{sim.url}/fal/{APP}", json=SHOT, headers={"authorization": "Bearer k"})
    assert (answer.status_code, answer.headers["x-fal-error-type"]) == (401, "unauthorized")


def _proves(sim, taken):
    """Check a webhook as fal's documentation says, with the key set that the simulator serves."""
    key = httpx.get(f"{sim.url}/fal/.well-known/jwks.json").json()["keys"][0]["x"]
    public = Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(key + "=" * (-len(key) % 4)))
    parts = ("request-id", "user-id", "timestamp")
    signed = [taken.headers[f"x-fal-webhook-{part}"] for part in parts]
    message = "\n".join([*signed, sha256(taken.body).hexdigest()]).encode()
    public.verify(bytes.fromhex(taken.headers["x-fal-webhook-signature"]), message)


def test_a_webhook_comes_when_the_job_has_ended_and_proves_to_be_fals(fal, sim, media):
    with taking_hooks(refusals=1) as hooks:
        handle = fal.submit(APP, SHOT, webhook_url=hooks.url)
        _, taken = hooks.wait(2)  # the first is refused, so it comes again
    told = json.loads(taken.body)
    assert (told["request_id"], told["status"]) == (handle.request_id, "OK")
    assert contents(httpx.get(told["payload"]["video"]["url"]).content).codecs == ("h264",)
    _proves(sim, taken)


def test_webhooks_come_twice(fal, media):
    media.set_traps(Trap("webhook_twice"))
    with taking_hooks() as hooks:
        fal.submit(APP, SHOT, webhook_url=hooks.url)
        first, second = hooks.wait(2)
    assert first.body == second.body


def test_a_forged_webhook_proves_nothing(fal, sim, media):
    media.set_traps(Trap("webhook_forged"))
    with taking_hooks() as hooks:
        fal.submit(APP, SHOT, webhook_url=hooks.url)
        (taken,) = hooks.wait(1)
    with pytest.raises(InvalidSignature):
        _proves(sim, taken)


def test_a_stale_webhook_is_ten_minutes_old(fal, sim, media):
    media.set_traps(Trap("webhook_stale"))
    with taking_hooks() as hooks:
        fal.submit(APP, SHOT, webhook_url=hooks.url)
        (taken,) = hooks.wait(1)
    _proves(sim, taken)
    assert taken.at_s - int(taken.headers["x-fal-webhook-timestamp"]) > 590


def test_an_early_webhook_is_there_before_the_submit_is_answered(fal, media):
    media.set_traps(Trap("webhook_early"))
    with taking_hooks() as hooks:
        handle = fal.submit(APP, SHOT, webhook_url=hooks.url)
        assert json.loads(hooks.taken[0].body)["request_id"] == handle.request_id


def test_an_address_that_is_none_is_refused_before_anything_is_charged(fal, media):
    with pytest.raises(fal_client.FalClientHTTPError):
        fal.submit(APP, SHOT, webhook_url="file:///etc/hostname")
    assert not media.book.entries


@pytest.fixture
def app(request):
    """An app that no other test has asked: requests stay in the list."""
    return f"drill/{request.node.name}/video"


def listed(sim, app, **query):
    """What the administration lists of an app."""
    answer = httpx.get(
        f"{sim.url}/fal/v1/models/requests/by-endpoint",
        params={"endpoint_id": app, **query},
        headers={"authorization": "Key id:secret"},
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_administration_lists_what_was_begun_with_what_was_sent(fal, sim, media, app):
    handle = fal.submit(app, SHOT)
    handle.get(interval=0.01)
    (item,) = listed(sim, app, expand="payloads")["items"]
    assert (item["request_id"], item["endpoint_id"]) == (handle.request_id, app)
    assert (item["json_input"], item["status_code"]) == (SHOT, 200)
    assert item["sent_at"] <= item["started_at"] < item["ended_at"]
    assert "json_input" not in listed(sim, app)["items"][0]
    assert listed(sim, app, status="error")["items"] == []
    assert listed(sim, "fal-ai/flux/dev")["items"] == []


def test_what_waits_in_the_queue_is_not_listed_and_what_is_made_has_no_end(fal, sim, media, app):
    media.change(providers={"fal": {"cap": 1}})
    media.change(speed=0.01)
    running = fal.submit(app, SHOT)
    fal.submit(app, SHOT)
    (item,) = listed(sim, app)["items"]
    assert item["request_id"] == running.request_id
    assert "ended_at" not in item
    assert "status_code" not in item


def test_the_list_goes_on_behind_its_cursor(fal, sim, media, app):
    for _ in range(3):
        fal.submit(app, SHOT).get(interval=0.01)
    first = listed(sim, app, limit="2")
    rest = listed(sim, app, limit="2", cursor=first["next_cursor"])
    assert (first["has_more"], rest["has_more"], rest["next_cursor"]) == (True, False, None)
    assert len({it["request_id"] for it in first["items"] + rest["items"]}) == 3


def test_what_is_not_begun_in_time_is_given_up_and_free(fal, media):
    media.change(providers={"fal": {"cap": 1}})
    media.set_traps(Trap("stuck", times=1))
    fal.submit(APP, SHOT)
    late = fal.submit(APP, SHOT, start_timeout=2)
    with pytest.raises(fal_client.FalClientHTTPError) as failure:
        late.get(interval=0.01)
    assert failure.value.status_code == 504
    assert media.book.of("fal")[1].nusd == 0


def test_a_webhook_that_nobody_takes_comes_ten_times_more(fal, media):
    media.change(speed=5000)
    with taking_hooks(refusals=10) as hooks:
        fal.submit(APP, SHOT, webhook_url=hooks.url)
        taken = hooks.wait(11, 20)
    assert len({one.body for one in taken}) == 1
    pauses = [after.at_s - before.at_s for before, after in pairwise(taken)]
    assert pauses[-1] > 8 * pauses[4]
