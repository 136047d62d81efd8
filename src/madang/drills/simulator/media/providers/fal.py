"""fal's queue: any app behind `/fal/{owner}/{alias}/…`, with Pika's own rules for `fal-ai/pika`.

Shapes as in fal-client 1.0 and https://docs.fal.ai/documentation/model-apis/inference/queue (read in
November 2026); its administration stands behind `/fal/v1` (`fal_history`). The addresses that a submit
returns have no path behind the alias. 202 while it pends, 200 once it is COMPLETED, also where it failed;
what was asked for wrongly is found only then.
"""

import re
from hashlib import sha256
from typing import Any

from msgspec import json

from madang.drills.simulator.media.contract import Endpoint, Provider
from madang.drills.simulator.media.desk import Desk, Job, Order, answered
from madang.drills.simulator.media.frames import decoded, frame, size_of
from madang.drills.simulator.media.hooks import Letter, check_address
from madang.drills.simulator.media.providers.fal_history import history
from madang.drills.simulator.media.providers.files import address
from madang.drills.simulator.media.records import Ask, Reply, scheme, told
from madang.drills.simulator.media.workshop import Shot
from madang.drills.simulator.records import Json, Refused

_USER = "user_simulator"
_SECONDS = re.compile(r"(\d{1,2})s?$")
_PIKA = "fal-ai/pika"
_PIKA_SECONDS = (5, 10)
_KEPT, _MOST_KEPT = 100, 20_000
_NUMBER = re.compile(r"\d{1,9}(\.\d{1,9})?$")
_AGAIN_S = tuple(7.0 * 2**number for number in range(10))
"""Ten times more within two hours (https://docs.fal.ai/documentation/model-apis/inference/webhooks); how these
are spread is not said."""


class _Unfit(Exception):
    """Input that the app does not take: the field, and why."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(why)
        self.field = field
        self.why = why


async def _submit(ask: Ask, desk: Desk) -> Reply:
    fields = ask.read(dict[str, Any])
    app = ask.named["app"]
    fault: dict[str, Any] | None = None
    try:
        shot = _shot(app, fields)
    except _Unfit as unfit:
        shot = Shot(1280, 720, 1, str(fields.get("prompt", "")))
        fault = {"loc": ["body", unfit.field], "msg": unfit.why, "type": "value_error"}
    hook = ask.query.get("fal_webhook")
    if hook is not None:
        check_address(hook)
    resolution = str(fields.get("resolution", "720p"))
    counted, traits = {"seconds": shot.seconds}, {"resolution": resolution, "audio": shot.audio}
    extra = {"input": {name: _short(value) for name, value in fields.items()}}
    job = desk.accept(Order(app, shot, counted, traits, extra=extra), desk.uuid())
    _bound(ask, desk, job)
    if fault is not None:
        job.outcome = job.entry.outcome = "failed"
        job.entry.nusd, job.extra["detail"] = 0, [fault]
    url = f"{ask.base}/fal/{'/'.join(app.split('/')[:2])}/requests/{job.id}"
    job.extra["url"] = url
    if hook is not None:
        write = lambda now_s, forged: _letter(ask, desk, job, (now_s, forged))  # noqa: E731
        await desk.notify(job, hook, write, _AGAIN_S)
    out = {"status": "IN_QUEUE", "request_id": job.id, "queue_position": 0, **_urls(url)}
    return answered(job.entry, told(out))


def _short(value: Json) -> Json:
    """Pictures that come as data are not kept."""
    return value[:_KEPT] if isinstance(value, str) and len(value) > _MOST_KEPT else value


def _bound(ask: Ask, desk: Desk, job: Job) -> None:
    """What has not been begun in time is given up: https://docs.fal.ai/documentation/model-apis/common-parameters."""
    given = ask.headers.get(b"x-fal-request-timeout", b"").decode("latin-1")
    if _NUMBER.match(given):
        job.extra["late"] = desk.drop(job, job.at_s + desk.real_s(float(given)))


def _urls(url: str) -> dict[str, str]:
    return {"response_url": url, "status_url": f"{url}/status", "cancel_url": f"{url}/cancel"}


def _shot(app: str, fields: dict[str, Any]) -> Shot:
    prompt, picture = fields.get("prompt"), fields.get("image_url")
    if not isinstance(prompt, str) or not prompt:
        raise _Unfit("prompt", "Field required")
    if app.endswith("/image-to-video") and not isinstance(picture, str):
        raise _Unfit("image_url", "Field required")
    found = _SECONDS.match(str(fields.get("duration", 5)))
    seconds = int(found[1]) if found else 0
    if not 1 <= seconds <= 60 or (app.startswith(_PIKA) and seconds not in _PIKA_SECONDS):
        raise _Unfit("duration", "Input should be 5 or 10")
    try:
        width, height = frame(
            str(fields.get("aspect_ratio", "16:9")), str(fields.get("resolution", "720p"))
        )
        like = size_of(decoded(picture)) if isinstance(picture, str) else None
    except Refused as refused:
        raise _Unfit("resolution", str(refused)) from refused
    if like is not None:
        width, height = frame(f"{like[0]}:{like[1]}", str(fields.get("resolution", "720p")))
    return Shot(width, height, seconds, prompt, bool(fields.get("generate_audio")))


async def _status(ask: Ask, desk: Desk) -> Reply:
    job = desk.job(ask.named["id"])
    state = job.state(desk.now_s())
    out: dict[str, Any] = {"request_id": job.id, **_urls(job.extra["url"])}
    logs = ask.query.get("logs", "").lower() in {"1", "true"}
    log = {
        "message": "Rendering",
        "level": "INFO",
        "source": "USER",
        "timestamp": "2026-11-20T00:00:00Z",
    }
    if state == "queued":
        return told(out | {"status": "IN_QUEUE", "queue_position": 1}, 202)
    if state == "running":
        return told(out | {"status": "IN_PROGRESS", "logs": [log] if logs else None}, 202)
    taken_s = (job.ends_s - job.starts_s) * desk.profile.speed
    out |= {"status": "COMPLETED", "logs": [log] if logs else None}
    out["metrics"] = {"inference_time": round(taken_s, 3)}
    if state != "succeeded":
        kind, said, _ = _failure(job, state)
        out |= {"error": said, "error_type": kind}
    return told(out)


def _failure(job: Job, state: str) -> tuple[str, str, int]:
    """The kind of a failure, its message, and the status of its response."""
    if "detail" in job.extra:
        return "invalid_request", "Invalid input", 422
    if job.extra.get("late"):
        return "startup_timeout", "The request was not begun in time.", 504
    if state == "blocked":
        return "content_policy_violation", "The content was flagged by a content checker.", 422
    if state == "cancelled":
        return "request_cancelled", "The request was cancelled.", 499
    return "internal_server_error", "Internal server error", 500


async def _response(ask: Ask, desk: Desk) -> Reply:
    job = desk.job(ask.named["id"])
    state = job.state(desk.now_s())
    if state in {"queued", "running"}:
        return told({"detail": "Request is still in progress"}, 400)
    if state == "succeeded":
        return told(_output(ask.base, desk, job))
    kind, said, status = _failure(job, state)
    detail = job.extra.get("detail") or [{"loc": ["body", "prompt"], "msg": said, "type": kind}]
    body = {"detail": detail if status == 422 else said, "error_type": kind}
    return told(body, status, [(b"x-fal-error-type", kind.encode())])


def _output(base: str, desk: Desk, job: Job) -> dict[str, Any]:
    url = address(base, desk, job)
    video = {"url": url, "content_type": "video/mp4", "file_name": "output.mp4", "file_size": None}
    return {"video": video, "seed": 1}


async def _cancel(ask: Ask, desk: Desk) -> Reply:
    job = desk.jobs.get(ask.named["id"])
    if job is None:
        return told({"status": "NOT_FOUND"}, 404)
    if job.state(desk.now_s()) not in {"queued", "running"}:
        return told({"status": "ALREADY_COMPLETED"}, 400)
    desk.cancel(job)
    return told({"status": "CANCELLATION_REQUESTED"}, 202)


async def _key_set(_ask: Ask, desk: Desk) -> Reply:
    return told(desk.sealer.keys())


def _letter(ask: Ask, desk: Desk, job: Job, when: tuple[float, bool]) -> Letter:
    """The webhook, signed over the request, the user, the time and the digest of the body."""
    now_s, forged = when
    state = job.state(desk.now_s())
    told_: dict[str, Any] = {"request_id": job.id, "gateway_request_id": job.id}
    if state == "succeeded":
        told_ |= {"status": "OK", "payload": _output(ask.base, desk, job)}
    else:
        _, said, _ = _failure(job, state)
        told_ |= {"status": "ERROR", "error": said, "payload": {"detail": job.extra.get("detail")}}
    body, stamp = json.encode(told_), str(int(now_s))
    signed = "\n".join((job.id, _USER, stamp, sha256(body).hexdigest())).encode()
    headers = {
        "content-type": "application/json",
        "x-fal-webhook-request-id": job.id,
        "x-fal-webhook-user-id": _USER,
        "x-fal-webhook-timestamp": stamp,
        "x-fal-webhook-signature": desk.sealer.sign(signed, forged=forged),
    }
    return Letter(headers, body)


# kind: status, fal's own word
_WORDS = {
    "invalid": (422, "invalid_request"),
    "no_key": (401, "unauthorized"),
    "auth": (401, "unauthorized"),
    "forbidden": (403, "forbidden"),
    "no_model": (404, "not_found"),
    "not_found": (404, "not_found"),
    "method": (405, "method_not_allowed"),
    "too_large": (413, "invalid_request"),
    "rate_limit": (429, "concurrent_requests_limit"),
    "quota": (403, "balance_exhausted"),
    "overloaded": (503, "runner_connection_error"),
    "timeout": (504, "startup_timeout"),
}


def _refuse(refused: Refused, _ask: Ask) -> Reply:
    status, word = _WORDS.get(refused.kind, (500, "internal_server_error"))
    body = {"detail": refused.message or "The request was refused.", "error_type": word}
    return told(body, refused.status or status, [(b"x-fal-error-type", word.encode())])


_REQUEST = r"/fal/[\w.-]+/[\w.-]+/requests/(?P<id>[\w-]+)"

FAL = Provider(
    "fal",
    (
        Endpoint("GET", re.compile(r"/fal/\.well-known/jwks\.json$"), _key_set, free=True),
        Endpoint("GET", re.compile(r"/fal/v1/models/requests/by-endpoint$"), history),
        Endpoint("GET", re.compile(_REQUEST + "/status$"), _status),
        Endpoint("PUT", re.compile(_REQUEST + "/cancel$"), _cancel),
        Endpoint("GET", re.compile(_REQUEST + "$"), _response),
        Endpoint("POST", re.compile(r"/fal/(?P<app>[\w.-]+/[\w./-]+)$"), _submit, makes="job"),
    ),
    lambda headers, _query: scheme(headers, "key "),
    _refuse,
)
