"""Gemini's speech: `generateContent` of the models that speak.

Shapes: https://ai.google.dev/gemini-api/docs/speech-generation and the official SDK (google-genai 3.3),
read in November 2026. What is special: the older models answer with bare samples, 16 bits at 24,000 a
second, those from 3.8 on with a WAV file; there is no other format, and how fast or in what manner is
said by words in the text itself, which are the caller's.
"""

import io
import wave
from typing import Any, Final

from madang.errors import ProviderBroken
from madang.model.media import Speech, SpeechAsk
from madang.wire import json
from madang.wire.losses import Losses
from madang.wire.media import answers
from madang.wire.media.contract import Incoming, Outgoing, SpeechWire
from madang.wire.media.fitting import bounded, joined, lacking, segment
from madang.wire.media.gemini_files import File, made

MOST_CHARACTERS: Final = 8_000
"""The bound is 8,192 tokens, by https://github.com/BerriAI/litellm/discussions/42776; few characters are two."""

_MIMES: Final = {"wav": "audio/wav", "pcm": "audio/pcm"}
_RATE: Final = 24_000
_SPOKEN_TOKENS: Final = 5
"""At most so many for each character: 25 a second of speech, and slow scripts have 6 characters in it."""


def _write(ask: SpeechAsk, model: str) -> Outgoing:
    if ask.format not in _MIMES:
        raise lacking("response_format", f"speaks {' and '.join(_MIMES)} only")
    losses = Losses()
    unsaid = (
        ("instructions", ask.instructions),
        ("speed", ask.speed not in (None, 1)),
        ("before", ask.before),
        ("after", ask.after),
        ("timestamps", ask.timed),
    )
    for name, there in unsaid:
        if there:
            losses.add(name)
    speech: dict[str, Any] = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": ask.voice}}}
    if ask.language is not None:
        speech["languageCode"] = ask.language
    generation: dict[str, Any] = {"responseModalities": ["AUDIO"], "speechConfig": speech}
    if ask.seed is not None:
        generation["seed"] = ask.seed
    text = bounded(ask.text, MOST_CHARACTERS)
    body = {
        "contents": [{"role": "user", "parts": [{"text": text}]}],
        "generationConfig": generation,
    }
    return Outgoing(
        method="POST",
        path=f"/models/{segment(model)}:generateContent",
        headers={"content-type": "application/json"},
        body=json.encode(joined(body, ask.fields)),
        losses=losses.names(),
        counts={
            "characters": len(text),
            "input_tokens": len(text),
            "output_tokens": _SPOKEN_TOKENS * len(text),
        },
    )


def _read(answer: Incoming, ask: SpeechAsk) -> Speech:
    (file, *_), usage = made(answer, "speech")
    samples, rate = _samples(file)
    if not samples:
        raise ProviderBroken("Gemini's speech is empty")
    counted = (
        ("input_tokens", answers.number(usage, "promptTokenCount")),
        ("output_tokens", _spoken(usage)),
    )
    billed = {"characters": len(ask.text)} | {
        name: round(count) for name, count in counted if count
    }
    audio = _wav(samples, rate) if ask.format == "wav" else samples
    return Speech(audio=audio, mime=_MIMES.get(ask.format, "audio/pcm"), billed=billed)


def _spoken(usage: dict[str, Any]) -> float:
    said = answers.number(usage, "candidatesTokenCount") or 0
    return said + (answers.number(usage, "thoughtsTokenCount") or 0)


def _samples(file: File) -> tuple[bytes, int]:
    """The bare samples, and how many are heard in a second."""
    if file.data[:4] != b"RIFF":
        rate = file.mime.rpartition("rate=")[2].partition(";")[0]
        known = rate.isascii() and rate.isdecimal() and 8_000 <= int(rate[:7]) <= 192_000
        return file.data, int(rate) if known else _RATE
    try:
        with wave.open(io.BytesIO(file.data)) as sound:
            if (sound.getnchannels(), sound.getsampwidth()) != (1, 2):
                raise ProviderBroken("Gemini's speech is of a kind that is not known")
            return sound.readframes(sound.getnframes()), sound.getframerate()
    except (wave.Error, EOFError) as error:
        raise ProviderBroken("Gemini's speech is no WAV file that can be read") from error


def _wav(samples: bytes, rate: int) -> bytes:
    whole = io.BytesIO()
    with wave.open(whole, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(samples)
    return whole.getvalue()


WIRE: Final = SpeechWire(write=_write, read=_read)
