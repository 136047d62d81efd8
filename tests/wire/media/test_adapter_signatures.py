"""Signatures of webhooks: an own implementation of the standard signs, and what is almost right is refused."""

import base64
import hashlib
import hmac

import pytest

from madang.errors import Unauthenticated
from madang.wire.media.openai_videos import check_signature

NOW = 1_790_000_000
BODY = b'{"data":{"id":"video_1"}}'
SECRET = "whsec_" + base64.b64encode(b"k" * 24).decode()


def _signed(secret=SECRET, at=NOW, identity="evt_1", body=BODY):
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{identity}.{at}.".encode() + body, hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(digest).decode()
    return {"webhook-id": identity, "webhook-timestamp": str(at), "webhook-signature": signature}


def test_a_signed_call_is_taken_and_one_of_two_signatures_is_enough():
    assert check_signature(_signed(), BODY, SECRET, NOW) == "evt_1"
    both = {**_signed(), "webhook-signature": "v1,AAAA " + _signed()["webhook-signature"]}
    assert check_signature(both, BODY, SECRET, NOW + 299) == "evt_1"


@pytest.mark.parametrize(
    ("headers", "secret"),
    [
        ({}, SECRET),
        (_signed(at=NOW - 301), SECRET),
        (_signed(at=NOW + 301), SECRET),
        (_signed(body=BODY + b" "), SECRET),
        (_signed(identity=""), SECRET),
        ({**_signed(), "webhook-id": "evt_2"}, SECRET),
        ({**_signed(), "webhook-timestamp": "soon"}, SECRET),
        ({**_signed(), "webhook-signature": "v1," + "\xe9" * 9}, SECRET),
        ({**_signed(), "webhook-signature": _signed()["webhook-signature"][3:]}, SECRET),
        (_signed("whsec_"), "whsec_"),
        (_signed(), "whsec_\u00e9"),
    ],
)
def test_what_is_almost_signed_is_refused(headers, secret):
    """An empty secret signs for everybody."""
    with pytest.raises(Unauthenticated):
        check_signature(headers, BODY, secret, NOW)
