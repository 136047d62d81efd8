"""Google's Veo: on Vertex AI, and as it was on the Gemini API until 22 October 2026.

Shapes: https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/veo-video-generation and
the official SDK (google-genai 3.3, November 2026). What is special: a job is a long-running
operation, asked for by POST at Vertex; it may be done without a clip because the filter struck, which
is no error to Google; clips come inside the answer, from a bucket, or (Gemini) from an address that
needs the key. Vertex's base URL ends with `/projects/P/locations/L`.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from msgspec import Struct

from madang.errors import ProviderBroken, ProviderError
from madang.model.media import Clip, Handle, JobSeen, Picture, Source, VideoAsk
from madang.wire import json
from madang.wire.gemini.read_error import read_error
from madang.wire.losses import Losses
from madang.wire.media import answers
from madang.wire.media.contract import Incoming, Outgoing, Remake, VideoWire
from madang.wire.media.fitting import joined, lacking, lines, ratio, seconds, segment
from madang.wire.media.stills import decoded, inline

_JSON: Final = {"content-type": "application/json"}
_RATIOS: Final = ("16:9", "9:16")
_FURTHER_S: Final = 7
"""Seconds that a clip is gone on with (https://ai.google.dev/gemini-api/docs/video, extending Veo's videos)."""

_OPERATION = re.compile(
    r"(?:projects/[\w.:-]+/locations/[\w-]+/)?(publishers/google/models/[\w.-]+)/operations/[\w-]+"
)
_GEMINI_OPERATION = re.compile(r"(?:models/[\w.-]+/)?operations/[\w-]+")
_AGAIN: Final = frozenset((4, 8, 10, 13, 14))
"""gRPC codes after which the same request may succeed: DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED,
INTERNAL, UNAVAILABLE."""

_CAUSES: Final[Mapping[int, str]] = {
    3: "invalid_request",
    5: "unknown_model",
    7: "provider_auth",
    8: "rate_limit",
    14: "overloaded",
    16: "provider_auth",
}


class Takes(Struct, frozen=True, kw_only=True):
    """What a model takes. `references` come with 8 seconds of 16:9 only."""

    seconds: tuple[int, ...] = (4, 6, 8)
    resolutions: tuple[str, ...] = ("720p", "1080p", "4k")
    references: int = 3


_LITE: Final = Takes(resolutions=("720p", "1080p"), references=0)

MODELS: Final[Mapping[str, Takes]] = {
    "veo-3.1-lite-generate": _LITE,
    "veo-3.1-generate": Takes(),
    "veo-3.1-fast-generate": Takes(),
    "veo-3.0": _LITE,
}
"""By the beginning of a name, which ends with `-001` or `-preview`."""


def _submit_to_vertex(ask: VideoAsk, model: str) -> Outgoing:
    return _submit(ask, model, "/publishers/google/models")


def _submit_to_gemini(ask: VideoAsk, model: str) -> Outgoing:
    return _submit(ask, model, "/models")


def _submit(ask: VideoAsk, model: str, room: str) -> Outgoing:
    takes = next((one for start, one in MODELS.items() if model.startswith(start)), Takes())
    losses = Losses()
    source = ask.source
    if source is None:
        parameters, beginning = _parameters(ask, takes, losses), _pictures(ask, takes)
    else:
        parameters, beginning = _further(ask, losses), {"video": _film(source)}
    body = {
        "instances": [{"prompt": ask.prompt, **beginning}],
        "parameters": joined(parameters, ask.fields),
    }
    sound = ".audio" if parameters["generateAudio"] else ""
    name = f"video_ms.{parameters['resolution']}{sound}"
    return Outgoing(
        method="POST",
        path=f"{room}/{segment(model)}:predictLongRunning",
        headers=_JSON,
        body=json.encode(body),
        losses=losses.names(),
        counts={name: parameters["durationSeconds"] * 1000},
    )


def _parameters(ask: VideoAsk, takes: Takes, losses: Losses) -> dict[str, Any]:
    referring = bool(ask.references)
    parameters: dict[str, Any] = {
        "sampleCount": 1,
        "durationSeconds": seconds(ask, (8,) if referring else takes.seconds, 8, losses),
        "resolution": lines(ask, takes.resolutions, "720p", losses),
        "generateAudio": ask.audio is not False,
    }
    if (shape := ratio(ask, _RATIOS[:1] if referring else _RATIOS, losses)) is not None:
        parameters["aspectRatio"] = shape
    if ask.negative is not None:
        parameters["negativePrompt"] = ask.negative
    if ask.seed is not None:
        parameters["seed"] = ask.seed
    return parameters


def _further(ask: VideoAsk, losses: Losses) -> dict[str, Any]:
    """What goes on after a clip: always as long, as large as that was made, and of its ratio."""
    length = seconds(ask, (_FURTHER_S,), _FURTHER_S, losses)
    return {
        "sampleCount": 1,
        "durationSeconds": length,
        "resolution": "720p",
        "generateAudio": ask.audio is not False,
    }


def _film(source: Source) -> dict[str, str]:
    coded = b64encode(source.data or b"").decode()
    return {"bytesBase64Encoded": coded, "mimeType": source.mime}


def _pictures(ask: VideoAsk, takes: Takes) -> dict[str, Any]:
    if len(ask.references) > takes.references:
        raise lacking("references", f"takes {takes.references} reference pictures")
    if ask.references and (ask.first or ask.last):
        raise lacking("references", "takes reference pictures or first and last ones, not both")
    if ask.last is not None and ask.first is None:
        raise lacking("last_frame", "takes a last picture only beside a first one")
    pictures: dict[str, Any] = {}
    if ask.first is not None:
        pictures["image"] = _picture(ask.first)
    if ask.last is not None:
        pictures["lastFrame"] = _picture(ask.last)
    if ask.references:
        pictures["referenceImages"] = [
            {"image": _picture(one), "referenceType": "asset"} for one in ask.references
        ]
    return pictures


def _picture(picture: Picture) -> dict[str, str]:
    if picture.url is not None and picture.url.startswith("gs://"):
        return {"gcsUri": picture.url, "mimeType": picture.mime}
    return {"bytesBase64Encoded": inline(picture), "mimeType": picture.mime}


def _submitted(answer: Incoming) -> Handle:
    return Handle(answers.identity(answers.document(answer, _refused), "name"))


def _poll_vertex(handle: Handle) -> Outgoing:
    found = _OPERATION.fullmatch(handle.id)
    if found is None:
        raise ProviderBroken("Vertex's operation has a name that does not tell its model")
    return Outgoing(
        method="POST",
        path=f"/{found[1]}:fetchPredictOperation",
        headers=_JSON,
        body=json.encode({"operationName": handle.id}),
    )


def _poll_gemini(handle: Handle) -> Outgoing:
    if _GEMINI_OPERATION.fullmatch(handle.id) is None:
        raise ProviderBroken("Gemini's operation has a name that is no path")
    return Outgoing(method="GET", path=f"/{handle.id}")


def _polled(answer: Incoming) -> JobSeen:
    operation = answers.document(answer, answers.about_job(_refused))
    if operation.get("done") is not True:
        return JobSeen(state="running")
    error = answers.entry(operation, "error")
    if error:
        return _failed(error)
    response = answers.entry(operation, "response")
    made = answers.entry(response, "generateVideoResponse") or response
    clips = tuple(clip for one in _videos(made) if (clip := _clip(one)) is not None)
    if clips:
        return JobSeen(state="succeeded", progress=100, clips=clips)
    if answers.number(made, "raiMediaFilteredCount"):
        reasons = made.get("raiMediaFilteredReasons")
        said = [one for one in reasons if isinstance(one, str)] if isinstance(reasons, list) else []
        message = "; ".join(said) or "Google's filter held the clip back."
        return JobSeen(state="failed", cause="content_filter", message=message)
    return JobSeen(state="failed", cause="broken", message="the operation is done without a clip")


def _failed(error: dict[str, Any]) -> JobSeen:
    code = answers.number(error, "code")
    number = int(code) if code is not None else 0
    return JobSeen(
        state="failed",
        cause=_CAUSES.get(number, "provider_failed"),
        message=answers.word(error, "message") or "Google failed and gave no reason.",
        again=number in _AGAIN,
    )


def _videos(made: dict[str, Any]) -> list[dict[str, Any]]:
    """Vertex's `videos`, or the `video` of each of Gemini's samples."""
    samples = answers.entries(made, "generatedSamples") or answers.entries(made, "generatedVideos")
    return answers.entries(made, "videos") + [answers.entry(one, "video") for one in samples]


def _clip(video: dict[str, Any]) -> Clip | None:
    mime = answers.word(video, "mimeType") or answers.word(video, "encoding") or "video/mp4"
    coded = answers.word(video, "bytesBase64Encoded") or answers.word(video, "encodedVideo")
    if coded is not None:
        return Clip(mime=mime, data=decoded(coded))
    url = answers.word(video, "gcsUri") or answers.word(video, "uri")
    return None if url is None else Clip(mime=mime, url=_address(url), keyed=True)


def _address(url: str) -> str:
    """A file in a bucket as HTTP has it, which the same token opens."""
    bucket, slash, name = url.removeprefix("gs://").partition("/")
    if not url.startswith("gs://") or not slash:
        return url
    return f"https://storage.googleapis.com/{quote(bucket, safe='')}/{quote(name)}"


def _refused(answer: Incoming) -> ProviderError:
    return read_error(answer.status, answers.raw_headers(answer), answer.body)


VERTEX: Final = VideoWire(
    submit=_submit_to_vertex,
    submitted=_submitted,
    poll=_poll_vertex,
    polled=_polled,
    poll_ms=10_000,
    regain=answers.by_id,
    remakes={"extend": Remake("file")},
)

GEMINI: Final = VideoWire(
    submit=_submit_to_gemini,
    submitted=_submitted,
    poll=_poll_gemini,
    polled=_polled,
    poll_ms=10_000,
    regain=answers.by_id,
)
