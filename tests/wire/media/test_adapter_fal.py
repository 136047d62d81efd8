"""fal: its queue, its two ways of failing, and its signed webhooks."""

import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from media_asks import PICTURE, answer, body, lost_order, video

from madang.errors import (
    ContentFiltered,
    InvalidRequest,
    ProviderBroken,
    ProviderRefusedKey,
    ProviderRejected,
    Unauthenticated,
    UnsupportedFeature,
)
from madang.wire.media.contract import Sought
from madang.wire.media.fal import WIRE

TEXT, IMAGE = "fal-ai/pika/v2.2/text-to-video", "fal-ai/pika/v2.2/image-to-video"
ROOT = "https://queue.fal.run/fal-ai/pika/requests/abc"
ACCEPTED = {
    "request_id": "abc",
    "response_url": ROOT,
    "status_url": f"{ROOT}/status",
    "cancel_url": f"{ROOT}/cancel",
    "queue_position": 0,
}
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
JWKS = {
    "keys": [
        {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"},
        {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": urlsafe_b64encode(KEY.public_key().public_bytes_raw()).decode().rstrip("="),
        },
    ]
}
NOW = 1_795_000_000


def signed(payload, moment=NOW, **changed):
    """A webhook as fal signs it: https://docs.fal.ai/model-apis/model-endpoints/webhooks."""
    data = json.dumps(payload).encode()
    message = f"abc\nuser\n{moment}\n{sha256(data).hexdigest()}".encode()
    headers = {
        "x-fal-webhook-request-id": "abc",
        "x-fal-webhook-user-id": "user",
        "x-fal-webhook-timestamp": str(moment),
        "x-fal-webhook-signature": KEY.sign(message).hex(),
        **changed,
    }
    return headers, data


DONE = {
    "request_id": "abc",
    "gateway_request_id": "abc",
    "status": "OK",
    "payload": {"video": {"url": "https://fal.media/x.mp4", "content_type": "video/mp4"}},
}


def test_text_and_pictures_have_paths_of_their_own():
    sent = WIRE.submit(video(duration_ms=5000, aspect="9:16", seed=3, negative="rain"), TEXT)
    assert (sent.method, sent.path) == ("POST", f"/{TEXT}")
    assert body(sent) == {
        "prompt": "a red kite over the sea",
        "negative_prompt": "rain",
        "aspect_ratio": "9:16",
        "duration": 5,
        "resolution": "720p",
        "seed": 3,
    }
    assert sent.counts == {"video_ms.720p": 5000}
    sent = WIRE.submit(video(first=PICTURE, size="1080x1920", duration_ms=7000), IMAGE)
    assert body(sent)["image_url"].startswith("data:image/png;base64,")
    assert "aspect_ratio" not in body(sent)
    assert (body(sent)["duration"], body(sent)["resolution"]) == (10, "1080p")
    assert sent.losses == ("seconds",)


def test_a_picture_that_is_missing_or_too_many_is_refused():
    for ask, model in [
        (video(), IMAGE),
        (video(first=PICTURE), TEXT),
        (video(first=PICTURE, last=PICTURE), IMAGE),
        (video(references=(PICTURE,)), IMAGE),
    ]:
        with pytest.raises(UnsupportedFeature):
            WIRE.submit(ask, model)


def test_the_webhook_is_named_in_the_address():
    sent = WIRE.submit(video(callback="https://me.example/hooks/fal?a=b"), TEXT)
    assert sent.path == f"/{TEXT}?fal_webhook=https%3A%2F%2Fme.example%2Fhooks%2Ffal%3Fa%3Db"


def test_the_addresses_that_fal_gave_are_used():
    handle = WIRE.submitted(answer(ACCEPTED))
    assert WIRE.poll(handle).path == f"{ROOT}/status"
    assert WIRE.fetch(handle).path == ROOT
    assert (WIRE.cancel(handle).method, WIRE.cancel(handle).path) == ("PUT", f"{ROOT}/cancel")
    with pytest.raises(ProviderBroken):
        WIRE.submitted(answer({"request_id": "abc"}))


def test_waiting_is_a_202_and_completed_may_have_failed():
    assert WIRE.polled(answer({"status": "IN_QUEUE", "queue_position": 2}, 202)).state == "queued"
    assert WIRE.polled(answer({"status": "IN_PROGRESS", "logs": None}, 202)).state == "running"
    assert WIRE.polled(answer({"status": "COMPLETED", "metrics": {}})).state == "succeeded"
    failed = WIRE.polled(
        answer({"status": "COMPLETED", "error": "boom", "error_type": "runner_server_error"})
    )
    assert (failed.state, failed.cause, failed.again) == ("failed", "provider_failed", True)


def test_the_result_is_fetched_and_may_be_the_models_own_refusal():
    assert WIRE.fetched(answer(DONE["payload"])).clips[0].url == "https://fal.media/x.mp4"
    detail = [{"loc": ["body", "prompt"], "msg": "not ok", "type": "content_policy_violation"}]
    refused = WIRE.fetched(answer({"detail": detail}, 422))
    assert (refused.state, refused.cause, refused.again) == ("failed", "content_filter", False)
    assert refused.message == "not ok"
    assert WIRE.fetched(answer({"images": []})).cause == "broken"
    gone = answer({"detail": "stopped", "error_type": "request_cancelled"}, 499)
    assert WIRE.fetched(gone).state == "cancelled"


def test_refusals_are_judged_by_error_type_and_status():
    with pytest.raises(ContentFiltered, match="no"):
        WIRE.submitted(answer({"detail": "no", "error_type": "content_policy_violation"}, 422))
    with pytest.raises(ProviderRejected, match="prompt is missing"):
        WIRE.submitted(answer({"detail": [{"msg": "prompt is missing", "type": "missing"}]}, 422))


def test_a_signed_webhook_is_read():
    notice = WIRE.hook(*signed(DONE), {"jwks": JWKS}, NOW + 10)
    assert (notice.job, notice.seen.state) == ("abc", "succeeded")
    assert notice == WIRE.hook(*signed(DONE, NOW + 5), {"jwks": JWKS}, NOW + 10)  # sent again
    failed = {"request_id": "abc", "status": "ERROR", "error": "Invalid status code: 422"}
    assert WIRE.hook(*signed(failed), {"jwks": JWKS}, NOW).seen is None  # polling says why
    unsaid = {"request_id": "abc", "status": "OK", "payload": None, "payload_error": "too large"}
    assert WIRE.hook(*signed(unsaid), {"jwks": JWKS}, NOW).seen is None


@pytest.mark.parametrize(
    "webhook",
    [
        signed(DONE, NOW - 301),
        signed(DONE, NOW + 301),
        signed(DONE, **{"x-fal-webhook-request-id": "other"}),
        signed(DONE, **{"x-fal-webhook-signature": "00" * 64}),
        signed(DONE, **{"x-fal-webhook-signature": "zz"}),
        signed(DONE, **{"x-fal-webhook-timestamp": "now"}),
        ({}, b"{}"),
        (signed(DONE)[0], signed(DONE)[1] + b" "),
    ],
)
def test_what_is_forged_changed_or_old_is_refused(webhook):
    with pytest.raises(Unauthenticated):
        WIRE.hook(*webhook, {"jwks": JWKS}, NOW)


@pytest.mark.parametrize("keys", [None, {}, {"keys": "x"}, {"keys": [{"x": 1}, 2, {"x": "%"}]}])
def test_without_a_key_set_nothing_is_believed(keys):
    with pytest.raises(Unauthenticated):
        WIRE.hook(*signed(DONE), {"jwks": keys}, NOW)


def test_a_signed_webhook_that_names_no_job_is_a_mistake():
    with pytest.raises(InvalidRequest):
        WIRE.hook(*signed({"status": "OK"}), {"jwks": JWKS}, NOW)


def listed(outgoing, sent_at="2026-11-18T11:06:41Z", **changed):
    """A request as fal's administration lists it: https://fal.ai/docs/platform-apis/v1/models/requests/by-endpoint."""
    return {
        "request_id": "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
        "endpoint_id": TEXT,
        "started_at": sent_at,
        "sent_at": sent_at,
        "json_input": body(outgoing),
        **changed,
    }


def page(*items, **more):
    return answer({"items": list(items), "next_cursor": None, "has_more": False, **more})


SENT = WIRE.submit(video(seed=3), TEXT)
LOST = lost_order(outgoing=SENT, model=TEXT, sent_s=1_795_000_000.0)  # 2026-11-18T11:06:40Z


def test_a_lost_order_is_asked_for_in_the_administrations_list_since_shortly_before_it():
    asked = WIRE.find(LOST, "Mg==")
    path, _, query = asked.path.partition("?")
    assert (asked.method, path, asked.aside) == ("GET", "/models/requests/by-endpoint", True)
    assert parse_qs(query) == {
        "endpoint_id": [TEXT],
        "start": ["2026-11-18T11:06:30Z"],
        "expand": ["payloads"],
        "limit": ["100"],
        "cursor": ["Mg=="],
    }


def test_it_is_the_request_with_all_that_was_sent_whatever_fal_has_added():
    more = listed(SENT, json_input={**body(SENT), "num_frames": 120})
    (found,) = WIRE.found(page(more), LOST).found
    assert found.id == more["request_id"]
    root = f"/fal-ai/pika/requests/{found.id}"  # the model's owner and app, and no more of its path
    assert WIRE.poll(found).path == f"{root}/status"
    assert WIRE.fetch(found).path == root


@pytest.mark.parametrize(
    "other",
    [
        {"json_input": {"prompt": "a red kite over the sea"}},
        {"json_input": {**body(SENT), "seed": 4}},
        {"sent_at": "2026-11-18T11:06:29Z"},
        {"request_id": None},
    ],
)
def test_others_are_not_it(other):
    assert WIRE.found(page(listed(SENT, **other)), LOST) == Sought()


def test_nothing_follows_from_a_list_that_hides_what_was_sent_or_goes_on():
    assert WIRE.found(page(listed(SENT, json_input=None)), LOST).is_blind
    assert WIRE.found(page(has_more=True), LOST).is_blind
    assert WIRE.found(page(has_more=True, next_cursor="Mw=="), LOST) == Sought(cursor="Mw==")
    changed = lost_order(model=TEXT, sent_s=LOST.sent_s)  # it would be written otherwise today
    assert WIRE.found(page(listed(SENT)), changed).is_blind


def test_what_failed_is_the_least_likely():
    failed = listed(SENT, request_id="failed", status_code=500)
    found = WIRE.found(page(failed, listed(SENT, request_id="fine", status_code=200)), LOST).found
    assert [one.id for one in found] == ["fine", "failed"]


def test_a_list_that_may_not_be_seen_does_not_say_that_there_is_no_job():
    refused = {"error": {"type": "authorization_error", "message": "Access denied"}}
    with pytest.raises(ProviderRefusedKey, match="Access denied"):
        WIRE.found(answer(refused, 403), LOST)


def test_an_order_says_by_when_it_has_to_be_begun():
    assert WIRE.submit(video(start_s=900.0), TEXT).headers["x-fal-request-timeout"] == "900"
    assert "x-fal-request-timeout" not in WIRE.submit(video(), TEXT).headers
