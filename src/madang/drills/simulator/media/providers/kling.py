"""Kling: text, a picture or several to video, and video-extend; all answers are `{code, message, request_id, data}`.

Shapes as in https://app.klingai.com/global/dev/document-api (read in November 2026). Durations are text,
pictures bare base64; `external_task_id` is unique and finds its task. Classic models say "succeed",
turbo says "succeeded".
"""

import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from secrets import randbelow
from typing import Any

from msgspec import DecodeError, Struct, field, json

from madang.drills.simulator.media.contract import Endpoint, Provider
from madang.drills.simulator.media.desk import Desk, Job, Order, answered
from madang.drills.simulator.media.frames import decoded, frame, size_of
from madang.drills.simulator.media.hooks import Letter, check_address
from madang.drills.simulator.media.providers.files import address
from madang.drills.simulator.media.records import Ask, Reply, bearer, told
from madang.drills.simulator.media.workshop import Shot
from madang.drills.simulator.records import Refused

_UNIT_NUSD = 140_000_000
_MODEL = re.compile(r"kling-[\w.-]{1,40}$")
_MAX_PROMPT = 2_500
_MAX_REFERENCES = 4
_FURTHER_S = 5
_FILE = "film-"
_RATIOS = {"16:9", "9:16", "1:1"}
_STATUS = {"queued": "submitted", "running": "processing", "blocked": "failed"}


class _Reference(Struct):
    image: str


class _Wanted(Struct):
    prompt: str = ""
    model_name: str = "kling-v1"
    negative_prompt: str = ""
    image: str = ""
    image_tail: str = ""
    image_list: list[_Reference] = field(default_factory=list)
    duration: str = "5"
    aspect_ratio: str = "16:9"
    mode: str = "std"
    sound: str = "off"
    callback_url: str = ""
    external_task_id: str = ""
    video_id: str = ""


async def _submit(ask: Ask, desk: Desk) -> Reply:
    wanted = ask.read(_Wanted)
    _check(wanted, pictured=ask.named["kind"] == "image2video")
    _check_references(wanted, ask.named["kind"])
    if wanted.external_task_id and _named(desk, wanted.external_task_id):
        raise Refused("invalid", "external_task_id already exists", code="1201")
    if wanted.callback_url:
        check_address(wanted.callback_url)
    traits = {"mode": wanted.mode, "audio": wanted.sound == "on"}
    shot = _shot(wanted)
    order = Order(
        wanted.model_name,
        shot,
        {"seconds": shot.seconds},
        traits,
        name=wanted.external_task_id or None,
        extra={"kind": ask.named["kind"]},
    )
    job = desk.accept(order, str(800_000_000_000_000_000 + randbelow(10**17)))
    if wanted.callback_url:
        await desk.notify(job, wanted.callback_url, lambda _now_s, _forged: _letter(ask, desk, job))
    return answered(job.entry, _ok(_shown(desk, job, ask.base, new=True)))


def _check(wanted: _Wanted, *, pictured: bool) -> None:
    longest = 15 if "-v3" in wanted.model_name else 10
    allowed = [str(each) for each in (range(3, 16) if longest == 15 else (5, 10))]
    if not _MODEL.match(wanted.model_name):
        raise Refused("no_model", f"model is not supported: {wanted.model_name[:40]}")
    if wanted.duration not in allowed:
        raise Refused("invalid", f"duration value '{wanted.duration[:40]}' is invalid")
    if wanted.mode not in {"std", "pro"} or wanted.sound not in {"on", "off"}:
        raise Refused("invalid", "mode is std or pro, sound is on or off")
    if len(wanted.prompt) > _MAX_PROMPT or not (wanted.prompt or pictured):
        raise Refused("invalid", f"prompt has 1 to {_MAX_PROMPT} characters")
    if pictured and not wanted.image:
        raise Refused("invalid", "image is required")
    if wanted.image.startswith("data:"):
        raise Refused("invalid", "File is not in a valid base64 format")
    if wanted.aspect_ratio not in _RATIOS:
        raise Refused("invalid", f"aspect_ratio value '{wanted.aspect_ratio[:40]}' is invalid")


def _check_references(wanted: _Wanted, kind: str) -> None:
    """Pictures of people and things go one way only, bare as all pictures."""
    if kind != "multi-image2video":
        return
    if not 1 <= len(wanted.image_list) <= _MAX_REFERENCES:
        raise Refused("invalid", f"image_list has 1 to {_MAX_REFERENCES} pictures")
    for one in wanted.image_list:
        if one.image.startswith("data:"):
            raise Refused("invalid", "File is not in a valid base64 format")
        if not one.image.startswith("https://"):
            size_of(decoded(one.image))


def _shot(wanted: _Wanted) -> Shot:
    like = size_of(decoded(wanted.image)) if wanted.image else None
    ratio = f"{like[0]}:{like[1]}" if like else wanted.aspect_ratio
    width, height = frame(ratio, "1080p" if wanted.mode == "pro" else "720p")
    return Shot(width, height, int(wanted.duration), wanted.prompt, wanted.sound == "on")


async def _extend(ask: Ask, desk: Desk) -> Reply:
    """Five seconds more of a clip that was made here; `video_id` is the clip's, not the task's."""
    wanted = ask.read(_Wanted)
    source = desk.jobs.get(wanted.video_id.removeprefix(_FILE))
    if source is None or not wanted.video_id.startswith(_FILE):
        raise Refused("invalid", f"video_id is not found: {wanted.video_id[:40]}")
    if source.state(desk.now_s()) != "succeeded" or len(wanted.prompt) > _MAX_PROMPT:
        raise Refused("invalid", "the video is not finished, or the prompt is too long")
    if wanted.callback_url:
        check_address(wanted.callback_url)
    made = source.order
    shot = Shot(made.shot.width, made.shot.height, _FURTHER_S, wanted.prompt, made.shot.audio)
    name, counted = wanted.external_task_id or None, {"seconds": _FURTHER_S}
    order = Order(made.model, shot, counted, made.traits, name=name, extra={"kind": "video-extend"})
    job = desk.accept(order, str(800_000_000_000_000_000 + randbelow(10**17)))
    return answered(job.entry, _ok(_shown(desk, job, ask.base, new=True)))


async def _one(ask: Ask, desk: Desk) -> Reply:
    name = ask.named["id"]
    return _ok(_shown(desk, _named(desk, name) or desk.job(name), ask.base))


async def _list(ask: Ask, desk: Desk) -> Reply:
    name = ask.query.get("external_task_id")
    if name is not None:
        found = _named(desk, name)
        return _ok([_shown(desk, found, ask.base)] if found else [])
    page, size = ask.query.get("pageNum", "1"), ask.query.get("pageSize", "30")
    if not page.isdecimal() or not size.isdecimal() or not 1 <= int(size) <= 500:
        raise Refused("invalid", "pageNum is 1 to 1000, pageSize 1 to 500")
    jobs = [job for job in desk.jobs.values() if job.order.extra["kind"] == ask.named["kind"]]
    start = max(0, int(page) - 1) * int(size)
    newest = jobs[::-1][start : start + int(size)]
    return _ok([_shown(desk, job, ask.base) for job in newest])


def _named(desk: Desk, name: str) -> Job | None:
    """The task that bears a name of the caller's."""
    return desk.by_name.get(name)


def _shown(desk: Desk, job: Job, base: str, *, new: bool = False) -> dict[str, Any]:
    state = "queued" if new else job.state(desk.now_s())
    good = "succeeded" if "turbo" in job.order.model else "succeed"
    status = good if state == "succeeded" else _STATUS.get(state, "failed")
    out: dict[str, Any] = {
        "task_id": job.id,
        "task_status": status,
        "task_info": {"external_task_id": job.order.name} if job.order.name else {},
        "created_at": int(job.at_s * 1000),
        "updated_at": int((job.ends_s if status in {good, "failed"} else job.at_s) * 1000),
    }
    if state == "succeeded":
        video = {
            "id": f"{_FILE}{job.id}",
            "url": address(base, desk, job),
            "duration": f"{job.order.shot.seconds:g}",
        }
        out["task_result"] = {"videos": [video]}
    elif status == "failed":
        blocked = state == "blocked"
        out["task_status_msg"] = (
            "Failure to pass the risk control system" if blocked else "Service internal error"
        )
    if status in {good, "failed"}:
        out["final_unit_deduction"] = f"{job.entry.nusd / _UNIT_NUSD:g}"
    return out


def _letter(ask: Ask, desk: Desk, job: Job) -> Letter:
    return Letter({"content-type": "application/json"}, json.encode(_shown(desk, job, ask.base)))


def _ok(data: object) -> Reply:
    return told({"code": 0, "message": "SUCCEED", "request_id": "sim", "data": data})


# kind: status, Kling's code
_CODES: Mapping[str, tuple[int, int]] = {
    "invalid": (400, 1201),
    "no_key": (401, 1001),
    "auth": (401, 1002),
    "forbidden": (403, 1103),
    "no_model": (400, 1201),
    "not_found": (404, 1203),
    "method": (404, 1202),
    "too_large": (400, 1201),
    "rate_limit": (429, 1302),
    "quota": (429, 1101),
    "overloaded": (503, 5001),
    "timeout": (504, 5002),
}


def _refuse(refused: Refused, _ask: Ask) -> Reply:
    status, code = _CODES.get(refused.kind, (500, 5000))
    if refused.code == "too_many_concurrent_requests":
        code = 1303
    message = refused.message or "The request was refused."
    body = {"code": code, "message": message, "request_id": "sim"}
    return told(body, refused.status or status)


def _key(headers: Mapping[bytes, bytes], query: Mapping[str, str]) -> str:
    """The key, or the access key that issued a token (HS256 is taken on trust: the secret is the caller's)."""
    key = bearer(headers, query)
    if key.count(".") != 2:
        return key
    try:
        payload = key.split(".")[1]
        claims = json.decode(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (DecodeError, ValueError):
        return "invalid"
    issuer = claims.get("iss") if isinstance(claims, dict) and "exp" in claims else None
    return issuer if isinstance(issuer, str) else "invalid"


_NEW = r"/v1/videos/(?P<kind>text2video|image2video|multi-image2video)"
_ALL = r"/v1/videos/(?P<kind>text2video|image2video|multi-image2video|video-extend)"

KLING = Provider(
    "kling",
    (
        Endpoint("POST", re.compile(_NEW + "$"), _submit, makes="job"),
        Endpoint("POST", re.compile(r"/v1/videos/video-extend$"), _extend, makes="job"),
        Endpoint("GET", re.compile(_ALL + "$"), _list),
        Endpoint("GET", re.compile(_ALL + r"/(?P<id>[\w.:-]+)$"), _one),
    ),
    _key,
    _refuse,
    hides=True,
)
