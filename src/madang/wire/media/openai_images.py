"""OpenAI's pictures: drawn from words, or from pictures and words.

Shapes: https://developers.openai.com/api/reference (images), read in November 2026.
"""

import base64
import re
from typing import Any, Final

from madang.errors import ProviderBroken
from madang.model.media import ImageAsk, Images, Picture
from madang.wire import json
from madang.wire.media.contract import ImageWire, Incoming, Outgoing
from madang.wire.media.fitting import joined
from madang.wire.media.form import FormPart, write_form
from madang.wire.media.openai_shapes import JSON, checked, plain

_MOST_DRAWN: Final = {
    "gpt-image-1": {"low": 408, "medium": 1_584, "high": 6_240},
    "gpt-image-": {"low": 1_000, "medium": 4_000, "high": 16_000},
}
"""Tokens of a picture at most, by the first name that fits. Of the first generation as its guide has them; later ones
take 7,024 for 1024x1024 and 12,329 for 3584x2048 by OpenAI's calculator (community.openai.com/t/1379464, 2026-04)."""

_SEEN_TOKENS: Final = 13_000
"""At most so many for a picture in the prompt: 6,240, and they cost up to twice what words do."""

_WORD: Final = re.compile(r"[A-Za-z0-9_-]{1,20}")


def _write_image(ask: ImageAsk, model: str) -> Outgoing:
    fields: dict[str, Any] = {"model": model, "prompt": ask.prompt, "n": ask.n}
    given = {"size": ask.size, "quality": ask.quality}
    fields |= {name: value for name, value in given.items() if value is not None}
    losses = [
        name
        for name, there in (("aspect_ratio", ask.aspect), ("seed", ask.seed))
        if there is not None
    ]
    counts = {f"images{_variant(ask.size, ask.quality)}": ask.n, **_tokens(ask, model)}
    files = [one.data for one in ask.references if one.data is not None]
    if len(files) < len(ask.references):
        losses.append("references")
    fields = joined(fields, ask.fields)
    if not files:
        body = json.encode(fields)
        return Outgoing(
            method="POST",
            path="/images/generations",
            headers=JSON,
            body=body,
            losses=tuple(losses),
            counts=counts,
        )
    parts = [FormPart(name, plain(value).encode()) for name, value in fields.items()]
    parts += [FormPart("image[]", data, f"{n}.png", "image/png") for n, data in enumerate(files)]
    content_type, body = write_form(parts)
    headers = {"content-type": content_type}
    return Outgoing(
        method="POST",
        path="/images/edits",
        headers=headers,
        body=body,
        losses=tuple(losses),
        counts=counts,
    )


def _tokens(ask: ImageAsk, model: str) -> dict[str, int]:
    """The most that it can take where pictures are sold by tokens."""
    for name, most in _MOST_DRAWN.items():
        if model.startswith(name):
            entered = len(ask.prompt.encode()) + _SEEN_TOKENS * len(ask.references)
            drawn = most.get(ask.quality or "", most["high"])
            return {"input_tokens": entered, "output_tokens": drawn * ask.n}
    return {}


def _variant(size: object, quality: object) -> str:
    """`.1024x1024.high`, as far as it is known."""
    parts = [str(one) for one in (size, quality) if isinstance(one, str) and _WORD.fullmatch(one)]
    return "".join(f".{one}" for one in parts)


def _read_images(answer: Incoming) -> Images:
    said = json.answer_object(checked(answer).body)
    data = said.get("data")
    if not isinstance(data, list) or not data:
        raise ProviderBroken("the provider's answer has no pictures")
    mime = f"image/{said.get('output_format') or 'png'}"
    pictures = tuple(_picture(one, mime) for one in data)
    usage = said.get("usage")
    billed: dict[str, int] = {}
    if isinstance(usage, dict) and isinstance(usage.get("output_tokens"), int):
        billed[f"images{_variant(said.get('size'), said.get('quality'))}"] = len(pictures)
        counted = (
            ("input_tokens", usage.get("input_tokens")),
            ("output_tokens", usage["output_tokens"]),
        )
        billed |= {name: value for name, value in counted if isinstance(value, int) and value > 0}
    revised = data[0].get("revised_prompt") if isinstance(data[0], dict) else None
    return Images(
        pictures=pictures, billed=billed, prompt=revised if isinstance(revised, str) else None
    )


def _picture(one: Any, mime: str) -> Picture:  # noqa: ANN401 - whatever the provider says
    if isinstance(one, dict) and isinstance(one.get("b64_json"), str):
        try:
            return Picture(mime, base64.b64decode(one["b64_json"], validate=True))
        except ValueError as error:
            raise ProviderBroken("a picture of the provider is no base64") from error
    if isinstance(one, dict) and isinstance(one.get("url"), str):
        return Picture(mime, url=one["url"])
    raise ProviderBroken("a picture of the provider has neither bytes nor an address")


WIRE: Final = ImageWire(write=_write_image, read=_read_images)
