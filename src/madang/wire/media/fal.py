"""fal: a queue before any model; Pika and many others.

Shapes: https://docs.fal.ai/model-apis/model-endpoints/queue and its official SDK (fal-client 1.0,
November 2026). What is special: the addresses that it gives have to be used (they drop a part of
the model's path); a poll answers 202 until the job has ended; what is COMPLETED may have failed;
the result is fetched by a further call; webhooks are signed with Ed25519, and are sent again. What
it has taken stands in a list of its administration (`fal_history`).
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from msgspec import Struct

from madang.errors import (
    ContentFiltered,
    InvalidRequest,
    ProviderBroken,
    ProviderError,
    ProviderFailed,
    ProviderOutOfQuota,
    ProviderOverloaded,
    ProviderRateLimited,
    ProviderRejected,
)
from madang.model.media import Clip, Handle, JobSeen, VideoAsk
from madang.wire import json
from madang.wire.losses import Losses
from madang.wire.media import answers, fal_history
from madang.wire.media.contract import Incoming, Notice, Outgoing, VideoWire
from madang.wire.media.fitting import bounded, joined, lacking, lines, ratio, seconds, segment
from madang.wire.media.signatures import check_fal
from madang.wire.media.stills import uri

_JSON: Final = {"content-type": "application/json"}
_START: Final = "x-fal-request-timeout"
"""In spite of its name: within so many seconds a request has been begun, or is given up, and costs nothing.

https://docs.fal.ai/documentation/model-apis/common-parameters, read in November 2026.
"""

_URLS: Final = {"status": "status_url", "response": "response_url", "cancel": "cancel_url"}
_RATIOS: Final = ("16:9", "9:16", "1:1", "4:5", "5:4", "3:2", "2:3")


class Takes(Struct, frozen=True, kw_only=True):
    """What a model takes.

    `ratios` without a picture; with one the clip has the picture's. `as_text`: it wants numbers of
    seconds as texts. `sound`: it can make sound.
    """

    seconds: tuple[int, ...] = ()
    usual: int | None = None
    ratios: tuple[str, ...] = _RATIOS
    resolutions: tuple[str, ...] = ()
    prompt: int = 10_000
    needs_picture: bool = False
    takes_picture: bool = True
    as_text: bool = False
    sound: bool = False


_PIKA: Final = Takes(seconds=(5, 10), usual=5, resolutions=("720p", "1080p"), takes_picture=False)

MODELS: Final[Mapping[str, Takes]] = {
    "fal-ai/pika/v2.2/text-to-video": _PIKA,
    "fal-ai/pika/v2.2/image-to-video": Takes(
        seconds=(5, 10), usual=5, resolutions=("720p", "1080p"), needs_picture=True
    ),
    "bytedance/seedance-2.0/text-to-video": Takes(
        seconds=tuple(range(4, 16)),
        usual=5,
        ratios=("16:9", "9:16", "1:1", "4:3", "3:4", "21:9"),
        resolutions=("480p", "720p", "1080p"),
        takes_picture=False,
        as_text=True,
        sound=True,
    ),
}
_UNKNOWN: Final = Takes(sound=True)
"""Any other model: members have the names that most have, and fal decides."""

_ERRORS: Final[Mapping[str, type[ProviderError]]] = {
    "content_policy_violation": ContentFiltered,
    "runner_scheduling_failure": ProviderOverloaded,
    "runner_connection_timeout": ProviderFailed,
    "runner_disconnected": ProviderFailed,
    "runner_connection_error": ProviderFailed,
    "runner_server_error": ProviderFailed,
    "internal_error": ProviderFailed,
    "internal_server_error": ProviderFailed,
    "invalid_request": ProviderRejected,
    "concurrent_requests_limit": ProviderRateLimited,
    "balance_exhausted": ProviderOutOfQuota,
    "request_timeout": ProviderFailed,
    "startup_timeout": ProviderFailed,
    "downstream_service_error": ProviderFailed,
    "downstream_service_unavailable": ProviderFailed,
    "generation_timeout": ProviderFailed,
    "bad_request": ProviderRejected,
    "file_download_error": ProviderRejected,
    "image_load_error": ProviderRejected,
    "no_media_generated": ProviderFailed,
}
"""The values of `error_type`: https://docs.fal.ai/model-apis/errors."""


def _submit(ask: VideoAsk, model: str) -> Outgoing:
    takes = MODELS.get(model, _UNKNOWN)
    losses = Losses()
    body: dict[str, Any] = {
        "prompt": bounded(ask.prompt, takes.prompt),
        **_shape(ask, takes, losses),
    }
    if ask.negative is not None:
        body["negative_prompt"] = ask.negative
    if ask.seed is not None:
        body["seed"] = ask.seed
    if takes.sound and ask.audio is not None:
        body["generate_audio"] = ask.audio
    elif ask.audio:
        losses.add("generate_audio")
    query = f"?{urlencode({'fal_webhook': ask.callback})}" if ask.callback else ""
    begun = {_START: f"{ask.start_s:g}"} if ask.start_s is not None else {}
    length = body.get("duration")
    name = ".".join(("video_ms", *((body["resolution"],) if "resolution" in body else ())))
    return Outgoing(
        method="POST",
        path=f"/{segment(model, deep=True)}{query}",
        headers={**_JSON, **begun},
        body=json.encode(joined(body, ask.fields)),
        losses=losses.names(),
        counts={} if length is None else {name: int(length) * 1000},
    )


def _shape(ask: VideoAsk, takes: Takes, losses: Losses) -> dict[str, Any]:
    """Pictures, seconds, ratio and resolution."""
    if ask.last is not None or ask.references:
        raise lacking("last_frame" if ask.last else "references", "takes a first picture only")
    if takes.needs_picture and ask.first is None:
        raise lacking("input_reference", "makes clips from a first picture only")
    if ask.first is not None and not takes.takes_picture:
        raise lacking("input_reference", "takes no picture")
    shape: dict[str, Any] = {}
    if takes.usual is not None or ask.duration_ms is not None:
        length = seconds(ask, takes.seconds, takes.usual or 5, losses)
        shape["duration"] = str(length) if takes.as_text else length
    if takes.resolutions:
        shape["resolution"] = lines(ask, takes.resolutions, "720p", losses)
    if ask.first is not None:
        shape["image_url"] = uri(ask.first)
    elif (fitting := ratio(ask, takes.ratios, losses)) is not None:
        shape["aspect_ratio"] = fitting
    return shape


def _submitted(answer: Incoming) -> Handle:
    body = answers.document(answer, _refused)
    urls = {use: answers.word(body, member) for use, member in _URLS.items()}
    if not urls["status"] or not urls["response"]:
        raise ProviderBroken("fal accepted a job and did not say where to ask for it")
    given = {use: url for use, url in urls.items() if url}
    return Handle(answers.identity(body, "request_id"), given)


def _poll(handle: Handle) -> Outgoing:
    return Outgoing(method="GET", path=_url(handle, "status"))


def _fetch(handle: Handle) -> Outgoing:
    return Outgoing(method="GET", path=_url(handle, "response"))


def _cancel(handle: Handle) -> Outgoing:
    return Outgoing(method="PUT", path=_url(handle, "cancel"))


def _url(handle: Handle, use: str) -> str:
    found = handle.urls.get(use)
    if found is None:
        raise ProviderBroken(f"fal gave no address to {use} this job")
    return found


def _polled(answer: Incoming) -> JobSeen:
    body = answers.document(answer, answers.about_job(_refused))
    match answers.word(body, "status"):
        case "IN_QUEUE":
            return JobSeen(state="queued")
        case "IN_PROGRESS":
            return JobSeen(state="running")
        case "COMPLETED" if body.get("error") or body.get("error_type"):
            return _failed(body)
        case "COMPLETED":
            return JobSeen(state="succeeded", progress=100)
        case _:
            raise ProviderBroken("fal's job is in a state that is not known")


def _fetched(answer: Incoming) -> JobSeen:
    """The result. A refusal that says its type is the job's own end, whatever its status."""
    if answer.status in (400, 422, 499) or (
        answer.status == 500 and _error_type(answers.said(answer)) is not None
    ):
        return _failed(answers.said(answer))
    return _result(answers.document(answer, answers.about_job(_refused)))


def _result(payload: dict[str, Any]) -> JobSeen:
    clips = _clips(payload)
    if not clips:
        return JobSeen(state="failed", cause="broken", message="fal's finished job has no video")
    return JobSeen(state="succeeded", progress=100, clips=clips)


def _clips(payload: dict[str, Any]) -> tuple[Clip, ...]:
    files = [answers.entry(payload, "video"), *answers.entries(payload, "videos")]
    return tuple(
        Clip(mime=answers.word(one, "content_type") or "video/mp4", url=url)
        for one in files
        if (url := answers.word(one, "url"))
    )


def _failed(body: dict[str, Any]) -> JobSeen:
    if _error_type(body) == "request_cancelled":
        return JobSeen(state="cancelled")
    kind = _ERRORS.get(_error_type(body) or "", ProviderFailed)
    return JobSeen(
        state="failed",
        cause=kind.kind,
        message=_words(body) or "fal failed and gave no reason.",
        again=kind.retryable,
    )


def _error_type(body: dict[str, Any]) -> str | None:
    """`error_type`, or the `type` of the first entry of `detail`."""
    detail = answers.entries(body, "detail")
    return answers.word(body, "error_type") or (answers.word(detail[0], "type") if detail else None)


def _words(body: dict[str, Any]) -> str | None:
    """`error`, or `detail`, which is a text or a list of `{loc, msg, type}`."""
    told = [words for one in answers.entries(body, "detail") if (words := answers.word(one, "msg"))]
    return answers.word(body, "error") or answers.word(body, "detail") or "; ".join(told) or None


def _refused(answer: Incoming) -> ProviderError:
    body = answers.said(answer)
    code = _error_type(body) or answer.headers.get("x-fal-error-type")
    kind = _ERRORS.get(code or "")
    if answer.status >= 500 and kind is not None and not kind.retryable:
        kind = None
    return answers.refusal(answer, _words(body), code, kind)


def _hook(
    headers: Mapping[str, str], body: bytes, secrets: Mapping[str, Any], now_s: float
) -> Notice:
    """A webhook. `secrets["jwks"]`: fal's key set as it stands at /.well-known/jwks.json."""
    check_fal(headers, body, secrets.get("jwks"), now_s)
    said = json.request_object(body)
    job = answers.word(said, "request_id")
    if job is None:
        raise InvalidRequest("The webhook names no `request_id`.", code="invalid_webhook")
    status = answers.word(said, "status")
    delivery = f"{job}:{status}"
    if status == "OK":
        payload = answers.entry(said, "payload")  # left out where it could not be written as JSON
        return Notice(job, delivery, _result(payload) if _clips(payload) else None)
    return Notice(job, delivery)  # why it failed is said by polling only


WIRE: Final = VideoWire(
    submit=_submit,
    submitted=_submitted,
    poll=_poll,
    polled=_polled,
    poll_ms=3_000,
    fetch=_fetch,
    fetched=_fetched,
    cancel=_cancel,
    hook=_hook,
    find=fal_history.find,
    found=fal_history.found,
    regain=fal_history.regain,
    starts=True,
    shows_s=fal_history.SHOWS_S,
    calls_s=fal_history.CALLS_S,
)
