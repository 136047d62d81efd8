"""ElevenLabs: text-to-speech, whole and streamed, with and without the times of its characters.

Shapes as in elevenlabs 2.78 and https://elevenlabs.io/docs/api-reference/text-to-speech (read in November
2026). It has two refusals with 429 that mean different things: `too_many_concurrent_requests`, wait for a
place, and `system_busy`, back off. A credit is a character, half of one for flash and turbo.
"""

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from msgspec import Struct, field, json

from madang.drills.simulator.media import tones
from madang.drills.simulator.media.book import Entry
from madang.drills.simulator.media.contract import Endpoint, Provider
from madang.drills.simulator.media.desk import Asked, Desk, answered
from madang.drills.simulator.media.records import Ask, Headers, Reply, raw, told
from madang.drills.simulator.records import Frame, Refused

_FORMAT = re.compile(r"(mp3|pcm|wav|opus)_(8000|16000|22050|24000|44100|48000)(_\d{2,3})?$")
_MIMES = {"mp3": "audio/mpeg", "pcm": "audio/pcm", "wav": "audio/wav", "opus": "audio/ogg"}
_PIECE = 16_384
_MAX_NEIGHBOURS = 3
# characters that a model takes in one request
_LONGEST = {
    "eleven_v3": 5_000,
    "eleven_multilingual_v2": 10_000,
    "eleven_flash_v2_5": 40_000,
    "eleven_flash_v2": 30_000,
    "eleven_turbo_v2_5": 40_000,
    "eleven_turbo_v2": 30_000,
    "eleven_monolingual_v1": 10_000,
}


class _Settings(Struct):
    stability: float | None = None
    similarity_boost: float | None = None
    style: float | None = None
    use_speaker_boost: bool | None = None
    speed: float | None = None


class _Wanted(Struct):
    text: str
    model_id: str = "eleven_multilingual_v2"
    language_code: str | None = None
    voice_settings: _Settings | None = None
    seed: int | None = None
    previous_request_ids: list[str] | None = None
    next_request_ids: list[str] | None = None
    pronunciation_dictionary_locators: list[Any] | None = field(default=None)


class _Spoken(NamedTuple):
    sound: bytes
    mime: str
    headers: Headers
    text: str
    speed: float
    entry: Entry


async def _whole(ask: Ask, desk: Desk) -> Reply:
    spoken = await _speak(ask, desk)
    return answered(spoken.entry, raw(spoken.sound, spoken.mime, spoken.headers))


async def _streamed(ask: Ask, desk: Desk) -> Reply:
    spoken = await _speak(ask, desk)
    typed = (b"content-type", spoken.mime.encode())
    reply = Reply(200, [typed, *spoken.headers], frames=map(Frame, _pieces(spoken.sound)))
    return answered(spoken.entry, reply)


async def _timed(ask: Ask, desk: Desk) -> Reply:
    spoken = await _speak(ask, desk)
    audio = b64encode(spoken.sound).decode()
    reply = told({"audio_base64": audio, **_alignments(spoken)}, headers=spoken.headers)
    return answered(spoken.entry, reply)


async def _streamed_timed(ask: Ask, desk: Desk) -> Reply:
    spoken = await _speak(ask, desk)
    typed = (b"content-type", b"application/json")
    return answered(spoken.entry, Reply(200, [typed, *spoken.headers], frames=_chunks(spoken)))


async def _speak(ask: Ask, desk: Desk) -> _Spoken:
    wanted, voice = ask.read(_Wanted), ask.named["voice"]
    kind, rate = _format(ask.query.get("output_format", "mp3_44100_128"))
    _check(wanted, voice)
    trap = desk.trap(wanted.model_id)
    if trap == "blocked":
        raise Refused(
            "forbidden", "The text violates the terms of service.", code="content_against_policy"
        )
    speed = _speed(wanted) or 1.0
    samples = tones.pcm(wanted.text, rate, speed, voice)
    sound = await desk.workshop.sound(samples, rate, kind)
    counted = {"characters": len(wanted.text)}
    entry = desk.sold("speech", Asked(wanted.model_id, wanted.text), counted, trap)
    entry.credits = _credits(wanted)
    return _Spoken(sound, _MIMES[kind], _headers(entry), wanted.text, speed, entry)


def _check(wanted: _Wanted, voice: str) -> None:
    longest = _LONGEST.get(wanted.model_id)
    if longest is None:
        problem = f"A model with model_id {wanted.model_id[:80]!r} does not exist."
        raise Refused("invalid", problem, code="model_not_found")
    if not voice.isalnum():
        problem = f"A voice for the voice_id {voice[:80]!r} was not found."
        raise Refused("not_found", problem, code="voice_not_found")
    if not wanted.text.strip():
        raise Refused("invalid", "The text is empty.", code="input_text_empty")
    if len(wanted.text) > longest:
        problem = f"The text has {len(wanted.text)} characters; {wanted.model_id} takes {longest}."
        raise Refused("invalid", problem, code="max_character_limit_exceeded")
    speed = _speed(wanted)
    if speed is not None and not 0.7 <= speed <= 1.2:
        raise Refused(
            "invalid", "Speed must be between 0.7 and 1.2.", code="invalid_voice_settings"
        )
    for near in (wanted.previous_request_ids, wanted.next_request_ids):
        if near is not None and len(near) > _MAX_NEIGHBOURS:
            raise Refused("invalid", "At most 3 request ids.", param="previous_request_ids")


def _speed(wanted: _Wanted) -> float | None:
    return None if wanted.voice_settings is None else wanted.voice_settings.speed


def _format(name: str) -> tuple[str, int]:
    found = _FORMAT.match(name)
    if found is None:
        raise Refused(
            "invalid", f"output_format {name[:40]!r} is not supported.", param="output_format"
        )
    return found[1], int(found[2])


def _credits(wanted: _Wanted) -> int:
    length = len(wanted.text)
    return -(-length // 2) if "flash" in wanted.model_id or "turbo" in wanted.model_id else length


def _headers(entry: Entry) -> Headers:
    return [(b"character-cost", b"%d" % (entry.credits or 0)), (b"request-id", entry.id.encode())]


def _pieces(sound: bytes) -> Iterator[bytes]:
    return (sound[start : start + _PIECE] for start in range(0, len(sound), _PIECE))


def _chunks(spoken: _Spoken) -> Iterator[Frame]:
    """The times come with the first piece of the sound."""
    known: dict[str, Any] = _alignments(spoken)
    for piece in _pieces(spoken.sound):
        chunk = {"audio_base64": b64encode(piece).decode(), **known}
        known = {"alignment": None, "normalized_alignment": None}
        yield Frame(json.encode(chunk) + b"\n")


def _alignments(spoken: _Spoken) -> dict[str, Any]:
    heard = tones.timed(spoken.text, spoken.speed)
    alignment = {
        "characters": [each.text for each in heard],
        "character_start_times_seconds": [round(each.start_s, 3) for each in heard],
        "character_end_times_seconds": [round(each.end_s, 3) for each in heard],
    }
    return {"alignment": alignment, "normalized_alignment": alignment}


# kind: status, ElevenLabs' own word
_WORDS = {
    "no_key": (401, "needs_authorization"),
    "auth": (401, "invalid_api_key"),
    "forbidden": (403, "forbidden"),
    "no_model": (400, "model_not_found"),
    "not_found": (404, "not_found"),
    "method": (405, "method_not_allowed"),
    "too_large": (413, "request_too_large"),
    "rate_limit": (429, "too_many_concurrent_requests"),
    "quota": (401, "quota_exceeded"),
    "overloaded": (503, "service_unavailable"),
    "timeout": (504, "timeout"),
}


def _refuse(refused: Refused, _ask: Ask) -> Reply:
    message = refused.message or "The request was refused."
    if refused.kind == "invalid" and refused.code is None:
        place = ["body", refused.param] if refused.param else ["body"]
        return told({"detail": [{"loc": place, "msg": message, "type": "value_error"}]}, 422)
    status, word = _WORDS.get(refused.kind, (400 if refused.kind == "invalid" else 500, "error"))
    return told(
        {"detail": {"status": refused.code or word, "message": message}}, refused.status or status
    )


def _key(headers: Mapping[bytes, bytes], _query: Mapping[str, str]) -> str:
    return headers.get(b"xi-api-key", b"").decode("latin-1")


_SPEECH = r"/v1/text-to-speech/(?P<voice>[\w-]+)"

ELEVENLABS = Provider(
    "elevenlabs",
    (
        Endpoint("POST", re.compile(_SPEECH + "$"), _whole, makes="file"),
        Endpoint("POST", re.compile(_SPEECH + "/stream$"), _streamed, makes="file"),
        Endpoint("POST", re.compile(_SPEECH + "/with-timestamps$"), _timed, makes="file"),
        Endpoint(
            "POST", re.compile(_SPEECH + "/stream/with-timestamps$"), _streamed_timed, makes="file"
        ),
    ),
    _key,
    _refuse,
)
