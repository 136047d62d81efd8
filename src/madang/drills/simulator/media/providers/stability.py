"""Stability's pictures, and its hosted SVD, which its maker has shut down: 4 seconds out of a picture of an exact size.

A clip is asked for at one address: 202 while it is made, then the bytes, or JSON, as `Accept` says. Pictures
come at once, as bytes; what the filter struck is a picture too, and only a header tells.
"""

import asyncio
import re
from base64 import b64encode
from secrets import token_hex

from madang.drills.simulator.media.contract import Endpoint, Provider
from madang.drills.simulator.media.desk import Asked, Desk, Order, answered
from madang.drills.simulator.media.forms import Upload, form, text
from madang.drills.simulator.media.frames import size_of
from madang.drills.simulator.media.pictures import png
from madang.drills.simulator.media.records import Ask, Reply, bearer, raw, told
from madang.drills.simulator.media.workshop import Shot
from madang.drills.simulator.records import Refused

_MAX_PROMPT = 10_000
_USUAL = "sd3.5-large"
_MODELS = {
    *("stable-image-core", "stable-image-ultra"),
    *("sd3.5-large", "sd3.5-large-turbo", "sd3.5-medium"),
}
_SHAPES = {
    "1:1": (1024, 1024),
    "16:9": (1344, 768),
    "9:16": (768, 1344),
    "21:9": (1536, 640),
    "9:21": (640, 1536),
    "2:3": (832, 1216),
    "3:2": (1216, 832),
    "4:5": (896, 1088),
    "5:4": (1088, 896),
}
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


async def _draw(ask: Ask, desk: Desk) -> Reply:
    fields = form(ask)
    prompt, shape = text(fields, "prompt"), text(fields, "aspect_ratio", "1:1")
    way = ask.named["way"]
    model = text(fields, "model", _USUAL) if way == "sd3" else f"stable-image-{way}"
    size = _SHAPES.get(shape)
    if not 0 < len(prompt) <= _MAX_PROMPT or size is None or model not in _MODELS:
        raise Refused("invalid", "prompt, aspect_ratio or model: not as they must be")
    if b"multipart/form-data" not in ask.headers.get(b"content-type", b""):
        raise Refused("invalid", "content-type: must be multipart/form-data")
    trap = desk.trap(model)
    picture = await asyncio.to_thread(png, *size, prompt)
    reason = b"CONTENT_FILTERED" if trap == "blocked" else b"SUCCESS"
    heads = [(b"finish-reason", reason), (b"seed", text(fields, "seed", "0").encode())]
    entry = desk.sold("image", Asked(model, prompt), {"images": 1}, trap)
    return answered(entry, raw(picture, "image/png", heads))


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


STABILITY = Provider(
    "stability",
    (
        Endpoint(
            "POST",
            re.compile(r"/v2beta/stable-image/generate/(?P<way>core|ultra|sd3)$"),
            _draw,
            makes="file",
        ),
    ),
    bearer,
    _refuse,
)

STABILITY_FILM = Provider(
    "stability-film",
    (
        Endpoint("POST", re.compile(r"/v2beta/image-to-video$"), _submit, makes="job"),
        Endpoint("GET", re.compile(r"/v2beta/image-to-video/result/(?P<id>\w+)$"), _result),
    ),
    bearer,
    _refuse,
)
