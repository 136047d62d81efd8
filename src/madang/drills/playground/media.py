"""The playground's media in OpenAI's shapes: videos, speech and pictures that are really made, on this machine.

Rule: what names one of its models is served here; everything else is the simulator's.
"""

import asyncio
import base64
import re
import time
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Match, Route

from madang.drills.animatic.rendering import NotRendered, Renderer
from madang.drills.playground import shapes
from madang.drills.playground.jobs import Full, Job, Jobs, again_ms
from madang.drills.simulator.delivery import Message, Receive, Send
from madang.drills.simulator.media.forms import form
from madang.drills.simulator.media.records import Ask
from madang.drills.simulator.records import Refused
from madang.drills.simulator.server import Front

ENGINE_HEADER: Final = "x-playground-engine"
"""Which engine spoke: `espeak-ng`, or `hum` where that is missing."""

_MIMES: Final = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
_MODELS: Final = {
    "/videos": shapes.VIDEO_MODEL,
    "/audio/speech": shapes.SPEECH_MODEL,
    "/images/generations": shapes.IMAGE_MODEL,
}
_REMAKE: Final = re.compile(r"/v1/videos/(?:edits|(?P<id>[^/]+)/remix)")
_MOST_BODY: Final = 64 * 1024 * 1024
_PAGE = 20
_FULL: Final = "Too many clips wait to be rendered; ask again later."


class PlaygroundMedia:
    """Stands before the simulator. `close` ends all rendering."""

    def __init__(self, simulator: Front, renderer: Renderer | None = None) -> None:
        self._simulator = simulator
        self._renderer = renderer or Renderer()
        self._jobs = Jobs(self._renderer)
        self._routes = (
            Route("/v1/videos/{id}/content", self._content, methods=["GET"]),
            Route("/v1/videos/{id}", self._retrieve, methods=["GET"]),
            Route("/v1/videos/{id}", self._delete, methods=["DELETE"]),
            Route("/v1/videos", self._list, methods=["GET"]),
        )
        self._makers = {
            "/videos": self._film,
            "/audio/speech": self._speak,
            "/images/generations": self._draw,
        }

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request, here or by the simulator."""
        if scope["type"] == "http" and scope["method"] == "POST":
            end = next((end for end in self._makers if scope["path"] == f"/v1{end}"), None)
            if end is not None:
                await self._make(end, scope, receive, send)
                return
            if (named := _REMAKE.fullmatch(scope["path"])) is not None:
                await self._remake(named["id"], scope, receive, send)
                return
        elif scope["type"] == "http" and await self._looked_up(scope, receive, send):
            return
        await self._simulator(scope, receive, send)

    def close(self) -> None:
        """End all rendering."""
        self._jobs.close()

    async def _looked_up(self, scope: Message, receive: Receive, send: Send) -> bool:
        """Answer what is about a job of ours; false where it is not."""
        for route in self._routes:
            match, found = route.matches(scope)
            if match is not Match.FULL:
                continue
            job_id = found["path_params"].get("id")
            try:
                if job_id is not None and self._jobs.get(job_id) is None:
                    return False
            except Full:
                await _refusal(429, _FULL)(scope, receive, send)
                return True
            scope.update(found)
            await route.handle(scope, receive, send)
            return True
        return False

    async def _make(self, end: str, scope: Message, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        fields = _fields(scope, body)
        if fields is None or fields.get("model") != _MODELS[end]:
            await self._simulator(scope, _again(body, receive), send)
            return
        try:
            answer = await self._made(end, request, fields)
        except shapes.Bad as bad:
            answer = _refusal(400, str(bad), bad.param)
        except Full:
            answer = _refusal(429, _FULL)
        except NotRendered as problem:
            answer = _refusal(500, f"The playground could not make this: {problem}.")
        await answer(scope, receive, send)

    async def _remake(
        self, named: str | None, scope: Message, receive: Receive, send: Send
    ) -> None:
        """A clip of ours once more, by other words: as a remix (`named`), or as an edit, whose body names it."""
        request = Request(scope, receive)
        body = await request.body()
        fields = _fields(scope, body) or {}
        video = fields.get("video")
        name = named or (video.get("id") if isinstance(video, dict) else fields.get("video[id]"))
        try:
            source = self._jobs.get(name) if isinstance(name, str) else None
            if source is None:
                await self._simulator(scope, _again(body, receive), send)
                return
            wanted = {**source.order.fields(), "prompt": fields.get("prompt")}
            made = self._jobs.accept(shapes.video(wanted), request.headers.get("idempotency-key"))
            answer = _told(made)
        except shapes.Bad as bad:
            answer = _refusal(400, str(bad), bad.param)
        except Full:
            answer = _refusal(429, _FULL)
        await answer(scope, receive, send)

    async def _made(self, end: str, request: Request, fields: shapes.Fields) -> Response:
        if not request.headers.get("authorization", "").lower().startswith("bearer "):
            return _refusal(401, "Show a key; any will do.")
        return await self._makers[end](request, fields)

    async def _film(self, request: Request, fields: shapes.Fields) -> Response:
        name = request.headers.get("idempotency-key")
        return _told(self._jobs.accept(shapes.video(fields), name))

    async def _speak(self, _request: Request, fields: shapes.Fields) -> Response:
        order = shapes.speech(fields)
        spoken = await self._renderer.speech(
            order.text,
            voice=order.voice,
            kind=order.kind,
            language=order.language,
            instructions=order.instructions,
            speed=order.speed,
        )
        headers = {ENGINE_HEADER: spoken.engine}
        return Response(spoken.audio, media_type=_MIMES[order.kind], headers=headers)

    async def _draw(self, _request: Request, fields: shapes.Fields) -> Response:
        order = shapes.image(fields)
        drawn = await asyncio.gather(
            *(
                self._renderer.still(
                    order.prompt,
                    width_px=order.width_px,
                    height_px=order.height_px,
                    seed=order.seed + each,
                    kind=order.kind,
                )
                for each in range(order.pictures)
            )
        )
        data = [{"b64_json": base64.b64encode(picture).decode()} for picture in drawn]
        size = f"{order.width_px}x{order.height_px}"
        told = {"created": int(time.time()), "data": data, "output_format": order.kind}
        return JSONResponse({**told, "size": size, "background": "opaque"})

    async def _retrieve(self, request: Request) -> Response:
        return _told(self._job(request))

    async def _list(self, request: Request) -> Response:
        query = request.query_params
        limit = query.get("limit", str(_PAGE))
        if not limit.isdecimal() or not 1 <= int(limit[:4]) <= 100:
            return _refusal(400, "limit is 1 to 100.", "limit")
        jobs = self._jobs.all()
        if query.get("order") == "asc":
            jobs.reverse()
        ids = [job.id for job in jobs]
        after = query.get("after")
        rest = jobs[ids.index(after) + 1 :] if after in ids else jobs if not after else []
        page = [job.told() for job in rest[: int(limit)]]
        ends = {"first_id": page[0]["id"], "last_id": page[-1]["id"]} if page else {}
        more = len(rest) > len(page)
        return JSONResponse({"object": "list", "data": page, "has_more": more, **ends})

    async def _delete(self, request: Request) -> Response:
        job = self._job(request)
        self._jobs.delete(job)
        return JSONResponse({"id": job.id, "object": "video.deleted", "deleted": True})

    async def _content(self, request: Request) -> Response:
        job = self._job(request)
        if job.revived and job.task is not None:
            await asyncio.wait((job.task,))
        if job.status != "completed":
            return _refusal(404, "Video is not ready yet, use GET /v1/videos to check status.")
        match request.query_params.get("variant", "video"):
            case "video":
                return FileResponse(self._jobs.file(job), media_type="video/mp4")
            case "thumbnail":
                return await self._thumbnail(job)
            case _:
                return _refusal(400, "variant is video or thumbnail.", "variant")

    async def _thumbnail(self, job: Job) -> Response:
        order = job.order
        picture = await self._renderer.still(
            order.prompt,
            width_px=order.width_px,
            height_px=order.height_px,
            seed=order.seed,
            kind="webp",
        )
        return Response(picture, media_type="image/webp")

    def _job(self, request: Request) -> Job:
        job = self._jobs.get(request.path_params["id"])
        if job is None:  # it was there when the path was looked at, in the same turn of the loop
            raise LookupError(request.path_params["id"])
        return job


def _told(job: Job) -> Response:
    return JSONResponse(job.told(), headers={"openai-poll-after-ms": str(again_ms(job))})


def _fields(scope: Message, body: bytes) -> shapes.Fields | None:
    """The fields of an object or a form; None for anything else, which is the simulator's to refuse."""
    if len(body) > _MOST_BODY:
        return None
    headers = dict(scope["headers"])
    try:
        return form(Ask("POST", scope["path"], {}, headers, body, "", {}, ""))
    except Refused:
        return None


def _again(body: bytes, receive: Receive) -> Receive:
    """A body that was read, to be read once more."""
    left = [{"type": "http.request", "body": body, "more_body": False}]

    async def repeat() -> Message:
        return left.pop() if left else await receive()

    return repeat


def _refusal(status: int, message: str, param: str | None = None) -> Response:
    kind = "invalid_request_error" if status < 429 else "server_error"
    error = {"message": message, "type": kind, "param": param, "code": None}
    return JSONResponse({"error": error}, status)
