"""ElevenLabs: speech, with the moment of every character where that is wanted.

Shapes: https://elevenlabs.io/docs/api-reference/text-to-speech and the official SDK (elevenlabs 2.78);
bounds of models: https://help.elevenlabs.io/hc/en-us/articles/19572237925521, both read in November
2026. What is special: two different 429s, of which `too_many_concurrent_requests` is our own
crowd and `system_busy` theirs; a quota that is used up is a 401.
"""

import re
from collections.abc import Mapping
from itertools import accumulate
from typing import Any, Final
from urllib.parse import urlencode

from msgspec import Struct

from madang.errors import (
    ContentFiltered,
    ContextOverflow,
    InvalidRequest,
    ProviderBroken,
    ProviderError,
    ProviderLacksModel,
    ProviderOutOfQuota,
    ProviderOverloaded,
    ProviderRateLimited,
    ProviderRefusedKey,
    ProviderRejected,
)
from madang.model.media import Speech, SpeechAsk, Timed
from madang.wire import json
from madang.wire.losses import Losses
from madang.wire.media import answers
from madang.wire.media.contract import Incoming, Outgoing, SpeechWire
from madang.wire.media.fitting import bounded, joined, lacking, segment
from madang.wire.media.stills import decoded

_FORMATS: Final[Mapping[str, tuple[str, str]]] = {
    "mp3": ("mp3_44100_128", "audio/mpeg"),
    "opus": ("opus_48000_64", "audio/ogg"),
    "pcm": ("pcm_24000", "audio/pcm"),
    "wav": ("wav_44100", "audio/wav"),
}
"""What our names of formats are there, and the type of what comes."""

_VOICE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SPEEDS: Final = (0.7, 1.2)
_SEEDS: Final = range(2**32)

_STATUSES: Final[Mapping[str, type[ProviderError]]] = {
    "quota_exceeded": ProviderOutOfQuota,
    "payment_required": ProviderOutOfQuota,
    "invalid_api_key": ProviderRefusedKey,
    "missing_permissions": ProviderRefusedKey,
    "detected_unusual_activity": ProviderRefusedKey,
    "model_not_found": ProviderLacksModel,
    "voice_not_found": ProviderRejected,
    "max_character_limit_exceeded": ContextOverflow,
    "content_against_policy": ContentFiltered,
    "too_many_concurrent_requests": ProviderRateLimited,
    "concurrent_limit_exceeded": ProviderRateLimited,
    "rate_limit_exceeded": ProviderRateLimited,
    "system_busy": ProviderOverloaded,
}
"""The values of `detail.status`: https://elevenlabs.io/docs/developers/resources/error-messages."""


class Takes(Struct, frozen=True, kw_only=True):
    """What a model takes. `language`: it can be told one; `context`: it minds what is said around the text."""

    characters: int = 10_000
    language: bool = False
    context: bool = True


_FAST: Final = Takes(characters=40_000, language=True)

MODELS: Final[Mapping[str, Takes]] = {
    "eleven_multilingual_v2": Takes(),
    "eleven_flash_v2_5": _FAST,
    "eleven_turbo_v2_5": _FAST,
    "eleven_flash_v2": Takes(characters=30_000),
    "eleven_v3": Takes(characters=5_000, language=True, context=False),
}
_UNKNOWN: Final = Takes(characters=40_000, language=True)


def _write(ask: SpeechAsk, model: str) -> Outgoing:
    takes = MODELS.get(model, _UNKNOWN)
    losses = Losses()
    if ask.format not in _FORMATS:
        raise lacking("response_format", f"speaks {', '.join(_FORMATS)} only")
    body: dict[str, Any] = {
        "text": bounded(ask.text, takes.characters),
        "model_id": model,
        **_context(ask, takes, losses),
        **_settings(ask),
    }
    if ask.seed is not None:
        body["seed"] = ask.seed
    if ask.instructions is not None:
        losses.add("instructions")
    query = urlencode({"output_format": _FORMATS[ask.format][0]})
    timed = "/with-timestamps" if ask.timed else ""
    fields = {name: value for name, value in ask.fields.items() if name != "voice_settings"}
    return Outgoing(
        method="POST",
        path=f"/v1/text-to-speech/{_voice(ask.voice)}{timed}?{query}",
        headers={"content-type": "application/json"},
        body=json.encode(joined(body, fields)),
        losses=losses.names(),
        counts={"characters": len(ask.text)},
    )


def _voice(voice: str) -> str:
    if not _VOICE.fullmatch(voice):
        raise InvalidRequest(
            "`voice` is the id of one of ElevenLabs' voices: up to 64 letters and digits.",
            param="voice",
            code="invalid_value",
        )
    return segment(voice)


def _context(ask: SpeechAsk, takes: Takes, losses: Losses) -> dict[str, Any]:
    """The language and what is said around the text, as far as the model minds them."""
    context: dict[str, Any] = {}
    wished = (
        ("language", "language_code", (ask.language or "").partition("-")[0], takes.language),
        ("before", "previous_text", ask.before, takes.context),
        ("after", "next_text", ask.after, takes.context),
    )
    for name, member, value, is_taken in wished:
        if value and is_taken:
            context[member] = value
        elif value:
            losses.add(name)
    return context


def _settings(ask: SpeechAsk) -> dict[str, Any]:
    """`voice_settings`: the caller's own, and the speed."""
    if ask.seed is not None and ask.seed not in _SEEDS:
        raise lacking("seed", f"takes seeds below {len(_SEEDS)}")
    given = ask.fields.get("voice_settings")
    settings: dict[str, Any] = dict(given) if isinstance(given, Mapping) else {}
    if ask.speed is not None:
        if not _SPEEDS[0] <= ask.speed <= _SPEEDS[1]:
            raise lacking("speed", f"speaks at {_SPEEDS[0]} to {_SPEEDS[1]} times its usual speed")
        settings["speed"] = ask.speed
    return {"voice_settings": settings} if settings else {}


def _read(answer: Incoming, ask: SpeechAsk) -> Speech:
    mime = _FORMATS.get(ask.format, ("", "audio/mpeg"))[1]
    billed = {"characters": len(ask.text)}
    if not ask.timed:
        if not 200 <= answer.status < 300:
            raise _refused(answer)
        audio = answer.body
        if not audio or answer.headers.get("content-type", "").startswith("application/json"):
            raise ProviderBroken("ElevenLabs' answer is no sound")
        return Speech(audio=audio, mime=mime, billed=billed)
    body = answers.document(answer, _refused)
    audio = decoded(answers.word(body, "audio_base64") or "")
    if not audio:
        raise ProviderBroken("ElevenLabs' answer has no sound")
    timing = _timing(answers.entry(body, "alignment"))
    return Speech(audio=audio, mime=mime, timing=timing, billed=billed)


def _timing(alignment: dict[str, Any]) -> tuple[Timed, ...]:
    """One stretch per character, in order and without steps back; none where nothing was aligned."""
    if not alignment:
        return ()
    characters = _list(alignment, "characters", str)
    starts = _list(alignment, "character_start_times_seconds", int | float)
    ends = _list(alignment, "character_end_times_seconds", int | float)
    if not len(characters) == len(starts) == len(ends):
        raise ProviderBroken("ElevenLabs' alignment has more characters than moments, or fewer")
    starts_ms = list(accumulate((_milliseconds(one) for one in starts), max))
    ends_ms = [max(start, _milliseconds(end)) for start, end in zip(starts_ms, ends, strict=True)]
    return tuple(map(Timed, characters, starts_ms, ends_ms))


def _list(alignment: dict[str, Any], name: str, kind: Any) -> list[Any]:  # noqa: ANN401 - a type or a union
    found = alignment.get(name)
    if not isinstance(found, list) or not all(isinstance(one, kind) for one in found):
        raise ProviderBroken(f"ElevenLabs' alignment has no usable `{name}`")
    return found


def _milliseconds(moment: float) -> int:
    return round(min(max(moment, 0.0), 1e6) * 1000)


def _refused(answer: Incoming) -> ProviderError:
    """`detail` is an object with `status` (newer: `code`) and `message`, a list of what is wrong where, or a text."""
    body = answers.said(answer)
    detail = answers.entry(body, "detail")
    code = answers.word(detail, "status") or answers.word(detail, "code")
    told = [words for one in answers.entries(body, "detail") if (words := answers.word(one, "msg"))]
    message = answers.word(detail, "message") or answers.word(body, "detail") or "; ".join(told)
    return answers.refusal(answer, message or None, code, _STATUSES.get(code or ""))


WIRE: Final = SpeechWire(write=_write, read=_read)
