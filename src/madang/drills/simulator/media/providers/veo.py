"""Veo as an operation: on Vertex, where files come in the answer, and on the Gemini API, which its maker has shut down.

Shapes as in google-genai 3.3 and https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/veo-video-generation
(read in November 2026). An operation may be done without a video: then the filter has struck.
"""

import re
from base64 import b64encode
from typing import Any

from msgspec import Struct, field

from madang.drills.simulator.media.contract import Endpoint, Provider
from madang.drills.simulator.media.desk import Desk, Job, Order, answered
from madang.drills.simulator.media.frames import frame
from madang.drills.simulator.media.providers import google
from madang.drills.simulator.media.providers.files import file_of
from madang.drills.simulator.media.records import Ask, Reply, told
from madang.drills.simulator.media.workshop import Shot
from madang.drills.simulator.records import Refused

_SECONDS = {4, 6, 8}
_FURTHER_S = 7
_RATIOS = {"16:9", "9:16"}
_FILTERED = "The prompt could not be submitted. It contains words that violate Vertex AI's usage guidelines."


class _Instance(Struct, rename="camel"):
    prompt: str = ""
    image: dict[str, Any] | None = None
    video: dict[str, Any] | None = None


class _Parameters(Struct, rename="camel"):
    sample_count: int = 1
    duration_seconds: int = 8
    aspect_ratio: str = "16:9"
    resolution: str = "720p"
    generate_audio: bool | None = None
    storage_uri: str | None = None
    seed: int | None = None


class _Wanted(Struct):
    instances: list[_Instance]
    parameters: _Parameters = field(default_factory=_Parameters)


class _Fetched(Struct, rename="camel"):
    operation_name: str


async def _predict(ask: Ask, desk: Desk) -> Reply:
    wanted, model = ask.read(_Wanted), ask.named["model"]
    asked = wanted.parameters
    if len(wanted.instances) != 1 or not (wanted.instances[0].prompt or wanted.instances[0].image):
        raise Refused("invalid", "Exactly one instance with a prompt or an image is expected.")
    film = wanted.instances[0].video
    if film is not None and not (film.get("bytesBase64Encoded") or film.get("gcsUri")):
        raise Refused("invalid", "video has bytesBase64Encoded or gcsUri.")
    if asked.duration_seconds not in (_SECONDS if film is None else {_FURTHER_S}):
        raise Refused("invalid", "durationSeconds is 4, 6 or 8, and 7 to extend a video.")
    if asked.aspect_ratio not in _RATIOS or not 1 <= asked.sample_count <= 4:
        raise Refused("invalid", "aspectRatio is 16:9 or 9:16, sampleCount 1 to 4.")
    audio = asked.generate_audio is not False
    width, height = frame(asked.aspect_ratio, asked.resolution)
    shot = Shot(width, height, asked.duration_seconds, wanted.instances[0].prompt, audio)
    extra = {"samples": asked.sample_count, "storage": asked.storage_uri}
    counted = {"seconds": asked.duration_seconds * asked.sample_count}
    traits = {"audio": audio, "resolution": asked.resolution}
    job = desk.accept(Order(model, shot, counted, traits, extra=extra), desk.uuid())
    job.extra["name"] = f"{_parent(ask)}/operations/{job.id}"
    return answered(job.entry, told({"name": job.extra["name"]}))


def _parent(ask: Ask) -> str:
    """The model's full name, without the method."""
    return ask.named["parent"]


async def _fetch(ask: Ask, desk: Desk) -> Reply:
    """Vertex: the operation is named in the body."""
    name = ask.read(_Fetched).operation_name
    job = desk.job(name.rpartition("/")[2])
    done = _ended(desk, job)
    if done is not None:
        return told(done)
    data = await desk.workshop.clip(job.order.shot, full_size=desk.profile.full_size)
    storage = job.order.extra["storage"]
    video = (
        {"gcsUri": f"{storage}/{job.id}/sample_0.mp4"}
        if storage
        else {"bytesBase64Encoded": b64encode(data).decode()}
    )
    videos = [{**video, "mimeType": "video/mp4"}] * job.order.extra["samples"]
    kind = "type.googleapis.com/cloud.ai.large_models.vision.GenerateVideoResponse"
    response = {"@type": kind, "raiMediaFilteredCount": 0, "videos": videos}
    return told({"name": job.extra["name"], "done": True, "response": response})


async def _operation(ask: Ask, desk: Desk) -> Reply:
    """Gemini API: the operation has a path, its videos have addresses."""
    job = desk.job(ask.named["id"])
    done = _ended(desk, job)
    if done is not None:
        return told(done)
    samples = [{"video": {"uri": f"{ask.base}/files/{job.id}:download?alt=media"}}]
    response = {"generateVideoResponse": {"generatedSamples": samples}}
    return told({"name": job.extra["name"], "done": True, "response": response})


def _ended(desk: Desk, job: Job) -> dict[str, Any] | None:
    """The operation where it is not done, or done without a video; None where it has one."""
    state, name = job.state(desk.now_s()), job.extra["name"]
    if state == "succeeded":
        return None
    if state in {"queued", "running"}:
        return {"name": name}
    if state == "blocked":
        filtered = {"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": [_FILTERED]}
        dead = desk.name == "gemini-veo"
        return {
            "name": name,
            "done": True,
            "response": {"generateVideoResponse": filtered} if dead else filtered,
        }
    code = 1 if state == "cancelled" else 13
    word = "The operation was cancelled." if state == "cancelled" else "Internal error encountered."
    return {"name": name, "done": True, "error": {"code": code, "message": word}}


async def _download(ask: Ask, desk: Desk) -> Reply:
    job = desk.job(ask.named["id"])
    return await file_of(desk, job, "mp4", ask.key, desk.url_ends_s(job) or desk.now_s() + 1)


_VERTEX = r"/(?P<parent>projects/[\w.:-]+/locations/[\w-]+/publishers/google/models/(?P<model>veo-[\w.-]+))"
_GEMINI = r"/(?P<parent>models/(?P<model>veo-[\w.-]+))"

VERTEX = Provider(
    "vertex",
    (
        Endpoint("POST", re.compile(_VERTEX + ":predictLongRunning$"), _predict, makes="job"),
        Endpoint("POST", re.compile(_VERTEX + ":fetchPredictOperation$"), _fetch),
    ),
    google.token,
    google.refuse,
)

GEMINI_VEO = Provider(
    "gemini-veo",
    (
        Endpoint("POST", re.compile(_GEMINI + ":predictLongRunning$"), _predict, makes="job"),
        Endpoint("GET", re.compile(_GEMINI + r"/operations/(?P<id>[\w-]+)$"), _operation),
        Endpoint("GET", re.compile(r"/files/(?P<id>[\w-]+):download$"), _download),
    ),
    google.key,
    google.refuse,
)
