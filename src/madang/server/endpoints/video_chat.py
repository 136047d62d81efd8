"""The model `video-generation` on Chat Completions: a JSON message in, the address of a finished clip out.

The user's last message is `{"prompt": …, "duration": seconds, "style": …, "provider": …}`, of which only
`prompt` has to be there. The answer comes when the clip is done, within the caller's deadline; a stream
is kept alive until then.
"""

import asyncio
import time
from hashlib import sha256
from typing import Any, Final

from madang.errors import (
    ContentFiltered,
    InvalidRequest,
    MadangError,
    ProviderFailed,
    ProviderTimedOut,
)
from madang.media.jobs.course import Course
from madang.media.jobs.crew import Order
from madang.media.jobs.job import Job
from madang.model import (
    Answer,
    Choice,
    ChoiceEnded,
    Ended,
    PartEnded,
    PartStarted,
    Started,
    Text,
    TextDelta,
    Usage,
)
from madang.model.media import VideoAsk
from madang.pipeline.again.wish import wish_of
from madang.pipeline.call import Call
from madang.server.endpoints.videos import base_url
from madang.server.exchange import send_json
from madang.server.process.runtime import Runtime
from madang.server.request import Request
from madang.wire import json
from madang.wire.contract import WriteContext
from madang.wire.media.callers import MOST_PROMPT, MOST_SECONDS

MODEL: Final = "video-generation"
_AUTO: Final = "video:auto"
_LIFE_SIGN_S: Final = 10.0
_FILTERED: Final = ("content_filter", "moderation")
_CODE: Final = "invalid_video_request"


async def generate_video(runtime: Runtime, call: Call, request: Request) -> None:
    """Answer a call for a clip, whole or streamed."""
    asked = _asked(call)
    model = _model(runtime, asked.get("provider"))
    ask, seconds = _ask(asked)
    order = Order(
        key=call.key,
        request_id=call.id,
        at_us=call.at_us,
        model=model,
        tags=call.tags,
        ask=ask,
        digest=sha256(call.body).digest(),
        name=wish_of(request.headers).name,
        seconds=seconds,
        priority=call.priority,
    )
    taken = await runtime.media.crew.order(order)
    if isinstance(taken, Course):
        if call.envelope.stream:
            await _stream(runtime, call, request, taken)
            return
        await _over(taken, _left_s(runtime, call))
    job = taken.job if isinstance(taken, Course) else taken
    context = _context(call, model)
    text = _address(runtime, request, job)
    if call.envelope.stream:
        request.begin(200, _head(call, job))
        request.send(_written(call, context, text))
        request.end()
        return
    answer = Answer(model=model, choices=(Choice(parts=(Text(text),), stop="stop"),), usage=Usage())
    send_json(request, 200, call.wire.write_answer(answer, context), _named(call, job))


def _asked(call: Call) -> dict[str, Any]:
    """The JSON of the last message of the user. Raises InvalidRequest."""
    messages = json.request_object(call.body).get("messages")
    text: object = None
    for message in reversed(messages if isinstance(messages, list) else []):
        if isinstance(message, dict) and message.get("role") == "user":
            text = message.get("content")
            break
    if isinstance(text, list):
        parts = [one.get("text") for one in text if isinstance(one, dict)]
        text = "".join(part for part in parts if isinstance(part, str))
    if not isinstance(text, str):
        raise _wrong("The last user message must be a JSON object with a `prompt`.")
    try:
        asked = json.request_object(text.encode())
    except InvalidRequest:
        asked = {"prompt": text}  # plain words are a prompt
    return asked


def _ask(asked: dict[str, Any]) -> tuple[VideoAsk, str | None]:
    """A clip as the message describes it. Raises InvalidRequest."""
    prompt, style, duration = asked.get("prompt"), asked.get("style"), asked.get("duration")
    if not isinstance(prompt, str) or not 0 < len(prompt.strip()) <= MOST_PROMPT:
        raise _wrong(f"`prompt` must be a text of 1 to {MOST_PROMPT:,} characters.")
    if style is not None and not (isinstance(style, str) and len(style) <= MOST_PROMPT):
        raise _wrong("`style` must be a text.")
    try:
        wanted_s = None if duration is None else float(duration)
    except (TypeError, ValueError):
        wanted_s = 0.0
    if wanted_s is not None and not 0 < wanted_s <= MOST_SECONDS:
        raise _wrong(f"`duration` is a number of seconds up to {MOST_SECONDS}.")
    full = f"{prompt}\n\nStyle: {style}" if style else prompt
    duration_ms = None if wanted_s is None else round(wanted_s * 1000)
    ask = VideoAsk(name="order", prompt=full, duration_ms=duration_ms)
    return ask, None if wanted_s is None else f"{wanted_s:g}"


def _model(runtime: Runtime, provider: object) -> str:
    """Who makes it: a provider, a model, or whoever suits best."""
    if provider is None or provider in ("", "auto"):
        return _AUTO
    if not isinstance(provider, str):
        raise _wrong("`provider` must be the name of a provider or of a model.")
    directory = runtime.pipeline.snapshot.directory
    for name in directory.media.served("videos"):
        targets = directory.media.resolve(name, "videos").targets
        own = next((one for one in targets if provider in (one.provider, one.home)), None)
        if own is not None:
            return f"{own.provider}/{own.model}"
    directory.resolve(provider, "videos")  # else it is a model, or nothing that is known
    return provider


async def _over(course: Course, within_s: float) -> Job:
    """The job when it is over. Raises ProviderTimedOut, and what nobody took it for."""
    try:
        async with asyncio.timeout(within_s):
            await course.over.wait()
    except TimeoutError:
        raise ProviderTimedOut(
            f"The video is not finished in time; it goes on: ask for it at /v1/videos/{course.job.id}.",
            phase="total",
        ) from None
    if course.refusal is not None:
        raise course.refusal
    return course.job


def _address(runtime: Runtime, request: Request, job: Job) -> str:
    """Where the finished clip is. Raises ContentFiltered or ProviderFailed."""
    if job.content is not None:
        return f"{base_url(runtime, request)}/media/{job.secret}"
    code, message = job.error or ("provider_failed", "The video could not be made.")
    if any(word in code for word in _FILTERED):
        raise ContentFiltered(message, code=code)
    raise ProviderFailed(message, code=code)


async def _stream(runtime: Runtime, call: Call, request: Request, course: Course) -> None:
    """Keep the caller's connection alive until the clip is there, then tell where."""
    context = _context(call, course.job.caller.asked_model)
    await _accepted(course, _left_s(runtime, call))
    request.begin(200, _head(call, course.job))
    until = time.monotonic() + _left_s(runtime, call)
    try:
        while not course.over.is_set():
            left_s = until - time.monotonic()
            if left_s <= 0:
                await _over(course, 0)
            try:
                async with asyncio.timeout(min(_LIFE_SIGN_S, left_s)):
                    await course.over.wait()
            except TimeoutError:
                request.send(b": %d %%\n\n" % course.job.progress)
        await _over(course, 1)
        request.send(_written(call, context, _address(runtime, request, course.job)))
    except MadangError as error:
        request.send(call.wire.write_stream_error(error, context))
    request.end()


async def _accepted(course: Course, within_s: float) -> None:
    """Wait until it is known whether anybody takes the order: until then an answer may still be a refusal."""
    try:
        async with asyncio.timeout(within_s):
            await course.accepted.wait()
    except TimeoutError:
        return
    if course.refusal is not None:
        raise course.refusal


def _written(call: Call, context: WriteContext, text: str) -> bytes:
    """The answer as a stream of its dialect."""
    writer = call.wire.stream_writer(context)
    events = (
        Started(model=context.model),
        PartStarted(0, 0, Text("")),
        TextDelta(0, 0, text),
        PartEnded(0, 0),
        ChoiceEnded(0, "stop"),
        Ended(),
    )
    return b"".join([writer.feed(event) for event in events])


def _context(call: Call, model: str) -> WriteContext:
    return WriteContext(
        request_id=call.id,
        model=model,
        created_s=call.at_us // 1_000_000,
        include_usage=call.envelope.include_usage,
    )


def _head(call: Call, job: Job) -> bytes:
    return (
        b"content-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\n"
        + _named(call, job)
    )


def _named(call: Call, job: Job) -> bytes:
    head = b"x-request-id: %b\r\nx-madang-video: %b\r\n" % (call.id.encode(), job.id.encode())
    if job.row is not None and job.row.cost_nusd is not None:
        head += b"x-madang-cost-usd: %d.%09d\r\n" % divmod(job.row.cost_nusd, 10**9)
    return head


def _left_s(runtime: Runtime, call: Call) -> float:
    most_s = runtime.settings.media.give_up_s if call.deadline_s is None else call.deadline_s
    return max(0.0, call.started + most_s - time.monotonic())


def _wrong(message: str) -> InvalidRequest:
    return InvalidRequest(message, param="messages", code=_CODE)
