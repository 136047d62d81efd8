"""OpenAI's speech and transcripts, as many servers of one's own offer them.

Shapes: https://developers.openai.com/api/reference (audio), read in November 2026.
"""

from typing import Any, Final

from madang.errors import InvalidRequest, ProviderBroken
from madang.model.media import Speech, SpeechAsk, Timed, TranscribeAsk, Transcript
from madang.wire import json
from madang.wire.media.contract import Incoming, Outgoing, SpeechWire, TranscribeWire
from madang.wire.media.form import FormPart, write_form
from madang.wire.media.openai_shapes import JSON, checked, milliseconds, plain

MOST_CHARACTERS: Final = 4096
"""The longest text that one call speaks."""

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
    if ask.speed is not None:
        fields["speed"] = ask.speed
    if ask.instructions is not None and not is_old:
        fields["instructions"] = ask.instructions
    for name, extra in (("language", ask.language), ("seed", ask.seed)):
        if extra is not None and model.startswith(("tts-", "gpt-")):
            losses.append(name)
        elif extra is not None:
            fields[name] = extra
    body = json.encode({**fields, **ask.fields})
    return Outgoing(
        method="POST",
        path="/audio/speech",
        headers=JSON,
        body=body,
        losses=tuple(losses),
        counts={"characters": len(ask.text)},
    )


def _read_speech(answer: Incoming, ask: SpeechAsk) -> Speech:
    audio = checked(answer).body
    if not audio:
        raise ProviderBroken("the provider's speech is empty")
    mime = answer.headers.get("content-type", "").partition(";")[0].strip()
    if not mime.startswith("audio/"):
        mime = _MIMES[ask.format]
    return Speech(audio=audio, mime=mime, billed={"characters": len(ask.text)})


SPEECH: Final = SpeechWire(write=_write_speech, read=_read_speech)


def _write_transcription(ask: TranscribeAsk, model: str) -> Outgoing:
    parts = [
        FormPart("file", ask.audio, ask.filename, ask.mime),
        FormPart("model", model.encode()),
        FormPart("response_format", b"verbose_json" if ask.timed else b"json"),
    ]
    if ask.timed:
        parts.append(FormPart("timestamp_granularities[]", b"word"))
    for name, value in (("language", ask.language), ("prompt", ask.prompt)):
        if value is not None:
            parts.append(FormPart(name, value.encode()))
    parts += [FormPart(name, plain(value).encode()) for name, value in ask.fields.items()]
    content_type, body = write_form(parts)
    headers = {"content-type": content_type}
    return Outgoing(method="POST", path="/audio/transcriptions", headers=headers, body=body)


def _read_transcript(answer: Incoming) -> Transcript:
    said = json.answer_object(checked(answer).body)
    text = said.get("text")
    if not isinstance(text, str):
        raise ProviderBroken("the provider's transcript has no text")
    usage = said.get("usage") if isinstance(said.get("usage"), dict) else {}
    heard_ms = milliseconds(said.get("duration")) or milliseconds((usage or {}).get("seconds"))
    billed = {"audio_ms": heard_ms} if heard_ms else {}
    for name in ("input_tokens", "output_tokens"):
        count = (usage or {}).get(name)
        if isinstance(count, int) and count > 0:
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
