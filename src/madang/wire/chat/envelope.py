"""The fast path of a request: the few facts that routing needs, and the same body for another model.

One rule: nothing but what is asked for is decoded. The other members stay the caller's bytes.
"""

from typing import Final, cast

import msgspec
from msgspec import Raw, Struct

from madang.errors import InvalidRequest
from madang.wire import json
from madang.wire.contract import Envelope
from madang.wire.member import member


class _StreamOptions(Struct):
    include_usage: bool | None = None


_model = msgspec.json.Decoder(str)
_flag = msgspec.json.Decoder(bool | None)
_bound = msgspec.json.Decoder(int | None)
_options = msgspec.json.Decoder(_StreamOptions | None)
_OPTIONS: Final = "an object with a boolean `include_usage`"
_NAMED: Final = {
    "model": b'"model"',
    "stream": b'"stream"',
    "max_tokens": b'"max_tokens"',
    "max_completion_tokens": b'"max_completion_tokens"',
    "n": b'"n"',
    "best_of": b'"best_of"',
    "service_tier": b'"service_tier"',
}
"""What a provider must not read otherwise than we did: who answers, how, and for how much at most."""

_any_object = msgspec.json.Decoder(dict[str, Raw])


def read_envelope(body: bytes, path_model: str | None, path_stream: bool) -> Envelope:  # noqa: FBT001
    """Read model, stream and bounds. Raises InvalidRequest that names the field at fault."""
    fields = cast("dict[str, bytes]", json.raw_fields(body))
    model = member(fields, "model", _model, "a string") if "model" in fields else path_model
    if not model:
        raise InvalidRequest("`model` is missing.", param="model", code="missing_field")
    bound = None
    if "max_completion_tokens" in fields:
        bound = member(fields, "max_completion_tokens", _bound, "an integer")
    if "max_tokens" in fields:
        bound = _looser(bound, member(fields, "max_tokens", _bound, "an integer"))
    is_stream, tells_usage = path_stream, False
    if "stream" in fields:
        is_stream = member(fields, "stream", _flag, "a boolean") or path_stream
    if "stream_options" in fields:
        options = member(fields, "stream_options", _options, _OPTIONS)
        tells_usage = options is not None and options.include_usage is True
    return Envelope(model, is_stream, fields, tells_usage, bound)


def retarget(body: bytes, envelope: Envelope, model: str) -> bytes:
    """The same request for `model`, asking for usage where it streams; the caller's own bytes where nothing changes."""
    ask = envelope.stream and not envelope.include_usage
    fields = envelope.fields
    is_same = model == envelope.model and not ask and "model" in fields
    if is_same and json.are_named_once(body, fields, _NAMED):
        return body
    fields = dict(fields)
    fields["model"] = json.encode(model)
    if ask:
        fields["stream_options"] = _asking(fields.get("stream_options"))
    return _join(fields)


def rename_max_tokens(body: bytes) -> bytes:
    """The same request with `max_completion_tokens` under its older name, for providers that know only that."""
    if b'"max_completion_tokens"' not in body:
        return body
    fields = {name: bytes(value) for name, value in json.raw_fields(body).items()}
    bound = fields.pop("max_completion_tokens", None)
    if bound is None:
        return body
    fields["max_tokens"] = bound
    return _join(fields)


def _looser(one: int | None, other: int | None) -> int | None:
    """Of two bounds the one that bounds less: which of them a server heeds is its own affair."""
    if one is None or other is None:
        return other if one is None else one
    return min(one, other) if min(one, other) <= 0 else max(one, other)


def _asking(raw: bytes | None) -> bytes:
    """`stream_options` with include_usage, and whatever else the caller has in it."""
    if raw is None or bytes(raw) == b"null":
        return b'{"include_usage":true}'
    options = {name: bytes(value) for name, value in _any_object.decode(raw).items()}
    return _join({**options, "include_usage": b"true"})


def _join(fields: dict[str, bytes]) -> bytes:
    return b"{" + b",".join([json.encode(name) + b":" + raw for name, raw in fields.items()]) + b"}"
