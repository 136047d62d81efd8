"""OpenAI's speech and transcripts, as many servers of one's own offer them.

Shapes: https://developers.openai.com/api/reference (audio), read in November 2026.
"""

from base64 import b64decode
from binascii import Error as Base64Error
from typing import Any, Final, TypeGuard

from madang.errors import InvalidRequest, ProviderBroken
from madang.model.media import Speech, SpeechAsk, Timed, TranscribeAsk, Transcript
from madang.wire import json
from madang.wire.media.contract import Incoming, Outgoing, SpeechWire, TranscribeWire
from madang.wire.media.fitting import joined
from madang.wire.media.form import FormPart, write_form
from madang.wire.media.openai_shapes import JSON, checked, milliseconds, plain
from madang.wire.sse import EventDecoder

MOST_CHARACTERS: Final = 4096
"""The longest text that one call speaks."""

_TOKENS: Final = ("input_tokens", "output_tokens")
_EVENTS: Final = "text/event-stream"
_SPOKEN_TOKENS: Final = 4
"""At most so many for each character: 21 a second of speech, and slow scripts have 6 characters in it."""

_PLAIN: Final = (b"RIFF", b"fLaC")
_LEAST_KBPS: Final = 6
_LEAST_KBPS_PLAIN: Final = 64
"""The thinnest sound that speech is kept in: Opus at 6 kbit/s; of plain samples 8,000 of 8 bits a second."""

_WINDOW: Final = {"input_tokens": 16_000, "output_tokens": 2_000}
"""The window and the longest answer of the models that are paid by tokens (developers.openai.com/api/docs/models)."""

_MIMES: Final = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}


def _write_speech(ask: SpeechAsk, model: str) -> Outgoing:
    if len(ask.text) > MOST_CHARACTERS:
        raise InvalidRequest(
            f"`input` has {len(ask.text):,} characters; this model speaks at most {MOST_CHARACTERS:,} at once.",
            param="input",
            code="string_above_max_length",
        )
    fields: dict[str, Any] = {
        "model": model,
        "input": ask.text,
        "voice": ask.voice,
        "response_format": ask.format,
    }
    losses = [
        name
        for name, there in (("before", ask.before), ("after", ask.after), ("timestamps", ask.timed))
        if there
    ]
    is_old = model.startswith("tts-1")
    counts = {"characters": len(ask.text)}
    if model.startswith("gpt-"):  # sold by tokens, and only its events say how many there were
        fields["stream_format"] = "sse"
        said = len(ask.text) + len(ask.instructions or "")
        counts |= {"input_tokens": said, "output_tokens": _SPOKEN_TOKENS * len(ask.text)}
    if ask.speed is not None:
        fields["speed"] = ask.speed
    if ask.instructions is not None and not is_old:
        fields["instructions"] = ask.instructions
    for name, extra in (("language", ask.language), ("seed", ask.seed)):
        if extra is not None and model.startswith(("tts-", "gpt-")):
            losses.append(name)
        elif extra is not None:
            fields[name] = extra
    body = json.encode(joined(fields, ask.fields))
    return Outgoing(
        method="POST",
        path="/audio/speech",
        headers=JSON,
        body=body,
        losses=tuple(losses),
        counts=counts,
    )


def _read_speech(answer: Incoming, ask: SpeechAsk) -> Speech:
    audio, billed = checked(answer).body, {"characters": len(ask.text)}
    mime = answer.headers.get("content-type", "").partition(";")[0].strip()
    if mime == _EVENTS:
        audio, tokens = _heard(audio)
        billed |= tokens
    if not audio:
        raise ProviderBroken("the provider's speech is empty")
    if not mime.startswith("audio/"):
        mime = _MIMES[ask.format]
    return Speech(audio=audio, mime=mime, billed=billed)


def _heard(body: bytes) -> tuple[bytes, dict[str, int]]:
    """The sound of speech that came as events, and the tokens that it was billed for."""
    decoder, audio, tokens = EventDecoder(), bytearray(), dict[str, int]()
    is_whole = False
    for event in [*decoder.feed(body), *decoder.close()]:
        said = json.answer_object(event.data)
        if said.get("type") == "speech.audio.delta":
            try:
                audio += b64decode(str(said.get("audio")), validate=True)
            except Base64Error as error:
                raise ProviderBroken("the provider's speech is no base64") from error
        elif said.get("type") == "speech.audio.done":
            is_whole = True
            usage = said.get("usage") if isinstance(said.get("usage"), dict) else {}
            counted = {name: (usage or {}).get(name) for name in _TOKENS}
            tokens = {name: count for name, count in counted.items() if _is_count(count)}
    if not is_whole:
        raise ProviderBroken("the provider's speech broke off")
    return bytes(audio), tokens


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


SPEECH: Final = SpeechWire(write=_write_speech, read=_read_speech)


def _write_transcription(ask: TranscribeAsk, model: str) -> Outgoing:
    own = {"model": model, "response_format": "verbose_json" if ask.timed else "json"}
    if ask.timed:
        own["timestamp_granularities[]"] = "word"
    further = {"language": ask.language, "prompt": ask.prompt}
    own |= {name: value for name, value in further.items() if value is not None}
    fields = joined(own, ask.fields)
    parts = [FormPart("file", ask.audio, ask.filename, ask.mime)]
    parts += [FormPart(name, plain(value).encode()) for name, value in fields.items()]
    content_type, body = write_form(parts)
    headers = {"content-type": content_type}
    return Outgoing(
        method="POST",
        path="/audio/transcriptions",
        headers=headers,
        body=body,
        counts=_heard_at_most(ask.audio, model),
    )


def _heard_at_most(audio: bytes, model: str) -> dict[str, int]:
    """What a recording can come to: as long as the thinnest sound of so many bytes, within the model's window."""
    kbps = _LEAST_KBPS_PLAIN if audio[:4] in _PLAIN else _LEAST_KBPS
    most = {"audio_ms": max(1000, len(audio) * 8 // kbps)}
    return {**most, **_WINDOW} if "-transcribe" in model else most


def _read_transcript(answer: Incoming) -> Transcript:
    said = json.answer_object(checked(answer).body)
    text = said.get("text")
    if not isinstance(text, str):
        raise ProviderBroken("the provider's transcript has no text")
    usage = said.get("usage") if isinstance(said.get("usage"), dict) else {}
    heard_ms = milliseconds(said.get("duration")) or milliseconds((usage or {}).get("seconds"))
    billed = {"audio_ms": heard_ms} if heard_ms else {}
    for name in _TOKENS:
        count = (usage or {}).get(name)
        if _is_count(count):
            billed[name] = count
    language = said.get("language")
    return Transcript(
        text=text,
        language=language if isinstance(language, str) else None,
        duration_ms=heard_ms,
        timing=_timing(said.get("words"), "word") or _timing(said.get("segments"), "text"),
        billed=billed,
    )


def _timing(said: Any, text: str) -> tuple[Timed, ...]:  # noqa: ANN401 - whatever the provider says
    timing = []
    for one in said if isinstance(said, list) else []:
        try:
            start, end = round(float(one["start"]) * 1000), round(float(one["end"]) * 1000)
            timing.append(Timed(str(one[text]), start, end))
        except (TypeError, KeyError, ValueError, OverflowError) as error:
            raise ProviderBroken("the provider's transcript has odd times") from error
    return tuple(timing)


TRANSCRIPTIONS: Final = TranscribeWire(write=_write_transcription, read=_read_transcript)
