"""Runway: image_to_video, text_to_video, video_to_video, tasks, the organization.

Shapes as in runwayml 5.24 and https://docs.dev.runwayml.com (read in November 2026). A job in the
queue is THROTTLED, never PENDING: here every wait is one for a free place. 1 credit is a cent.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from msgspec import Struct

from madang.drills.simulator.media.contract import Endpoint, Provider
from madang.drills.simulator.media.desk import Desk, Job, Order, answered
from madang.drills.simulator.media.frames import decoded, length_of, pixels
from madang.drills.simulator.media.providers.files import address
from madang.drills.simulator.media.records import Ask, Reply, bearer, told
from madang.drills.simulator.media.workshop import Shot
from madang.drills.simulator.records import Json, Refused

_VERSION = b"2024-11-06"
_CREDIT_NUSD = 10_000_000
_MAX_PROMPT_UNITS = 1_000
_MAX_DATA_URI = 5 * 1024 * 1024
_CHANGERS = {"aleph2"}
_USUAL_S = 5
_MONTH = timedelta(days=30)
_LONGER = range(2, 11)
_VEO = (4, 6, 8)

# model: its durations in seconds, whether it works without a picture, whether it has sound
_MODELS: Mapping[str, tuple[tuple[int, ...] | range, bool, bool]] = {
    "gen4.5": (_LONGER, True, False),
    "gen4_turbo": (_LONGER, False, False),
    "veo3.1": (_VEO, True, True),
    "veo3.1_fast": (_VEO, True, True),
    "seedance2": (range(4, 16), True, True),
    "seedance2_fast": (range(4, 16), True, True),
    "seedance2_mini": (range(4, 16), True, True),
    "gemini_omni_flash": (range(3, 11), True, True),
    "happyhorse_1_0": (range(3, 16), True, True),
}
_RATIOS = frozenset(
    [
        "1280:720",
        "720:1280",
        "1104:832",
        "960:960",
        "832:1104",
        "1584:672",
        "1920:1080",
        "1080:1920",
        "1440:1440",
    ]
)


class _Wanted(Struct, rename="camel"):
    model: str
    ratio: str = ""
    prompt_text: str = ""
    prompt_image: Json = None
    duration: int = 0
    seed: int = 0
    audio: bool | None = None


class _Change(Struct, rename="camel"):
    model: str
    video_uri: str = ""
    prompt_text: str = ""


class _Period(Struct, rename="camel"):
    start_date: date | None = None
    before_date: date | None = None


async def _image_to_video(ask: Ask, desk: Desk) -> Reply:
    wanted = _read(ask)
    if not _first_picture(wanted.prompt_image):
        raise Refused("invalid", "promptImage: Required")
    return _accepted(wanted, desk)


async def _text_to_video(ask: Ask, desk: Desk) -> Reply:
    wanted = _read(ask)
    _, alone, _ = _MODELS[wanted.model]
    if not alone or not wanted.prompt_text:
        raise Refused("invalid", f"model: {wanted.model} makes nothing of this without a picture")
    return _accepted(wanted, desk)


async def _video_to_video(ask: Ask, desk: Desk) -> Reply:
    """A clip as it is to be: as long as it came, of a usual size."""
    if ask.headers.get(b"x-runway-version") != _VERSION:
        raise Refused("invalid", f"X-Runway-Version: expected {_VERSION.decode()}")
    wanted = ask.read(_Change)
    if wanted.model not in _CHANGERS:
        raise Refused("invalid", f"model: {wanted.model[:40]!r} is not available")
    if not wanted.video_uri.startswith(("data:video/", "https://", "http://")):
        raise Refused("invalid", "videoUri: Required")
    if len(wanted.video_uri) > _MAX_DATA_URI:
        raise Refused("invalid", "videoUri: a data URI has at most 5 MB")
    film = decoded(wanted.video_uri) if wanted.video_uri.startswith("data:") else b""
    shot = Shot(1280, 720, length_of(film) or _USUAL_S, wanted.prompt_text)
    job = desk.accept(Order(wanted.model, shot, {"seconds": shot.seconds}), desk.uuid())
    job.entry.credits = job.entry.nusd // _CREDIT_NUSD
    return answered(job.entry, told({"id": job.id}))


def _read(ask: Ask) -> _Wanted:
    if ask.headers.get(b"x-runway-version") != _VERSION:
        raise Refused("invalid", f"X-Runway-Version: expected {_VERSION.decode()}")
    wanted = ask.read(_Wanted)
    if wanted.model not in _MODELS:
        raise Refused("invalid", f"model: {wanted.model[:40]!r} is not available")
    if wanted.ratio not in _RATIOS:
        raise Refused("invalid", f"ratio: {wanted.ratio[:40]!r} is not one of the ratios")
    if len(wanted.prompt_text.encode("utf-16-le", "surrogatepass")) > 2 * _MAX_PROMPT_UNITS:
        raise Refused("invalid", f"promptText: at most {_MAX_PROMPT_UNITS} characters")
    durations, _, _ = _MODELS[wanted.model]
    wanted.duration = wanted.duration or durations[-1]
    if wanted.duration not in durations:
        raise Refused("invalid", f"duration: {wanted.model} has none of {wanted.duration} seconds")
    return wanted


def _first_picture(given: Json) -> str:
    """The first picture's address, which is text or a list of objects."""
    if isinstance(given, str):
        return given
    if isinstance(given, list) and given and isinstance(given[0], dict):
        return str(given[0].get("uri") or "")
    return ""


def _accepted(wanted: _Wanted, desk: Desk) -> Reply:
    width, height = pixels(wanted.ratio)
    _, _, sounds = _MODELS[wanted.model]
    audio = sounds and wanted.audio is not False
    shot = Shot(width, height, wanted.duration, wanted.prompt_text, audio)
    order = Order(wanted.model, shot, {"seconds": wanted.duration}, {"audio": audio})
    job = desk.accept(order, desk.uuid())
    job.entry.credits = job.entry.nusd // _CREDIT_NUSD
    return answered(job.entry, told({"id": job.id}))


async def _task(ask: Ask, desk: Desk) -> Reply:
    return told(_shown(desk, desk.job(ask.named["id"]), ask.base))


async def _delete(ask: Ask, desk: Desk) -> Reply:
    job = desk.job(ask.named["id"])
    if job.state(desk.now_s()) in {"queued", "running"}:
        desk.cancel(job)
    else:
        desk.forget(job)
    return Reply(204, [])


async def _organization(_ask: Ask, desk: Desk) -> Reply:
    limits = {
        "maxConcurrentGenerations": desk.settings.cap or 1_000,
        "maxDailyGenerations": 100_000,
    }
    used = sum(entry.credits or 0 for entry in desk.entries())
    return told(
        {
            "creditBalance": 1_000_000 - used,
            "tier": {"maxMonthlyCreditSpend": 1_000_000, "models": dict.fromkeys(_MODELS, limits)},
            "usage": {"models": {model: {"dailyGenerations": 0} for model in _MODELS}},
        }
    )


async def _usage(ask: Ask, desk: Desk) -> Reply:
    """Credits by day and model; a day and its model that cost nothing are not told."""
    if ask.headers.get(b"x-runway-version") != _VERSION:
        raise Refused("invalid", f"X-Runway-Version: expected {_VERSION.decode()}")
    asked = ask.read(_Period)
    today = datetime.fromtimestamp(desk.now_s(), UTC).date()
    start = asked.start_date or today - _MONTH
    before = asked.before_date or start + _MONTH
    if not start <= before <= start + 3 * _MONTH:
        raise Refused("invalid", "beforeDate: at most 90 days after startDate")
    days: dict[date, dict[str, int]] = {}
    for entry in desk.entries():
        day = datetime.fromtimestamp(entry.at_s, UTC).date()
        if start <= day < before and entry.credits:
            models = days.setdefault(day, {})
            models[entry.model] = models.get(entry.model, 0) + entry.credits
    results = [
        {
            "date": day.isoformat(),
            "usedCredits": [{"model": model, "amount": amount} for model, amount in models.items()],
        }
        for day, models in sorted(days.items())
    ]
    return told(
        {"models": sorted({model for each in days.values() for model in each}), "results": results}
    )


def _shown(desk: Desk, job: Job, base: str) -> dict[str, Any]:
    now_s = desk.now_s()
    state = job.state(now_s)
    made = datetime.fromtimestamp(job.at_s, UTC).isoformat(timespec="milliseconds")
    out: dict[str, Any] = {"id": job.id, "createdAt": made.replace("+00:00", "Z")}
    credits_ = {"credits": job.entry.credits or 0}
    match state:
        case "queued":
            return out | {"status": "THROTTLED", "estimatedCost": credits_}
        case "running":
            progress = round(job.progress(now_s), 2)
            return out | {"status": "RUNNING", "progress": progress, "estimatedCost": credits_}
        case "succeeded":
            # asking again gives a new address
            url = address(base, desk, job, now_s)
            return out | {"status": "SUCCEEDED", "output": [url], "cost": credits_}
        case "cancelled":
            return out | {"status": "CANCELLED", "cost": credits_}
        case _:
            return out | {"status": "FAILED", "cost": credits_} | _failure(state)


def _failure(state: str) -> dict[str, str]:
    if state == "blocked":
        return {
            "failure": "Your input was flagged by our content moderation system.",
            "failureCode": "SAFETY.INPUT.TEXT",
        }
    return {"failure": "An unexpected error occurred.", "failureCode": "INTERNAL.BAD_OUTPUT.CODE01"}


_STATUS = {
    "invalid": 400,
    "no_key": 401,
    "auth": 401,
    "forbidden": 403,
    "no_model": 404,
    "not_found": 404,
    "method": 405,
    "too_large": 413,
    "rate_limit": 429,
    "quota": 400,
    "overloaded": 503,
    "timeout": 504,
}


def _refuse(refused: Refused, _ask: Ask) -> Reply:
    status = refused.status or _STATUS.get(refused.kind, 500)
    if refused.kind == "quota":
        return told({"error": "You do not have enough credits to run this task."}, status)
    return told({"error": refused.message or "The request was refused."}, status)


_TASK = re.compile(r"/v1/tasks/(?P<id>[\w-]+)$")

RUNWAY = Provider(
    "runway",
    (
        Endpoint("POST", re.compile(r"/v1/image_to_video$"), _image_to_video, makes="job"),
        Endpoint("POST", re.compile(r"/v1/text_to_video$"), _text_to_video, makes="job"),
        Endpoint("POST", re.compile(r"/v1/video_to_video$"), _video_to_video, makes="job"),
        Endpoint("GET", _TASK, _task),
        Endpoint("DELETE", _TASK, _delete),
        Endpoint("GET", re.compile(r"/v1/organization$"), _organization),
        Endpoint("POST", re.compile(r"/v1/organization/usage$"), _usage),
    ),
    bearer,
    _refuse,
)
