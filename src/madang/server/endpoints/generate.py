"""The endpoints that ask a model: one request in, one reply out, whole or streamed."""

import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import parse_qs

from madang.config.sections.routes import TASK_PREFIX
from madang.errors import Draining, InvalidRequest, MadangError, Overloaded
from madang.model import Dialect
from madang.model.trace import read_trace
from madang.pipeline.again.wish import NONE, wish_of
from madang.pipeline.call import Call, Chunk, Reply, Streamed
from madang.pipeline.count import count_tokens, read_count_envelope
from madang.pipeline.steering import steer, tag_task
from madang.routing.canary.split import Side
from madang.routing.pacing import HIGH, LOW, NORMAL, Priority
from madang.server.caller import authenticate, tags_of
from madang.server.exchange import body_at_hand, read_body, send_json
from madang.server.paths import Endpoint
from madang.server.process.runtime import Runtime
from madang.server.request import Request
from madang.wire.json import encode
from madang.wire.registry import WIRES

_FORWARDED: dict[Dialect, tuple[bytes, ...]] = {"messages": (b"anthropic-beta",)}
"""Headers that belong to the format and go on to a provider of the same dialect, unless its own settings have them."""

_CHUNKS: dict[bytes, Chunk] = {b"map-reduce": "map-reduce", b"plan": "plan"}
_SIDES: dict[bytes, Side] = {b"canary": "canary", b"stable": "stable"}
_PRIORITIES: dict[bytes, Priority] = {b"high": HIGH, b"normal": NORMAL, b"low": LOW}
_KEPT_FROM: dict[Priority, int] = {LOW: 5, NORMAL: 20}
"""Low priority does not get the last fifth of what may be in flight, normal not the last twentieth."""


_ASKED = frozenset(
    (
        *(b"x-madang-tags", b"x-madang-deadline-ms", b"x-madang-priority", b"x-madang-arm"),
        *(b"x-madang-lossy", b"x-madang-continue", b"x-madang-chunk", b"x-madang-chunk-of"),
        *(b"x-madang-task", b"x-madang-prefer", b"x-madang-session", b"traceparent"),
    )
)
"""The headers in which a caller asks for something of Madang's own; most ask for nothing."""

_RECALLED = frozenset((b"x-madang-cache", b"idempotency-key"))
"""Those in which it wishes for an answer that may be there already, or for none."""

_MOST_DIGITS = 20
"""Of longer numbers the beginning tells that they are too large; Python refuses to read endless ones."""

Apart = Callable[[Runtime, Call, Request], Awaitable[None]]
"""Answers the calls for one model in a way of its own."""


async def generate(
    runtime: Runtime, endpoint: Endpoint, request: Request, apart: Mapping[str, Apart]
) -> None:
    """Answer one request, for text or for embeddings; `apart`: who answers for models that are no models."""
    runtime.in_flight += 1
    try:
        call = await admit(runtime, endpoint, request)
        special = apart.get(call.envelope.model)
        if special is not None and endpoint.dialect == "chat":
            await special(runtime, call, request)
            return
        if call.chunk == "plan":
            await tell_plan(runtime, call, request)
            return
        reply = await answer(runtime, call, request)
        if isinstance(reply, Streamed):
            await stream(request, reply)
        else:
            request.respond(*reply)
    finally:
        runtime.in_flight -= 1


async def answer(runtime: Runtime, call: Call, request: Request) -> Reply:
    """The reply to a call; a refusal, too, tells the caller of its limits."""
    try:
        wish = NONE if _RECALLED.isdisjoint(request.headers) else wish_of(request.headers)
        if call.wants_arm is not None and wish.cache is None:
            wish = wish._replace(cache="off")  # an answer may be of the other side
        reply = await runtime.recall.answer(call, wish)
    except MadangError:
        request.lines = call.lines
        raise
    return runtime.mirror.beside(call, reply) if runtime.mirror.ways else reply


async def tell_plan(runtime: Runtime, call: Call, request: Request) -> None:
    """How a long text would be answered in pieces, and what that would cost at most; nobody is asked."""
    plan = await runtime.recall.chunking.price(call)
    send_json(request, 200, encode(plan), b"x-request-id: %b\r\n" % call.id.encode())


async def stream(request: Request, reply: Streamed) -> None:
    """Send a reply in pieces, as they come."""
    request.begin(reply.status, reply.head)
    await reply.relay(request)
    request.end()


async def count(runtime: Runtime, endpoint: Endpoint, request: Request) -> None:
    """Count the tokens of a prompt: by the provider where it can count, else estimated."""
    call = await admit(runtime, endpoint, request)
    body = await count_tokens(runtime.pipeline, call)
    send_json(request, 200, body, b"x-request-id: %b\r\n" % call.id.encode())


async def admit(runtime: Runtime, endpoint: Endpoint, request: Request) -> Call:
    """Check the caller, read the request's envelope, make it a call."""
    started = time.monotonic()
    if runtime.draining:
        raise Draining("This gateway is shutting down; send the request again.", retry_after_s=1)
    bounds = runtime.settings.server
    if runtime.in_flight > bounds.max_in_flight // 2:
        shed(runtime, request)
    dialect = endpoint.dialect or "chat"
    at_ns = time.time_ns()
    key = authenticate(runtime.keyring, request, dialect, at_ns / 1e9, runtime.settings.keys)
    limit = bounds.max_body_mb * 1024 * 1024
    body = body_at_hand(request, limit)
    if body is None:
        body = await read_body(request, limit, bounds.body_timeout_s)
    call = Call(
        id=runtime.new_request_id(at_ns),
        wire=WIRES[dialect],
        key=key,
        at_us=at_ns // 1000,
        started=started,
        body=body,
        path_model=endpoint.model,
        path_stream=endpoint.stream,
        tags=key.tags,
    )
    request.id = call.id
    if endpoint.name == "count":
        call.envelope = read_count_envelope(call)
    else:
        call.envelope = call.wire.read_envelope(body, endpoint.model, endpoint.stream)
    _read_options(call, request, dialect)
    return call


@contextmanager
def taken_on(runtime: Runtime, request: Request) -> Iterator[None]:
    """Count a request for media among those in flight. Raises Draining or Overloaded where there is no room."""
    if runtime.draining:
        raise Draining("This gateway is shutting down; send the request again.", retry_after_s=1)
    runtime.in_flight += 1
    try:
        shed(runtime, request)
        yield
    finally:
        runtime.in_flight -= 1


def shed(runtime: Runtime, request: Request) -> None:
    """Refuse a request while there is too much to do: low priority first, high last. Raises Overloaded."""
    in_flight, most = runtime.in_flight, runtime.settings.server.max_in_flight
    if in_flight <= most - most // _KEPT_FROM[LOW]:
        return
    priority = _PRIORITIES.get(request.headers.get(b"x-madang-priority", b"normal"), NORMAL)
    share = _KEPT_FROM.get(priority)
    if in_flight > (most if share is None else most - most // share):
        raise Overloaded("This gateway has too many requests in flight.", retry_after_s=1)


def _read_options(call: Call, request: Request, dialect: Dialect) -> None:
    """Madang's own request headers, and those that go on to the provider."""
    headers = request.headers
    if not _ASKED.isdisjoint(headers):
        _read_wishes(call, request)
    if call.envelope.model.startswith(TASK_PREFIX):
        tag_task(call)
    for name in _FORWARDED.get(dialect, ()):
        if name in headers:
            call.forward += name + b": " + headers[name] + b"\r\n"
    if call.path_stream:
        query = parse_qs(request.query.decode("latin-1"))
        call.array = query.get("alt", [""])[0] != "sse"


def _read_wishes(call: Call, request: Request) -> None:
    """What a caller asks of Madang itself. Raises InvalidRequest."""
    headers = request.headers
    call.tags = tags_of(call.key.tags, headers.get(b"x-madang-tags"))
    call.deadline_s = deadline_of(request)
    call.priority = priority_of(request)
    steer(call, headers)
    arm = headers.get(b"x-madang-arm")
    if arm is not None:
        if arm not in _SIDES:
            raise InvalidRequest("x-madang-arm is `canary` or `stable`.")
        call.wants_arm = _SIDES[arm]
    parent = headers.get(b"traceparent")
    if parent is not None:
        call.trace = read_trace(parent, headers.get(b"tracestate"))
    call.may_lose = _allows(headers, b"x-madang-lossy")
    call.may_go_on = _allows(headers, b"x-madang-continue")
    call.chunk = _chunk(headers)


def deadline_of(request: Request) -> float | None:
    """How long a request may take, in seconds, as its header says (None: it does not). Raises InvalidRequest."""
    deadline = request.headers.get(b"x-madang-deadline-ms")
    if deadline is None:
        return None
    if not deadline.isdigit() or not 0 < int(deadline[:_MOST_DIGITS]) < 86_400_000:
        raise InvalidRequest("x-madang-deadline-ms must be a positive number of milliseconds.")
    return int(deadline[:_MOST_DIGITS]) / 1000


def priority_of(request: Request) -> Priority:
    """How urgent a request is, as its header says. Raises InvalidRequest."""
    priority = request.headers.get(b"x-madang-priority")
    if priority is None:
        return NORMAL
    if priority not in _PRIORITIES:
        raise InvalidRequest("x-madang-priority is one of high, normal and low.")
    return _PRIORITIES[priority]


def _chunk(headers: Mapping[bytes, bytes]) -> Chunk | None:
    """Whether, and how, a long text is to be answered in pieces."""
    value, of = headers.get(b"x-madang-chunk"), headers.get(b"x-madang-chunk-of")
    if value is None and of is None:
        return None
    if value not in _CHUNKS:
        raise InvalidRequest("x-madang-chunk can be `map-reduce` or `plan`.")
    if of not in (None, b"last_user"):
        raise InvalidRequest("x-madang-chunk-of can be `last_user`.")
    return _CHUNKS[value]


def _allows(headers: Mapping[bytes, bytes], name: bytes) -> bool:
    """Whether a header that can only be `allow` is there."""
    value = headers.get(name)
    if value is None:
        return False
    if value != b"allow":
        raise InvalidRequest(f"{name.decode()} can only be `allow`.")
    return True
