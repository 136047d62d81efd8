"""Stability's pictures: Stable Image Core and Ultra, and Stable Diffusion 3.5.

Shapes: https://platform.stability.ai/docs/api-reference (Generate), as its client libraries have them
(stability-ai 0.7 for Node), read in November 2026. What is special: forms, also where there is no file; one
picture per call, of a ratio and no size; the answer is the picture's bytes; and where the filter struck
that is a picture all the same, blurred, which only a header tells.
"""

from collections.abc import Mapping
from typing import Final

from madang.errors import (
    ContentFiltered,
    ProviderBroken,
    ProviderError,
    ProviderOutOfQuota,
    ProviderRateLimited,
    ProviderRefusedKey,
    ProviderRejected,
)
from madang.model.media import ImageAsk, Images, Picture, VideoAsk
from madang.wire.losses import Losses
from madang.wire.media import answers
from madang.wire.media.contract import ImageWire, Incoming, Outgoing
from madang.wire.media.fitting import bounded, joined, lacking, ratio, segment
from madang.wire.media.form import FormPart, write_form
from madang.wire.media.openai_shapes import plain

_RATIOS: Final = ("1:1", "16:9", "21:9", "2:3", "3:2", "4:5", "5:4", "9:16", "9:21")
_LONGEST_PROMPT: Final = 10_000
_SEEDS: Final = range(2**32 - 1)
_WAYS: Final = {"stable-image-core": "core", "stable-image-ultra": "ultra"}
"""The paths of models that have one of their own; all others are named in the form."""

_NAMES: Final[Mapping[str, type[ProviderError]]] = {
    "content_moderation": ContentFiltered,
    "payment_required": ProviderOutOfQuota,
    "unauthorized": ProviderRefusedKey,
    "permission_denied": ProviderRefusedKey,
    "rate_limit_exceeded": ProviderRateLimited,
    "bad_request": ProviderRejected,
    "invalid_parameters": ProviderRejected,
}
"""The values of `name` in refusals."""


def _write(ask: ImageAsk, model: str) -> Outgoing:
    if ask.n != 1:
        raise lacking("n", "draws one picture per call")
    if ask.references:
        raise lacking("references", "draws from words only, here")
    losses = Losses()
    fields = {"prompt": bounded(ask.prompt, _LONGEST_PROMPT), "output_format": "png"}
    shape = ratio(VideoAsk(name="", prompt="", aspect=ask.aspect, size=ask.size), _RATIOS, losses)
    if shape is not None:
        fields["aspect_ratio"] = shape
    if ask.size is not None:
        losses.add("size")
    if ask.quality not in (None, "auto"):
        losses.add("quality")
    if ask.seed is not None:
        if ask.seed not in _SEEDS:
            raise lacking("seed", f"takes seeds below {len(_SEEDS)}")
        fields["seed"] = str(ask.seed)
    if model not in _WAYS:
        fields["model"] = model
    whole = joined(fields, ask.fields)
    parts = [FormPart(name, plain(value).encode()) for name, value in whole.items()]
    content_type, body = write_form(parts)
    return Outgoing(
        method="POST",
        path=f"/v2beta/stable-image/generate/{segment(_WAYS.get(model, 'sd3'))}",
        headers={"content-type": content_type, "accept": "image/*"},
        body=body,
        losses=losses.names(),
        counts={"images": 1},
    )


def _read(answer: Incoming) -> Images:
    if not 200 <= answer.status < 300:
        raise _refused(answer)
    if answer.headers.get("finish-reason", "").upper() == "CONTENT_FILTERED":
        raise answers.refusal(
            answer, "Stability's filter blurred the picture.", "CONTENT_FILTERED", ContentFiltered
        )
    mime = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not mime.startswith("image/") or not answer.body:
        raise ProviderBroken("Stability's answer is no picture")
    return Images(pictures=(Picture(mime, answer.body),), billed={"images": 1})


def _refused(answer: Incoming) -> ProviderError:
    body = answers.said(answer)
    name = answers.word(body, "name")
    errors = body.get("errors")
    told = [one for one in errors if isinstance(one, str)] if isinstance(errors, list) else []
    message = "; ".join(told) or answers.word(body, "message")
    return answers.refusal(answer, message, name, _NAMES.get(name or ""))


WIRE: Final = ImageWire(write=_write, read=_read)
