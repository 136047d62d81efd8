"""OpenAI speech and transcriptions: bytes or events out of text, text in five formats out of a recording.

What was spoken here is known again, so a transcript of it has its words and their true times; of other
recordings, a sentence is said over and over for as long as they are.
"""

import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

from msgspec import json

from madang.drills.simulator.media import tones
from madang.drills.simulator.media.contract import Endpoint, Provider
from madang.drills.simulator.media.desk import Asked, Desk, answered
from madang.drills.simulator.media.forms import Upload, form, text
from madang.drills.simulator.media.providers.openai import key, refuse
from madang.drills.simulator.media.records import Ask, Reply, raw, told
from madang.drills.simulator.media.tones import Heard
from madang.drills.simulator.records import Frame, Json, Refused
from madang.drills.simulator.tokens import count

_RATE = 24_000
_MAX_CHARACTERS = 4_096
_MAX_RECORDING = 25 * 1024 * 1024
_PIECE = 16_384
_TOKENS_PER_S = 20
_MIMES = {
    "mp3": "audio/mpeg",
    "opus": "audio/opus",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
_VOICES = frozenset(
    [
        "alloy",
        "ash",
        "ballad",
        "coral",
        "echo",
        "fable",
        "onyx",
        "nova",
        "sage",
        "shimmer",
        "verse",
        "marin",
        "cedar",
    ]
)
_SENTENCE = "This is what the simulator hears in a recording that it has not spoken itself."


async def _speak(ask: Ask, desk: Desk) -> Reply:
    fields = form(ask)
    model, said = text(fields, "model"), text(fields, "input")
    kind, how = text(fields, "response_format", "mp3"), text(fields, "stream_format", "audio")
    voice, speed = _voice(fields.get("voice")), fields.get("speed", 1.0)
    if not 0 < len(said) <= _MAX_CHARACTERS:
        problem = f"input has 1 to {_MAX_CHARACTERS} characters, not {len(said)}."
        raise Refused("invalid", problem, param="input", code="string_above_max_length")
    if kind not in _MIMES:
        raise Refused("invalid", f"Invalid value: '{kind[:40]}'.", param="response_format")
    if not isinstance(speed, int | float) or not 0.25 <= speed <= 4:
        raise Refused("invalid", "speed is a number from 0.25 to 4.", param="speed")
    if how not in {"audio", "sse"} or (how == "sse" and model.startswith("tts-1")):
        raise Refused(
            "invalid", f"'{how[:40]}' is not supported by {model}.", param="stream_format"
        )
    trap = desk.trap(model)
    samples = tones.pcm(said, _RATE, speed, voice)
    sound = await desk.workshop.sound(samples, _RATE, kind)
    desk.remember(_digest(sound), said)
    usage = _usage(said, len(samples) / 2 / _RATE)
    counted = {"characters": len(said), **usage}
    entry = desk.sold("speech", Asked(model, said, {"voice": voice}), counted, trap)
    reply = raw(sound, _MIMES[kind], [(b"x-request-id", entry.id.encode())])
    if how == "sse":
        reply = Reply(200, [(b"content-type", b"text/event-stream")], frames=_events(sound, usage))
    return answered(entry, reply)


def _usage(said: str, seconds: float) -> dict[str, int]:
    return {"input_tokens": count(said), "output_tokens": max(1, round(seconds * _TOKENS_PER_S))}


def _events(sound: bytes, usage: dict[str, int]) -> Iterator[Frame]:
    for start in range(0, len(sound), _PIECE):
        piece = b64encode(sound[start : start + _PIECE]).decode()
        yield _event({"type": "speech.audio.delta", "audio": piece})
    total = {**usage, "total_tokens": sum(usage.values())}
    yield _event({"type": "speech.audio.done", "usage": total})


def _event(value: dict[str, Any]) -> Frame:
    return Frame(b"data: %b\n\n" % json.encode(value))


def _voice(voice: Json) -> str:
    name = voice.get("id") if isinstance(voice, dict) else voice
    known = isinstance(name, str) and (name in _VOICES or name.startswith("voice_"))
    if not known:
        raise Refused("invalid", f"Invalid value: '{str(name)[:40]}'.", param="voice")
    return str(name)


async def _transcribe(ask: Ask, desk: Desk) -> Reply:
    fields = form(ask)
    recording, model = fields.get("file"), text(fields, "model")
    if not isinstance(recording, Upload):
        raise Refused("invalid", "Missing required parameter: 'file'.", param="file")
    if len(recording.data) > _MAX_RECORDING:
        raise Refused("too_large", f"A recording has at most {_MAX_RECORDING} bytes.")
    shape = text(fields, "response_format", "json")
    if shape not in _SHAPES or (shape not in {"json", "text"} and model != "whisper-1"):
        problem = f"response_format '{shape[:40]}' is not compatible with model '{model[:80]}'."
        raise Refused("invalid", problem, param="response_format", code="unsupported_value")
    trap = desk.trap(model)
    length_s = await desk.workshop.length_s(recording.data)
    heard = _heard(desk.recall(_digest(recording.data)), length_s)
    said = " ".join(word.text for word in heard)
    counted = {"seconds": round(length_s, 3)}
    entry = desk.sold("transcription", Asked(model, said), counted, trap)
    if shape in {"text", "srt", "vtt"}:
        written = _SHAPES[shape](heard) if heard else ""
        return answered(entry, raw(written.encode(), "text/plain; charset=utf-8"))
    return answered(entry, told(_json(fields, shape, (heard, said), length_s)))


def _heard(said: str | None, length_s: float) -> list[Heard]:
    """Words and their times, squeezed into the recording's length."""
    if said is None:
        said = " ".join([_SENTENCE] * (1 + int(length_s / tones.timed(_SENTENCE)[-1].end_s)))
        return [word for word in tones.words(said) if word.end_s <= length_s]
    end_s = tones.timed(said)[-1].end_s
    share = length_s / end_s if length_s < end_s else 1.0
    return [Heard(word, a * share, b * share) for word, a, b in tones.words(said)]


def _json(
    fields: dict[str, Any], shape: str, heard: tuple[list[Heard], str], length_s: float
) -> dict[str, Any]:
    words, said = heard
    usage = {"type": "duration", "seconds": max(1, round(length_s))}
    if shape == "json":
        return {"text": said, "usage": usage}
    asked = fields.get("timestamp_granularities") or ["segment"]
    out = {
        "task": "transcribe",
        "language": fields.get("language") or "english",
        "duration": round(length_s, 3),
        "text": said,
        "usage": usage,
    }
    if "word" in asked:
        out["words"] = [
            {"word": text, "start": round(a, 3), "end": round(b, 3)} for text, a, b in words
        ]
    if "segment" in asked:
        out["segments"] = [_segment(number, line) for number, line in enumerate(_lines(words))]
    return out


def _lines(words: list[Heard]) -> list[Heard]:
    """Eight words to a line."""
    groups = [words[start : start + 8] for start in range(0, len(words), 8)]
    return [
        Heard(" ".join(word.text for word in line), line[0].start_s, line[-1].end_s)
        for line in groups
    ]


def _segment(number: int, line: Heard) -> dict[str, Any]:
    return {
        "id": number,
        "seek": 0,
        "start": round(line.start_s, 3),
        "end": round(line.end_s, 3),
        "text": f" {line.text}",
        "tokens": [],
        "temperature": 0.0,
        "avg_logprob": -0.1,
        "compression_ratio": 1.0,
        "no_speech_prob": 0.01,
    }


def _srt(words: list[Heard]) -> str:
    return "\n".join(
        f"{number}\n{_stamp(line.start_s, ',')} --> {_stamp(line.end_s, ',')}\n{line.text}\n"
        for number, line in enumerate(_lines(words), 1)
    )


def _vtt(words: list[Heard]) -> str:
    cues = [
        f"{_stamp(line.start_s, '.')} --> {_stamp(line.end_s, '.')}\n{line.text}\n"
        for line in _lines(words)
    ]
    return "\n".join(["WEBVTT\n", *cues])


def _plain(words: list[Heard]) -> str:
    return " ".join(word.text for word in words) + "\n"


def _stamp(seconds: float, point: str) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}{point}{ms % 1000:03}"


def _digest(sound: bytes) -> bytes:
    return blake2b(sound, digest_size=16).digest()


_SHAPES = {"json": _plain, "verbose_json": _plain, "text": _plain, "srt": _srt, "vtt": _vtt}

AUDIO = Provider(
    "openai",
    (
        Endpoint("POST", re.compile(r"/audio/speech$"), _speak, makes="file"),
        Endpoint("POST", re.compile(r"/audio/transcriptions$"), _transcribe, makes="file"),
    ),
    key,
    refuse,
)
