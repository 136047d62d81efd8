"""Clips over HTTP: OpenAI's `/v1/videos`, the files behind it, and providers' calls back."""

import asyncio
import re
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from hashlib import sha256
from typing import Final, Literal, cast
from urllib.parse import parse_qs

from msgspec.structs import replace

from madang.errors import InvalidRequest, NotFound, UnsupportedFeature
from madang.keys import Key
from madang.media.jobs.course import Course
from madang.media.jobs.crew import Order
from madang.media.jobs.job import Job, read_ask, read_job, shown
from madang.media.jobs.remaking import remade
from madang.media.kit import now_us
from madang.model import Dialect
from madang.model.media import Change
from madang.pipeline.again.wish import wish_of
from madang.pipeline.call import header_value
from madang.server.caller import authenticate, tags_of
from madang.server.endpoints.generate import priority_of, taken_on
from madang.server.endpoints.info import Handler
from madang.server.exchange import bounded_body, send_json
from madang.server.paths import Endpoint
from madang.server.process.runtime import Runtime
from madang.server.request import Request
from madang.state.jobs import Page, StoredJob
from madang.wire.json import encode
from madang.wire.media.callers import AskedVideo, read_change, read_video

_HOST: Final = re.compile(r"[A-Za-z0-9.:_\[\]-]{1,255}")
_RANGE: Final = re.compile(rb"bytes=(\d{0,18})-(\d{0,18})")
_POLL_AFTER_MS: Final = 500
_LEAST_POLL_MS: Final = 20
_MOST_LISTED: Final = 100


async def videos(runtime: Runtime, _: Endpoint, dialect: Dialect, caller: Request) -> None:
    """Order a clip, or list those that were ordered."""
    if caller.method == "POST":
        with taken_on(runtime, caller):
            await _ordered(runtime, dialect, caller)
    else:
        await _list(runtime, dialect, caller)


async def video(runtime: Runtime, endpoint: Endpoint, dialect: Dialect, caller: Request) -> None:
    """One clip: how it fares, or its end."""
    kept = await _kept(runtime, endpoint, dialect, caller)
    crew = runtime.media.crew
    if caller.method == "DELETE":
        await crew.forget(kept)
        send_json(caller, 200, encode({"id": kept.id, "object": "video.deleted", "deleted": True}))
        return
    course = crew.live(kept.id)
    job = course.job if course is not None else read_job(kept)
    _show(runtime, job, read_ask(kept).prompt, caller)


async def content(runtime: Runtime, endpoint: Endpoint, dialect: Dialect, caller: Request) -> None:
    """The file of a clip, or a picture of it."""
    kept = await _kept(runtime, endpoint, dialect, caller)
    variant = parse_qs(caller.query.decode("latin-1")).get("variant", ["video"])[0]
    if variant not in ("video", "thumbnail"):
        raise InvalidRequest(
            "`variant` is `video` or `thumbnail`.", param="variant", code="invalid_value"
        )
    await _send_variant(runtime, read_job(kept), variant, caller)


async def _kept(
    runtime: Runtime, endpoint: Endpoint, dialect: Dialect, caller: Request
) -> StoredJob:
    """The job that a path names, if it is of the caller's key. Raises NotFound."""
    key = _key(runtime, caller, dialect)
    return await runtime.media.crew.find(endpoint.id or "", None if key.admin else key.id)


async def opened(runtime: Runtime, endpoint: Endpoint, _: Dialect, caller: Request) -> None:
    """The file of a clip, or its thumbnail, for whoever has the address that the clip's owner was given."""
    secret, __, further = (endpoint.id or "").partition("/")
    kept = await asyncio.to_thread(runtime.media.kit.jobs.by_secret, secret)
    if kept is None or further not in ("", "video.mp4", "thumbnail.jpg", "video.mp4/thumbnail.jpg"):
        raise NotFound("There is no such file, or it has had its time.")
    variant = "jpeg" if further.endswith("thumbnail.jpg") else "video"
    await _send_variant(runtime, read_job(kept), variant, caller)


# --- ordering -------------------------------------------------------------------------------------


async def _ordered(runtime: Runtime, dialect: Dialect, caller: Request) -> None:
    key = _key(runtime, caller, dialect)
    body = await bounded_body(caller, runtime.settings.server)
    content_type = caller.headers.get(b"content-type", b"")
    asked = read_video(content_type, body)
    order = order_of(runtime, key, asked, caller, digest_of(content_type, body))
    caller.id = order.request_id
    course = await runtime.media.crew.order(order)
    job = await accepted(runtime, course) if isinstance(course, Course) else course
    _show(runtime, job, asked.ask.prompt, caller, asked.ignored)


async def remix(runtime: Runtime, endpoint: Endpoint, dialect: Dialect, caller: Request) -> None:
    """A clip once more, by other words."""
    await _changed(runtime, dialect, caller, "remix", endpoint.id)


async def edit(runtime: Runtime, _: Endpoint, dialect: Dialect, caller: Request) -> None:
    """A clip as words say that it should be."""
    await _changed(runtime, dialect, caller, "edit")


async def extension(runtime: Runtime, _: Endpoint, dialect: Dialect, caller: Request) -> None:
    """A clip gone on with."""
    await _changed(runtime, dialect, caller, "extend")


async def characters(runtime: Runtime, _: Endpoint, dialect: Dialect, caller: Request) -> None:
    """What OpenAI alone had. Raises UnsupportedFeature."""
    _key(runtime, caller, dialect)
    await bounded_body(caller, runtime.settings.server)
    raise UnsupportedFeature(
        "Characters are not kept here: send their pictures as `reference_images` of each clip.",
        param="video",
    )


async def _changed(
    runtime: Runtime, dialect: Dialect, caller: Request, change: Change, named: str | None = None
) -> None:
    """Order a clip that is made from a finished one, from whoever made that."""
    with taken_on(runtime, caller):
        key = _key(runtime, caller, dialect)
        body = await bounded_body(caller, runtime.settings.server)
        content_type = caller.headers.get(b"content-type", b"")
        asked = read_change(content_type, body)
        name = named or asked.video
        if name is None:
            raise InvalidRequest('`video` must be `{"id": …}`.', param="video")
        kept = await runtime.media.crew.find(name, None if key.admin else key.id)
        target, source = await remade(runtime.media.kit, kept, change)
        made = read_job(kept)
        whole = AskedVideo(
            model=made.caller.asked_model,
            ask=replace(asked.ask, source=source),
            seconds=made.seconds if change != "extend" else None,
            size=made.size,
        )
        digest = digest_of(content_type, b"%b %b %b" % (change.encode(), name.encode(), body))
        order = replace(order_of(runtime, key, whole, caller, digest), target=target)
        caller.id = order.request_id
        course = await runtime.media.crew.order(order)
        job = await accepted(runtime, course) if isinstance(course, Course) else course
        _show(runtime, job, asked.ask.prompt, caller, asked.ignored)


def digest_of(content_type: bytes, body: bytes) -> bytes:
    """What tells one request from another; the boundary of a form is another each time and means nothing."""
    boundary = re.search(rb"boundary=\"?([^\";,\s]+)", content_type)
    return sha256(body.replace(boundary[1], b"") if boundary else body).digest()


def order_of(
    runtime: Runtime, key: Key, asked: AskedVideo, caller: Request, digest: bytes
) -> Order:
    """An order with what the caller's headers say. Raises InvalidRequest."""
    at_ns = time.time_ns()
    return Order(
        key=key,
        request_id=runtime.new_request_id(at_ns),
        at_us=at_ns // 1000,
        model=asked.model,
        tags=tags_of(key.tags, caller.headers.get(b"x-madang-tags")),
        ask=replace(asked.ask, name="order"),
        digest=digest,
        name=wish_of(caller.headers).name,
        seconds=asked.seconds,
        size=asked.size,
        priority=priority_of(caller),
        hints=asked.hints,
    )


async def accepted(runtime: Runtime, course: Course) -> Job:
    """The job once a provider has taken it, or a caller has waited long enough. Raises why nobody takes it."""
    try:
        async with asyncio.timeout(runtime.settings.media.accept_s):
            await course.accepted.wait()
    except TimeoutError:
        return course.job
    if course.refusal is not None:
        await asyncio.to_thread(runtime.media.kit.jobs.disown, course.job.id)
        raise course.refusal
    return course.job


# --- showing --------------------------------------------------------------------------------------


async def _list(runtime: Runtime, dialect: Dialect, caller: Request) -> None:
    key = _key(runtime, caller, dialect)
    query = parse_qs(caller.query.decode("latin-1"))
    limit, ordered = query.get("limit", ["20"])[0], query.get("order", ["desc"])[0]
    if not (limit.isascii() and limit.isdecimal() and 0 <= int(limit[:9]) <= _MOST_LISTED):
        raise InvalidRequest(
            f"`limit` is a number up to {_MOST_LISTED}.", param="limit", code="invalid_value"
        )
    if ordered not in ("asc", "desc"):
        raise InvalidRequest("`order` is `asc` or `desc`.", param="order", code="invalid_value")
    page = Page(int(limit), query.get("after", [None])[0], cast('Literal["asc", "desc"]', ordered))
    scope = None if key.admin else key.id
    jobs, more = await asyncio.to_thread(runtime.media.kit.jobs.page, scope, page)
    base = base_url(runtime, caller)
    data = [shown(read_job(one), read_ask(one).prompt, base) for one in jobs]
    body = {
        "object": "list",
        "data": data,
        "first_id": jobs[0].id if jobs else None,
        "last_id": jobs[-1].id if jobs else None,
        "has_more": more,
    }
    send_json(caller, 200, encode(body))


def _poll_after_ms(runtime: Runtime) -> int:
    """When a caller may ask again; where providers are asked faster than in life, callers are, too."""
    factor = min(1.0, runtime.settings.media.poll_factor)
    return max(_LEAST_POLL_MS, round(_POLL_AFTER_MS * factor))


def _show(
    runtime: Runtime, job: Job, prompt: str, caller: Request, ignored: tuple[str, ...] = ()
) -> None:
    head = b"x-request-id: %b\r\n" % job.caller.request_id.encode()
    if not job.is_closed:
        head += b"openai-poll-after-ms: %d\r\n" % _poll_after_ms(runtime)
    if job.target is not None:
        named = header_value(job.target.canonical or job.target.model)
        head += b"x-madang-provider: %b\r\nx-madang-model: %b\r\n" % (
            header_value(job.target.provider),
            named,
        )
    lost = ",".join((*ignored, *job.losses))
    if lost:
        head += b"x-madang-lossy: %b\r\n" % header_value(lost)
    if job.is_closed and job.row is not None and job.row.cost_nusd is not None:
        head += b"x-madang-cost-usd: %d.%09d\r\n" % divmod(job.row.cost_nusd, 10**9)
    send_json(caller, 200, encode(shown(job, prompt, base_url(runtime, caller))), head)


def base_url(runtime: Runtime, caller: Request) -> str:
    """What the caller reaches this gateway under."""
    given = runtime.settings.media.public_url
    if given is not None:
        return given.rstrip("/")
    host = caller.headers.get(b"host", b"").decode("latin-1")
    scheme = "https" if caller.headers.get(b"x-forwarded-proto") == b"https" else "http"
    return f"{scheme}://{host}" if _HOST.fullmatch(host) else ""


# --- files ----------------------------------------------------------------------------------------


async def _send_variant(runtime: Runtime, job: Job, variant: str, caller: Request) -> None:
    file = job.content
    if file is None:
        why = "has failed" if job.is_over else "is not ready yet"
        raise NotFound(f"The video {why}: there is no file.", code="video_not_ready")
    if variant == "video":
        await _send_file(runtime, file.file, file.mime, file.size, caller)
        return
    name, mime, size = await runtime.media.thumbnail(job, file, jpeg=variant == "jpeg")
    await _send_file(runtime, name, mime, size, caller)


async def _send_file(runtime: Runtime, name: str, mime: str, size: int, caller: Request) -> None:
    """A file, or the part of it that the caller wants."""
    start, end, status = 0, size, 200
    head = (
        b"content-type: %b\r\nx-content-type-options: nosniff\r\naccept-ranges: bytes\r\n"
        b"cache-control: private, max-age=3600\r\n" % mime.encode()
    )
    wanted = caller.headers.get(b"range")
    found = _RANGE.fullmatch(wanted) if wanted is not None else None
    if found is not None and (found[1] or found[2]):
        start, end = _part(found[1], found[2], size)
        if start >= size or start >= end:
            caller.respond(416, b"content-range: bytes */%d\r\n" % size, b"")
            return
        status = 206
        head += b"content-range: bytes %d-%d/%d\r\n" % (start, end - 1, size)
    if caller.method == "HEAD":
        caller.begin(status, head, end - start)
        caller.end()
        return
    pieces = runtime.media.kit.shelf.read(name, start, end)
    await _stream(caller, status, head, pieces, end - start)


def _part(first: bytes, last: bytes, size: int) -> tuple[int, int]:
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(size, int(last) + 1) if last else size


async def _stream(
    caller: Request, status: int, head: bytes, pieces: AsyncGenerator[bytes, None], length: int
) -> None:
    async with aclosing(pieces) as coming:
        first = await anext(coming, b"")  # before anything is said: the file may be gone
        caller.begin(status, head, length)
        caller.send(first)
        async for piece in coming:
            if caller.congested:
                await caller.writable()
            caller.send(piece)
        caller.end()


def _key(runtime: Runtime, caller: Request, dialect: Dialect) -> Key:
    return authenticate(runtime.keyring, caller, dialect, now_us() / 1e6, runtime.settings.keys)


HANDLERS: dict[str, Handler] = {
    "videos": videos,
    "video": video,
    "video_content": content,
    "video_remix": remix,
    "video_edit": edit,
    "video_extension": extension,
    "video_characters": characters,
    "media": opened,
}
