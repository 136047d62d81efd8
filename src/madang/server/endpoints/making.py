"""Speech, pictures and transcripts over HTTP, as OpenAI's SDK asks for them."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from madang.media.again import Given
from madang.media.making import Made, Spoken, Work
from madang.model import Attempt, Dialect, Target
from madang.model.media import Images, Speech, SpeechAsk, Transcript
from madang.pipeline.again.wish import wish_of
from madang.pipeline.call import header_value
from madang.server.caller import authenticate, tags_of
from madang.server.endpoints.generate import deadline_of, priority_of, taken_on
from madang.server.endpoints.info import Handler
from madang.server.endpoints.videos import digest_of
from madang.server.exchange import bounded_body
from madang.server.paths import Endpoint
from madang.server.process.runtime import Runtime
from madang.server.request import Request
from madang.wire.media import answering
from madang.wire.media.callers import (
    AskedImage,
    AskedSpeech,
    AskedTranscript,
    read_image,
    read_speech,
    read_transcript,
)
from madang.wire.media.contract import Incoming, SpeechWire

Read = Callable[[bytes, bytes], Any]
"""A request from its content type and body, as one of the `Asked` of `callers`."""

Write = Callable[[Any, Any], answering.Answer]
"""An answer from what was asked and what was made."""


async def speech(runtime: Runtime, _: Endpoint, __: Dialect, caller: Request) -> None:
    """Have a text spoken."""
    await _have_made(runtime, caller, "speech", read_speech, _spoken)


async def images(runtime: Runtime, _: Endpoint, __: Dialect, caller: Request) -> None:
    """Have pictures drawn."""
    await _have_made(runtime, caller, "images", read_image, _drawn)


async def transcriptions(runtime: Runtime, _: Endpoint, __: Dialect, caller: Request) -> None:
    """Have a recording written down."""
    await _have_made(runtime, caller, "transcriptions", read_transcript, _heard)


def _spoken(asked: AskedSpeech, made: Speech) -> answering.Answer:
    return answering.speech(made, timed=asked.ask.timed, events=asked.events)


def _drawn(_: AskedImage, made: Images) -> answering.Answer:
    return answering.images(made, int(time.time()))


def _heard(asked: AskedTranscript, made: Transcript) -> answering.Answer:
    return answering.transcript(made, asked.shape)


async def _have_made(
    runtime: Runtime, caller: Request, kind: Dialect, read: Read, write: Write
) -> None:
    with taken_on(runtime, caller):
        started, settings = time.monotonic(), runtime.settings
        key = authenticate(runtime.keyring, caller, "chat", time.time(), settings.keys)
        content_type = caller.headers.get(b"content-type", b"")
        body = await bounded_body(caller, settings.server)
        asked = read(content_type, body)
        at_ns = time.time_ns()
        caller.id = runtime.new_request_id(at_ns)
        work = Work(
            key=key,
            request_id=caller.id,
            at_us=at_ns // 1000,
            started=started,
            model=asked.model,
            tags=tags_of(key.tags, caller.headers.get(b"x-madang-tags")),
            kind=kind,
            priority=priority_of(caller),
            deadline_s=deadline_of(caller),
        )
        speaks = partial(_speaking, runtime, asked.ask) if kind == "speech" else None
        await _answer(
            runtime,
            caller,
            (work, asked.ask, digest_of(content_type, body)),
            speaks or partial(_plain, runtime, kind),
            (partial(write, asked), asked.ignored),
        )


def _speaking(runtime: Runtime, ask: SpeechAsk, target: Target) -> Spoken:
    """Speech is read with what was asked for at hand: timings are of that text."""
    wire = cast("SpeechWire", runtime.media.kit.wire(target, "speech"))

    def read(answer: Incoming) -> Speech:
        return wire.read(answer, ask)

    return Spoken(wire.write, read)


def _plain(runtime: Runtime, kind: Dialect, target: Target) -> Spoken:
    wire = cast("Spoken", runtime.media.kit.wire(target, kind))
    return Spoken(wire.write, wire.read)


async def _answer(
    runtime: Runtime,
    caller: Request,
    asked: tuple[Work, Any, bytes],
    spoken: Callable[[Target], Spoken],
    shape: tuple[Callable[[Any], answering.Answer], tuple[str, ...]],
) -> None:
    """Make it, or give again what was made under the same name before."""
    work, ask, digest = asked
    write, ignored = shape

    async def make() -> Given:
        made = await runtime.media.maker.make(work, ask, spoken)
        content_type, body = write(made.result)
        head = b"content-type: %b\r\n" % header_value(content_type)
        return Given(head=head + _named(made, ignored), body=body, row=made.row)

    name = wish_of(caller.headers).name
    again = False
    if name is None:
        given = await make()
    else:
        until = None if work.deadline_s is None else work.started + work.deadline_s
        given, again = await runtime.media.again.answer((work.key.id, name), digest, make, until)
    head = given.head + b"x-request-id: %b\r\n" % work.request_id.encode()
    if again:
        runtime.pipeline.enter([_replayed(work, given.row)])
        head += b"x-madang-cost-usd: 0.000000000\r\nidempotent-replayed: true\r\n"
    elif given.row.cost_nusd is not None:
        head += b"x-madang-cost-usd: %d.%09d\r\n" % divmod(given.row.cost_nusd, 10**9)
    caller.respond(200, head, given.body)


def _named(made: Made, ignored: tuple[str, ...]) -> bytes:
    head = made.berth.head + b"x-madang-attempts: %d\r\n" % (made.row.n + 1)
    lost = ",".join((*ignored, *made.losses))
    return head + (b"x-madang-lossy: %b\r\n" % header_value(lost) if lost else b"")


def _replayed(work: Work, origin: Attempt) -> Attempt:
    """The row of a request that got an answer which was paid for before."""
    return Attempt(
        id=f"{work.request_id}.0",
        request_id=work.request_id,
        n=0,
        at_us=work.at_us,
        key_id=work.key.id,
        account_id=work.key.account_id,
        tags=work.tags,
        dialect=work.kind,
        asked_model=work.model,
        model=origin.model,
        provider=origin.provider,
        api=origin.api,
        region=origin.region,
        outcome="hit",
        cost_nusd=0,
        saved_nusd=origin.cost_nusd,
        cache="replayed",
        latency_us=int((time.monotonic() - work.started) * 1e6),
    )


HANDLERS: dict[str, Handler] = {
    "speech": speech,
    "images": images,
    "transcriptions": transcriptions,
}
