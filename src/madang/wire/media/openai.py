"""OpenAI's videos, speech, pictures and transcripts: the common dialect of gateways and servers of one's own.

Shapes: https://developers.openai.com/api/reference (videos, audio, images, webhooks), read in November 2026.
Sora's own service has ended; the shape lives on. What it has no field for is sent under the names that
gateways use (`seed`, `aspect_ratio`, `negative_prompt`, `generate_audio`), except to Sora's names.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any, Final

from madang.errors import InvalidRequest, ProviderBroken, Unauthenticated
from madang.model.media import (
    Clip,
    Handle,
    ImageAsk,
    Images,
    JobSeen,
    JobState,
    Picture,
    Speech,
    SpeechAsk,
    Timed,
    TranscribeAsk,
    Transcript,
    VideoAsk,
)
from madang.wire import json
from madang.wire.media.contract import (
    ImageWire,
    Incoming,
    Notice,
    Outgoing,
    SpeechWire,
    TranscribeWire,
    VideoWire,
)
from madang.wire.media.form import FormPart, write_form
from madang.wire.openai_errors import read_error

MOST_CHARACTERS: Final = 4096
"""The longest text that one call speaks."""

_JSON: Final = {"content-type": "application/json"}
_STATES: Final[dict[str, JobState]] = {
    "queued": "queued",
    "pending": "queued",
    "in_progress": "running",
    "processing": "running",
    "completed": "succeeded",
    "succeeded": "succeeded",
    "failed": "failed",
    "expired": "failed",
    "cancelled": "cancelled",
    "canceled": "cancelled",
}
_FILTERED: Final = ("moderation", "content_policy", "content_filter", "safety", "policy_violation")
_WORD: Final = re.compile(r"[A-Za-z0-9_-]{1,20}")
_MIMES: Final = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
_TOLERANCE_S: Final = 300
_USUAL_MS: Final = 4_000
"""How long a clip is where nobody says so; stated, as others than OpenAI have other ideas."""


def checked(answer: Incoming) -> Incoming:
    """An answer that is no refusal. Raises the ProviderError that it is otherwise."""
    if answer.status >= 400:
        headers = {
            name.encode(): value.encode("latin-1", "replace")
            for name, value in answer.headers.items()
        }
        raise read_error(answer.status, headers, answer.body)
    return answer


# --- videos -----------------------------------------------------------------------------------------------------------


def _submit(ask: VideoAsk, model: str) -> Outgoing:
    fields, losses = _video_fields(ask, model)
    headers = {**_JSON, "idempotency-key": ask.name}
    if ask.first is not None and ask.first.data is not None:
        parts = [FormPart(name, _plain(value).encode()) for name, value in fields.items()]
        parts.append(FormPart("input_reference", ask.first.data, "first.png", ask.first.mime))
        headers["content-type"], body = write_form(parts, _boundary(body_of=ask.first.data))
    else:
        if ask.first is not None:
            fields["input_reference"] = {"image_url": ask.first.url}
        body = json.encode(fields)
    return Outgoing(
        method="POST",
        path="/videos",
        headers=headers,
        body=body,
        losses=losses,
        counts=_clip_counts(_milliseconds(fields["seconds"]), ask.size),
    )


def _clip_counts(made_ms: int | None, size: object) -> dict[str, int]:
    """What a clip comes to: its time, by the shorter side of the picture where that is known."""
    if made_ms is None:
        return {}
    width, _, height = str(size or "").partition("x")
    if not (width.isdecimal() and height.isdecimal() and len(width + height) < 12):
        return {"video_ms": made_ms}
    return {f"video_ms.{min(int(width), int(height))}p": made_ms}


def _video_fields(ask: VideoAsk, model: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    fields: dict[str, Any] = {"model": model, "prompt": ask.prompt}
    fields["seconds"] = str(-(-(ask.duration_ms or _USUAL_MS) // 1000))
    if ask.size is not None:
        fields["size"] = ask.size
    further = {
        "aspect_ratio": ask.aspect if ask.size is None else None,
        "seed": ask.seed,
        "negative_prompt": ask.negative,
        "generate_audio": ask.audio,
    }
    further = {name: value for name, value in further.items() if value is not None}
    losses = [
        name for name, there in (("last_frame", ask.last), ("references", ask.references)) if there
    ]
    if model.startswith("sora"):
        losses += further
    else:
        fields |= further
    return {**fields, **ask.fields}, tuple(losses)


def _submitted(answer: Incoming) -> Handle:
    return Handle(_id_of(json.answer_object(checked(answer).body)))


def _id_of(said: dict[str, Any]) -> str:
    identity = said.get("id")
    if not isinstance(identity, str) or not identity:
        raise ProviderBroken("the provider's video has no id")
    return identity


def _poll(handle: Handle) -> Outgoing:
    return Outgoing(method="GET", path=f"/videos/{handle.id}")


def _polled(answer: Incoming) -> JobSeen:
    said = json.answer_object(checked(answer).body)
    seen = _seen(said)
    after = answer.headers.get("openai-poll-after-ms", "")
    if not after.isdecimal():
        return seen
    return JobSeen(
        state=seen.state,
        progress=seen.progress,
        clips=seen.clips,
        cause=seen.cause,
        message=seen.message,
        billed=seen.billed,
        again_ms=min(int(after[:9]), 600_000),
    )


def _seen(said: dict[str, Any]) -> JobSeen:
    state = _STATES.get(str(said.get("status")))
    if state is None:
        raise ProviderBroken("the provider's video has no status that is known")
    if state == "failed":
        error = said.get("error") if isinstance(said.get("error"), dict) else {}
        code = str((error or {}).get("code") or "")
        cause = "content_filter" if any(word in code for word in _FILTERED) else "provider_failed"
        return JobSeen(
            state="failed",
            cause=cause,
            message=str((error or {}).get("message") or code or "failed")[:500],
        )
    progress = said.get("progress")
    shown = min(max(int(progress), 0), 100) if isinstance(progress, int | float) else None
    if state != "succeeded":
        return JobSeen(state=state, progress=shown)
    made_ms = _milliseconds(said.get("seconds"))
    path = f"/videos/{_id_of(said)}/content"
    return JobSeen(
        state=state,
        progress=100,
        clips=(
            Clip(url=path, keyed=True, duration_ms=made_ms),
            Clip("image/webp", url=f"{path}?variant=thumbnail", keyed=True),
        ),
        billed=_clip_counts(made_ms, said.get("size")),
    )


def _milliseconds(seconds: object) -> int | None:
    try:
        made = round(float(str(seconds)) * 1000)
    except (ValueError, OverflowError):
        return None
    return made if 0 < made < 86_400_000 else None


def _delete(handle: Handle) -> Outgoing:
    return Outgoing(method="DELETE", path=f"/videos/{handle.id}")


def check_signature(headers: Mapping[str, str], body: bytes, secret: str, now_s: float) -> str:
    """The id of a delivery that is signed by https://www.standardwebhooks.com. Raises Unauthenticated."""
    identity, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError as error:
        raise Unauthenticated(
            "The secret of this webhook is no base64.", code="bad_signature"
        ) from error
    signed = b"%b.%b.%b" % (identity.encode(), at.encode(), body)
    ours = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    given = headers.get("webhook-signature", "").split()[:20]
    fits = [hmac.compare_digest(f"v1,{ours}".encode(), one.encode()) for one in given]
    if (
        not identity
        or not any(fits)
        or not at.isdecimal()
        or abs(now_s - int(at[:12])) > _TOLERANCE_S
    ):
        raise Unauthenticated("This call is not signed as it must be.", code="bad_signature")
    return identity


def _hook(
    headers: Mapping[str, str], body: bytes, secrets: Mapping[str, Any], now_s: float
) -> Notice:
    secret = secrets.get("secret")
    if not isinstance(secret, str) or not secret:
        raise Unauthenticated(
            "Calls of this provider are not expected: it has no `webhook_secret`.",
            code="bad_signature",
        )
    delivery = check_signature(headers, body, secret, now_s)
    event = json.request_object(body)
    data = event.get("data")
    job = data.get("id") if isinstance(data, dict) else None
    if not isinstance(job, str):
        raise InvalidRequest("This event is not about a video.")
    return Notice(job, delivery)


VIDEOS: Final = VideoWire(
    submit=_submit,
    submitted=_submitted,
    poll=_poll,
    polled=_polled,
    poll_ms=2_000,
    cancel=_delete,
    hook=_hook,
)

# --- speech -----------------------------------------------------------------------------------------------------------


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
    for name, value in (("speed", ask.speed), ("instructions", ask.instructions)):
        if value is not None and not (is_old and name == "instructions"):
            fields[name] = value
    for name, extra in (("language", ask.language), ("seed", ask.seed)):
        if extra is not None and model.startswith(("tts-", "gpt-")):
            losses.append(name)
        elif extra is not None:
            fields[name] = extra
    body = json.encode({**fields, **ask.fields})
    return Outgoing(
        method="POST",
        path="/audio/speech",
        headers=_JSON,
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

# --- pictures ---------------------------------------------------------------------------------------------------------


def _write_image(ask: ImageAsk, model: str) -> Outgoing:
    fields: dict[str, Any] = {"model": model, "prompt": ask.prompt, "n": ask.n}
    for name, value in (("size", ask.size), ("quality", ask.quality)):
        if value is not None:
            fields[name] = value
    losses = [
        name
        for name, there in (("aspect_ratio", ask.aspect), ("seed", ask.seed))
        if there is not None
    ]
    counts = {f"images{_variant(ask.size, ask.quality)}": ask.n}
    files = [one.data for one in ask.references if one.data is not None]
    if len(files) < len(ask.references):
        losses.append("references")
    fields |= ask.fields
    if not files:
        body = json.encode(fields)
        return Outgoing(
            method="POST",
            path="/images/generations",
            headers=_JSON,
            body=body,
            losses=tuple(losses),
            counts=counts,
        )
    parts = [FormPart(name, _plain(value).encode()) for name, value in fields.items()]
    parts += [FormPart("image[]", data, f"{n}.png", "image/png") for n, data in enumerate(files)]
    content_type, body = write_form(parts, _boundary(body_of=b"".join(files)))
    headers = {"content-type": content_type}
    return Outgoing(
        method="POST",
        path="/images/edits",
        headers=headers,
        body=body,
        losses=tuple(losses),
        counts=counts,
    )


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
    billed = {f"images{_variant(said.get('size'), said.get('quality'))}": len(pictures)}
    if isinstance(usage, dict) and isinstance(usage.get("output_tokens"), int):
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


IMAGES: Final = ImageWire(write=_write_image, read=_read_images)

# --- transcripts ------------------------------------------------------------------------------------------------------


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
    parts += [FormPart(name, _plain(value).encode()) for name, value in ask.fields.items()]
    content_type, body = write_form(parts, _boundary(body_of=ask.audio))
    headers = {"content-type": content_type}
    return Outgoing(method="POST", path="/audio/transcriptions", headers=headers, body=body)


def _read_transcript(answer: Incoming) -> Transcript:
    said = json.answer_object(checked(answer).body)
    text = said.get("text")
    if not isinstance(text, str):
        raise ProviderBroken("the provider's transcript has no text")
    usage = said.get("usage") if isinstance(said.get("usage"), dict) else {}
    heard_ms = _milliseconds(said.get("duration")) or _milliseconds((usage or {}).get("seconds"))
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


def _boundary(*, body_of: bytes) -> str:
    """A mark that is not in a file, the same for the same file."""
    mark = hashlib.sha256(body_of).hexdigest()[:32]
    while mark.encode() in body_of:
        mark = hashlib.sha256(mark.encode()).hexdigest()[:32]
    return f"madang{mark}"


def _plain(value: Any) -> str:  # noqa: ANN401 - a JSON value
    return value if isinstance(value, str) else json.text(value)
