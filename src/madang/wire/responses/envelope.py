"""The fast path of a request: the few facts that routing needs, and the same body for another model.

One rule: nothing but what is asked for is decoded. The other members stay the caller's bytes, but
for what a provider must not see: reasoning of other providers, and ids of items that Madang made.
"""

from typing import Any, Final, cast

import msgspec

from madang.model import Json
from madang.wire import json
from madang.wire.contract import Envelope
from madang.wire.member import member
from madang.wire.responses.ids import MARK, is_made
from madang.wire.responses.read_content import missing
from madang.wire.responses.signatures import is_sealed

_model = msgspec.json.Decoder(str | None)
_flag = msgspec.json.Decoder(bool | None)
_bound = msgspec.json.Decoder(int | None)
_MARK: Final = MARK.encode()
_HEADLINE: Final = {
    "model": b'"model"',
    "stream": b'"stream"',
    "max_output_tokens": b'"max_output_tokens"',
    "service_tier": b'"service_tier"',
    "previous_response_id": b'"previous_response_id"',
    "conversation": b'"conversation"',
    "background": b'"background"',
    "store": b'"store"',
}


def read_envelope(body: bytes, path_model: str | None, path_stream: bool) -> Envelope:  # noqa: FBT001
    """Read model, stream and bound. Raises InvalidRequest that names the field at fault."""
    fields = json.raw_fields(body)
    model = member(fields, "model", _model, "a string") or path_model
    if not model:
        raise missing("model")
    return Envelope(
        model=model,
        stream=member(fields, "stream", _flag, "a boolean") or path_stream,
        fields=cast("dict[str, bytes]", fields),
        include_usage=True,
        max_tokens=member(fields, "max_output_tokens", _bound, "an integer"),
    )


def retarget(body: bytes, envelope: Envelope, model: str) -> bytes:
    """Return the request for another model; the very same bytes where nothing changes.

    A body that names one of the fields twice is written anew even then, so that the provider cannot
    read another model, another bound or another conversation than we did.
    """
    foreign = _MARK in body
    if model != envelope.model or foreign:
        fields: dict[str, Any] = {**envelope.fields, "model": model}
        if foreign and "input" in fields:
            fields["input"] = _cleaned(json.decode(fields["input"]))
        return json.encode(fields)
    if json.are_named_once(body, envelope.fields, _HEADLINE):
        return body
    return json.encode(envelope.fields)


def request_path(_model: str, _stream: bool) -> str:  # noqa: FBT001
    """Return the path below a base URL such as `https://api.openai.com/v1`."""
    return "/responses"


def _cleaned(items: Json) -> Json:
    """Take out what only we or another provider made (see `signatures` and `ids`)."""
    if not isinstance(items, list):
        return items
    return [_without_made_id(item) for item in items if not _is_foreign_reasoning(item)]


def _is_foreign_reasoning(item: Json) -> bool:
    """Whether it is another provider's under our seal, or nobody's that we gave an id."""
    if not isinstance(item, dict) or item.get("type") != "reasoning":
        return False
    encrypted = item.get("encrypted_content")
    return is_sealed(encrypted) or (is_made(item.get("id")) and not encrypted)


def _without_made_id(item: Json) -> Json:
    if not isinstance(item, dict) or not is_made(item.get("id")):
        return item
    return {name: value for name, value in item.items() if name != "id"}
