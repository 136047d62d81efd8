"""Kling: clips as tasks, under a handle of the caller's.

Shapes and codes: https://app.klingai.com/global/dev/document-api, read in November 2026. What is
special: a refusal may come as HTTP 200 with a `code`; numbers of seconds are texts; pictures are
bare base64; what has ended well is `succeed`, with the turbo models `succeeded`; each way of making
a clip has a path of its own, under which its tasks are asked for. Callbacks are not signed, so they
are believed in nothing but that a job is worth a look.
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
from madang.model.media import Clip, Handle, JobSeen, JobState, Source, VideoAsk
from madang.wire import json
from madang.wire.losses import Losses
from madang.wire.media import answers
from madang.wire.media.contract import (
    Incoming,
    Lost,
    Notice,
    Outgoing,
    Remake,
    Sought,
    VideoWire,
)
from madang.wire.media.fitting import (
    bounded,
    joined,
    lacking,
    lines,
    pixels,
    ratio,
    seconds,
    segment,
)
from madang.wire.media.signatures import check_token
from madang.wire.media.stills import bare

_JSON: Final = {"content-type": "application/json"}
_RATIOS: Final = ("16:9", "9:16", "1:1")
_MODES: Final = {"720p": "std", "1080p": "pro"}
_LONGEST_PROMPT: Final = 2500
_MOST_REFERENCES: Final = 4
_FURTHER_MS: Final = 5_000

_WAYS: Final = {
    "t": "text2video",
    "i": "image2video",
    "m": "multi-image2video",
    "e": "video-extend",
}
"""The paths, by the letter that our handle ends with: an answer to a submit does not say its own path."""

_STATES: Final[Mapping[str, JobState]] = {
    "submitted": "queued",
    "processing": "running",
    "succeed": "succeeded",
    "succeeded": "succeeded",
    "failed": "failed",
}

_CODES: Final[Mapping[int, type[ProviderError]]] = {
    1000: ProviderRefusedKey,
    1001: ProviderRefusedKey,
    1002: ProviderRefusedKey,
    1003: ProviderRefusedKey,
    1004: ProviderRefusedKey,
    1100: ProviderRefusedKey,
    1101: ProviderOutOfQuota,
    1102: ProviderOutOfQuota,
    1103: ProviderRefusedKey,
    1200: ProviderRejected,
    1201: ProviderRejected,
    1202: ProviderRejected,
    1203: ProviderLacksModel,
    1300: ContentFiltered,
    1301: ContentFiltered,
    1302: ProviderRateLimited,
    1303: ProviderRateLimited,
    1304: ProviderRefusedKey,
    5000: ProviderFailed,
    5001: ProviderOverloaded,
    5002: ProviderFailed,
}


class Takes(Struct, frozen=True, kw_only=True):
    """What a model takes. `sound`: it can make sound."""

    seconds: tuple[int, ...] = (5, 10)
    sound: bool = False


MODELS: Final[Mapping[str, Takes]] = {
    "kling-v2-1": Takes(),
    "kling-v2-1-master": Takes(),
    "kling-v2-5-turbo": Takes(),
    "kling-v2-6": Takes(sound=True),
    "kling-v3": Takes(seconds=tuple(range(3, 16)), sound=True),
}
_UNKNOWN: Final = Takes(seconds=(), sound=True)


def _submit(ask: VideoAsk, model: str) -> Outgoing:
    if ask.source is not None:
        return _extended(ask, ask.source)
    takes = MODELS.get(model, _UNKNOWN)
    losses = Losses()
    way, pictures = _pictures(ask)
    length = seconds(ask, takes.seconds, 5, losses)
    mode, resolution = _mode(ask, losses)
    name = f"{ask.name}-{way}"
    body: dict[str, Any] = {
        "model_name": model,
        "prompt": bounded(ask.prompt, _LONGEST_PROMPT),
        **pictures,
        "duration": str(length),
        "mode": mode,
        "external_task_id": name,
    }
    if ask.negative is not None:
        body["negative_prompt"] = bounded(ask.negative, _LONGEST_PROMPT)
    if way != "i" and (shape := ratio(ask, _RATIOS, losses)) is not None:
        body["aspect_ratio"] = shape
    if ask.callback is not None:
        body["callback_url"] = ask.callback
    if takes.sound and ask.audio is not None:
        body["sound"] = "on" if ask.audio else "off"
    elif ask.audio:
        losses.add("generate_audio")
    if ask.seed is not None:
        losses.add("seed")
    return Outgoing(
        method="POST",
        path=f"/v1/videos/{_WAYS[way]}",
        headers=_JSON,
        body=json.encode(joined(body, ask.fields)),
        losses=losses.names(),
        counts={
            f"video_ms.{resolution}{'.audio' if 'sound' in body and ask.audio else ''}": length
            * 1000
        },
        name=name,
    )


def _extended(ask: VideoAsk, source: Source) -> Outgoing:
    """What goes on after a clip: four or five seconds, reckoned as five of the clip's own."""
    if source.file_id is None:
        raise lacking("video", "goes on with clips that it has made itself")
    losses = Losses()
    if ask.duration_ms is not None:
        losses.add("seconds")
    name = f"{ask.name}-e"
    body: dict[str, Any] = {
        "video_id": source.file_id,
        "prompt": bounded(ask.prompt, _LONGEST_PROMPT),
        "external_task_id": name,
    }
    if ask.callback is not None:
        body["callback_url"] = ask.callback
    return Outgoing(
        method="POST",
        path=f"/v1/videos/{_WAYS['e']}",
        headers=_JSON,
        body=json.encode(joined(body, ask.fields)),
        losses=losses.names(),
        counts={f"video_ms.{_tier(source)}": _FURTHER_MS},
        name=name,
    )


def _tier(source: Source) -> str:
    sides = pixels(source.size) if source.size is not None else None
    return "1080p" if sides is not None and min(sides) >= 1080 else "720p"


def _pictures(ask: VideoAsk) -> tuple[str, dict[str, Any]]:
    """The letter of the way, and the pictures as it takes them."""
    if ask.references:
        if ask.first or ask.last:
            raise lacking("references", "takes reference pictures or first and last ones, not both")
        if len(ask.references) > _MOST_REFERENCES:
            raise lacking("references", f"takes {_MOST_REFERENCES} reference pictures")
        return "m", {"image_list": [{"image": bare(one)} for one in ask.references]}
    pictures = {"image": ask.first, "image_tail": ask.last}
    given = {member: bare(one) for member, one in pictures.items() if one is not None}
    return ("i" if given else "t"), given


def _mode(ask: VideoAsk, losses: Losses) -> tuple[str, str]:
    """`std` or `pro`, by the caller's own field or else by the size, and the resolution that it means."""
    said = ask.fields.get("mode")
    if said is None:
        resolution = lines(ask, tuple(_MODES), "720p", losses)
        return _MODES[resolution], resolution
    for resolution, mode in _MODES.items():
        if mode == said:
            return mode, resolution
    raise InvalidRequest("`mode` is `std` or `pro`.", param="mode", code="invalid_value")


def _submitted(answer: Incoming) -> Handle:
    return _handle(_task(answer, _refused))


def _handle(task: dict[str, Any]) -> Handle:
    task_id = answers.identity(task, "task_id")
    own = answers.word(answers.entry(task, "task_info"), "external_task_id") or ""
    way = _way(own)
    return Handle(task_id, {"poll": f"/v1/videos/{way}/{segment(task_id)}"})


def _way(name: str) -> str:
    return _WAYS.get(name.rpartition("-")[2], _WAYS["t"])


def _poll(handle: Handle) -> Outgoing:
    path = handle.urls.get("poll") or f"/v1/videos/{_WAYS['t']}/{segment(handle.id)}"
    return Outgoing(method="GET", path=path)


def _polled(answer: Incoming) -> JobSeen:
    return _seen(_task(answer, answers.about_job(_refused)))


def _find(lost: Lost, cursor: str | None) -> Outgoing:
    """A task may be asked for by either of its names."""
    del cursor  # one task, and no list
    return Outgoing(method="GET", path=f"/v1/videos/{_way(lost.name)}/{segment(lost.name)}")


def _found(answer: Incoming, lost: Lost) -> Sought:
    """There is no such task, by its status, its code or its lack of data; or there it is."""
    del lost  # no other task has its name
    if answer.status in (404, 410):
        return Sought()
    body = answers.said(answer)
    code = body.get("code")
    if answer.status < 300 and (code == 1203 or (code == 0 and not body.get("data"))):
        return Sought()
    return Sought((_handle(_task(answer, _refused)),))


def _task(answer: Incoming, refused: answers.Refused) -> dict[str, Any]:
    """`data` of an answer whose `code` is 0; some answers have it in a list."""
    body = answers.document(answer, refused)
    if body.get("code") != 0:
        raise refused(answer)
    data = body.get("data")
    if isinstance(data, list) and data:
        data = data[0]
    if not isinstance(data, dict):
        raise ProviderBroken("Kling's answer has no task")
    return data


def _seen(task: dict[str, Any]) -> JobSeen:
    state = _STATES.get(answers.word(task, "task_status") or "")
    if state is None:
        raise ProviderBroken("Kling's task is in a state that is not known")
    if state == "failed":
        message = answers.word(task, "task_status_msg") or "Kling failed and gave no reason."
        return JobSeen(state=state, cause="provider_failed", message=message, again=True)
    if state != "succeeded":
        return JobSeen(state=state)
    clips = tuple(
        Clip(url=url, duration_ms=_milliseconds(one), id=answers.word(one, "id"))
        for one in answers.entries(answers.entry(task, "task_result"), "videos")
        if (url := answers.word(one, "url"))
    )
    if not clips:
        return JobSeen(state="failed", cause="broken", message="Kling's finished task has no video")
    return JobSeen(state=state, progress=100, clips=clips)


def _milliseconds(video: dict[str, Any]) -> int | None:
    length = answers.number(video, "duration")
    return None if length is None else round(length * 1000)


def _refused(answer: Incoming) -> ProviderError:
    body = answers.said(answer)
    code = body.get("code")
    kind = _CODES.get(code) if isinstance(code, int) else None
    return answers.refusal(
        answer, answers.word(body, "message"), None if code is None else str(code)[:20], kind
    )


def _hook(
    headers: Mapping[str, str], body: bytes, secrets: Mapping[str, Any], now_s: float
) -> Notice:
    """A callback, which is known by the token of its address."""
    del now_s  # nothing in a callback says when it was sent
    check_token(headers, secrets)
    said = json.request_object(body)
    task = answers.entry(said, "data") or said
    job = answers.word(task, "task_id")
    if job is None:
        raise InvalidRequest("The callback names no `task_id`.", code="invalid_webhook")
    return Notice(job, f"{job}:{answers.word(task, 'task_status')}:{task.get('updated_at')}"[:300])


WIRE: Final = VideoWire(
    submit=_submit,
    submitted=_submitted,
    poll=_poll,
    polled=_polled,
    hook=_hook,
    find=_find,
    found=_found,
    remakes={"extend": Remake()},
)
