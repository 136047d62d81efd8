"""A Gemini caller's request on its way to a Gemini provider: read just enough, change next to nothing.

Model and stream are in the path, so the body goes on byte for byte, unless it repeats the model or
brings back ids that were made here.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

import msgspec
from msgspec import Struct

from madang.errors import InvalidRequest
from madang.wire.contract import Envelope
from madang.wire.gemini.call_ids import has_made_ids, without_made_ids
from madang.wire.gemini.read_request import model_name
from madang.wire.json import are_named_once, decode, encode, hides_letters, raw_fields


class _Bounds(Struct):
    """The member of generationConfig that bounds the answer, in both spellings."""

    camel: int | None = msgspec.field(name="maxOutputTokens", default=None)
    snake: int | None = msgspec.field(name="max_output_tokens", default=None)


_REPEATING = frozenset({"model", "generateContentRequest", "generate_content_request"})
_CONFIGS: Final = {
    "generationConfig": b'"generationConfig"',
    "generation_config": b'"generation_config"',
}
_LIMITS: Final = {**_CONFIGS, "serviceTier": b'"serviceTier"', "service_tier": b'"service_tier"'}
_LIMITING: Final = (b'axOutputTokens"', b'ax_output_tokens"', b'andidateCount"', b'andidate_count"')
_bounds = msgspec.json.Decoder(_Bounds | None, strict=False)


def read_envelope(body: bytes, path_model: str | None, path_stream: bool) -> Envelope:  # noqa: FBT001 - the contract's order
    """The facts for routing. Usage is always included: it comes with every Gemini stream."""
    fields = {name: bytes(raw) for name, raw in raw_fields(body).items()}
    return Envelope(
        model=model_name(path_model),
        stream=path_stream,
        fields=fields,
        include_usage=True,
        max_tokens=_bound([fields[name] for name in _CONFIGS if name in fields]),
    )


def _bound(configs: list[bytes]) -> int | None:
    """The loosest bound on the answer, in whichever spelling; None where there is none that bounds."""
    most: list[int] = []
    for config in configs:
        try:
            bounds = _bounds.decode(config)
        except msgspec.MsgspecError as error:
            where = "generationConfig"
            raise InvalidRequest(f"`{where}` is wrong: {error}", param=where) from error
        if bounds is not None:
            most += [one for one in (bounds.camel, bounds.snake) if one is not None]
    return max(most) if most and min(most) > 0 else None


def retarget(body: bytes, envelope: Envelope, model: str) -> bytes:
    """The same bytes, because the model is in the path.

    But for a body that repeats the model, as Google allows, one that brings back ids that were
    made for its calls, and one whose bounds might be read otherwise than we did.
    """
    repeated = _REPEATING & envelope.fields.keys()
    made = "contents" in envelope.fields and has_made_ids(body)
    doubtful = _has_doubtful_bounds(body, envelope.fields)
    if not (repeated or made or doubtful):
        return body
    fields = dict(envelope.fields)
    if doubtful:
        fields |= {name: encode(decode(fields[name])) for name in _CONFIGS if name in fields}
    if made:
        fields["contents"] = without_made_ids(fields["contents"])
    fields.pop("model", None)
    for name in repeated - {"model"}:
        inner = {key: bytes(value) for key, value in raw_fields(fields[name]).items()}
        fields[name] = _joined({**inner, "model": encode(f"models/{model}")})
    return _joined(fields)


def _has_doubtful_bounds(body: bytes, fields: Mapping[str, bytes]) -> bool:
    """Whether something that bounds the answers is, or may be, named twice."""
    return not are_named_once(body, fields, _LIMITS) or any(
        hides_letters(fields[config]) or any(fields[config].count(name) > 1 for name in _LIMITING)
        for config in _CONFIGS
        if config in fields
    )


def _joined(fields: dict[str, bytes]) -> bytes:
    return b"{" + b",".join(encode(name) + b":" + value for name, value in fields.items()) + b"}"


def request_path(model: str, stream: bool) -> str:  # noqa: FBT001 - the contract's order
    """The path below a provider's base URL, which ends in `/v1beta`; streams as `alt=sse`."""
    name = quote(model.removeprefix("models/"), safe="")
    return f"/models/{name}:" + ("streamGenerateContent?alt=sse" if stream else "generateContent")
