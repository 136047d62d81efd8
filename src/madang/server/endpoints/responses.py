"""The Responses API: answers that are held for their caller, and requests that go on from one.

Rule: what a caller names by an id, it finds at once, from every process. So an answer is in the
store before its last bytes leave; the event loop does not wait for the disk, only this caller does.
"""

import asyncio
import logging
import time
from functools import partial

import msgspec
from msgspec.structs import replace

from madang.errors import InvalidRequest, MadangError, NotFound
from madang.model import Dialect
from madang.pipeline.call import Call, Whole
from madang.pipeline.conversation import LONGEST_ID, Conversation, Kept, Turns
from madang.server.caller import authenticate
from madang.server.endpoints.generate import admit, answer, stream, tell_plan
from madang.server.endpoints.info import Handler
from madang.server.endpoints.references import resolve
from madang.server.exchange import send_json
from madang.server.paths import Endpoint
from madang.server.process.runtime import Runtime
from madang.server.request import Request
from madang.state.responses import Held
from madang.wire.json import encode

_log = logging.getLogger("madang.responses")
_DAY_S = 86_400
_MIB = 1024 * 1024

_text = msgspec.json.Decoder(str | None)
_turns = msgspec.json.Decoder(list[Turns])


async def respond(runtime: Runtime, endpoint: Endpoint, _: Dialect, request: Request) -> None:
    """Answer one request, in the conversation that it names."""
    runtime.in_flight += 1
    try:
        call = await admit(runtime, endpoint, request)
        _take(call, await resolve(runtime, call))
        call.conversation = conversation = await _resumed(runtime, call)
        _take(call, conversation.whole_body)
        if call.chunk == "plan":
            await tell_plan(runtime, call, request)
            return
        reply = await answer(runtime, call, request)
        if isinstance(reply, Whole):
            await conversation.keep(reply.body, call.rows[-1])
            request.respond(*reply)
        else:
            await stream(request, reply)
    finally:
        runtime.in_flight -= 1


def _take(call: Call, body: bytes) -> None:
    """Go on with another body, if it is another."""
    if body is not call.body:
        call.body = body
        read = call.wire.read_envelope(body, None, call.envelope.stream)
        call.envelope = replace(read, model=call.envelope.model)  # a header may have named it


async def response(runtime: Runtime, endpoint: Endpoint, dialect: Dialect, caller: Request) -> None:
    """A response that is held for this key: show it, or forget it."""
    now_s = time.time()
    key = authenticate(runtime.keyring, caller, dialect, now_s, runtime.settings.keys)
    identity = endpoint.id or ""
    if caller.method == "DELETE":
        if not await asyncio.to_thread(runtime.held.drop, identity, key.id, now_s):
            raise _no_such(identity)
        send_json(caller, 200, encode({"id": identity, "object": "response", "deleted": True}))
        return
    held = await asyncio.to_thread(runtime.held.find, identity, key.id, now_s)
    if held is None:
        raise _no_such(identity)
    send_json(caller, 200, held.response)


async def _resumed(runtime: Runtime, call: Call) -> Conversation:
    """The conversation of a call. Raises InvalidRequest where it cannot go on."""
    fields = {name: bytes(value) for name, value in call.envelope.fields.items()}
    if fields.get("background", b"null") not in (b"false", b"null"):
        raise InvalidRequest(
            "This gateway does not answer in the background; leave `background` out.",
            param="background",
            code="unsupported_parameter",
        )
    keep = None
    if runtime.settings.responses.keep_days > 0 and fields.get("store") != b"false":
        keep = partial(_keep, runtime, call)
    previous = _previous(fields.get("previous_response_id", b"null"))
    if previous is None:
        return Conversation(call.body, call.envelope, None, keep)
    held = None
    if runtime.settings.responses.keep_days > 0 and len(previous) <= LONGEST_ID:
        held = await asyncio.to_thread(runtime.held.find, previous, call.key.id, call.at_us / 1e6)
    if held is None:
        raise InvalidRequest(
            f"Previous response with id '{previous[:LONGEST_ID]}' not found.",
            param="previous_response_id",
            code="previous_response_not_found",
        )
    earlier = Kept(held.id, held.provider, _turns.decode(held.turns), held.response)
    return Conversation(call.body, call.envelope, earlier, keep)


def _previous(raw: bytes) -> str | None:
    try:
        previous: str | None = _text.decode(raw)
    except msgspec.DecodeError as error:
        raise InvalidRequest(
            "`previous_response_id` must be a string.",
            param="previous_response_id",
            code="invalid_type",
        ) from error
    return previous


async def _keep(runtime: Runtime, call: Call, kept: Kept) -> None:
    """Hold a response. One that cannot be held is answered nevertheless: it is paid for."""
    bounds = runtime.settings.responses
    at_s = call.at_us // 1_000_000
    turns = encode(kept.turns)
    if len(turns) + len(kept.response) > bounds.max_mb * _MIB:
        _log.info("request %s: a conversation beyond responses.max_mb is not held", call.id)
        return
    held = Held(
        id=kept.id,
        key_id=call.key.id,
        at=at_s,
        expires=at_s + bounds.keep_days * _DAY_S,
        provider=kept.provider,
        turns=turns,
        response=kept.response,
    )
    try:
        await asyncio.to_thread(runtime.held.keep, held)
    except MadangError as problem:
        _log.error("request %s: its response cannot be held: %s", call.id, problem.message)


def _no_such(identity: str) -> NotFound:
    return NotFound(f"Response with id '{identity[:LONGEST_ID]}' not found.")


HANDLERS: dict[str, Handler] = {"respond": respond, "response": response}
