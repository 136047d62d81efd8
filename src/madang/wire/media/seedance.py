"""Seedance on BytePlus's and Volcengine's Ark: clips as tasks, paid by the token.

Shapes: https://docs.byteplus.com/en/docs/ModelArk/1520757 and the pages beside it, read in November
2026. What is special: an error may come inside an HTTP 200; the tokens that are charged are told
when the clip is done (beforehand: width times height times frames over 1024); addresses are good for a day.
Callbacks come whenever a task's state changes, and are not signed, so they are believed in nothing but
which task it is.
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from madang.errors import (
    ContentFiltered,
    InvalidRequest,
    ProviderBroken,
    ProviderError,
    ProviderFailed,
    ProviderLacksModel,
    ProviderOutOfQuota,
    ProviderOverloaded,
    ProviderRateLimited,
    ProviderRefusedKey,
    ProviderRejected,
)
from madang.model.media import Clip, Handle, JobSeen, JobState, Picture, VideoAsk
from madang.wire import json
from madang.wire.losses import Losses
from madang.wire.media import answers
from madang.wire.media.contract import Incoming, Notice, Outgoing, VideoWire
from madang.wire.media.fitting import joined, lacking, lines, ratio, seconds, segment
from madang.wire.media.signatures import check_token
from madang.wire.media.stills import uri

_PATH: Final = "/contents/generations/tasks"
_JSON: Final = {"content-type": "application/json"}
_RATIOS: Final = ("16:9", "9:16", "1:1", "4:3", "3:4", "21:9")
_FRAMES_PER_S: Final = 24
_PIXELS: Final = {"480p": 854 * 480, "720p": 1280 * 720, "1080p": 1920 * 1080}

_STATES: Final[Mapping[str, JobState]] = {
    "queued": "queued",
    "running": "running",
    "succeeded": "succeeded",
    "failed": "failed",
    "expired": "failed",
    "cancelled": "cancelled",
}

_CODES: Final[Mapping[str, type[ProviderError]]] = {
    "AuthenticationError": ProviderRefusedKey,
    "AccessDenied": ProviderRefusedKey,
    "AccountOverdueError": ProviderOutOfQuota,
    "QuotaExceeded": ProviderOutOfQuota,
    "SetLimitExceeded": ProviderOutOfQuota,
    "ModelNotOpen": ProviderLacksModel,
    "InvalidEndpointOrModel": ProviderLacksModel,
    "RateLimitExceeded": ProviderRateLimited,
    "ServerOverloaded": ProviderOverloaded,
    "ServiceUnavailable": ProviderOverloaded,
    "InternalServiceError": ProviderFailed,
    "InvalidParameter": ProviderRejected,
    "MissingParameter": ProviderRejected,
    "InputTextSensitiveContentDetected": ContentFiltered,
    "InputImageSensitiveContentDetected": ContentFiltered,
    "InputVideoSensitiveContentDetected": ContentFiltered,
    "InputAudioSensitiveContentDetected": ContentFiltered,
    "OutputVideoSensitiveContentDetected": ContentFiltered,
    "OutputAudioSensitiveContentDetected": ContentFiltered,
}
"""By the first part of a code (`InvalidEndpointOrModel.NotFound`): https://docs.byteplus.com/en/docs/ModelArk/1299023."""


class Takes(Struct, frozen=True, kw_only=True):
    """What a model takes. `sound`: it makes sound unless told otherwise."""

    seconds: tuple[int, ...] = ()
    references: int = 9
    last: bool = True
    sound: bool = True


_V2: Final = Takes(seconds=tuple(range(4, 16)))
_UNKNOWN: Final = Takes()

MODELS: Final[Mapping[str, Takes]] = {
    "dreamina-seedance-2-0": _V2,
    "doubao-seedance-2-0": _V2,
    "seedance-2-0": _V2,
    "seedance-1-5-pro": Takes(seconds=tuple(range(4, 13)), references=0),
    "seedance-1-0-pro": Takes(seconds=tuple(range(2, 13)), references=0, sound=False),
    "seedance-1-0-lite": Takes(seconds=tuple(range(2, 13)), references=4, sound=False),
}
"""By the beginning of a name, which ends with a date."""


def _submit(ask: VideoAsk, model: str) -> Outgoing:
    takes = next((one for start, one in MODELS.items() if model.startswith(start)), _UNKNOWN)
    losses = Losses()
    length = seconds(ask, takes.seconds, 5, losses)
    resolution = lines(ask, tuple(_PIXELS), "720p", losses)
    body: dict[str, Any] = {
        "model": model,
        "content": [{"type": "text", "text": ask.prompt}, *_pictures(ask, takes)],
        "duration": length,
        "resolution": resolution,
        "watermark": False,
    }
    if (shape := ratio(ask, _RATIOS, losses)) is not None:
        body["ratio"] = shape
    if ask.seed is not None:
        body["seed"] = ask.seed
    if takes.sound and ask.audio is not None:
        body["generate_audio"] = ask.audio
    elif ask.audio:
        losses.add("generate_audio")
    if ask.negative is not None:
        losses.add("negative_prompt")
    if ask.callback is not None:
        body["callback_url"] = ask.callback
    tokens = -(-_PIXELS[resolution] * _FRAMES_PER_S * length // 1024)
    return Outgoing(
        method="POST",
        path=_PATH,
        headers=_JSON,
        body=json.encode(joined(body, ask.fields)),
        losses=losses.names(),
        counts={"output_tokens": tokens},
    )


def _pictures(ask: VideoAsk, takes: Takes) -> list[dict[str, Any]]:
    if ask.references and (ask.first or ask.last):
        raise lacking("references", "takes reference pictures or first and last ones, not both")
    if len(ask.references) > takes.references:
        raise lacking("references", f"takes {takes.references} reference pictures")
    if ask.last is not None and not (takes.last and ask.first):
        raise lacking("last_frame", "takes a last picture only beside a first one")
    roles = (("first_frame", ask.first), ("last_frame", ask.last))
    keyed = [_picture(one, role) for role, one in roles if one is not None]
    return keyed + [_picture(one, "reference_image") for one in ask.references]


def _picture(picture: Picture, role: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": uri(picture)}, "role": role}


def _submitted(answer: Incoming) -> Handle:
    return Handle(answers.identity(_body(answer, _refused), "id"))


def _poll(handle: Handle) -> Outgoing:
    return Outgoing(method="GET", path=f"{_PATH}/{segment(handle.id)}")


def _cancel(handle: Handle) -> Outgoing:
    """Takes a task out of the queue; one that is running goes on."""
    return Outgoing(method="DELETE", path=f"{_PATH}/{segment(handle.id)}")


def _body(answer: Incoming, refused: answers.Refused) -> dict[str, Any]:
    """The task, or the refusal that stands in its place under HTTP 200."""
    body = answers.document(answer, refused)
    if "id" not in body and answers.entry(body, "error"):
        raise refused(answer)
    return body


def _polled(answer: Incoming) -> JobSeen:
    task = _body(answer, answers.about_job(_refused))
    status = answers.word(task, "status") or ""
    state = _STATES.get(status)
    if state is None:
        raise ProviderBroken("Seedance's task is in a state that is not known")
    if state == "failed":
        return _failed(answers.entry(task, "error"), status)
    if state != "succeeded":
        return JobSeen(state=state)
    url = answers.word(answers.entry(task, "content"), "video_url")
    if url is None:
        return JobSeen(state="failed", cause="broken", message="the finished task has no video")
    tokens = answers.number(answers.entry(task, "usage"), "completion_tokens")
    length = answers.number(task, "duration")
    return JobSeen(
        state=state,
        progress=100,
        clips=(Clip(url=url, duration_ms=None if not length else round(length * 1000)),),
        billed={} if tokens is None else {"output_tokens": round(tokens)},
    )


def _failed(error: dict[str, Any], status: str) -> JobSeen:
    kind = _kind(answers.word(error, "code")) or ProviderFailed
    return JobSeen(
        state="failed",
        cause=kind.kind,
        message=answers.word(error, "message") or f"Seedance's task is {status}.",
        again=kind.retryable,
    )


def _kind(code: str | None) -> type[ProviderError] | None:
    return _CODES.get(code.partition(".")[0]) if code else None


def _refused(answer: Incoming) -> ProviderError:
    error = answers.entry(answers.said(answer), "error")
    code = answers.word(error, "code")
    return answers.refusal(answer, answers.word(error, "message"), code, _kind(code))


def _hook(
    headers: Mapping[str, str], body: bytes, secrets: Mapping[str, Any], now_s: float
) -> Notice:
    """A callback, which is known by the token of its address."""
    del now_s  # it says when the task changed, and not when it was sent
    check_token(headers, secrets)
    said = json.request_object(body)
    job = answers.word(said, "id")
    if job is None:
        raise InvalidRequest("The callback names no `id`.", code="invalid_webhook")
    return Notice(job, f"{job}:{answers.word(said, 'status')}"[:300])


WIRE: Final = VideoWire(
    submit=_submit,
    submitted=_submitted,
    poll=_poll,
    polled=_polled,
    cancel=_cancel,
    hook=_hook,
    regain=answers.by_id,
)
