"""Counting the tokens of a prompt: asked of a provider that can count in the same dialect, else estimated."""

from time import monotonic

from madang.errors import Forbidden, ProviderError
from madang.model import Request
from madang.pipeline.call import Call
from madang.pipeline.lane import Lane
from madang.pipeline.measure import prompt_tokens
from madang.pipeline.run import Pipeline
from madang.pipeline.settle import redact
from madang.routing.names.directory import allowed
from madang.upstream.transport import Outgoing
from madang.wire import gemini, messages
from madang.wire.contract import Envelope
from madang.wire.json import raw_fields


def read_count_envelope(call: Call) -> Envelope:
    """Check a count request and keep its parts. Raises InvalidRequest."""
    call.request = request = _read(call)
    fields = {name: bytes(value) for name, value in raw_fields(call.body).items()}
    return Envelope(model=request.model, stream=False, fields=fields)


async def count_tokens(pipeline: Pipeline, call: Call) -> bytes:
    """The body of the dialect's count answer. Nothing is billed, so nothing is entered in the ledger."""
    snapshot = pipeline.snapshot
    route = snapshot.directory.resolve(call.envelope.model, call.wire.dialect)
    if not allowed(call.key.models, route, call.envelope.model):
        raise Forbidden(f"This key may not use the model `{call.envelope.model}`.", param="model")
    lane = snapshot.lane(route.targets[0])
    if lane.wire is call.wire:
        try:
            return await _ask(pipeline, call, lane)
        except ProviderError as error:
            if not error.retryable:
                raise
    tokens = prompt_tokens(call, lane.target.canonical or lane.target.model)
    return (
        messages.count_answer(tokens) if call.wire is messages.WIRE else gemini.count_answer(tokens)
    )


async def _ask(pipeline: Pipeline, call: Call, lane: Lane) -> bytes:
    """Have the provider count."""
    path = lane.plain_path
    path = (
        path.replace(":generateContent", ":countTokens")
        if call.wire is gemini.WIRE
        else f"{path}/count_tokens"
    )
    head = lane.provider.head(lane.target.api, path) + call.forward
    body = call.wire.retarget(call.body, call.envelope, lane.target.model)
    outgoing = Outgoing(lane.provider.origin, head, body, lane.provider.timeouts)
    began = monotonic()
    incoming = await pipeline.transport.send(outgoing)
    try:
        answer = await incoming.read()
    finally:
        incoming.close()
    call.upstream_s += monotonic() - began
    if incoming.status >= 400:
        error = lane.wire.read_error(incoming.status, incoming.headers, answer)
        redact(error, lane)
        raise error
    return answer


def _read(call: Call) -> Request:
    if call.wire is gemini.WIRE:
        return gemini.read_count_request(call.body, call.path_model or "")
    return messages.read_count_request(call.body)
