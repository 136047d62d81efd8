"""Gemini's models that draw and speak: `generateContent`, whose answer has the file in `inlineData`.

Shapes as in google-genai 3.3 and https://ai.google.dev/gemini-api/docs/image-generation (read in November
2026). A picture takes 1,290 tokens, a second of speech 25; speech is bare samples of 24 kHz, from
the models 3.8 on a WAV file.
"""

import asyncio
import re
from base64 import b64encode
from typing import Any

from msgspec import Struct, field

from madang.drills.simulator.media import tones
from madang.drills.simulator.media.book import Entry
from madang.drills.simulator.media.contract import Endpoint, Provider
from madang.drills.simulator.media.desk import Asked, Desk, answered
from madang.drills.simulator.media.pictures import png
from madang.drills.simulator.media.providers import google
from madang.drills.simulator.media.records import Ask, Reply, told
from madang.drills.simulator.records import Refused
from madang.drills.simulator.tokens import count

_IMAGE_TOKENS = 1_290
_SPEECH_TOKENS_PER_S = 25
_RATE = 24_000
_IN_FILES = "gemini-3.8-"
_SIZES = {
    "1:1": (1024, 1024),
    "2:3": (832, 1248),
    "3:2": (1248, 832),
    "3:4": (864, 1184),
    "4:3": (1184, 864),
    "4:5": (896, 1152),
    "5:4": (1152, 896),
    "9:16": (768, 1344),
    "16:9": (1344, 768),
    "21:9": (1536, 672),
}


class _Part(Struct):
    text: str = ""


class _Content(Struct):
    parts: list[_Part] = field(default_factory=list)


class _ImageConfig(Struct, rename="camel"):
    aspect_ratio: str = "1:1"


class _Config(Struct, rename="camel"):
    response_modalities: list[str] = field(default_factory=list)
    image_config: _ImageConfig = field(default_factory=_ImageConfig)
    speech_config: dict[str, Any] | None = None


class _Wanted(Struct, rename="camel"):
    contents: list[_Content]
    generation_config: _Config = field(default_factory=_Config)


async def _draw(ask: Ask, desk: Desk) -> Reply:
    wanted, model = ask.read(_Wanted), ask.named["model"]
    prompt = _prompt(wanted)
    size = _SIZES.get(wanted.generation_config.image_config.aspect_ratio)
    if size is None:
        raise Refused("invalid", f"aspect_ratio must be one of {', '.join(_SIZES)}.")
    trap = desk.trap(model)
    if trap == "blocked":
        return told({"candidates": [{"finishReason": "IMAGE_SAFETY", "index": 0}]})
    picture = await asyncio.to_thread(png, *size, prompt)
    counted = {"images": 1, "input_tokens": count(prompt), "output_tokens": _IMAGE_TOKENS}
    entry = desk.sold("image", Asked(model, prompt), counted, trap)
    return _answer(entry, "IMAGE", {"mimeType": "image/png", "data": b64encode(picture).decode()})


async def _speak(ask: Ask, desk: Desk) -> Reply:
    wanted, model = ask.read(_Wanted), ask.named["model"]
    said, config = _prompt(wanted), wanted.generation_config
    if [each.upper() for each in config.response_modalities] != ["AUDIO"]:
        raise Refused("invalid", "The model only supports responseModalities [AUDIO].")
    trap = desk.trap(model)
    if trap == "blocked":
        return told({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}})
    samples = tones.pcm(said, _RATE, voice=str(config.speech_config))
    tokens = max(1, round(len(samples) / 2 / _RATE * _SPEECH_TOKENS_PER_S))
    counted = {"characters": len(said), "input_tokens": count(said), "output_tokens": tokens}
    entry = desk.sold("speech", Asked(model, said), counted, trap)
    mime, file = f"audio/L16;codec=pcm;rate={_RATE}", samples
    if model.startswith(_IN_FILES):
        mime, file = "audio/wav", tones.wav(samples, _RATE)
    return _answer(entry, "AUDIO", {"mimeType": mime, "data": b64encode(file).decode()})


def _prompt(wanted: _Wanted) -> str:
    prompt = "\n".join(part.text for each in wanted.contents for part in each.parts if part.text)
    if not prompt:
        raise Refused("invalid", "contents is not specified")
    return prompt


def _answer(entry: Entry, modality: str, data: dict[str, str]) -> Reply:
    read, made = int(entry.counted["input_tokens"]), int(entry.counted["output_tokens"])
    usage = {
        "promptTokenCount": read,
        "candidatesTokenCount": made,
        "totalTokenCount": read + made,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": read}],
        "candidatesTokensDetails": [{"modality": modality, "tokenCount": made}],
    }
    content = {"role": "model", "parts": [{"inlineData": data}]}
    reply = told(
        {
            "candidates": [{"content": content, "finishReason": "STOP", "index": 0}],
            "usageMetadata": usage,
            "modelVersion": entry.model,
            "responseId": entry.id,
        }
    )
    return answered(entry, reply)


GEMINI = Provider(
    "gemini",
    (
        Endpoint(
            "POST",
            re.compile(r"/models/(?P<model>gemini-[\w.-]*image[\w.-]*):generateContent$"),
            _draw,
            makes="file",
        ),
        Endpoint(
            "POST",
            re.compile(r"/models/(?P<model>gemini-[\w.-]*tts[\w.-]*):generateContent$"),
            _speak,
            makes="file",
        ),
    ),
    google.token,
    google.refuse,
)
