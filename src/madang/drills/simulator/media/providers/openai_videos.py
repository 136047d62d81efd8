"""OpenAI Videos (Sora): `/v1/videos`, as JSON and as a form, remixes, edits, extensions, and the files of a clip.

Shut down by its maker in 2026, alive as the common dialect of gateways. `seconds` is text, files are
bytes behind `/content`, and `openai-poll-after-ms` says when to ask again.
"""

import re
from typing import Any

from madang.drills.simulator.media.contract import Endpoint, Provider
from madang.drills.simulator.media.desk import Desk, Job, Order, answered
from madang.drills.simulator.media.forms import Form, form, text
from madang.drills.simulator.media.providers.openai import key, refuse
from madang.drills.simulator.media.records import Ask, Reply, raw, told
from madang.drills.simulator.media.workshop import Shot
from madang.drills.simulator.records import Refused

_MODELS = re.compile(r"sora-2(-pro)?(-\d{4}-\d{2}-\d{2})?$")
_SIZES = {"720x1280", "1280x720", "1024x1792", "1792x1024", "1080x1920", "1920x1080"}
_SECONDS = {"4", "8", "12"}
_FURTHER = {"4", "8", "12", "16", "20"}
_MAX_PROMPT = 32_000
_PAGE = 20
_STATUS = {"running": "in_progress", "succeeded": "completed", "blocked": "failed"}


async def _create(ask: Ask, desk: Desk) -> Reply:
    fields = form(ask)
    prompt, model = text(fields, "prompt"), text(fields, "model", "sora-2")
    seconds, size = text(fields, "seconds", "4"), text(fields, "size", "720x1280")
    if not _MODELS.match(model):
        raise Refused("invalid", f"Invalid value: '{model}'.", param="model", code="invalid_value")
    _allowed("seconds", seconds, _SECONDS)
    _allowed("size", size, _SIZES)
    return _accepted(desk, prompt, model, (seconds, size))


async def _remix(ask: Ask, desk: Desk) -> Reply:
    source = _finished(desk, ask.named["id"])
    made = source.order.extra
    return _accepted(
        desk,
        text(form(ask), "prompt"),
        source.order.model,
        (made["seconds"], made["size"]),
        remixed=source.id,
    )


async def _edit(ask: Ask, desk: Desk) -> Reply:
    fields = form(ask)
    source = _named(fields, desk)
    made = source.order.extra
    prompt = text(fields, "prompt")
    return _accepted(desk, prompt, source.order.model, (made["seconds"], made["size"]))


async def _extend(ask: Ask, desk: Desk) -> Reply:
    """What comes has the source in front; only what is new is charged."""
    fields = form(ask)
    source, further = _named(fields, desk), text(fields, "seconds")
    _allowed("seconds", further, _FURTHER)
    made = source.order.extra
    whole = str(int(made["seconds"]) + int(further))
    prompt = text(fields, "prompt")
    return _accepted(
        desk, prompt, source.order.model, (whole, made["size"]), charged_s=int(further)
    )


def _named(fields: Form, desk: Desk) -> Job:
    """The finished clip that `video` names, as JSON or as a field of a form."""
    video = fields.get("video")
    name = video.get("id") if isinstance(video, dict) else fields.get("video[id]")
    if not isinstance(name, str):
        raise Refused("invalid", "Missing required parameter: 'video'.", param="video")
    return _finished(desk, name)


def _finished(desk: Desk, name: str) -> Job:
    job = desk.job(name)
    if job.state(desk.now_s()) != "succeeded":
        raise Refused("invalid", "The video is not completed yet.", code="video_not_ready")
    return job


def _accepted(
    desk: Desk,
    prompt: str,
    model: str,
    made: tuple[str, str],
    remixed: str | None = None,
    charged_s: int | None = None,
) -> Reply:
    if not 0 < len(prompt) <= _MAX_PROMPT:
        raise Refused("invalid", f"A prompt has 1 to {_MAX_PROMPT} characters.", param="prompt")
    seconds, size = made
    width, height = map(int, size.split("x"))
    shot = Shot(width, height, int(seconds), prompt, audio=True)
    traits = {"resolution": "1024p" if min(width, height) >= 1024 else "720p", "audio": True}
    extra = {"seconds": seconds, "size": size, "remixed_from_video_id": remixed}
    counted = {"seconds": charged_s or int(seconds)}
    order = Order(model, shot, counted, traits, extra=extra)
    job = desk.accept(order)
    return answered(job.entry, _video(desk, job))


async def _retrieve(ask: Ask, desk: Desk) -> Reply:
    return _video(desk, desk.job(ask.named["id"]))


async def _list(ask: Ask, desk: Desk) -> Reply:
    limit = ask.query.get("limit", str(_PAGE))
    if not limit.isdecimal() or len(limit) > 3 or not 1 <= int(limit) <= 100:
        raise Refused("invalid", "limit is 1 to 100.", param="limit")
    jobs = list(desk.jobs.values())
    if ask.query.get("order", "desc") == "desc":
        jobs.reverse()
    if after := ask.query.get("after"):
        ids = [job.id for job in jobs]
        jobs = jobs[ids.index(after) + 1 :] if after in ids else []
    page = [_shown(desk, job) for job in jobs[: int(limit)]]
    ends = {
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
    }
    return told({"object": "list", "data": page, "has_more": len(jobs) > len(page), **ends})


async def _delete(ask: Ask, desk: Desk) -> Reply:
    job = desk.job(ask.named["id"])
    desk.cancel(job)
    desk.forget(job)
    return told({"id": job.id, "object": "video.deleted", "deleted": True})


async def _content(ask: Ask, desk: Desk) -> Reply:
    job = desk.job(ask.named["id"])
    if job.state(desk.now_s()) != "succeeded":
        raise Refused("not_found", "Video is not ready yet, use GET /v1/videos to check status.")
    ends_s = desk.url_ends_s(job)
    if ends_s is not None and desk.now_s() >= ends_s:
        raise Refused("not_found", "The video's files have expired.", code="expired")
    variant = ask.query.get("variant", "video")
    shot, full_size = job.order.shot, desk.profile.full_size
    match variant:
        case "video":
            return raw(await desk.workshop.clip(shot, full_size=full_size), "video/mp4")
        case "thumbnail":
            return raw(await desk.workshop.still(shot, full_size=full_size), "image/webp")
        case "spritesheet":
            return raw(await desk.workshop.spritesheet(shot), "image/jpeg")
        case _:
            raise Refused("invalid", f"Invalid value: '{variant[:40]}'.", param="variant")


def _video(desk: Desk, job: Job) -> Reply:
    left_ms = max(0.0, (job.ends_s - desk.now_s()) * 1000)
    wait_ms = 1000 / desk.profile.speed if job.outcome == "stuck" else min(left_ms, 10_000)
    return told(_shown(desk, job), headers=[(b"openai-poll-after-ms", b"%d" % max(10, wait_ms))])


def _shown(desk: Desk, job: Job) -> dict[str, Any]:
    now_s = desk.now_s()
    state, ends_s = job.state(now_s), desk.url_ends_s(job)
    failed, done = state in {"failed", "blocked", "cancelled"}, state == "succeeded"
    return {
        "id": job.id,
        "object": "video",
        "model": job.order.model,
        "status": _STATUS.get(state, state),
        "progress": 100 if done else int(job.progress(now_s) * 99),
        "created_at": int(job.at_s),
        "completed_at": int(job.ends_s) if done else None,
        "expires_at": int(ends_s) if done and ends_s is not None else None,
        "prompt": job.order.shot.prompt,
        **job.order.extra,
        "error": _error(state) if failed else None,
    }


def _error(state: str) -> dict[str, str]:
    if state == "blocked":
        return {
            "code": "moderation_blocked",
            "message": "Your request was blocked by our moderation system.",
        }
    return {"code": "video_generation_failed", "message": "An internal error occurred."}


def _allowed(name: str, value: str, values: set[str]) -> None:
    if value not in values:
        listed = ", ".join(f"'{each}'" for each in sorted(values))
        problem = f"Invalid value: '{value[:40]}'. Supported values are: {listed}."
        raise Refused("invalid", problem, param=name, code="invalid_value")


_ONE = r"/videos/(?P<id>[\w-]+)"

VIDEOS = Provider(
    "openai",
    (
        Endpoint("POST", re.compile(r"/videos$"), _create, makes="job"),
        Endpoint("GET", re.compile(r"/videos$"), _list),
        Endpoint("POST", re.compile(r"/videos/edits$"), _edit, makes="job"),
        Endpoint("POST", re.compile(r"/videos/extensions$"), _extend, makes="job"),
        Endpoint("POST", re.compile(_ONE + "/remix$"), _remix, makes="job"),
        Endpoint("GET", re.compile(_ONE + "/content$"), _content),
        Endpoint("GET", re.compile(_ONE + "$"), _retrieve),
        Endpoint("DELETE", re.compile(_ONE + "$"), _delete),
    ),
    key,
    refuse,
)
