"""Stability's hosted SVD, which its maker has shut down: 4 seconds out of a picture of an exact size.

The result is asked for at one address: 202 while it is made, then the bytes, or JSON, as `Accept` says.
"""

import re
from base64 import b64encode
from secrets import token_hex

from madang.drills.simulator.media.desk import Desk, Order, answered
from madang.drills.simulator.media.doors import Door, Maker
from madang.drills.simulator.media.forms import Upload, form, text
from madang.drills.simulator.media.frames import size_of
from madang.drills.simulator.media.records import Ask, Reply, bearer, raw, told
from madang.drills.simulator.media.workshop import Shot
from madang.drills.simulator.records import Refused

_SIZES = {(1024, 576), (576, 1024), (768, 768)}
_SECONDS = 4
_MODEL = "stable-video-diffusion"


async def _submit(ask: Ask, desk: Desk) -> Reply:
    fields = form(ask)
    picture = fields.get("image")
    if not isinstance(picture, Upload):
        raise Refused("invalid", "image: required")
    size = size_of(picture.data)
    if size not in _SIZES:
        raise Refused("invalid", "image: must be 1024x576, 576x1024 or 768x768")
    for name, usual, most in (("seed", "0", 2**32 - 2), ("motion_bucket_id", "127", 255)):
        value = text(fields, name, usual)
        if not value.isdecimal() or int(value) > most:
            raise Refused("invalid", f"{name}: must be at most {most}")
    shot = Shot(*size, _SECONDS, picture.filename)
    job = desk.accept(Order(_MODEL, shot, {"seconds": _SECONDS}), token_hex(32))
    return answered(job.entry, told({"id": job.id}))


async def _result(ask: Ask, desk: Desk) -> Reply:
    job = desk.job(ask.named["id"])
    state = job.state(desk.now_s())
    ends_s = desk.url_ends_s(job)
    if state in {"queued", "running"}:
        return told({"id": job.id, "status": "in-progress"}, 202)
    if ends_s is not None and desk.now_s() >= ends_s:
        raise Refused("not_found", "The result has expired.")
    if state == "blocked":
        raise Refused("forbidden", "Your request was flagged by our content moderation system.")
    if state != "succeeded":
        raise Refused("server", "An unexpected server error has occurred.")
    clip = await desk.workshop.clip(job.order.shot, full_size=desk.profile.full_size)
    if b"json" in ask.headers.get(b"accept", b""):
        return told({"video": b64encode(clip).decode(), "finish_reason": "SUCCESS", "seed": 0})
    return raw(clip, "video/mp4", [(b"finish-reason", b"SUCCESS"), (b"seed", b"0")])


_WORDS = {
    "invalid": (400, "bad_request"),
    "no_key": (401, "unauthorized"),
    "auth": (401, "unauthorized"),
    "forbidden": (403, "content_moderation"),
    "not_found": (404, "not_found"),
    "method": (405, "method_not_allowed"),
    "too_large": (413, "payload_too_large"),
    "rate_limit": (429, "rate_limit_exceeded"),
    "quota": (402, "payment_required"),
    "overloaded": (503, "service_unavailable"),
}


def _refuse(refused: Refused, _ask: Ask) -> Reply:
    status, name = _WORDS.get(refused.kind, (500, "internal_error"))
    message = refused.message or "The request was refused."
    return told({"id": token_hex(16), "name": name, "errors": [message]}, refused.status or status)


STABILITY = Maker(
    "stability",
    (
        Door("POST", re.compile(r"/v2beta/image-to-video$"), _submit, makes="job"),
        Door("GET", re.compile(r"/v2beta/image-to-video/result/(?P<id>\w+)$"), _result),
    ),
    bearer,
    _refuse,
)
