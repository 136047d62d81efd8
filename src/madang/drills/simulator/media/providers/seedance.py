"""Seedance on Ark: tasks, paid by tokens. A task that fails is an answer of 200 with an `error` in it.

Shapes as in https://docs.byteplus.com/en/docs/ModelArk/1520757 (read in November 2026). A second of
24 frames takes width x height x 24 / 1024 tokens.
"""

import re
from secrets import token_hex
from typing import Any

from msgspec import Struct, json

from madang.drills.simulator.media.contract import Endpoint, Provider
from madang.drills.simulator.media.desk import Desk, Job, Order, answered
from madang.drills.simulator.media.frames import decoded, frame, size_of
from madang.drills.simulator.media.hooks import Letter, check_address
from madang.drills.simulator.media.providers.files import address
from madang.drills.simulator.media.records import Ask, Reply, bearer, told
from madang.drills.simulator.media.workshop import Shot
from madang.drills.simulator.records import Refused

_FRAMES_PER_S = 24
_MODEL = re.compile(r"(dreamina-)?seedance-[\w.-]{1,60}$")
_SECONDS = range(2, 16)
_ROLES = {"first_frame", "last_frame", "reference_image", "reference_video", "reference_audio"}
_STATUS = {"blocked": "failed"}


class _Url(Struct):
    url: str


class _Part(Struct):
    type: str
    text: str = ""
    role: str = ""
    image_url: _Url | None = None
    video_url: _Url | None = None
    audio_url: _Url | None = None


class _Wanted(Struct):
    model: str
    content: list[_Part]
    ratio: str = "adaptive"
    duration: int = 5
    resolution: str = "720p"
    seed: int = -1
    generate_audio: bool = True
    return_last_frame: bool = False
    callback_url: str = ""


async def _submit(ask: Ask, desk: Desk) -> Reply:
    wanted = ask.read(_Wanted)
    if not _MODEL.match(wanted.model):
        raise Refused("no_model", f"The model {wanted.model[:80]} does not exist.")
    if wanted.duration not in _SECONDS:
        raise Refused("invalid", "The parameter `duration` is 2 to 15.", param="duration")
    if any(part.role not in _ROLES for part in wanted.content if part.role):
        raise Refused("invalid", "The parameter `content.role` is not valid.", param="content")
    if wanted.callback_url:
        check_address(wanted.callback_url)
    shot = _shot(wanted)
    tokens = round(shot.width * shot.height * _FRAMES_PER_S * wanted.duration / 1024)
    extra = {
        "seed": wanted.seed,
        "resolution": wanted.resolution,
        "ratio": wanted.ratio,
        "duration": wanted.duration,
        "framespersecond": _FRAMES_PER_S,
    }
    counted = {"seconds": wanted.duration, "output_tokens": tokens}
    traits = {"resolution": wanted.resolution, "audio": wanted.generate_audio}
    order = Order(wanted.model, shot, counted, traits, extra=extra)
    job = desk.accept(order, f"cgt-{token_hex(8)}")
    job.extra["last_frame"] = wanted.return_last_frame
    if wanted.callback_url:
        await desk.notify(job, wanted.callback_url, lambda _now_s, _forged: _letter(ask, desk, job))
    return answered(job.entry, told({"id": job.id}))


def _shot(wanted: _Wanted) -> Shot:
    prompt = "\n".join(part.text for part in wanted.content if part.type == "text")
    pictures = [part.image_url.url for part in wanted.content if part.image_url]
    if not prompt and not pictures:
        raise Refused("invalid", "The parameter `content` has neither text nor image.")
    ratio = wanted.ratio
    if ratio == "adaptive":
        like = size_of(decoded(pictures[0])) if pictures else None
        ratio = f"{like[0]}:{like[1]}" if like else "16:9"
    width, height = frame(ratio, wanted.resolution)
    return Shot(width, height, wanted.duration, prompt, wanted.generate_audio)


async def _one(ask: Ask, desk: Desk) -> Reply:
    return told(_shown(desk, desk.job(ask.named["id"]), ask.base))


async def _list(ask: Ask, desk: Desk) -> Reply:
    jobs = list(desk.jobs.values())[::-1]
    return told({"total": len(jobs), "items": [_shown(desk, job, ask.base) for job in jobs[:100]]})


async def _delete(ask: Ask, desk: Desk) -> Reply:
    job = desk.job(ask.named["id"])
    state = job.state(desk.now_s())
    if state == "running":
        raise Refused("invalid", "The task is running and cannot be deleted.", status=409)
    if state == "queued":
        desk.cancel(job)
    else:
        desk.forget(job)
    return told({})


def _shown(desk: Desk, job: Job, base: str) -> dict[str, Any]:
    state = job.state(desk.now_s())
    out: dict[str, Any] = {
        "id": job.id,
        "model": job.order.model,
        "status": _STATUS.get(state, state),
        "created_at": int(job.at_s),
        "updated_at": int(min(desk.now_s(), job.ends_s)),
        **job.order.extra,
    }
    if state == "succeeded":
        out["content"] = {"video_url": address(base, desk, job)}
        if job.extra["last_frame"]:
            out["content"]["last_frame_url"] = address(base, desk, job, kind="png")
        tokens = int(job.order.counted["output_tokens"])
        out["usage"] = {"completion_tokens": tokens, "total_tokens": tokens}
    elif state == "blocked":
        out["error"] = {
            "code": "OutputVideoSensitiveContentDetected",
            "message": "The request failed because the output video may contain sensitive information.",
        }
    elif state == "failed":
        out["error"] = {"code": "InternalServiceError", "message": "Internal service error."}
    return out


def _letter(ask: Ask, desk: Desk, job: Job) -> Letter:
    return Letter({"content-type": "application/json"}, json.encode(_shown(desk, job, ask.base)))


_WORDS = {
    "invalid": (400, "InvalidParameter"),
    "no_key": (401, "AuthenticationError"),
    "auth": (401, "AuthenticationError"),
    "forbidden": (403, "AccessDenied"),
    "no_model": (404, "InvalidEndpointOrModel.NotFound"),
    "not_found": (404, "ResourceNotFound"),
    "method": (405, "MethodNotAllowed"),
    "too_large": (413, "RequestEntityTooLarge"),
    "rate_limit": (429, "RateLimitExceeded.EndpointRPMExceeded"),
    "quota": (403, "AccountOverdueError"),
    "overloaded": (503, "ServerOverloaded"),
    "timeout": (504, "InternalServiceError"),
}


def _refuse(refused: Refused, _ask: Ask) -> Reply:
    status, code = _WORDS.get(refused.kind, (500, "InternalServiceError"))
    message = refused.message or "The request was refused."
    error = {"code": code, "message": message, "param": refused.param or "", "type": code}
    return told({"error": error}, refused.status or status)


_TASKS = r"/contents/generations/tasks"

SEEDANCE = Provider(
    "seedance",
    (
        Endpoint("POST", re.compile(_TASKS + "$"), _submit, makes="job"),
        Endpoint("GET", re.compile(_TASKS + "$"), _list),
        Endpoint("GET", re.compile(_TASKS + r"/(?P<id>[\w-]+)$"), _one),
        Endpoint("DELETE", re.compile(_TASKS + r"/(?P<id>[\w-]+)$"), _delete),
    ),
    bearer,
    _refuse,
    hides=True,
)
