"""OpenAI images: `/v1/images/generations`, real files of the asked size, usage in tokens."""

import asyncio
import re
from base64 import b64encode
from typing import Any

from madang.drills.simulator.media.contract import Endpoint, Provider
from madang.drills.simulator.media.desk import Asked, Desk, answered
from madang.drills.simulator.media.forms import form, text
from madang.drills.simulator.media.pictures import png
from madang.drills.simulator.media.providers.openai import key, refuse
from madang.drills.simulator.media.records import Ask, Reply, told
from madang.drills.simulator.records import Refused
from madang.drills.simulator.tokens import count

_SIZES = {"1024x1024", "1024x1536", "1536x1024", "1024x1792", "1792x1024", "512x512", "256x256"}
_TOKENS = {"low": (272, 408), "medium": (1_056, 1_584), "high": (4_160, 6_240)}
_MAX_PROMPT = 32_000


async def _generate(ask: Ask, desk: Desk) -> Reply:
    fields = form(ask)
    prompt, model = text(fields, "prompt"), text(fields, "model", "gpt-image-1")
    size, kind = _known(fields, "size", _SIZES), text(fields, "output_format", "png")
    quality = _known(fields, "quality", {*_TOKENS, "standard", "hd"})
    number = fields.get("n") or 1
    if not isinstance(number, int) or not 1 <= number <= 10:
        raise Refused("invalid", "n is 1 to 10.", param="n")
    if not 0 < len(prompt) <= _MAX_PROMPT or kind not in {"png", "jpeg", "webp"}:
        raise Refused("invalid", f"prompt has 1 to {_MAX_PROMPT} characters.", param="prompt")
    trap = desk.trap(model)
    if trap == "blocked":
        problem = "Your request was rejected by the safety system."
        raise Refused("invalid", problem, code="moderation_blocked")
    usage = _usage(prompt, size, quality, number)
    pictures = [await _drawn(desk, f"{prompt}{each}", size, kind) for each in range(number)]
    counted = {name: usage[name] for name in ("input_tokens", "output_tokens")}
    asked = Asked(model, prompt, {"quality": quality})
    entry = desk.sold("image", asked, {"images": number, **counted}, trap)
    reply = told(
        {
            "created": int(desk.now_s()),
            "data": [{"b64_json": b64encode(picture).decode()} for picture in pictures],
            "background": "opaque",
            "output_format": kind,
            "size": size,
            "quality": quality,
            "usage": usage,
        }
    )
    return answered(entry, reply)


def _known(fields: dict[str, Any], name: str, values: set[str]) -> str:
    usual = {"size": "1024x1024", "quality": "medium"}[name]
    value = text(fields, name, usual)
    if value == "auto":
        return usual
    if value not in values:
        raise Refused(
            "invalid", f"Invalid value: '{value[:40]}'.", param=name, code="invalid_value"
        )
    return value


async def _drawn(desk: Desk, asked: str, size: str, kind: str) -> bytes:
    width, height = map(int, size.split("x"))
    picture = await asyncio.to_thread(png, width, height, asked)
    return picture if kind == "png" else await desk.workshop.picture(picture, kind)


def _usage(prompt: str, size: str, quality: str, number: int) -> dict[str, Any]:
    square, oblong = _TOKENS.get(quality, _TOKENS["medium"])
    width, height = size.split("x")
    words, made = count(prompt), number * (square if width == height else oblong)
    return {
        "input_tokens": words,
        "input_tokens_details": {"text_tokens": words, "image_tokens": 0},
        "output_tokens": made,
        "output_tokens_details": {"text_tokens": 0, "image_tokens": made},
        "total_tokens": words + made,
    }


IMAGES = Provider(
    "openai",
    (Endpoint("POST", re.compile(r"/images/generations$"), _generate, makes="file"),),
    key,
    refuse,
)
